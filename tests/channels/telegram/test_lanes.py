"""In one chat things happen in order; chats do not wait for each other."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.channels.telegram.lanes import Lanes, lane_of
from agent.core.chat import Incoming

NOW = datetime(2026, 1, 2, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def _said(number: int, chat: int, text: str = "hello", **more: object) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": chat}, "text": text, **more}}


def _incoming(number: int, lane: str) -> Incoming:
    return Incoming("tg:9", number, lane, "{}", NOW)


async def test_a_lane_is_in_order_and_waits_for_no_other() -> None:
    """What takes for ever in one chat is waited for there alone."""
    done: list[int] = []
    released, others = asyncio.Event(), asyncio.Event()

    async def handle(incoming: Incoming) -> None:
        if incoming.number == 1:
            await released.wait()
        done.append(incoming.number)
        if incoming.number == 5:
            others.set()
        if incoming.number == 4:
            everything.set()

    everything = asyncio.Event()
    lanes = Lanes(handle)
    lanes.add([_incoming(1, "a"), _incoming(2, "a"), _incoming(3, "b"), _incoming(4, "a"), _incoming(5, "b")])
    await others.wait()
    assert done == [3, 5]
    released.set()
    await everything.wait()
    assert done == [3, 5, 1, 2, 4]


async def test_what_comes_later_joins_its_lane() -> None:
    """A lane that has work takes more, and one that has ended begins anew."""
    done: list[int] = []
    reached = {number: asyncio.Event() for number in (1, 2, 3)}

    async def handle(incoming: Incoming) -> None:
        await asyncio.sleep(0)
        done.append(incoming.number)
        reached[incoming.number].set()

    lanes = Lanes(handle)
    lanes.add([_incoming(1, "a")])
    lanes.add([_incoming(2, "a")])
    await reached[2].wait()
    await asyncio.sleep(0)
    lanes.add([_incoming(3, "a")])
    await reached[3].wait()
    assert done == [1, 2, 3]


async def test_one_that_fails_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The log names it, and the next one in its chat is handled."""
    done = asyncio.Event()

    async def handle(incoming: Incoming) -> None:
        await asyncio.sleep(0)
        if incoming.number == 1:
            raise ValueError("broken")
        done.set()

    lanes = Lanes(handle)
    lanes.add([_incoming(1, "a"), _incoming(2, "a")])
    await done.wait()
    assert "tg:9:1" in caplog.text


async def test_closing_leaves_what_was_not_finished() -> None:
    """It is still open in the database, so nothing is told that it was done."""
    begun, ended = asyncio.Event(), list[int]()

    async def handle(incoming: Incoming) -> None:
        begun.set()
        await asyncio.Event().wait()
        ended.append(incoming.number)

    lanes = Lanes(handle)
    lanes.add([_incoming(1, "a"), _incoming(2, "a")])
    await begun.wait()
    await lanes.close()
    assert ended == []


def test_chats_and_topics_have_lanes_of_their_own() -> None:
    """A topic is a chat of its own; an edit stands in line with what was said."""
    topic = _said(3, -100, message_thread_id=7, is_topic_message=True)
    reply = _said(4, -100, message_thread_id=7)  # a thread of replies is no topic
    edit = {"update_id": 5, "edited_message": _said(5, 1)["message"]}
    assert [lane_of(one) for one in (_said(1, 1), _said(2, -100), topic, reply, edit)] == [
        "tg:1",
        "tg:-100",
        "tg:-100:7",
        "tg:-100",
        "tg:1",
    ]


@pytest.mark.parametrize("text", ["/cancel", "/CANCEL", "/cancel@voxnix_bot", " /cancel ", "/cancel 17"])
def test_to_cancel_overtakes(text: str) -> None:
    """It would wait for the very thing that it is to end."""
    assert lane_of(_said(8, 1, text)) == "cancel 8"


def test_a_tap_overtakes() -> None:
    """A button that answers late is one that is tapped twice."""
    tap = {"update_id": 9, "callback_query": {"id": "1", "message": {"chat": {"id": 1}}}}
    assert lane_of(tap) == "update 9"


@given(update=st.dictionaries(st.text(), JSON), message=JSON, chat=JSON)
def test_any_update_has_a_lane(update: dict[str, Any], message: object, chat: object) -> None:
    """Whatever is in it or missing: it is kept, and kept apart from others."""
    for one in (update, update | {"message": message}, update | {"message": {"chat": {"id": chat}}}):
        lane = lane_of(json.loads(json.dumps(one)))
        assert lane
        assert len(lane) <= 64 or "update_id" in one
