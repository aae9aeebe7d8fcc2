"""What mmdebstrap prints becomes counts and names."""

import os
import time

import pytest

from scripts.boxes import debian, processes, steps
from scripts.boxes.errors import BoxError
from scripts.boxes.places import Place
from scripts.boxes.programs import follow
from scripts.boxes.steps import Steps


def test_packages_are_counted_over_both_phases() -> None:
    """The essential packages come first, the others later: the total grows when it is known."""
    seen: list[tuple[str, int, int]] = []
    read = debian.counting(lambda detail, done, total: seen.append((detail, done, total)))
    for line in (
        "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
        "Get:1 http://mirror.test/debian trixie/main amd64 libc6 amd64 2.41-12 [2847 kB]",
        "Unpacking libc6:amd64 (2.41-12) ...",
        "0 upgraded, 3 newly installed, 0 to remove and 0 not upgraded.",
        "Setting up libc6:amd64 (2.41-12) ...",
        "something else",
    ):
        read(line)
    assert seen == [
        ("downloading libc6", 1, 2),
        ("unpacking libc6:amd64", 1, 2),
        ("setting up libc6:amd64", 1, 5),
    ]


def test_without_a_terminal_steps_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A line at the beginning, one at the end with the time, and no control characters."""
    with Steps() as shown, shown.step("Work") as step:
        step.update("part", 1, 3)
    said = capsys.readouterr().err
    assert said.startswith("· Work …\n✓ Work (0.")
    assert "\x1b" not in said


def test_a_step_that_fails_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The mark at the end tells how it went."""
    with Steps() as shown, pytest.raises(OSError, match="x"), shown.step("Work"):
        raise OSError("x")
    assert "✗ Work" in capsys.readouterr().err


def test_a_long_silence_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait without news tells what it waits for and what it saw last."""
    monkeypatch.setattr(steps, "SILENCE", 0.5)
    with Steps() as shown, shown.step("Work") as step:
        step.update("the last thing")
        time.sleep(1.6)
    assert "Work: still waiting after 1 s (last seen: the last thing)" in capsys.readouterr().err


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    """What failed, why, and what to do are all in the message."""
    with pytest.raises(BoxError) as caught:
        follow(
            ["sh", "-c", "echo no space left; exit 3"],
            what="It failed.",
            do="Make room.",
            line=lambda _: None,
        )
    assert str(caught.value) == "It failed.\n  why: sh ended with 3:\n       no space left\n  do:  Make room."


def test_a_process_is_known_by_when_it_began() -> None:
    """This process has a beginning, and an id that nobody has has none."""
    assert processes.started(os.getpid()) == processes.started(os.getpid())
    assert processes.started(2**22 + 1) is None


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a-", "a\n", "../a", "a" * 21, "ä"])
def test_a_bad_name_is_refused_with_the_rule(name: str) -> None:
    """A name becomes a folder, a cgroup and a machine's name."""
    with pytest.raises(BoxError, match="beginning with a letter"):
        Place.of(name)
