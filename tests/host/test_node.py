"""The one choke point to a node's programs and files, with real programs."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, CommandSaidTooMuch, CommandTimedOut, HostFailure
from agent.host.node import LocalNode

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def node() -> LocalNode:
    """This machine."""
    return LocalNode("here")


def is_running(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    deadline = time.monotonic() + 5
    while is_running(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.01)
    return True


GRANDCHILD = 'sleep 300 & echo $! > "$0"; echo started; wait'


def test_output_error_and_code_are_kept_apart(node: LocalNode) -> None:
    """A program's answer comes back in its three parts."""
    done = node.run(["sh", "-c", "echo out; echo err >&2; exit 3"], check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 3)


def test_a_failure_names_the_command_and_what_it_said(node: LocalNode) -> None:
    """The error is fit for a person and for the caller that reads stderr."""
    with pytest.raises(CommandFailed, match="no luck") as failure:
        node.run(["sh", "-c", "echo no luck >&2; exit 7"])
    assert failure.value.returncode == 7
    assert failure.value.stderr == "no luck\n"


def test_arguments_arrive_as_they_are(node: LocalNode) -> None:
    """No shell ever sees them."""
    odd = ["a b", "$HOME", "*", "", "x\ny", "é", "'\""]
    assert node.run(["printf", "[%s]", *odd]).stdout == "".join(f"[{word}]" for word in odd)


def test_input_is_read_and_nothing_waits_for_a_terminal(node: LocalNode) -> None:
    """A program that reads gets what was given, or an end at once."""
    assert node.run(["cat"], input="given").stdout == "given"
    assert node.run(["cat"], timeout=5).stdout == ""


def test_undecodable_output_is_replaced(node: LocalNode) -> None:
    """Bytes that are no UTF-8 never raise."""
    assert node.run(["printf", r"a\377b"]).stdout == "a\ufffdb"
    assert list(node.lines(["printf", r"a\377b\n"], timeout=5)) == ["a\ufffdb"]


def test_a_missing_program_is_127(node: LocalNode) -> None:
    """As a shell says it."""
    with pytest.raises(CommandFailed, match="not installed") as failure:
        node.run(["no-such-program"], check=False)
    assert failure.value.returncode == 127


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_an_impossible_argument_is_an_error_and_no_crash(node: LocalNode, word: str) -> None:
    """What no program can be given fails like a program."""
    with pytest.raises(CommandFailed):
        node.run(["echo", word])


def test_a_file_that_is_no_program_is_126(node: LocalNode, tmp_path: Path) -> None:
    """As a shell says it."""
    (tmp_path / "data").write_text("x", encoding="utf-8")
    with pytest.raises(CommandFailed) as failure:
        node.run([str(tmp_path / "data")])
    assert failure.value.returncode == 126


def test_a_timeout_ends_the_whole_process_group(node: LocalNode, tmp_path: Path) -> None:
    """Nothing outlives its call: the grandchild ends too."""
    note = tmp_path / "pid"
    with pytest.raises(CommandTimedOut, match="sh did not end"):
        node.run(["sh", "-c", GRANDCHILD, str(note)], timeout=0.5)
    assert gone(int(note.read_text(encoding="utf-8")))


def test_what_a_program_leaves_behind_ends_with_it(node: LocalNode, tmp_path: Path) -> None:
    """A background child does not outlive a program that ended well."""
    note = tmp_path / "pid"
    node.run(["sh", "-c", 'sleep 300 >/dev/null 2>&1 & echo $! > "$0"', str(note)])
    assert gone(int(note.read_text(encoding="utf-8")))


ESCAPED = """
import os, sys, time

if os.fork():
    time.sleep(0.1 if "leaves" in sys.argv else 300)
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
note = open(sys.argv[1], "w")
note.write(str(os.getpid()))
note.close()
print("started", flush=True)
if "again" in sys.argv:
    while True:
        os.fork() or time.sleep(300)
        time.sleep(0.05)
time.sleep(300)
"""
"""A child that leaves its group and its session, and has no parent any more; it keeps the output open."""


@pytest.fixture
def escaping(tmp_path: Path) -> tuple[list[str], Path]:
    """A program whose child gets away, and where that one notes its number."""
    (tmp_path / "escape.py").write_text(ESCAPED, encoding="utf-8")
    return [sys.executable, str(tmp_path / "escape.py"), str(tmp_path / "pid")], tmp_path / "pid"


@pytest.mark.parametrize("word", ["stays", "leaves", "again"])
def test_no_child_gets_away_from_a_timeout(
    node: LocalNode, escaping: tuple[list[str], Path], word: str
) -> None:
    """Also one that a daemon would be, whose program has ended, or that goes on making children."""
    argv, note = escaping
    with pytest.raises(CommandTimedOut):
        node.run([*argv, word], timeout=1)
    assert gone(int(note.read_text(encoding="utf-8")))
    assert not marked(argv[1])


