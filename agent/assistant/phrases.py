"""A turn of the phrasebook: it needs none of what a language model needs, and costs a fraction."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from pydantic_ai import ModelRetry, RunContext
from pydantic_ai.messages import ModelRequest, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.usage import RunUsage

from agent.assistant.events import Event, TextDelta, ToolEnded, ToolStarted
from agent.assistant.history import calls_of
from agent.assistant.turn import Turn, arguments
from agent.phrasebook import Phrasebook
from agent.tools.toolsets import TOOLSETS, offered


async def answered(
    turn: Turn, phrasebook: Phrasebook, checkpoint: Callable[[Turn], Awaitable[None]]
) -> AsyncGenerator[Event]:
    """Have the phrasebook answer, with the tools that it calls.

    Args:
        turn: the turn.
        phrasebook: which one.
        checkpoint: to await before tools are called.

    Yields:
        What happens.
    """
    step = 0
    while True:
        if not turn.pending:
            messages = [*turn.history, *turn.messages]
            turn.messages.append(phrasebook.respond(messages, offered(turn.deps)))
        calls = calls_of(turn.messages[-1])
        if not calls:
            break
        step += 1
        await checkpoint(turn)
        returns: list[ToolReturnPart] = []
        for call in calls:
            yield ToolStarted(call.tool_name, arguments(call))
            returns.append(await _called(turn, phrasebook, call, step))
            yield ToolEnded(call.tool_name)
        turn.messages.append(ModelRequest(returns))
    for part in turn.messages[-1].parts:
        if isinstance(part, TextPart):
            yield TextDelta(turn.say(part.content, begins=True))


async def _called(turn: Turn, phrasebook: Phrasebook, call: ToolCallPart, step: int) -> ToolReturnPart:
    name, identity = call.tool_name, call.tool_call_id
    context = RunContext(
        deps=turn.deps,
        model=phrasebook,
        usage=RunUsage(),
        tool_name=name,
        tool_call_id=identity,
        run_step=step,
        max_retries=0,
    )
    toolset = next(one for one in TOOLSETS if name in one.tools)
    tool = toolset.tool_for_tool_def(toolset.tools[name].tool_def, ctx=context)
    try:
        given = tool.args_validator.validate_python(arguments(call))
        return ToolReturnPart(name, await toolset.call_tool(name, given, context, tool), identity)
    except ModelRetry as refusal:
        part = ToolReturnPart(name, refusal.message, identity, outcome="retried")
        turn.note_unrecorded(part, refused=False)  # it ran out of time
        return part
