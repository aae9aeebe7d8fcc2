import io
import json

import pytest

from agent.channels.terminal import Terminal
from agent.core.errors import Problem


def test_json_is_one_object_that_says_what_is_real(capsys: pytest.CaptureFixture[str]) -> None:
    """A program finds the answer, and whether it is a simulation, without any raw control character."""
    Terminal(json=True).show("for people", {"lines": ["\x1b[31mred", "ü"]})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"lines": ["\x1b[31mred", "ü"], "simulated": False}
    assert out.isascii()
    assert "\x1b" not in out
    assert err == ""


def test_a_simulation_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Each answer and each error has the line."""
    terminal = Terminal(simulated=True)
    terminal.show("answer", {})
    terminal.fail(Problem("refused", "X", "No."))
    out, err = capsys.readouterr()
    assert out.splitlines() == ["This is a simulation: nothing of it is real.", "answer"]
    assert err.splitlines() == ["This is a simulation: nothing of it is real.", "✗ No."]


@pytest.mark.parametrize(("kind", "code"), [("refused", 3), ("settings", 2), ("usage", 2), ("failed", 4)])
def test_the_exit_code_says_who_can_mend_it(kind: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """2 usage and settings, 3 the person, 4 the host; in JSON the same."""
    assert Terminal().fail(Problem(kind, "X", "No.")) == code
    assert Terminal(json=True).fail(Problem(kind, "X", "No."), operation={"id": 1}) == code
    answer = json.loads(capsys.readouterr().out)
    assert answer["error"]["kind"] == kind
    assert answer["operation"] == {"id": 1}


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [
        ("y\n", True),
        ("YES\n", True),
        (" yes \n", True),
        ("n\n", False),
        ("\n", False),
        ("", False),
        ("yo\n", False),
    ],
)
def test_only_a_clear_yes_is_one(typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """Silence, the end of the input and everything else mean no."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert Terminal().ask("Destroy dev?") is agreed


def test_pipes_are_wide_and_windows_decide(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table in a pipe is not folded at 80, and COLUMNS is respected."""
    monkeypatch.delenv("COLUMNS", raising=False)
    Terminal().show("x" * 150, {})
    assert len(capsys.readouterr().out.splitlines()) == 1
    monkeypatch.setenv("COLUMNS", "60")
    Terminal().show("x" * 150, {})
    assert len(capsys.readouterr().out.splitlines()) == 3
