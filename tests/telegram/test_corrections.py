"""Messages that are edited: what was done is not done again, and what waits is done as it was changed to."""

import asyncio

from agent.core.operation import OperationState
from tests.telegram.product import Product


async def test_a_correction_is_offered_and_not_done(product: Product) -> None:
    """It is done once, when it is tapped for."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    async with product.running():
        said = ann.says("create a container called dve with git")
        await ann.hears("dve is running")
        ann.edits(said, "create a container called dev with git")
        offer = await ann.hears("You changed that message to: create a container called dev with git")
        assert product.simulation.changes(owner) == ["create dve"]
        ann.taps("Do it", offer)
        ann.taps("Do it", offer)
        await ann.hears("dev is running")
        await product.handled()
        late = await ann.answered(ann.taps("Do it", offer))
        assert late["text"] == "That was answered already."
    assert product.simulation.changes(owner) == ["create dve", "create dev"]


async def test_what_waits_is_done_as_it_was_changed_to(product: Product) -> None:
    """Nothing has been done of it yet, so nothing has to be offered. The last change counts."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called one with git")
            assert await asyncio.to_thread(reached.wait, 10)
            said = ann.says("create a container called tow with git")
            ann.edits(said, "create a container called too with git")
            ann.edits(said, "create a container called two with git")
        await ann.hears("two is running")
        ann.says("/list")
        await ann.hears("two")
        assert not any("You changed" in text for _, text in ann.screen())
    assert product.simulation.changes(owner) == ["create one", "create two"]


async def test_what_was_changed_while_the_bot_was_away_is_done_as_it_is_now(product: Product) -> None:
    """Also if that was killed before it had begun with it."""
    person, ann = product.let_in("Ann")
    owner = product.owner(person)
    said = ann.says("create a container called dve with git")
    ann.edits(said, "create a container called dev with git")
    async with product.running():
        await ann.hears("dev is running")
        await product.handled()
    async with product.running():
        ann.says("/list")
        await ann.hears("dev")
        assert not any("You changed" in text for _, text in ann.screen())
    assert product.simulation.changes(owner) == ["create dev"]


async def test_what_runs_is_not_changed_any_more(product: Product) -> None:
    """The correction is offered after the answer."""
    person, ann = product.let_in("Ann")
    async with product.running():
        with product.simulation.standstill() as reached:
            said = ann.says("create a container called dve with git")
            assert await asyncio.to_thread(reached.wait, 10)
            ann.edits(said, "create a container called dev with git")
        await ann.hears("dve is running")
        await ann.hears("You changed that message")
    (made,) = product.simulation.operations(product.owner(person))
    assert (made.workload, made.state) == ("dve", OperationState.DONE)


async def test_what_a_stranger_edits_is_not_answered(product: Product) -> None:
    """They have their code."""
    eve = product.server.person("Eve").opens(product.account)
    async with product.running():
        said = eve.says("hello")
        code = await eve.hears("code")
        eve.edits(said, "list my containers")
        await product.handled()
        eve.refresh()
        assert eve.messages[-1].id == code.id


async def test_in_a_group_a_change_counts_that_speaks_to_the_bot(product: Product) -> None:
    """Another one is none of its business."""
    person, _ = product.let_in("Ann")
    ann = person.enters(product.server.group("Team", product.account))
    async with product.running():
        first, second = ann.says("list my containers"), ann.says("hello")
        ann.edits(second, "hello you")
        ann.edits(first, "@voxnix_bot list my containers")
        await ann.hears("You changed that message to: list my containers")
        await product.handled()
        ann.refresh()
        assert len([one for one in ann.messages if one.by_bot]) == 1
