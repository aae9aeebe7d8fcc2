"""What services refuse is said in the person's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import agent
from agent.channels.telegram import phrases
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.phrases.refusals import SENTENCES, translated
from agent.core import errors
from agent.core.errors import Problem
from agent.texts import texts_for

AGENT = Path(agent.__file__).parent
DE, EN, ES = (texts_for(language) for language in ("de", "en", "es"))
WHOLE = (
    "core/conversation.py",
    "core/preference.py",
    "services/access.py",
    "services/budget.py",
    "services/chats.py",
    "services/preferences.py",
    "services/storage.py",
    "services/trash.py",
    "services/undo.py",
)
"""All that these say reaches people in a chat."""


def pattern(sentence: str) -> str:
    """A sentence with empty braces for each value."""
    return re.sub(r"\{\w*\}", "{}", sentence)


def literals(node: ast.expr) -> Iterator[str]:
    """The sentences that an expression may be, as patterns."""
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=body, orelse=otherwise):
            yield from literals(body)
            yield from literals(otherwise)
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case _:
            return


def raised_in(file: Path) -> set[str]:
    """What the errors that a file makes say."""
    return {
        text
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(errors, node.func.id)
        for argument in (*node.args, *(one.value for one in node.keywords if one.arg != "about"))
        for text in literals(argument)
    }


@pytest.mark.parametrize("name", WHOLE)
def test_what_a_service_refuses_in_a_chat_is_known(name: str) -> None:
    """A new sentence there gets its translations."""
    assert raised_in(AGENT / name) - {pattern(one) for one in SENTENCES} == set()


def test_no_sentence_is_known_that_nobody_says() -> None:
    """One that was changed in a service is changed here, too."""
    said = {
        text
        for room in ("core", "services", "store")
        for file in (AGENT / room).rglob("*.py")
        for text in raised_in(file)
    }
    assert {one for one in SENTENCES if pattern(one) not in said} == set()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_sentence_is_recognised_with_its_values(sentence: str) -> None:
    """No other one takes it for its own."""
    names = re.findall(r"\{(\w+)\}", sentence)
    values = {name: f"v{number}" for number, name in enumerate(names)}
    assert translated(EN, sentence.format(**values)) == sentence.format(**values)
    assert translated(DE, sentence.format(**values)) == DE.known(sentence, **values)
    assert DE.known(sentence, **values) != ES.known(sentence, **values) != sentence.format(**values)


def test_a_refusal_is_shown_in_the_language_of_the_person() -> None:
    """What happened, why, and what to do next."""
    problem = Problem("refused", "NotRunning", "dev is not running.", "It is stopped.", "Start dev first.")
    (part,) = formatted(phrases.refusal(DE, problem))
    assert part.text == "dev läuft nicht.\nSein Zustand: stopped\n→ Starte zuerst dev."


def test_what_nobody_knows_is_shown_as_it_is() -> None:
    """What a program said has no translation, and formats nothing."""
    problem = Problem("failed", "CommandFailed", "zfs failed with *1*.", "", "Run `zfs list`.")
    (part,) = formatted(phrases.refusal(DE, problem))
    assert part.text == "zfs failed with *1*.\n→ Run zfs list."


def test_an_answer_to_a_tap_is_plain_and_short() -> None:
    """Telegram shows 200 characters over the chat."""
    late = Problem(
        "refused", "InvalidRequest", "That button is too old.", "", "Ask again, and you get a new one."
    )
    assert (
        phrases.tap_refusal(DE, late)
        == "Dieser Knopf ist zu alt. Frag noch einmal, dann bekommst du einen neuen."
    )
    assert len(phrases.tap_refusal(EN, Problem("failed", "X", "*long* `x` " * 100))) == 200