def test_no_child_gets_away_from_who_reads_lines(node: LocalNode, escaping: tuple[list[str], Path]) -> None:
    """Neither from a timeout, though it is the one that is read from, nor from who has read enough."""
    argv, note = escaping
    with pytest.raises(CommandTimedOut):
        list(node.lines(argv, timeout=1))
    assert gone(int(note.read_text(encoding="utf-8")))
    with closing(node.lines(argv, timeout=60)) as lines:
        assert next(lines) == "started"
        child = int(note.read_text(encoding="utf-8"))
    assert gone(child)


@pytest.mark.parametrize("end", ["interrupt", "stop"])
def test_no_child_gets_away_from_who_ends_a_program(
    node: LocalNode, escaping: tuple[list[str], Path], end: str
) -> None:
    """And whoever waits for the program is not kept waiting by the child."""
    argv, note = escaping
    with ThreadPoolExecutor(1) as pool:
        thread = pool.submit(threading.get_ident).result()
        waiting = pool.submit(node.run, argv, timeout=60)
        while not note.exists() or not note.read_text():
            time.sleep(0.01)
        if end == "interrupt":
            node.interrupt(thread)
        else:
            node.stop()
        with pytest.raises(CommandFailed):
            waiting.result(timeout=10)
    assert gone(int(note.read_text(encoding="utf-8")))


def marked(script: str) -> list[str]:
    """Processes that still run a script."""
    found = subprocess.run(["ps", "-eo", "stat=,args="], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if script in line and not line.startswith("Z")]


def test_lines_come_while_the_program_runs(node: LocalNode, tmp_path: Path) -> None:
    """And closing the generator ends the whole process group."""
    note = tmp_path / "pid"
    with closing(node.lines(["sh", "-c", GRANDCHILD, str(note)], timeout=60)) as lines:
        assert next(lines) == "started"
        child = int(note.read_text(encoding="utf-8"))
        assert is_running(child)
    assert gone(child)


def test_lines_have_standard_error_among_them(node: LocalNode) -> None:
    """In the order in which they were said."""
    assert list(node.lines(["sh", "-c", "echo a; echo b >&2; echo c"], timeout=5)) == ["a", "b", "c"]


def test_lines_end_with_the_programs_failure(node: LocalNode) -> None:
    """Each line first, then the error, which quotes the last of them."""
    lines = node.lines(["sh", "-c", "echo why; exit 4"], timeout=5)
    assert next(lines) == "why"
    with pytest.raises(CommandFailed, match="why") as failure:
        next(lines)
    assert failure.value.returncode == 4


def test_lines_of_a_silent_program_time_out(node: LocalNode, tmp_path: Path) -> None:
    """A reader is not blocked for ever, and nothing is left."""
    note = tmp_path / "pid"
    with pytest.raises(CommandTimedOut):
        list(node.lines(["sh", "-c", GRANDCHILD, str(note)], timeout=0.5))
    assert gone(int(note.read_text(encoding="utf-8")))


LEFT_OPEN = """
from agent.host.node import LocalNode

class Holder:
    pass

holder = Holder()
holder.itself = holder  # so that only the interpreter's end takes it away
holder.lines = LocalNode("here").lines(["sh", "-c", "echo a; exec sleep 300"], timeout=300)
print(next(holder.lines))
"""


def test_lines_that_are_left_open_do_not_keep_the_process_from_ending() -> None:
    """The end of the interpreter waits for no thread of theirs (Python 3.13 did)."""
    python = subprocess.Popen([sys.executable, "-c", LEFT_OPEN], stdout=subprocess.PIPE, cwd=CHECKOUT)
    try:
        said, _ = python.communicate(timeout=20)
    finally:
        python.kill()
    assert (said, python.returncode) == (b"a\n", 0)


