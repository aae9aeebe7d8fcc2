"""What goes wrong on the way: nothing is lost by it, nothing is done twice, and who waits gets an answer."""

import asyncio

import pytest

from agent.host import simulated
from tests.assistant.scripts import Script
from tests.telegram.faults import Fault
from tests.telegram.product import Product

PASSING = {
    "busy": Fault(429, retry_after=1),
    "broken": Fault(502),
    "cut before": Fault(drop="before"),
    "late": Fault(delay=0.5),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("method", ["getUpdates", "sendMessage"])
async def test_what_passes_is_waited_for(product: Product, method: str, fault: Fault) -> None:
    """Each message is answered once, in its order."""
    person, ann = product.let_in("Ann")
    product.server.fault(fault, method=method)
    async with product.running():
        ann.says("create a container called dev with git")
        ann.says("/list")
        await ann.hears("dev is running")
        await ann.hears("dev")
        await product.handled()
        ann.refresh()
        assert len([one for one in ann.messages if one.by_bot]) == 2
    assert product.simulation.changes(product.owner(person)) == ["create dev"]


async def test_updates_of_which_the_answer_was_lost_come_again_and_are_known(product: Product) -> None:
    """Telegram cannot know that they arrived; here they are rows by then, or are asked for again."""
    person, ann = product.let_in("Ann")
    ann.says("create a container called dev with git")
    product.server.fault(Fault(drop="after"), method="getUpdates", times=2)
    async with product.running():
        await ann.hears("dev is running")
        await product.handled()
    assert product.simulation.changes(product.owner(person)) == ["create dev"]


async def test_a_network_that_is_gone_for_a_while_loses_nothing(product: Product) -> None:
    """Not what was said meanwhile, and not what was on its way."""
    _, ann = product.let_in("Ann")
    async with product.running():
        ann.says("/help")
        await ann.hears("/list")
        product.server.outage(3600)
        ann.says("create a container called dev with git")
        ann.says("/list")
        await product.troubled("cannot be reached")
        product.server.outage(0)
        await ann.hears("dev is running")
        await ann.hears("dev")
        await product.troubled("")


async def test_another_bot_with_the_same_token_is_waited_out(product: Product) -> None:
    """It is told where somebody looks after it, and goes on by itself once the other one is stopped."""
    _, ann = product.let_in("Ann")
    product.server.fault(Fault(409), method="getUpdates", times=2)
    async with product.running():
        await product.troubled("Another process takes the updates of this bot")
        ann.says("/list")
        await ann.hears("no containers")
        await product.troubled("")


async def test_a_database_that_takes_nothing_for_a_while_loses_nothing(product: Product) -> None:
    """Telegram has the updates until they are rows."""
    _, ann = product.let_in("Ann")
    async with product.running():
        ann.says("/help")
        await ann.hears("/list")
        with product.simulation.refusing("inbox"):
            ann.says("/list")
            await product.troubled("does not take what people write")
        await ann.hears("no containers")


async def test_a_refusal_says_what_why_and_what_next(product: Product) -> None:
    """And the next message is answered as ever."""
    _, ann = product.let_in("Ann")
    async with product.running():
        ann.says("/status nope")
        assert "You have none yet" in (await ann.hears("no container called nope")).text
        ann.says("x" * 4096)
        await ann.hears("did not understand")
        ann.says("/new Größe git")
        await ann.hears("name")
        ann.sends({"sticker": {"file_id": "x", "emoji": "x"}})
        await ann.hears("I can read text, voice messages, files and photos.")
        ann.says("/list")
        await ann.hears("no containers")


async def test_no_traceback_reaches_a_person(product: Product) -> None:
    """What nobody thought of is told in a sentence, and where to look."""
    _, ann = product.let_in("Ann")
    person = ann.person
    user = {"id": person.id, "is_bot": False, "first_name": "Ann"}
    chat = {"id": person.id, "type": "private"}
    async with product.running():
        ann.says("/help")
        await ann.hears("/list")
        voice = {"message_id": 900, "date": 1_700_000_000, "from": user, "chat": chat, "voice": "no voice"}
        product.server.put(product.account, "message", voice)
        said = await ann.hears("Something went wrong inside Voxnix")
        assert "Traceback" not in said.text
        ann.says("/list")
        await ann.hears("no containers")


async def test_a_tap_that_fails_is_told_over_the_chat(product: Product) -> None:
    """The button does not turn for ever."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        ann.says("destroy dev")
        question = await ann.sees(lambda seen: bool(seen.buttons))
        with product.simulation.failing(
            simulated.Fault("^zfs", stderr="The pool does not answer.", times=None)
        ):
            answer = await ann.answered(ann.taps("Yes, destroy dev", question))
            assert (answer["alert"], answer["text"]) == (True, "x")
        with product.simulation.refusing("operations", "UPDATE"):
            answer = await ann.answered(ann.taps("Yes, destroy dev", question))
            assert (answer["alert"], "Something went wrong" in answer["text"]) == (True, True)
        ann.taps("Yes, destroy dev", question)
        await ann.sees(lambda seen: seen.id == question.id and "gone" in seen.text)


async def test_a_model_that_fails_is_stood_in_for(product: Product) -> None:
    """The phrasebook does what was said, and says that it is it who answers; the turn is remembered."""
    person, ann = product.let_in("Ann")
    product.model = Script(RuntimeError("overloaded"), ["Half an ans", RuntimeError("cut off")]).model
    async with product.running():
        ann.says("create a container called dev with git")
        answer = await ann.hears("dev is running")
        assert "the model did not answer" in answer.text
        assert "overloaded" not in answer.text
        ann.says("what a lovely day")
        await ann.hears("the model did not answer")
    kept = product.simulation.app.conversations.load(product.owner(person), f"tg:{person.id}") or b""
    assert b"create a container called dev with git" in kept
    assert b"what a lovely day" in kept


async def test_a_budget_that_is_used_up_is_told(product: Product) -> None:
    """With when there is a new one; what costs nothing goes on working."""
    person, ann = product.let_in("Ann")
    script = Script()
    product.model = script.model
    app = product.simulation.app
    app.services.budget.spend(f"tg:{person.id}", app.settings.daily_requests, 0)
    async with product.running():
        ann.says("list my containers")
        answer = await ann.hears("no containers")
        assert "Your budget for the language model is used up for today" in answer.text
        assert "00:00 UTC" in answer.text
        ann.says("/list")
        assert "budget" not in (await ann.hears("no containers")).text
    assert not script.seen


async def test_a_turn_that_was_ended_is_remembered_as_such(product: Product) -> None:
    """/cancel overtakes what runs; what was said behind it is answered."""
    person, ann = product.let_in("Ann")
    product.model = Script(["I think ", product.stop], "I was told to stop.").model
    async with product.running():
        ann.says("think for a while")
        await ann.reads("I think")
        ann.says("what happened?")
        ann.says("/cancel")
        await ann.hears("Stopped.")
        await ann.hears("I was told to stop.")
        ann.refresh()
        assert not ann.drafts
    kept = product.simulation.app.conversations.load(product.owner(person), f"tg:{person.id}") or b""
    first, second = kept.splitlines()
    assert b"The turn was ended before it was done." in first
    assert b"what happened?" in second


async def test_nothing_to_cancel_is_said(product: Product) -> None:
    """And nobody ends what somebody else asked for."""
    (one, _), (other, _) = product.let_in("Ann"), product.let_in("Ben")
    group = product.server.group("Team", product.account)
    ann, ben = one.enters(group), other.enters(group)
    product.model = Script(["I think ", product.stop, "of you."]).model
    async with product.running():
        ann.says("@voxnix_bot think")
        await ann.sees("I think")
        ben.says("/cancel@voxnix_bot")
        await ben.hears("There is nothing to stop.")
        product.go_on()
        await ann.sees("of you.")


async def test_a_stopped_bot_leaves_nothing_half_done(product: Product) -> None:
    """A turn that was under way goes on at the next start, and is answered once."""
    person, ann = product.let_in("Ann")
    with product.simulation.standstill() as reached:
        async with product.running():
            ann.says("create a container called dev with git")
            assert await asyncio.to_thread(reached.wait, 10)
    async with product.running():
        await ann.hears("dev is running")
        await product.handled()
        ann.refresh()
        assert len([one for one in ann.messages if "dev is running" in one.text]) == 1
    assert product.simulation.changes(product.owner(person)) == ["create dev"]
