"""Streams on a node: what the program that moves them answers, and what becomes of its failures."""

import json
import shlex
from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.host import pipe, streams
from agent.host.beyond import Beyond
from agent.host.node import LocalNode
from agent.host.streams import OUTSIDE, Streams
from tests.host.scripted import Scripted, ScriptedNode


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Streams of this machine, with the mounts that this process has."""
    monkeypatch.setattr(streams, "OUTSIDE", ())
    return Streams(LocalNode("here"))


def far(answer: Scripted) -> Beyond:
    """Another machine, on which listing data sets answers this."""
    words = [*OUTSIDE, *Beyond(Streams(ScriptedNode({})), "ann", "nas", 22).argv(["zfs", "list"])]
    return Beyond(Streams(ScriptedNode({" ".join(words): answer})), "ann", "nas", 22)


def test_a_stream_goes_into_a_file_and_out_again(local: Streams, tmp_path: Path) -> None:
    """With how far it is, up to all of it."""
    file, seen = str(tmp_path / "file"), list[int]()
    written = local.write(file, 0, ["head", "-c", "5000000", "/dev/zero"], seen.append)
    assert written.size == 5_000_000
    assert local.check(file, 0, written.size, seen.append) == written
    local.feed(file, 0, 10, ["dd", f"of={tmp_path / 'part'}", "status=none"], seen.append)
    assert (tmp_path / "part").read_bytes() == bytes(10)
    assert local.join(["echo", "hello"], ["dd", f"of={tmp_path / 'joined'}", "status=none"], seen.append) == 6
    assert (tmp_path / "joined").read_text() == "hello\n"
    assert seen == sorted(seen) or max(seen) <= 5_000_000
    local.seal(file, 10, "the end")
    assert local.text(file) == "the end"
    local.put(str(tmp_path / "new" / "text"), "words")
    assert local.folders(str(tmp_path), "text") == ["new"]
    assert local.files(str(tmp_path / "new")) == ["text"]
    local.move(str(tmp_path / "new" / "text"), str(tmp_path / "new" / "other"))
    assert local.sizes([str(tmp_path / "new" / "other"), str(tmp_path / "new" / "text")]) == [5, -1]
    assert local.text(str(tmp_path / "nothing")) is None
    local.make(str(tmp_path / "made"))
    assert local.look(str(tmp_path / "made")).kind == "folder"
    local.remove(str(tmp_path / "made"))
    local.remove()
    assert local.look(str(tmp_path / "made")).kind == ""


def test_a_failure_is_told_in_the_programs_own_words(local: Streams, tmp_path: Path) -> None:
    """Without how far it was; and a full disk is told apart."""
    script = "head -c 3000000 /dev/zero; echo it broke >&2; exit 1"
    with pytest.raises(CommandFailed, match="it broke") as failed:
        local.write(str(tmp_path / "file"), 0, ["sh", "-c", script], lambda _: None)
    assert pipe.MARK not in str(failed.value)
    with pytest.raises(NoSpace):
        local.write("/dev/full", 0, ["echo", "hello"], lambda _: None)
    script = "cat >/dev/null; echo cannot receive: out of space >&2; exit 1"
    with pytest.raises(NoSpace, match="out of space"):
        local.join(["echo", "hello"], ["sh", "-c", script], lambda _: None)
    with pytest.raises(CommandFailed):
        local.look("a\0b")


def test_a_program_that_says_nothing_has_not_done_it() -> None:
    """Whatever its exit code is."""
    program = f"{' '.join(OUTSIDE)} "
    node = ScriptedNode({})
    with pytest.raises(AssertionError, match=r"nobody scripted") as unknown:
        Streams(node).look("/mnt")
    words = str(unknown.value).partition("nobody scripted: ")[2].splitlines()[0]
    assert words.startswith(program)
    node.answers[words] = (0, "something else\n", "")
    with pytest.raises(HostFailure, match="without a word"):
        Streams(node).look("/mnt")
    there = {"path": "/mnt", "kind": "folder", "around": True, "writable": True, "free": 1, "source": "x"}
    node.answers[words] = (0, f"{pipe.MARK}{json.dumps(there)}\n", "")
    assert Streams(node).look("/mnt").free == 1


def test_another_machine_is_asked_without_a_password_and_word_by_word() -> None:
    """A shell reads the command there: a word stays a word."""
    argv = far((0, "", "")).argv(["zfs", "set", "a:b=c d; reboot"])
    assert "BatchMode=yes" in argv
    assert argv[-3:-1] == ["--", "ann@nas"]
    assert shlex.split(argv[-1]) == ["zfs", "set", "a:b=c d; reboot"]
    assert far((0, "tank\n", "")).run(["zfs", "list"]).stdout == "tank\n"


def test_a_machine_that_cannot_be_reached_is_told_with_what_to_try() -> None:
    """A command that fails there is another thing."""
    with pytest.raises(HostFailure, match="nas cannot be reached") as unreachable:
        far((255, "", "Host key verification failed.")).run(["zfs", "list"], check=False)
    assert "zfs list" in unreachable.value.problem.hint
    with pytest.raises(CommandFailed, match="no such pool"):
        far((1, "", "no such pool")).run(["zfs", "list"])
    assert far((1, "", "no such pool")).run(["zfs", "list"], check=False).returncode == 1
