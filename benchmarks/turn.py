"""One turn of the agent with an instant fake model, everything included but the host's commands.

``python -m benchmarks.turn [ROUNDS]`` compares, in one process and taking turns:

* the assistant: history read from a SQLite file, the ambient paragraph, the tool through the real services
  (a list of containers, from the database), streaming, instrumentation, history written back;
* bare pydantic-ai: the same model, a tool that returns a constant, no history kept, no instrumentation.

It prints one line for people and one of JSON, and ends with 1 where the median is over the limit.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from agent.app import App
from agent.assistant import Assistant, Finished
from agent.core.owner import Owner
from agent.host.node import LocalNode
from agent.settings import Settings

LIMIT_MS = 25.0
ROUNDS = 200
WARM_UP = 35
"""Turns before the first one that counts: more than a conversation keeps, so that it has its full length."""
SENTENCE = "what do I have?"


async def instant(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
    """A model that calls one tool, then says one sentence, without taking any time."""
    last = messages[-1]
    if isinstance(last, ModelRequest) and any(isinstance(part, ToolReturnPart) for part in last.parts):
        yield "You have "
        yield "no containers."
    else:
        yield {0: DeltaToolCall("list_containers", "{}")}


async def milliseconds(turn: Callable[[], Awaitable[None]]) -> float:
    """How long a turn takes."""
    started = time.perf_counter()
    await turn()
    return (time.perf_counter() - started) * 1000


async def measure(assistant: Assistant, rounds: int) -> dict[str, Sequence[float]]:
    """Both kinds of turn, in milliseconds, taking turns."""
    owner = Owner("admin")

    async def ours() -> None:
        last = None
        async for event in assistant.reply(owner, REQUEST, patience=0):
            last = event
        if last != Finished("You have no containers.", 0):
            raise AssertionError(last)

    bare = Agent(FunctionModel(stream_function=instant), name="bare")

    @bare.tool_plain
    def list_containers() -> list[str]:  # pyright: ignore[reportUnusedFunction]
        return []

    async def theirs() -> None:
        async with bare.run_stream_events(SENTENCE) as events:
            async for _ in events:
                pass

    for _ in range(WARM_UP):
        await ours()
        await theirs()
    return dict(
        zip(
            ("assistant", "bare"),
            zip(
                *[(await milliseconds(ours), await milliseconds(theirs)) for _ in range(rounds)], strict=True
            ),
            strict=True,
        )
    )


def main() -> int:
    """Measure, print, judge."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder))
        # The node is never asked: a turn's own cost is what counts here.
        app = App(settings, LocalNode("benchmark"))
        model = FunctionModel(stream_function=instant)
        assistant = Assistant(settings, app.services, app.conversations, app.turns, model=model)
        taken = asyncio.run(measure(assistant, rounds))
        app.close()
    ours, bare = (statistics.median(taken[kind]) for kind in ("assistant", "bare"))
    result = {
        "turn_ms_median": round(ours, 2),
        "turn_ms_p95": round(statistics.quantiles(taken["assistant"], n=20)[-1], 2),
        "bare_ms_median": round(bare, 2),
        "ratio": round(ours / bare, 2),
        "limit_ms": LIMIT_MS,
        "rounds": rounds,
    }
    times = f"{ours / bare:.2f} times bare pydantic-ai ({bare:.1f} ms)"
    print(f"one turn: {ours:.1f} ms (limit {LIMIT_MS:g}), {times}")  # noqa: T201 - a script
    print(json.dumps(result))  # noqa: T201
    return 0 if ours <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
