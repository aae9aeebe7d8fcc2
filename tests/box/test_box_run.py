"""`scripts/box run`: what goes in and what comes out is the command's own."""

import os
import pty
import signal
import subprocess
import time

import pytest

from scripts.boxes.places import CHECKOUT, cache
from tests.box.command import box_command, run


def test_arguments_arrive_as_they_were_given(box: str) -> None:
    """Spaces, quotes, line ends, globs, leading dashes and emptiness pass untouched."""
    arguments = ["a b", "'\"`$HOME`\"'", "x\ny", "*", "-n", "--name", "", "\\", "é😀"]
    answer = run(box, "printf", "[%s]", *arguments)
    assert answer.out == "".join(f"[{argument}]" for argument in arguments)


@pytest.mark.parametrize("code", [0, 1, 7, 125, 255])
def test_exit_code_is_the_commands_own(box: str, code: int) -> None:
    """Each code comes back as it is."""
    assert run(box, "sh", "-c", f"exit {code}").code == code


def test_absent_and_unexecutable_commands_answer_as_in_a_shell(box: str) -> None:
    """127 for a command that is not there, 126 for one that cannot be run."""
    assert run(box, "no-such-command").code == 127
    assert run(box, "/etc").code == 126


def test_death_by_a_signal_is_seen_by_a_shell_as_128_and_the_signal(box: str) -> None:
    """A command that is killed answers 128+9."""
    shell = f'"{CHECKOUT}/scripts/box" run --name {box} sh -c "kill -9 \\$\\$"; echo $?'
    done = subprocess.run(
        ["bash", "-c", shell],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "VOXNIX_CACHE": str(cache())},
    )
    assert done.stdout.strip() == "137"


def test_streams_stay_apart(box: str) -> None:
    """Input goes in; output and errors come out where they belong."""
    answer = run(box, "sh", "-c", "cat; echo trouble >&2", stdin="in\nand no end of line")
    assert answer.out == "in\nand no end of line"
    assert answer.err == "trouble\n"


def test_only_voxnix_own_variables_and_keys_go_along(box: str) -> None:
    """Settings and provider keys pass, also with line ends in them; all else of the environment stays out."""
    given = {
        "VOXNIX_OWNER": "x\ny z",
        "ANTHROPIC_API_KEY": "key",
        "OLLAMA_BASE_URL": "url",
        "NO_COLOR": "1",
        "SECRET_OF_MINE": "s",
        "PYTHONPATH": "/nowhere",
    }
    said = dict(line.split("=", 1) for line in run(box, "env", "-0", env=given).out.split("\0") if line)
    assert {
        key: said.get(key) for key in ("VOXNIX_OWNER", "ANTHROPIC_API_KEY", "OLLAMA_BASE_URL", "NO_COLOR")
    } == {
        "VOXNIX_OWNER": "x\ny z",
        "ANTHROPIC_API_KEY": "key",
        "OLLAMA_BASE_URL": "url",
        "NO_COLOR": "1",
    }
    assert not {"SECRET_OF_MINE", "PYTHONPATH", "VOXNIX_CACHE"} & said.keys()


def test_a_command_ends_when_its_caller_is_killed(box: str) -> None:
    """Kill -9 of scripts/box leaves nothing of the command in the box."""
    with subprocess.Popen(
        [CHECKOUT / "scripts/box", "run", "--name", box, "sleep", "98765"],
        env={**os.environ, "VOXNIX_CACHE": str(cache())},
    ) as caller:
        _until(lambda: run(box, "pgrep", "-f", "sleep 98765").code == 0)
        caller.send_signal(signal.SIGKILL)
    _until(lambda: run(box, "pgrep", "-fx", "sleep 98765").code == 1)


def test_a_terminal_is_one_inside_too(box: str) -> None:
    """With a terminal outside the command gets one of the box's own, and its exit code still comes back."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [CHECKOUT / "scripts/box", "run", "--name", box, "sh", "-c", "tty; exit 5"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "VOXNIX_CACHE": str(cache())},
        start_new_session=True,
    ) as child:
        code = child.wait(timeout=30)
    said = os.read(ours, 1000).decode()
    os.close(ours)
    os.close(theirs)
    assert code == 5
    assert "/dev/pts/" in said


def test_a_box_that_is_not_up_is_refused_in_words() -> None:
    """Entering a box that is not there ends with 125 and says how to start it."""
    answer = run("nobody", "true")
    assert answer.code == 125
    assert "scripts/box up --name nobody" in answer.err


@pytest.mark.parametrize("name", ["", "A", "-x", "x-", "a" * 21, "../x", "a\n"])
def test_a_bad_name_is_refused(name: str) -> None:
    """No other name becomes a path or a cgroup."""
    assert box_command("run", "--name", name, "true").code == 125
    refused = box_command("up", "--name", name)
    assert refused.code == 1
    assert "cannot be the name of a box" in refused.err
    assert "Traceback" not in refused.err


def test_run_without_a_command_is_refused(box: str) -> None:
    """`run` alone says what it needs."""
    answer = run(box)
    assert answer.code == 125
    assert "needs a command" in answer.err


def _until(holds: object) -> None:
    deadline = time.monotonic() + 20
    assert callable(holds)
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_typed_is_seen(box: str) -> None:
    """A program that asks a question on the terminal leaves question and answer on the screen."""
    leader, follower = pty.openpty()
    command = [CHECKOUT / "scripts/box", "run", "--name", box, "sh", "-c", "printf 'sure? '; read answer"]
    environment = {**os.environ, "VOXNIX_CACHE": str(cache())}
    with subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        seen = b""
        while b"sure? " not in seen:
            seen += os.read(leader, 1024)
        os.write(leader, b"yes\r")
        while b"yes" not in seen:
            seen += os.read(leader, 1024)  # the test's own time limit ends this where nothing is echoed
        process.wait()
    os.close(leader)
