"""Approvals: a plan, and buttons by which alone it is agreed to, by who may, while it is true."""

from datetime import timedelta

from agent.core.account import CONSOLE
from agent.core.operation import OperationState
from tests.assistant.scripts import Script
from tests.telegram.people import Seen, Talk
from tests.telegram.product import Product

YES, NO = "Yes, destroy dev", "No, keep it"


async def asked(talk: Talk) -> Seen:
    """The question that somebody gets who wants their dev destroyed."""
    talk.says("destroy dev")
    return await talk.sees(lambda seen: bool(seen.buttons))


def data(question: Seen, column: int = 0) -> str:
    """What a button sends."""
    return question.json["reply_markup"]["inline_keyboard"][0][column]["callback_data"]


async def test_a_plan_says_what_would_be_lost(product: Product) -> None:
    """In numbers, after the answer; who says no keeps everything, and the buttons are gone."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    product.simulation.made(owner)
    async with product.running():
        question = await asked(ann)
        assert question.buttons == [[YES, NO]]
        assert "snapshots: 0" in question.text
        ann.refresh()
        assert [one.id for one in ann.messages if one.by_bot][-1] == question.id
        await ann.answered(ann.taps(NO))
        done = await ann.sees(lambda seen: seen.id == question.id and not seen.buttons)
        assert "Nothing was changed" in done.text
    assert product.simulation.operations(owner)[-1].state == OperationState.DENIED


async def test_a_button_is_a_random_name(product: Product) -> None:
    """What travels says nothing, and cannot be made up."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        question = await asked(ann)
        names = {data(question), data(question, 1)}
        assert len(names) == 2
        assert all(len(name) >= 20 and "dev" not in name for name in names)
        for forged in ("approve", "", f"{data(question)}x", "1", "{}", "\x00", "tg:1"):
            answer = await ann.answered(ann.forges(question, forged))
            assert (answer["alert"], answer["text"]) == (
                True,
                "That button is too old. Ask again, and you get a new one.",
            )
    assert product.simulation.operations(product.owner(person))[-1].state == OperationState.PROPOSED


async def test_a_foreign_tap_is_refused(product: Product) -> None:
    """Even of who knows what a button sends, in their own chat."""
    (person, ann), (_, ben) = product.let_in("Ann"), product.let_in("Ben")
    product.simulation.made(product.owner(person))
    async with product.running():
        question = await asked(ann)
        ben.says("/start")
        mine = await ben.hears("Hello Ben")
        answer = await ben.answered(ben.forges(mine, data(question)))
        assert answer["alert"]
        stranger = product.server.person("Eve").opens(product.account)
        stranger.says("hi")
        code = await stranger.hears("code")
        answer = await stranger.answered(stranger.forges(code, data(question)))
        assert (answer["alert"], answer["text"]) == (True, "You are not let in.")
    assert product.simulation.operations(product.owner(person))[-1].state == OperationState.PROPOSED


async def test_a_late_tap_is_refused(product: Product) -> None:
    """After an hour things are not as they were shown; after a day nobody remembers what was meant."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        question = await asked(ann)
        with product.simulation.later(timedelta(days=2)):
            answer = await ann.answered(ann.forges(question, data(question)))
            assert (answer["alert"], "too old" in answer["text"]) == (True, True)
            await ann.sees(lambda seen: seen.id == question.id and "Nobody agreed in time" in seen.text)
        answer = await ann.answered(ann.forges(question, data(question)))
        assert answer["alert"]
    assert product.simulation.app.services.workloads.find(product.owner(person), "dev")


async def test_a_tap_is_good_for_once(product: Product) -> None:
    """What was answered is not answered again."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        question = await asked(ann)
        ann.taps(YES, question)
        await ann.sees(lambda seen: seen.id == question.id and "gone" in seen.text)
        answer = await ann.answered(ann.forges(question, data(question)))
        assert (answer["alert"], answer["text"]) == (True, "That was answered already.")


async def test_a_plan_that_has_changed_is_asked_again(product: Product) -> None:
    """What is agreed to is what was shown, and nothing else."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    product.simulation.made(owner)
    async with product.running():
        question = await asked(ann)
        product.simulation.snapshot(owner)
        answer = await ann.answered(ann.taps(YES, question))
        assert (answer["alert"], "has changed" in answer["text"]) == (True, True)
        again = await ann.sees(lambda seen: seen.id == question.id and "snapshots: 1" in seen.text)
        assert product.simulation.operations(owner)[-1].state == OperationState.PROPOSED
        ann.taps(YES, again)
        await ann.sees(lambda seen: seen.id == question.id and "gone" in seen.text)


async def test_a_question_outlives_the_bot(product: Product) -> None:
    """It is not asked twice, and its buttons work after a restart; a tap in between is not lost."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        question = await asked(ann)
    tap = ann.taps(YES, question)
    async with product.running():
        await ann.answered(tap)
        await ann.sees(lambda seen: seen.id == question.id and "gone" in seen.text)
        ann.refresh()
        assert len([one for one in ann.messages if one.text.startswith(("⚠️", "✅"))]) == 1


async def test_what_was_answered_elsewhere_is_shown(product: Product) -> None:
    """The buttons go, and a tap that comes too late for that is told."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    product.simulation.made(owner)
    async with product.running():
        question = await asked(ann)
        operation = product.simulation.operations(owner)[-1]
        product.simulation.app.services.operations.deny(owner, operation.id, by=CONSOLE)
        await ann.sees(lambda seen: seen.id == question.id and not seen.buttons)
        answer = await ann.answered(ann.forges(question, data(question)))
        assert answer["alert"]


async def test_neither_words_nor_a_model_agree(product: Product) -> None:
    """Only a tap does: whatever somebody writes, and whatever a model says that it has done."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    product.simulation.made(owner)
    product.model = Script(
        {"destroy_container": {"name": "dev"}},
        "Shall I?",
        {"approve_operation": {"number": 1}},
        "It is gone.",
    ).model
    async with product.running():
        ann.says("get rid of dev")
        question = await ann.sees(lambda seen: bool(seen.buttons))
        ann.says("yes, do it")
        await ann.hears("It is gone.")
        ann.says("/approve")
        await ann.hears("did not understand")
        assert product.simulation.operations(owner)[-1].state == OperationState.PROPOSED
        ann.says("/cancel")
        await ann.hears("Stopped.")
        await ann.sees(lambda seen: seen.id == question.id and not seen.buttons)
    assert product.simulation.operations(owner)[-1].state == OperationState.DENIED
