"""What is seen of an operation: one message, from its beginning to its end, and what can be done then."""

import asyncio
import itertools
from datetime import timedelta

from agent.core.operation import Request
from agent.host.simulated import Fault
from tests.telegram.people import Seen, Talk
from tests.telegram.product import Product


def about(talk: Talk) -> list[Seen]:
    """The messages that show how an operation goes."""
    talk.refresh()
    marks = ("⏳", "✅", "❌", "🚫", "⚠️")
    return [one for one in talk.messages if one.by_bot and one.text.startswith(marks)]


async def test_an_operation_has_one_message_from_begin_to_end(product: Product) -> None:
    """It is edited, at most once a second, and ends in the result with what is obvious to do next."""
    person, ann = product.let_in("Ann")
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
            shown = await ann.sees("Creating dev")
            assert shown.buttons == [["Cancel"]]
        done = await ann.sees(lambda seen: seen.id == shown.id and seen.text.startswith("✅"))
        assert done.buttons == [["Logs", "Stop"]]
        await ann.hears("dev is running")
        assert len(about(ann)) == 1
        ann.taps("Stop", done)
        await ann.hears("dev is stopped")
    edits = [
        call["at"]
        for call in product.server.calls("editMessageText")
        if call["params"]["message_id"] == str(shown.id)
    ]
    assert all(later - before > 1 for before, later in itertools.pairwise(edits[:-1]))
    assert product.simulation.changes(product.owner(person)) == ["create dev", "stop dev"]


async def test_what_is_quick_is_told_by_the_answer_alone(product: Product) -> None:
    """A message more would say the same."""
    _, ann = product.let_in("Ann")
    async with product.running():
        ann.says("create a container called dev with git")
        await ann.hears("dev is running")
        assert about(ann) == []


async def test_a_failure_is_shown_with_its_reason(product: Product) -> None:
    """And with what to do, where the progress was."""
    _, ann = product.let_in("Ann")
    async with product.running():
        broken = Fault("^systemctl start systemd-nspawn", stderr="Job failed")
        with product.simulation.failing(broken), product.simulation.standstill() as reached:
            ann.says("create a container called dev with rust")  # which was never built before
            assert await asyncio.to_thread(reached.wait, 10)
            shown = await ann.sees("Creating dev")
            product.simulation.flow()
            failed = await ann.sees("That did not work")
        assert failed.id == shown.id
        assert "Job failed" in failed.text
        assert not failed.buttons


async def test_the_end_is_told_after_a_restart_of_the_bot(product: Product) -> None:
    """The message goes on where it was; what took long rings a bell when it has ended."""
    person, ann = product.let_in("Ann")
    with product.simulation.standstill() as reached:
        async with product.running():
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
            shown = await ann.sees("Creating dev")
            product.simulation.began_earlier(product.owner(person), timedelta(minutes=5))
    async with product.running():
        done = await ann.sees(lambda seen: seen.id == shown.id and seen.text.startswith("✅"))
        bell = await ann.sees(lambda seen: seen.reply_to == shown.id)
        assert bell.text == done.text
        await ann.sees("dev is running")  # the answer to what was said before
        assert len(about(ann)) == 2
    assert product.simulation.changes(product.owner(person)) == ["create dev"]


async def test_what_ended_while_the_bot_was_away_is_told(product: Product) -> None:
    """Whoever waited for it finds it done."""
    person, ann = product.let_in("Ann")
    with product.simulation.standstill() as reached:
        async with product.running():
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
            shown = await ann.sees("Creating dev")
    product.simulation.settled(product.simulation.operations(product.owner(person))[-1])
    async with product.running():
        await ann.sees(lambda seen: seen.id == shown.id and seen.text.startswith("✅"))


