from hypothesis import given
from hypothesis import strategies as st

from agent.core.workload import Executed
from agent.tools.views import MAX_OUTPUT, ExecutedView, LogsView, clipped


@given(st.text(max_size=300), st.integers(10, 100), st.booleans())
def test_what_is_too_long_says_so(text: str, limit: int, keep_end: bool) -> None:  # noqa: FBT001 - hypothesis
    """Long text loses its middle or its beginning, never its end, and tells how much."""
    short = clipped(text, limit, keep_end=keep_end)
    assert len(short) <= limit + 50
    assert short == text if len(text) <= limit else "characters left out" in short
    assert short[-5:] == text[-5:]


def test_a_commands_output_is_made_fit() -> None:
    """What a command printed comes without terminal sequences, and not without end."""
    executed = Executed(returncode=1, stdout="\x1b[1my\x1b[0m\n" * 100_000, stderr="é" * 50_000)
    view = ExecutedView.of("dev", "yes", executed)
    assert view.returncode == 1
    assert view.stdout.startswith("y\ny\n")
    assert "\x1b" not in view.stdout
    assert len(view.stdout) <= MAX_OUTPUT + 50
    assert len(view.stderr) <= MAX_OUTPUT // 2 + 50


def test_a_broken_line_of_a_journal_hides_no_other() -> None:
    """A sequence that a program never ended takes its own line, and the newest lines are kept."""
    lines = LogsView.of("dev", ["x" * MAX_OUTPUT, "\x1b]0;title", "the end"]).lines
    assert lines[-2:] == ("", "the end")
    assert "left out" in lines[0]
