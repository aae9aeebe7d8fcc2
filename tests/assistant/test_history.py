"""What is kept of a conversation stays readable for every model."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from agent.assistant.history import appended, begins_turn, dumped, ended, loaded, said_in
from agent.tools.views import WorkloadsView


def turn(number: int, calls: int = 0, size: int = 10) -> list[ModelMessage]:
    """A turn with some steps of one call each."""
    messages: list[ModelMessage] = [ModelRequest([UserPromptPart(f"say {number}")], instructions="be kind")]
    for call in range(calls):
        identity = f"{number}-{call}"
        messages += [
            ModelResponse([ToolCallPart("list_containers", {}, identity)]),
            ModelRequest([ToolReturnPart("list_containers", "x" * size, identity)], instructions="be kind"),
        ]
    return [*messages, ModelResponse([TextPart(f"answer {number}")])]


def check(messages: Sequence[ModelMessage]) -> None:
    """A provider would take this: it begins with a person, and calls and returns come in pairs."""
    assert not messages or begins_turn(messages[0])
    following: list[ModelMessage | None] = [*messages[1:], None]
    for before, after in zip(messages, following, strict=False):
        calls = [part.tool_call_id for part in before.parts if isinstance(part, ToolCallPart)]
        if calls:
            assert after is not None
            assert [part.tool_call_id for part in after.parts if isinstance(part, ToolReturnPart)] == calls
        elif after is not None:
            assert not any(isinstance(part, ToolReturnPart) for part in after.parts)
            assert isinstance(after, ModelResponse) != isinstance(before, ModelResponse)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3000)), max_size=12), st.integers(1, 5))
def test_a_history_is_cut_between_turns(turns: list[tuple[int, int]], most: int) -> None:
    """However long, it is cut where a person speaks, keeps the last turn, and stays within its limits."""
    messages = [turn(number, calls, size) for number, (calls, size) in enumerate(turns)]
    data = None
    for one in messages:
        data = appended(data, one, most=most, most_bytes=8_000)
    kept = loaded(data)
    check(kept)
    begun = sum(map(begins_turn, kept))
    assert begun <= most
    assert [one.kind for one in kept] == [
        one.kind for own in messages[len(messages) - begun :] for one in own
    ]
    if messages:
        assert kept[-1].parts[-1] == messages[-1][-1].parts[-1]
        assert begun == 1 or len(data or b"") <= 8_100


@given(st.integers(0, 2), st.integers(0, 8), st.sampled_from(["complete", "interrupted"]))
def test_a_turn_that_broke_off_is_made_whole(calls: int, at: int, state: str) -> None:
    """Wherever a turn broke off, every call has a return, and it ends with an answer."""
    messages = [*turn(1), *turn(2, calls)]
    cut = messages[: len(turn(1)) + 1 + min(at, len(messages) - len(turn(1)) - 1)]
    if state == "interrupted" and isinstance(cut[-1], ModelResponse):
        cut[-1] = ModelResponse(cut[-1].parts, state="interrupted")
    whole = ended(cut, "It broke off.")
    check(whole)
    answer = whole[-1].parts[-1]
    assert isinstance(answer, TextPart)
    assert answer.content.endswith("It broke off.")


def test_a_request_without_the_returns_it_owes_gets_them() -> None:
    """pydantic-ai closes a cancelled turn with an empty request; the calls before it get an answer."""
    cut: list[ModelMessage] = [
        ModelRequest([UserPromptPart("stop both")]),
        ModelResponse([ToolCallPart("stop_container", {}, "1"), ToolCallPart("stop_container", {}, "2")]),
        ModelRequest([ToolReturnPart("stop_container", "done", "1")], state="interrupted"),
    ]
    whole = ended(cut, "It broke off.")
    check(whole)
    assert [part.outcome for part in whole[2].parts if isinstance(part, ToolReturnPart)] == [
        "success",
        "interrupted",
    ]


def test_a_history_survives_being_written_down() -> None:
    """What tools returned can be read back, and instructions are not kept: they are made anew."""
    messages = turn(1, 1)
    messages[2] = ModelRequest([ToolReturnPart("list_containers", WorkloadsView(containers=()), "1-0")])
    again = loaded(dumped(messages))
    assert [type(one) for one in again] == [type(one) for one in messages]
    assert not any(isinstance(one, ModelRequest) and one.instructions for one in again)
    (returned,) = [part for one in again for part in one.parts if isinstance(part, ToolReturnPart)]
    assert returned.content == {"answer": "containers", "containers": []}


def test_what_cannot_be_read_is_left_out() -> None:
    """A turn of an unknown version does not lock a person out, nor take the others with it."""
    assert loaded(None) == loaded(b"") == loaded(b"[{}]") == loaded(b"nonsense") == []
    data = appended(appended(b"nonsense", turn(1)), turn(2))
    assert [one.kind for one in loaded(data)] == ["request", "response"] * 2


def test_words_of_several_lines_stay_in_their_turn() -> None:
    """Whatever a line's end is to whom, one turn is one line of what is kept."""
    said = "one\ntwo\r\nthree\u2028four\x85five\x0bsix"
    messages: list[ModelMessage] = [ModelRequest([UserPromptPart(said)]), ModelResponse([TextPart(said)])]
    data = appended(appended(None, messages), messages)
    kept = loaded(data)
    parts = [part for one in kept for part in one.parts]
    assert [part.content for part in parts if isinstance(part, (UserPromptPart, TextPart))] == [said] * 4
    assert sum(map(begins_turn, kept)) == 2


def test_a_person_gets_what_is_kept_of_theirs() -> None:
    """An export has every word and call in order, and nothing of our own instructions."""
    said = said_in(loaded(dumped([*turn(1, 1), *turn(2)])))
    assert [list(one)[1:] for one in said] == [
        ["person"],
        ["called", "with"],
        ["returned", "result"],
        ["assistant"],
        ["person"],
        ["assistant"],
    ]
    assert (said[0]["person"], said[-1]["assistant"]) == ("say 1", "answer 2")
    assert all(one["at"].tzinfo for one in said)
    assert "be kind" not in repr(said)