async def test_a_double_tap_is_one_operation(product: Product) -> None:
    """And one answer; a later tap is told that it was done."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    product.simulation.crashed(product.owner(person))
    async with product.running():
        ann.says("/start")
        told = await ann.sees("has crashed")
        ann.taps("Start", told)
        ann.taps("Start", told)
        await ann.hears("dev is running")
        await product.handled()
        ann.refresh()
        assert len([one for one in ann.messages if "dev is running" in one.text]) == 1
        late = await ann.answered(ann.taps("Start", told))
        assert (late["alert"], late["text"]) == (True, "That was answered already.")
    assert product.simulation.changes(product.owner(person)) == ["create dev", "start dev"]


async def test_a_button_that_looks_can_be_tapped_again(product: Product) -> None:
    """Logs are other ones each time."""
    _, ann = product.let_in("Ann")
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
            await ann.sees("Creating dev")
        done = await ann.sees(lambda seen: seen.buttons == [["Logs", "Stop"]])
        await ann.hears("dev is running")
        for _ in range(2):
            ann.taps("Logs", done)
            await ann.hears("dev")


async def test_cancelling_ends_the_turn_and_what_it_began(product: Product) -> None:
    """What the operation made is taken away, and its message tells so."""
    person, ann = product.let_in("Ann")
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
            ann.says("/cancel")
            stopped = await ann.hears("Stopped.")
            assert "This is being cancelled, and what it made is taken away: Creating dev" in stopped.text
        await ann.sees("Cancelled, and taken back: Creating dev")
        ann.says("/list")
        await ann.hears("no containers")
        assert not any("dev is running" in text for _, text in ann.screen())
    kept = product.simulation.app.conversations.load(product.owner(person), f"tg:{person.id}") or b""
    assert b"The turn was ended before it was done." in kept


async def test_a_button_cancels_what_is_under_way(product: Product) -> None:
    """It is there as long as that can be, and what the operation made is taken away."""
    person, ann = product.let_in("Ann")
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
            shown = await ann.sees(lambda seen: seen.buttons == [["Cancel"]])
            ann.taps("Cancel", shown)
            await ann.sees(lambda seen: seen.id == shown.id and not seen.buttons)
        ended = await ann.sees(lambda seen: seen.id == shown.id and seen.text.startswith("🚫"))
        assert ended.text == "🚫 Cancelled, and taken back: Creating dev"
        await ann.hears("dev was not created: that was cancelled")
    assert product.simulation.operations(product.owner(person))[-1].cancelled_by == f"tg:{person.id}"
    assert not product.simulation.app.services.workloads.list(product.owner(person))


async def test_of_several_changes_the_one_that_is_named_is_cancelled(product: Product) -> None:
    """Without a number each is told with its own; one that is not theirs is unknown."""
    person, ann = product.let_in("Ann")
    _, ben = product.let_in("Ben")
    owner = product.owner(person)
    for name in ("dev", "web"):
        product.simulation.made(owner, name)
    request = Request(channel="telegram", conversation=f"tg:{person.id}")
    async with product.running():
        with product.simulation.standstill() as reached:
            restart = product.simulation.app.services.workloads.restart
            first, second = (restart(owner, name, request) for name in ("dev", "web"))
            assert await asyncio.to_thread(reached.wait, 10)
            ann.says("/cancel")
            told = await ann.hears("There is nothing to stop.")
            assert f"/cancel {first.id} ends it: Restarting dev" in told.text
            assert f"/cancel {second.id} ends it: Restarting web" in told.text
            ben.says(f"/cancel {first.id}")
            await ben.hears(f"You have no operation {first.id}.")
            ann.says("/cancel it")
            await ann.hears("Which one is meant?")
            ann.says(f"/cancel {second.id}")
            await ann.hears("Restarting web")
        await ann.sees("Cancelled, and taken back: Restarting web")
        await ann.sees("dev is running again.")


async def test_what_was_destroyed_has_a_button_that_brings_it_back(product: Product) -> None:
    """It says for how long it is kept; the space and the trash are told with their numbers."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        ann.says("destroy dev")
        ann.taps("Yes, destroy dev", await ann.sees(lambda seen: bool(seen.buttons)))
        gone = await ann.sees(lambda seen: seen.buttons == [["Undo"]])
        assert gone.text == "✅ dev is gone. It is in the trash, and can be brought back for 7 days."
        ann.says("/trash")
        await ann.hears("dev, destroyed")
        ann.says("/usage")
        await ann.hears("dev, in the trash")
        ann.taps("Undo", gone)
        await ann.hears("dev is running")
        ann.says("/trash")
        await ann.hears("Your trash is empty")
    assert product.simulation.changes(product.owner(person)) == ["create dev", "destroy dev", "restore dev"]
