"""What ``sh -c`` in a simulated container reads."""

import time

import pytest

from agent.core.workload import Executed
from agent.host.simulated import Pace, SimulatedNode
from tests.contract.place import Place
from tests.host.test_simulated import ready, shift


@pytest.fixture
def place() -> Place:
    """A node on which dev-ab runs."""
    node = SimulatedNode("sim", pace=Pace.instant())
    place = ready(node)
    shift(node)
    place.runtime.start("dev-ab")
    return place


def sh(place: Place, script: str) -> Executed:
    """Run a script in the container."""
    return place.runtime.exec("dev-ab", ["sh", "-c", script], 5)


@pytest.mark.parametrize(
    "text", ["x" * (4 << 20), "a line\n" * (600 << 10), " " * (4 << 20)], ids=["a word", "lines", "blanks"]
)
def test_much_text_is_written_in_no_time(place: Place, text: str) -> None:
    """Four megabytes, however they look, take a moment: a script is read in one pass."""
    began = time.process_time()  # of this process alone: the machine may be busy
    assert sh(place, f"echo '{text}' > big").returncode == 0
    assert time.process_time() - began < 3
    assert sh(place, "cat big").stdout == f"{text}\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo a; echo b", "a\nb\n"),
        ("echo a\necho b", "a\nb\n"),
        ("true && echo yes", "yes\n"),
        ("false && echo no; echo on", "on\n"),
        ("false && echo no && echo no", ""),
        ("echo 'a; b && c > d | $e'", "a; b && c > d | $e\n"),
        ("echo \"a  b\" c\\ d it''s", "a  b c d its\n"),
        ('echo "say \\"hi\\" \\n"', 'say "hi" \\n\n'),
        ("echo ''", "\n"),
        ("echo one > f; echo two >> f; cat f", "one\ntwo\n"),
        ("echo a >'my file' && cat 'my file'", "a\n"),
        ("echo a; exit 0; echo never", "a\n"),
    ],
)
def test_a_script_is_read_like_a_shell_reads_it(place: Place, script: str, said: str) -> None:
    """Separators, quotations, and output into files."""
    assert sh(place, script).stdout == said


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("exit 7", 7, ""),
        ("no-such-program", 127, "no-such-program: not found"),
        ("echo 'a", 2, "Syntax error"),
        ('echo "a', 2, "Syntax error"),
        ("echo a >", 2, "Syntax error"),
        ("&& echo a", 2, "Syntax error"),
        ("ls | wc", 2, "does not know"),
        ("echo $HOME", 2, "does not know"),
        ('echo "$HOME"', 2, "does not know"),
        ("echo `id`", 2, "does not know"),
        ("(id)", 2, "does not know"),
        ("ls 2>/dev/null", 2, "does not know"),
        ("sleep 1 &", 2, "does not know"),
    ],
)
def test_what_cannot_be_run_is_said(place: Place, script: str, code: int, said: str) -> None:
    """With the shell's own exit codes; what the simulation was not taught, it does not guess."""
    done = sh(place, script)
    assert (done.returncode, said in done.stderr) == (code, True)
    assert done.stdout == ""
