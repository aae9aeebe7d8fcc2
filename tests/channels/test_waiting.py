import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from agent.channels.terminal import Terminal
from agent.channels.waiting import Bars, Interrupted, Lines, follow
from agent.core.operation import Operation, OperationState, Progress
from tests.channels.conftest import MakeOperation


def test_elsewhere_each_step_is_a_line(operation: MakeOperation, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal a step is said once, not with each count, and on standard error alone."""
    changes = [
        operation(state=OperationState.QUEUED, step=0, progress=Progress()),
        operation(),
        operation(progress=Progress(label="installing packages", done=35, total=120)),
        operation(step=3, progress=Progress(label="starting")),
        operation(state=OperationState.DONE),
    ]
    assert follow(Terminal(), iter(changes)) == changes[-1]
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "create dev: queued",
        "create dev: step 2 of 4: installing packages 34 of 120",
        "create dev: step 3 of 4: starting",
    ]
    assert said.out == ""


def test_programs_see_no_progress(operation: MakeOperation, capsys: pytest.CaptureFixture[str]) -> None:
    """With JSON nothing is said while waiting."""
    follow(Terminal(json=True), iter([operation(), operation(state=OperationState.DONE)]))
    assert capsys.readouterr() == ("", "")


def test_a_wait_without_a_change_says_how_it_looks(
    operation: MakeOperation, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a while a plain wait says that it looks slow, and says so no more once it goes on."""
    with Lines(Terminal(), slow_after=0.02) as lines:
        lines.update(operation())
        time.sleep(0.2)
        lines.update(operation(state=OperationState.DONE))
    assert "slow, not dead" in capsys.readouterr().err


def bar(bars: Bars, width: int = 100) -> str:
    """What is drawn."""
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as drawn:
        console.print(bars.progress.get_renderable())
    return drawn.get()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_bar_never_fills_the_line(operation: MakeOperation, width: int) -> None:
    """A terminal writes ^C behind it: a line that wraps could not be taken away again."""
    bars = Bars(Console(width=width, force_terminal=True), live=False)
    bars.update(operation(progress=Progress(label="downloading " + "x" * 300, done=34, total=120)))
    lines = bar(bars, width).splitlines()
    assert lines
    assert max(map(len, lines)) <= width - 3


def test_a_bar_looks_slow_by_the_clock(operation: MakeOperation) -> None:
    """The bar says so without any change of the operation."""
    bars = Bars(Console(width=120, force_terminal=True), live=False, slow_after=0.0)
    bars.update(operation())
    assert "slow, not dead" in bar(bars)
    assert "slow" not in bar(_with(Bars(Console(width=120, force_terminal=True), live=False), operation()))


def _with(bars: Bars, operation: Operation) -> Bars:
    bars.update(operation)
    return bars


def test_an_operation_that_ended_has_no_bar(operation: MakeOperation) -> None:
    """The bar goes when the operation ends, and none comes for one that had ended before."""
    bars = Bars(Console(width=80, force_terminal=True), live=False)
    bars.update(operation())
    assert bars.busy
    bars.update(operation(state=OperationState.DONE))
    bars.update(operation(id=8, state=OperationState.PROPOSED))
    assert not bars.busy


def test_stopping_to_wait_stops_no_operation(operation: MakeOperation) -> None:
    """Ctrl-C while waiting names the operation, says that it is not cancelled, and how to look."""

    def interrupted() -> Iterator[Operation]:
        yield operation()
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"Operation 7 \(create dev\) is not cancelled.*voxnix operations"):
        follow(Terminal(), interrupted())
