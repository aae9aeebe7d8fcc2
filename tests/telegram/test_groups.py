"""In groups: who speaks is the owner, and only who speaks to the bot is answered."""

from agent.core.account import CONSOLE, Role
from agent.core.owner import Owner
from tests.telegram.faults import Fault
from tests.telegram.people import Group, Talk
from tests.telegram.product import Product


def team(product: Product, *topics: str) -> Group:
    """A group that the bot is in."""
    return product.server.group("Team", product.account, topics=topics)


async def test_only_who_speaks_to_the_bot_is_answered(product: Product) -> None:
    """By its name, by an answer to it, or by a command with its name; the rest is none of its business."""
    person, _ = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    group = team(product)
    ann = person.enters(group)
    async with product.running():
        ann.says("list my containers")
        ann.says("/list")
        ann.says("@other_bot list my containers")
        said = ann.says("@voxnix_bot list my containers")
        first = await ann.hears("dev")
        assert first.reply_to == said.id
        ann.says("/status@voxnix_bot dev")
        await ann.hears("git")
        ann.says("and stop dev", reply_to=first)
        await ann.hears("stopped")
        ann.says("start dev", reply_to=said)
        await product.handled()
        ann.refresh()
        assert len([one for one in ann.messages if one.by_bot]) == 3
    assert product.simulation.changes(product.owner(person)) == ["create dev", "stop dev"]


async def test_who_is_not_known_is_not_answered_in_a_group(product: Product) -> None:
    """Not even with a code, which everybody there could read."""
    person, _ = product.let_in("Ann")
    group = team(product)
    eve, ann = product.server.person("Eve").enters(group), person.enters(group)
    async with product.running():
        eve.says("@voxnix_bot list my containers")
        eve.says("/help@voxnix_bot")
        ann.says("@voxnix_bot list my containers")
        await ann.hears("no containers")
        await product.handled()
        ann.refresh()
        assert len([one for one in ann.messages if one.by_bot]) == 1


async def test_in_a_group_everybody_has_their_own(product: Product) -> None:
    """Two people may both have a dev there, and only who asked may agree."""
    (one, _), (other, _) = product.let_in("Ann"), product.let_in("Ben")
    group = team(product)
    ann, ben = one.enters(group), other.enters(group)
    async with product.running():
        ann.says("@voxnix_bot create a container called dev with git")
        await ann.hears("dev")
        ben.says("@voxnix_bot list my containers")
        await ben.hears("no containers")
        ann.says("@voxnix_bot destroy dev")
        question = await ann.sees(lambda seen: bool(seen.buttons))
        answer = await ben.answered(ben.taps("Yes, destroy dev", question))
        assert (answer["alert"], answer["text"]) == (True, "That button is for somebody else.")
        assert product.simulation.operations(product.owner(one))[-1].state == "proposed"
        ann.taps("Yes, destroy dev", question)
        await ann.sees(lambda seen: seen.id == question.id and "gone" in seen.text)


async def test_a_group_shares_containers_when_an_admin_says_so(product: Product) -> None:
    """Then its operators look after them together; its viewers look, and what was theirs stays theirs."""
    (boss, _), (one, _), (other, private) = (
        product.let_in("Ada", Role.ADMIN),
        product.let_in("Ann"),
        product.let_in("Ben"),
    )
    group = team(product)
    ada, ann, ben = boss.enters(group), one.enters(group), other.enters(group)
    owner = Owner(f"tg:{group.id}")
    async with product.running():
        ann.says("/access@voxnix_bot share")
        await ann.hears("You may not do this")
        ada.says("/access@voxnix_bot share")
        await ada.hears("containers of its own")
        ann.says("@voxnix_bot create a container called web with git")
        await ann.hears("web")
        ben.says("@voxnix_bot list our containers")
        await ben.hears("web")
        private.says("/list")
        await private.hears("no containers")
        await _viewers_only_look(product, ann, ben, owner)
        ada.says("/access@voxnix_bot unshare")
        await ada.hears("their own containers")
        ann.says("@voxnix_bot list my containers")
        await ann.hears("no containers")
    assert product.simulation.app.services.access.account(owner.key).name == "Team"  # pyright: ignore[reportOptionalMemberAccess]


async def _viewers_only_look(product: Product, ann: Talk, ben: Talk, owner: Owner) -> None:
    access = product.simulation.app.services.access
    key = f"tg:{ben.person.id}"
    ann.says("@voxnix_bot destroy web")
    question = await ben.sees(lambda seen: bool(seen.buttons))
    access.set_role(CONSOLE, key, Role.VIEWER)
    for words in ("/stop@voxnix_bot web", "/mute@voxnix_bot crashed", "/reset@voxnix_bot"):
        ben.says(words)
        await ben.hears("You may not do this")
    ben.says("/cancel@voxnix_bot")
    await ben.hears("There is nothing to stop")
    answer = await ben.answered(ben.taps("Yes, destroy web", question))
    assert answer["alert"]
    assert "viewer" in answer["text"]
    assert product.simulation.operations(owner)[-1].state == "proposed"
    assert not product.simulation.app.services.preferences.of(owner.key).muted
    access.set_role(CONSOLE, key, Role.OPERATOR)
    ben.taps("No, keep it", question)
    await ben.sees(lambda seen: seen.id == question.id and not seen.buttons)
    assert product.simulation.operations(owner)[-1].state == "denied"


async def test_who_may_use_the_server_is_not_told_in_a_group(product: Product) -> None:
    """Whoever asks."""
    boss, _ = product.let_in("Ada", Role.ADMIN)
    ada = boss.enters(team(product))
    async with product.running():
        ada.says("/access@voxnix_bot")
        await ada.hears("Ask me in private")
        ada.says("/export@voxnix_bot")
        await ada.hears("private chat")


async def test_each_topic_is_a_conversation_of_its_own(product: Product) -> None:
    """It is answered there, goes on there, and one that takes long keeps no other one waiting."""
    person, _ = product.let_in("Ann")
    group = team(product, "Work", "Play")
    work, play = (person.enters(group, topic) for topic in group.topics)
    async with product.running():
        work.says("@voxnix_bot create a container called dev with git")
        await work.hears("dev")
        play.says("@voxnix_bot stop it")
        await play.hears("Which")
        work.says("@voxnix_bot stop it")
        await work.hears("dev is stopped")
        with product.simulation.standstill():
            work.says("@voxnix_bot start dev")
            play.says("@voxnix_bot list my containers")
            await play.hears("dev")


async def test_an_answer_finds_a_group_that_has_moved(product: Product) -> None:
    """A group that becomes a supergroup gets another number, and what is on its way arrives there."""
    person, _ = product.let_in("Ann")
    group, new = team(product), team(product)
    ann, there = person.enters(group), person.enters(new)
    async with product.running():
        product.server.fault(Fault(moved_to=new.id), method="sendMessage")
        ann.says("@voxnix_bot list my containers")
        await there.hears("no containers")
        there.says("@voxnix_bot list my containers")
        await there.hears("no containers")
