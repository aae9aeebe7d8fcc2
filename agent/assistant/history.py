"""The messages of a conversation, between one turn and the next.

They are kept as pydantic-ai's messages and nothing more. Its ``Conversation`` would keep pending approvals
and a running count of tokens besides; here an approval hangs on the operation in the database, where no model
gets at it, and limits count per turn.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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


def appended(
    data: bytes | None, turn: Sequence[ModelMessage], most: int = MAX_TURNS, most_bytes: int = MAX_BYTES
) -> bytes:
    """What is kept of a conversation, once a turn has come to it.

    A line is a turn, as a list in JSON. So neither adding one nor forgetting the first ones has to understand
    the others, and a call is never parted from its return.

    Args:
        data: what was kept before.
        turn: from what the person said to the answer. It is always kept.
        most: turns.
        most_bytes: of them together.
    """
    lines = [*(data or b"").splitlines(), dumped(turn)][-most:]
    size = sum(map(len, lines))
    while len(lines) > 1 and size > most_bytes:
        size -= len(lines.pop(0))
    return b"\n".join(lines)


def dumped(messages: Sequence[ModelMessage]) -> bytes:
    """Messages as JSON in one line, without the instructions: those are made anew for each turn."""
    bare = [
        replace(one, instructions=None) if isinstance(one, ModelRequest) and one.instructions else one
        for one in messages
    ]
    return ModelMessagesTypeAdapter.dump_json(bare)


def loaded(data: bytes | None) -> list[ModelMessage]:
    """The messages of a conversation; those of a turn that another version wrote unreadably are left out."""
    return [message for line in (data or b"").splitlines() for message in _read(line)]


def said_in(messages: Sequence[ModelMessage]) -> list[dict[str, Any]]:
    """What was said and done, for a person to read: who, when, which words, which tools."""
    said: list[dict[str, Any]] = []
    for message in messages:
        for part in message.parts:
            match part:
                case UserPromptPart():
                    said.append({"at": part.timestamp, "person": part.content})
                case TextPart():
                    said.append({"at": message.timestamp, "assistant": part.content})
                case ToolCallPart():
                    said.append({"at": message.timestamp, "called": part.tool_name, "with": part.args})
                case ToolReturnPart():
                    said.append({"at": part.timestamp, "returned": part.tool_name, "result": part.content})
                case _:
                    pass
    return said


def _read(line: bytes) -> list[ModelMessage]:
    try:
        return ModelMessagesTypeAdapter.validate_json(line)
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
    if isinstance(last, ModelResponse) and not (last.state == "complete" and calls_of(last)):
        # Half a call was never made, and half an answer is part of what was said.
        said = [part.content for part in whole.pop().parts if isinstance(part, TextPart) and part.content]
        text = "\n\n".join([*said, text])
    elif isinstance(last, ModelResponse):
        whole.append(ModelRequest([_unknown(call) for call in calls_of(last)]))
    elif len(whole) > 1 and not begins_turn(last):
        answered = {part.tool_call_id for part in last.parts if isinstance(part, ToolReturnPart)}
        missing = [call for call in calls_of(whole[-2]) if call.tool_call_id not in answered]
        whole[-1] = replace(last, parts=[*last.parts, *map(_unknown, missing)])
    return [*whole, ModelResponse([TextPart(text)])]


def calls_of(message: ModelMessage) -> list[ToolCallPart]:
    """The calls of tools in a message."""
    return [part for part in message.parts if isinstance(part, ToolCallPart)]


def _unknown(call: ToolCallPart) -> ToolReturnPart:
    return ToolReturnPart(call.tool_name, UNKNOWN, call.tool_call_id, outcome="interrupted")
