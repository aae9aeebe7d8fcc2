"""Says what is being done while it is done: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Generator

# After this long without news a person wants to know whether it is slow or dead.
SILENCE = 45.0
# Without a terminal a line every so often is enough: a log is read afterwards.
PLAIN_EVERY = 5.0


class Step:
    """One piece of work that is under way."""

    def __init__(self, steps: Steps, title: str) -> None:
        self.title = title
        self.started = self.heard = self.said = time.monotonic()
        self.detail = ""
        self._steps = steps
        self._task = steps.bars.add_task(title, total=None, detail="") if steps.bars else None

    def update(self, detail: str, done: int | None = None, total: int | None = None) -> None:
        """Tell how far it is: `done` of `total`, and the name of what is being worked on."""
        self.detail = f"{done} of {total} {detail}".strip() if done is not None and total else detail
        self.heard = time.monotonic()
        if self._steps.bars and self._task is not None:
            self._steps.bars.update(self._task, completed=done, total=total, detail=self.detail)
        elif self.heard - self.said >= PLAIN_EVERY:
            self.say(self.detail)

    def say(self, text: str) -> None:
        """Print a line of its own about this step."""
        self.said = time.monotonic()
        self._steps.say(f"  {self.title}: {text}")

    def close(self, *, failed: bool) -> None:
        """Take the bar away and leave one line with the time it took."""
        if self._steps.bars and self._task is not None:
            self._steps.bars.remove_task(self._task)
        self._steps.say(f"{'✗' if failed else '✓'} {self.title} ({time.monotonic() - self.started:.1f} s)")


class Steps:
    """Shows steps, several at a time if need be, on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._open: list[Step] = []
        self._end = threading.Event()
        self.bars: Progress | None = None

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._console.is_terminal:
            self.bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TimeElapsedColumn(),
                TextColumn("{task.fields[detail]}"),
                console=self._console,
                transient=True,
            )
            self.bars.start()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing."""
        self._end.set()
        if self.bars:
            self.bars.stop()
            self.bars = None

    @contextmanager
    def step(self, title: str) -> Generator[Step]:
        """Show `title` for as long as the block runs."""
        step = Step(self, title)
        self._open.append(step)
        if not self.bars:
            self.say(f"· {title} …")
        failed = True
        try:
            yield step
            failed = False
        finally:
            self._open.remove(step)
            step.close(failed=failed)

    def say(self, text: str) -> None:
        """Print one line above the bars."""
        if self.bars:
            self._console.print(text, markup=False)
        else:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def _watch(self) -> None:
        while not self._end.wait(1):
            now = time.monotonic()
            for step in list(self._open):
                if now - max(step.heard, step.said) >= SILENCE:
                    seen = f"last seen: {step.detail}" if step.detail else "nothing heard yet"
                    step.say(f"still waiting after {now - step.started:.0f} s ({seen})")
