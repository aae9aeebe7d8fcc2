"""The messages of a conversation, between one turn and the next.

They are kept as pydantic-ai's messages and nothing more. Its ``Conversation`` would keep pending approvals
and a running count of tokens besides; here an approval hangs on the operation in the database, where no model
gets at it, and limits count per turn.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

MAX_TURNS = 20
MAX_BYTES = 200_000
"""Of JSON: some 50,000 tokens, which every model in use can read."""
UNKNOWN = "The turn ended before this was answered. It may have been done: look before doing it again."


def stored(messages: Sequence[ModelMessage], max_turns: int = MAX_TURNS, max_bytes: int = MAX_BYTES) -> bytes:
    """The last whole turns as JSON, without the instructions: those are made anew for each turn.

    What is kept begins with a sentence of the person, or is empty, and never parts a call from its return.
    The last turn is always kept.
    """
    bare = [
        replace(one, instructions=None) if isinstance(one, ModelRequest) and one.instructions else one
        for one in messages
    ]
    starts = [at for at, message in enumerate(bare) if begins_turn(message)][-max_turns:]
    if not starts:
        return b"[]"
    data = _dump(bare[starts[0] :])
    if len(data) <= max_bytes or len(starts) == 1:
        return data
    sizes = [len(_dump(bare[start:end])) for start, end in zip(starts, [*starts[1:], None], strict=True)]
    while len(starts) > 1 and sum(sizes) > max_bytes:
        starts, sizes = starts[1:], sizes[1:]
    return _dump(bare[starts[0] :])


def loaded(data: bytes | None) -> list[ModelMessage]:
    """Messages from JSON; none where there are none, or where another version wrote what cannot be read."""
    if not data:
        return []
    try:
        return ModelMessagesTypeAdapter.validate_json(data)
    except ValidationError:
        return []


def begins_turn(message: ModelMessage) -> bool:
    """Whether the person speaks here, rather than a tool."""
    return (
        isinstance(message, ModelRequest)
        and any(isinstance(part, UserPromptPart) for part in message.parts)
        and not any(isinstance(part, ToolReturnPart) for part in message.parts)
    )


def ended(messages: Sequence[ModelMessage], text: str) -> list[ModelMessage]:
    """Messages of a turn that broke off, made whole: every call has a return, and the answer is ``text``.

    Args:
        messages: as far as the turn came; at least up to what the person said.
        text: the answer, or a note about what happened instead.
    """
    whole = list(messages)
    last = whole[-1]
    if isinstance(last, ModelResponse) and not (last.state == "complete" and _calls(last)):
        # Half a call was never made, and half an answer is part of what was said.
        said = [part.content for part in whole.pop().parts if isinstance(part, TextPart) and part.content]
        text = "\n\n".join([*said, text])
    elif isinstance(last, ModelResponse):
        whole.append(ModelRequest([_unknown(call) for call in _calls(last)]))
    elif len(whole) > 1 and not begins_turn(last):
        answered = {part.tool_call_id for part in last.parts if isinstance(part, ToolReturnPart)}
        missing = [call for call in _calls(whole[-2]) if call.tool_call_id not in answered]
        whole[-1] = replace(last, parts=[*last.parts, *map(_unknown, missing)])
    return [*whole, ModelResponse([TextPart(text)])]


def _calls(message: ModelMessage) -> list[ToolCallPart]:
    return [part for part in message.parts if isinstance(part, ToolCallPart)]


def _unknown(call: ToolCallPart) -> ToolReturnPart:
    return ToolReturnPart(call.tool_name, UNKNOWN, call.tool_call_id, outcome="interrupted")


def _dump(messages: list[ModelMessage]) -> bytes:
    return ModelMessagesTypeAdapter.dump_json(messages)
