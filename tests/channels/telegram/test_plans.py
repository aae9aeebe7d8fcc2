"""Plans are shown in the person's language, with every number that was agreed to."""

import ast
import re
from pathlib import Path

import pytest

import agent
from agent.channels.telegram import phrases
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.phrases.plans import PLANS
from agent.core.operation import Loss, OperationKind, Plan
from agent.texts import LANGUAGES, Texts, texts_for
from tests.channels.telegram.test_phrases import operation
from tests.channels.telegram.test_refusals import literals, pattern

AGENT = Path(agent.__file__).parent
DE, EN = texts_for("de"), texts_for("en")
ALONE = re.compile(r"\{\}\.?")
"""A sentence that is chosen where the plan is made."""


def summaries() -> set[str]:
    """The sentences of every plan that services make, with empty braces for each value."""
    whole = {
        text
        for file in (AGENT / "services").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Plan"
        for given in node.keywords
        if given.arg == "summary"
        for text in literals(given.value)
    }
    sentences = {one for text in whole for one in re.split(r"(?<=\.)\s+", text)}
    return {one.removesuffix("{}") for one in sentences if not ALONE.fullmatch(one)}


def question(say: Texts, summary: str) -> str:
    """What a person reads of a plan."""
    asked = operation(OperationKind.REVERT, plan=Plan(summary=summary))
    return formatted(phrases.plan(say, asked))[0].text.splitlines()[0]


def test_every_plan_is_known() -> None:
    """A new sentence of one gets its translations."""
    assert summaries() - {pattern(one) for one in PLANS} == set()


@pytest.mark.parametrize("sentence", PLANS)
def test_each_sentence_is_recognised_with_its_values(sentence: str) -> None:
    """In each language, however long it can be restored."""
    said = sentence.format(
        **{name: "7 days" if name == "span" else f"v{name}" for name in re.findall(r"\{(\w+)\}", sentence)}
    )
    assert len({question(texts_for(language), said) for language in LANGUAGES}) == len(LANGUAGES)
    assert "days" not in question(DE, said)
    for value in re.findall(r"\bv\w+", said):
        assert value in question(DE, said)


def test_a_plan_of_several_sentences_is_told_sentence_by_sentence() -> None:
    """What is not known is shown as it is, in its place."""
    told = question(
        DE, "Take dev back to 2026-11-20 14:30 (good). The moon is full. A snapshot is taken before."
    )
    assert told == (
        "⚠️ dev zurücksetzen auf 2026-11-20 14:30 (good). The moon is full. Vorher entsteht ein Schnappschuss."
    )


@pytest.mark.parametrize("kind", [kind for kind in OperationKind if kind.gated])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_would_be_lost_is_named(kind: OperationKind, language: str) -> None:
    """In numbers, and in words of the language; the button says what it does."""
    say = texts_for(language)
    names = (
        "workspace",
        "root",
        "snapshots",
        "snapshot",
        "changed files",
        "newer snapshots",
        "overwritten",
        "room",
        "modules",
    )
    losses = tuple(Loss(what=name, amount=3 << 20, unit="bytes") for name in names)
    asked = operation(kind, plan=Plan(summary="This.", losses=losses))
    lines = [
        line for line in formatted(phrases.plan(say, asked))[0].text.splitlines() if line.startswith("•")
    ]
    assert len(lines) == len(set(lines)) == len(names)
    assert all("3 MiB" in line for line in lines)
    assert language == "en" or not any(f" {name}:" in line for name in names for line in lines)
    assert phrases.agree(say, asked)
