"""The evaluation's sentences, each with what is meant by it."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.phrasebook import Act, Ask, Background, Call, Lost, Say, understand
from agent.services.catalogue import Catalogue

MODULES = [module.name for module in Catalogue().all()]
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "evals" / "phrases.json").read_text(encoding="utf-8")
)
ASKED: dict[str, dict[str, object]] = {
    "create_container": {"modules": []},
    "run_in_container": {"command": "uname -a"},
    "rename_container": {"name": "dev"},
}
"""What was known already when a name was asked for."""


def test_there_are_enough_sentences() -> None:
    """The phrasebook is judged by more than 150 sentences, each of them once."""
    assert len(CASES) > 150
    assert len({(case["say"], case.get("last"), case.get("asked")) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["say"][:60])
def test_a_sentence_is_understood(case: dict[str, Any]) -> None:
    """A sentence leads to just the calls that a person would expect, or to none."""
    asked = Call(case["asked"], ASKED.get(case["asked"], {})) if "asked" in case else None
    meaning = understand(case["say"], Background(last=case.get("last"), asked=asked, modules=MODULES))
    match meaning:
        case Act(calls):
            assert [{call.tool: call.arguments} for call in calls] == case.get("calls")
        case Ask(call):
            assert call.tool == case.get("asks")
        case Say(topic, about):
            assert topic == case.get("says")
            assert case.get("about", about) == about
        case Lost():
            assert case.get("lost")
