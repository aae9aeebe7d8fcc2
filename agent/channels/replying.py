"""A reply while it comes: rendered and redrawn on a terminal, line by line elsewhere."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.spinner import Spinner

from agent.channels.terminal import Terminal
from agent.channels.waiting import Bars, Lines
from agent.core.operation import Operation
from agent.core.printable import one_line, printable

LEFT_FREE = 6
"""Rows of the window that a growing reply leaves to the progress below it."""


class View(Protocol):
    """Shows one reply."""

    def add(self, text: str) -> None:
        """More of the reply."""
        ...

    def doing(self, tool: str) -> None:
        """What the assistant does meanwhile."""
        ...

    def update(self, operation: Operation) -> None:
        """How an operation of this conversation stands."""
        ...

    def end(self, text: str) -> None:
        """The reply is complete; ``text`` counts where nothing came bit by bit."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def view(terminal: Terminal) -> View:
    """The right view for where answers go."""
    return Drawn(terminal.out) if terminal.out.is_terminal else Written(terminal)


class Drawn:
    """On a terminal: the end of the reply so far and the bars below it, then the whole reply.

    Args:
        console: the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = ""
        self._bars = Bars(console, live=False)
        self._spinner = Spinner("dots", "thinking", style="dim")
        self._live = Live(console=console, get_renderable=self._now, transient=True, refresh_per_second=8)

    def add(self, text: str) -> None:
        """See :meth:`View.add`."""
        self._text += text

    def doing(self, tool: str) -> None:
        """See :meth:`View.doing`."""
        self._spinner.update(text=one_line(tool.replace("_", " ")))

    def update(self, operation: Operation) -> None:
        """See :meth:`View.update`."""
        self._bars.update(operation)

    def end(self, text: str) -> None:
        """See :meth:`View.end`."""
        self._text = text

    def _now(self) -> Group:
        below = self._bars.progress.get_renderable() if self._bars.busy else self._spinner
        return Group(_Tail(self._text), below) if self._text.strip() else Group(below)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if self._text.strip():
            self._console.print(_markdown(self._text))


class _Tail:
    """As much of the end of a text as fits the window."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(_markdown(self._text), options, pad=False)
        for line in lines[-max(console.height - LEFT_FREE, 1) :]:
            yield from line
            yield Segment.line()


def _markdown(text: str) -> Markdown:
    # A link is shown with its address: what is clicked should be what is read.
    return Markdown(printable(text), hyperlinks=False)


class Written:
    """Elsewhere: the reply as it was written, each line once it is complete; progress on standard error.

    Args:
        terminal: where to.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lines = Lines(terminal)
        self._pending = ""
        self._written = False

    def add(self, text: str) -> None:
        """See :meth:`View.add`."""
        *complete, self._pending = (self._pending + text).split("\n")
        for line in complete:
            self._write(line)

    def doing(self, tool: str) -> None:
        """See :meth:`View.doing`."""

    def update(self, operation: Operation) -> None:
        """See :meth:`View.update`."""
        self._lines.update(operation)

    def end(self, text: str) -> None:
        """See :meth:`View.end`."""
        if not self._written and not self._pending:
            self._pending = text

    def _write(self, line: str) -> None:
        self._terminal.write(line)
        self._written = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.__exit__(kind, error, trace)
        if self._pending:
            self._write(self._pending)
