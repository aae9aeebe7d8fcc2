"""Turns of the agent with an instant fake model, everything included but the host's commands.

``python -m benchmarks.turn [ROUNDS]`` compares, in one process and taking turns:

* ``tool``: the assistant: history read from a SQLite file, the ambient paragraph, the tool through the real
  services (a list of containers, from the database), streaming, history written back;
* ``text``: the same, where the model says something at once;
* ``command``: the same list by a command, which no model is asked for;
* ``bare tool`` and ``bare text``: pydantic-ai alone: the same model, a tool that returns a constant, no
  history.

The turns of the assistant are durable: each has a key, and is written down with its answer. It prints a line
for people for each kind, one of JSON, and ends with 1 where the median of ``tool`` is over the limit.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from agent.app import App
from agent.assistant import Assistant, Finished
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.host.node import LocalNode
from agent.settings import Settings

LIMIT_MS = 25.0
ROUNDS = 200
WARM_UP = 35
"""Turns before the first one that counts: more than a conversation keeps, so that it has its full length."""
WORDS = {"tool": "what do I have?", "text": "hello", "command": "/list"}

Turn = Callable[[], Awaitable[None]]


async def instant(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
    """A model that calls one tool where it is asked for something, and says one sentence, in no time."""
    last = messages[-1]
    returned = isinstance(last, ModelRequest) and any(isinstance(part, ToolReturnPart) for part in last.parts)
    if returned or WORDS["text"] in str(last.parts[-1]):
        yield "You have "
        yield "no containers."
    else:
        yield {0: DeltaToolCall("list_containers", "{}")}


def ours(assistant: Assistant, kind: str) -> Turn:
    """A turn of the assistant."""
    numbers = count()

    async def turn() -> None:
        key = f"tg:{kind}:{next(numbers)}"
        request = Request(channel="benchmark", conversation=kind, words=WORDS[kind], by="tg:1", key=key)
        *_, last = [event async for event in assistant.reply(Owner("admin"), request, patience=0)]
        if not isinstance(last, Finished) or last.exit_code or not last.text.startswith("You have no"):
            raise AssertionError(last)

    return turn


def bare(kind: str) -> Turn:
    """A turn of pydantic-ai alone."""
    agent = Agent(FunctionModel(stream_function=instant), name="bare")

    @agent.tool_plain
    def list_containers() -> list[str]:  # pyright: ignore[reportUnusedFunction]
        return []

    async def turn() -> None:
        async with agent.run_stream_events(WORDS[kind]) as events:
            async for _ in events:
                pass

    return turn


async def measured(turns: dict[str, Turn], rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """How long each kind takes, and of that on the processor, in milliseconds."""
    taken = {kind: (list[float](), list[float]()) for kind in turns}
    for number in range(WARM_UP + rounds):
        for kind, turn in turns.items():
            started, on_cpu = time.perf_counter(), time.process_time()
            await turn()
            if number >= WARM_UP:
                taken[kind][0].append((time.perf_counter() - started) * 1000)
                taken[kind][1].append((time.process_time() - on_cpu) * 1000)
    return taken


def main() -> int:
    """Measure, print, judge."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder), daily_requests=0)
        # The node is never asked: a turn's own cost is what counts here.
        app = App(settings, LocalNode("benchmark"))
        model = FunctionModel(stream_function=instant)
        assistant = Assistant(settings, app.services, app.conversations, app.turns, model=model)
        turns = {kind: ours(assistant, kind) for kind in WORDS}
        turns |= {f"bare {kind}": bare(kind) for kind in ("tool", "text")}
        taken = asyncio.run(measured(turns, rounds))
        app.close()
    result = {
        kind: {
            "ms_median": round(statistics.median(wall), 2),
            "ms_p95": round(statistics.quantiles(wall, n=20)[-1], 2),
            "cpu_ms_mean": round(statistics.mean(cpu), 2),
        }
        for kind, (wall, cpu) in taken.items()
    }
    for kind, one in result.items():
        print(f"{kind}: {one['ms_median']:.1f} ms, {one['cpu_ms_mean']:.1f} ms of processor")  # noqa: T201 - a script
    print(json.dumps({"turns": result, "limit_ms": LIMIT_MS, "rounds": rounds}))  # noqa: T201
    return 0 if result["tool"]["ms_median"] <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