def test_no_secret_of_ours_reaches_a_program(node: LocalNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what programs need is in their environment, and their messages are English."""
    monkeypatch.setenv("VOXNIX_MODEL_API_KEY", "sesame")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    seen = node.run(["env"]).stdout
    assert "sesame" not in seen
    assert "LC_ALL=C.UTF-8" in seen
    assert "de_DE" not in seen


def test_a_file_is_written_in_one_step(node: LocalNode, tmp_path: Path) -> None:
    """With its folders and its mode, and nothing beside it."""
    path = tmp_path / "a" / "b"
    node.write(str(path), "old")
    node.write(str(path), "new\n", 0o600)
    assert node.read(str(path)) == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["b"]


@pytest.mark.parametrize("text", ["\ud800", "x" * 10 + "\udfff"])
def test_a_failed_write_leaves_the_old_file(node: LocalNode, tmp_path: Path, text: str) -> None:
    """And no half of the new one."""
    path = tmp_path / "file"
    node.write(str(path), "old")
    with pytest.raises(HostFailure, match="could not be written"):
        node.write(str(path), text)
    assert node.read(str(path)) == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_a_files_place_is_an_error(node: LocalNode, tmp_path: Path) -> None:
    """To write and to read it; it is not taken for an absent file."""
    (tmp_path / "folder" / "below").mkdir(parents=True)
    with pytest.raises(HostFailure):
        node.write(str(tmp_path / "folder"), "x")
    with pytest.raises(HostFailure):
        node.read(str(tmp_path / "folder"))
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_what_is_not_there_reads_as_nothing(node: LocalNode, tmp_path: Path) -> None:
    """Also below a file, where no file can be."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "none", tmp_path / "file" / "below"):
        assert node.read(str(path)) is None
        assert not node.exists(str(path))
        node.remove(str(path))


def test_remove_takes_files_links_and_empty_folders_only(node: LocalNode, tmp_path: Path) -> None:
    """A folder with something in it stays, and that is said."""
    (tmp_path / "full" / "x").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "full")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("link", "file"):
        node.remove(str(tmp_path / name))
    with pytest.raises(HostFailure, match="could not be removed"):
        node.remove(str(tmp_path / "full"))
    node.remove(str(tmp_path / "full" / "x"))
    node.remove(str(tmp_path / "full"))
    assert not node.exists(str(tmp_path / "full"))


def test_a_node_that_is_stopped_ends_what_runs_and_runs_no_more(node: LocalNode, tmp_path: Path) -> None:
    """Also what a program had started, while another thread waits for it."""
    child = tmp_path / "child"
    waiting = ThreadPoolExecutor(1).submit(node.run, ["sh", "-c", f"sleep 300 & echo $! > {child}; wait"])
    while not child.exists() or not child.read_text():
        time.sleep(0.01)
    node.stop()
    with pytest.raises(CommandFailed):
        waiting.result(timeout=10)
    assert gone(int(child.read_text()))
    with pytest.raises(CommandFailed, match="ending"):
        node.run(["true"])


def test_a_program_that_prints_for_ever_is_ended(node: LocalNode, tmp_path: Path) -> None:
    """What it printed takes no more memory than it may, and nothing of it is left."""
    note = tmp_path / "pid"
    for where in ("", ">&2"):
        tracemalloc.start()
        try:
            with pytest.raises(CommandSaidTooMuch, match="sh printed more than 2 MiB"):
                node.run(["sh", "-c", f'echo $$ > "$0"; exec yes {where}', str(note)], most=2 << 20)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()
        assert gone(int(note.read_text(encoding="utf-8")))


def test_a_program_may_print_as_much_as_it_may(node: LocalNode) -> None:
    """To the byte, in both of its outputs."""
    script = "head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2"
    done = node.run(["sh", "-c", script], most=200_000)
    assert len(done.stdout) == len(done.stderr) == 200_000
    with pytest.raises(CommandSaidTooMuch):
        node.run(["sh", "-c", script], most=199_999)


def test_much_goes_in_and_out_at_the_same_time(node: LocalNode) -> None:
    """Neither waits for the other; who does not read its input is not waited for."""
    given = "é0123456789\n" * 200_000
    assert node.run(["cat"], input=given).stdout == given
    assert node.run(["true"], input=given).stdout == ""
    assert node.run(["sh", "-c", "head -c 3; cat >/dev/null"], input=given).stdout == "é0"


def test_a_line_without_an_end_comes_in_pieces(node: LocalNode) -> None:
    """So that no program makes one that does not fit into memory."""
    with closing(node.lines(["sh", "-c", "yes | tr -d '\\n'"], timeout=30)) as lines:
        assert [len(next(lines)) for _ in range(3)] == [1 << 20] * 3


def test_who_interrupts_a_thread_ends_its_program_and_no_other(node: LocalNode, tmp_path: Path) -> None:
    """With all that it started; the thread hears of it, and can run other programs afterwards."""
    pids = [tmp_path / name for name in ("hers", "his")]
    with ThreadPoolExecutor(2) as pool:
        threads = [0, 0]

        def work(number: int) -> int:
            threads[number] = threading.get_ident()
            return node.run(["sh", "-c", GRANDCHILD, str(pids[number])], check=False).returncode

        hers, his = pool.submit(work, 0), pool.submit(work, 1)
        while not all(file.exists() and file.read_text() for file in pids):
            time.sleep(0.01)
        node.interrupt(threads[0])
        assert hers.result(10) == -signal.SIGKILL
        assert gone(int(pids[0].read_text()))
        assert is_running(int(pids[1].read_text()))
        assert pool.submit(lambda: node.run(["echo", "on"]).stdout).result(10) == "on\n"
        node.interrupt(threads[1])
        assert his.result(10) == -signal.SIGKILL
