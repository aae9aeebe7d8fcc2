"""A process that dies at a certain write to the database, in one turn and nowhere else.

``python -m tests.assistant.mortal STATE WRITE WHEN`` is one that is killed in its turn, and prints how the
turn ended where it did not come to that.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel
from sqlalchemy import Connection

from agent import settings
from agent.app import App
from agent.assistant import Assistant, Finished
from agent.core.operation import Request
from agent.core.owner import Owner

When = Literal["before", "after"]
OWNER = Owner("ann")
REQUEST = Request(channel="telegram", conversation="5:0", words="dev please", key="tg:9:1")


class Killed(BaseException):
    """The process is gone: nothing handles this."""


class Death:
    """Comes at a write, before or after it is committed; whatever is written later does not happen either.

    Args:
        at: at which write, from 1.
        when: before or after its commit.
        die: what it is; it does not return.
    """

    def __init__(self, at: int, when: When, die: Callable[[], None]) -> None:
        self._left = at
        self._when = when
        self._die = die
        self.came = False

    @contextmanager
    def around(self, writing: AbstractContextManager[Connection]) -> Generator[Connection]:
        """A write that may be the last."""
        self._left -= 1
        if self.came:
            self._die()
        with writing as connection:
            yield connection
            self._come("before")
        self._come("after")

    def _come(self, when: When) -> None:
        if self._left <= 0 and self._when == when:
            self.came = True
            self._die()


DEATH: ContextVar[Death | None] = ContextVar("DEATH", default=None)
"""Of the turn that runs. Threads of a turn inherit it, those of the worker do not."""


@contextmanager
def mortal(app: App) -> Generator[None]:
    """Within the block turns of a product may die."""
    database = app._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    write = database.write
    outer: ContextVar[bool] = ContextVar("outer", default=True)

    @contextmanager
    def guarded(*, first: bool = False) -> Generator[Connection]:
        death = DEATH.get()
        if death is None or not outer.get():
            with write(first=first) as connection:
                yield connection
            return
        token = outer.set(False)
        try:
            with death.around(write(first=first)) as connection:
                yield connection
        finally:
            outer.reset(token)

    database.write = guarded
    try:
        yield
    finally:
        del database.write


class Instant:
    """A language model that has a container made, and says what it did.

    Attributes:
        asked: how often, by what it had to answer to.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.model = FunctionModel(stream_function=self._answer, model_name="instant")

    async def _answer(
        self, messages: list[ModelMessage], _info: AgentInfo
    ) -> AsyncIterator[str | DeltaToolCalls]:
        last = messages[-1]
        assert isinstance(last, ModelRequest)
        if any(isinstance(part, ToolReturnPart) for part in last.parts):
            self.asked["return"] += 1
            yield "It is made."
            return
        self.asked["words"] += 1
        yield "I make it."
        yield {
            1: DeltaToolCall("create_container", '{"name": "dev", "modules": ["git"]}', tool_call_id="call")
        }


def main() -> None:
    """Have the turn in this process."""
    folder, at = sys.argv[1:3]
    when: When = "before" if sys.argv[3] == "before" else "after"

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def turn(app: App) -> Finished:
        DEATH.set(Death(int(at), when, die))
        instant = Instant()
        assistant = Assistant(app.settings, app.services, app.conversations, app.turns, model=instant.model)
        *_, last = [event async for event in assistant.reply(OWNER, REQUEST, patience=0)]
        assert isinstance(last, Finished)
        print(last.text, dict(instant.asked), sep="\n")  # noqa: T201 - its result
        return last

    with App.open(settings.load(simulate=True, state_dir=Path(folder), node_name="box")) as app, mortal(app):
        asyncio.run(turn(app))


if __name__ == "__main__":
    main()
