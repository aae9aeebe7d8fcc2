"""Every command that README.md tells a person to type in the box, typed."""

import re
import shlex
from pathlib import Path

from tests.box.inside.product import gone, voxnix

README = (Path(__file__).parents[3] / "README.md").read_text()


def test_the_sentences_do_what_they_say() -> None:
    """In their order; the last one stops at its question, which only a person at a terminal answers."""
    block = re.search(r"In the chat, say for example:\n\n```\n(.*?)```", README, re.DOTALL)
    assert block is not None
    *sentences, destroy = block[1].strip().splitlines()
    try:
        for sentence in sentences:
            answer = voxnix("chat", sentence)
            assert answer.code == 0, (sentence, answer)
        assert destroy.startswith("destroy")
        assert voxnix("chat", destroy).code == 3
        answer = voxnix("chat", "run git --version in dev")
        assert "git version" in answer.out
    finally:
        gone("dev")


def test_the_commands_go_well() -> None:
    """In their order; afterwards the list is as it was."""
    before = voxnix("list", "--json").data
    commands = re.findall(r"^voxnix .*$", README, re.MULTILINE)
    assert len(commands) > 10
    try:
        for command in commands:
            answer = voxnix(*shlex.split(command)[1:])
            assert answer.code == 0, (command, answer)
    finally:
        gone("dev")
    assert len(voxnix("list", "--json").data["workloads"]) == len(before["workloads"])
