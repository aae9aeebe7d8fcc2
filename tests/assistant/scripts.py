"""A language model that follows a script."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from inspect import isawaitable

from pydantic_ai.messages import ModelMessage, UserPromptPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

Step = str | Exception | Callable[[], object] | Sequence["Step"] | Mapping[str, Mapping[str, object]]
"""Text, an error, something that happens meanwhile, calls of tools by name, or several of these in a row."""


class Script:
    """Plays one step for each request; a request more than there are steps fails.

    Args:
        steps: what it plays.
        name: of the model.

    Attributes:
        seen: the messages of each request.
        told: the instructions of each request.
    """

    def __init__(self, *steps: Step, name: str = "script") -> None:
        self._steps = list(steps)
        self._name = name
        self.seen: list[list[ModelMessage]] = []
        self.told: list[str] = []

    @property
    def model(self) -> FunctionModel:
        """As pydantic-ai has it."""
        return FunctionModel(stream_function=self._play, model_name=self._name)

    @property
    def left(self) -> int:
        """Steps that were not played."""
        return len(self._steps)

    @property
    def heard(self) -> list[object]:
        """What people said, each time that it was the news of a request."""
        return [
            part.content
            for messages in self.seen
            for part in messages[-1].parts
            if isinstance(part, UserPromptPart)
        ]

    async def _play(
        self, messages: list[ModelMessage], info: AgentInfo
    ) -> AsyncIterator[str | DeltaToolCalls]:
        self.seen.append(list(messages))
        self.told.append(info.instructions or "")
        if not self._steps:
            raise AssertionError("nobody scripted this request")
        async for item in _played(self._steps.pop(0), len(self.seen)):
            yield item


async def _played(step: Step, number: int) -> AsyncIterator[str | DeltaToolCalls]:
    match step:
        case str():
            for start in range(0, len(step), 5):
                yield step[start : start + 5]
        case Exception():
            raise step
        case Mapping():
            yield {
                at: DeltaToolCall(name, json.dumps(arguments), tool_call_id=f"call-{number}-{at}")
                for at, (name, arguments) in enumerate(step.items(), start=1)
            }
        case Sequence():
            for one in step:
                async for item in _played(one, number):
                    yield item
        case _:
            happens = step()
            await (happens if isawaitable(happens) else asyncio.sleep(0))  # where a turn can be stopped
