"""A turn of a language model: pydantic-ai runs it, node by node."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from pydantic_ai import Agent
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.messages import (
    AgentStreamEvent,
    FunctionToolCallEvent,
    FunctionToolResultEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage, UsageLimits

from agent.assistant.events import Event, TextDelta, ToolEnded, ToolStarted
from agent.assistant.history import calls_of
from agent.assistant.turn import Turn, arguments
from agent.services.budget import MICRO
from agent.settings import Settings
from agent.store.spending import Spending
from agent.tools.deps import Deps
from agent.tools.toolsets import OFFERED

LIMITS = UsageLimits(request_limit=12, tool_calls_limit=24)
"""Of one turn. A model that goes round in circles is stopped, and what its tools answered is reported."""


class ModelTurns:
    """Has a language model answer.

    Args:
        model: which one.
        settings: how long to wait for it, and whether turns are traced.
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        timeout = settings.model_timeout
        # Spans tell what was called and how long it took, never what was said: people say secrets.
        tracing = Instrumentation(InstrumentationSettings(include_content=False))
        self._agent = Agent(
            model,
            name="voxnix",
            deps_type=Deps,
            toolsets=OFFERED,
            # The provider's SDK retries what is worth it within this time.
            model_settings=ModelSettings(timeout=timeout, request_timeout=timeout),
            retries={"tools": 2, "output": 1},
            capabilities=[tracing] if settings.logfire_token else [],
        )

    async def answered(
        self,
        turn: Turn,
        instructions: str,
        checkpoint: Callable[[Turn], Awaitable[None]],
        allowed: Callable[[Turn], None],
    ) -> AsyncGenerator[Event]:
        """Have the model answer, or go on where it called tools.

        Args:
            turn: the turn; its messages and what was used are kept up to date.
            instructions: in one piece: the templates of some small models take only one system message.
            checkpoint: to await before tools are called.
            allowed: raises where the model may not be asked any more.

        Yields:
            What happens.
        """
        begun = turn.messages if turn.pending else []
        started = False
        run = self._agent.iter(
            None if begun else turn.words,
            message_history=[*turn.history, *begun],
            deps=turn.deps,
            instructions=instructions,
            usage_limits=LIMITS,
        )
        # Entering the model closes its connections with the last turn that uses them.
        async with self._model, run as steps:
            try:
                async for node in steps:
                    started = not Agent.is_user_prompt_node(node)
                    turn.used = _spending(steps.usage)
                    if Agent.is_model_request_node(node):
                        allowed(turn)
                        async with node.stream(steps.ctx) as stream:
                            async for event in stream:
                                if seen := _seen(turn, event):
                                    yield seen
                    elif Agent.is_call_tools_node(node) and calls_of(node.model_response):
                        turn.messages = [*begun, *steps.new_messages()]
                        turn.tell_apart()
                        await checkpoint(turn)
                        async with node.stream(steps.ctx) as stream:
                            async for event in stream:
                                if seen := _seen(turn, event):
                                    yield seen
            finally:
                if started:
                    turn.messages = [*begun, *steps.new_messages()] or turn.messages
                    turn.used = _spending(steps.usage)


def _spending(usage: RunUsage) -> Spending:
    return Spending(usage.requests, round((usage.cost or 0) * MICRO))


def _seen(turn: Turn, event: AgentStreamEvent) -> Event | None:
    match event:
        case PartStartEvent(part=TextPart(content=text)):
            return TextDelta(turn.say(text, begins=True)) if text else None
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return TextDelta(turn.say(text, begins=not turn.text)) if text else None
        case FunctionToolCallEvent(part=part):
            return ToolStarted(part.tool_name, arguments(part))
        case FunctionToolResultEvent(part=part):
            cause = part.retry.cause if part.retry else None
            if cause in {"model_retry", "validation_error"}:
                turn.note_unrecorded(part, refused=cause == "validation_error")
            return ToolEnded(part.tool_name)
        case _:
            return None
