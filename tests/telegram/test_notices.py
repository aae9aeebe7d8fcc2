"""What the bot says by itself: when something happens, to whom it matters, when they want to hear it."""

from datetime import datetime, timedelta

from agent.core.account import CONSOLE, Role
from agent.core.notice import NoticeKind
from agent.core.owner import Owner
from tests.telegram.product import Product


def told(product: Product) -> list[str]:
    """What was delivered or still waits, by its owner."""
    return [one.owner for one in product.simulation.waiting_notices()]


async def test_a_crash_is_told_with_what_can_be_done(product: Product) -> None:
    """The button does it."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    ann.says("/start")
    product.simulation.crashed(product.owner(person))
    async with product.running():
        notice = await ann.sees("dev has crashed")
        assert "exit code 3" in notice.text
        assert notice.buttons == [["Start", "Logs"]]
        ann.taps("Start", notice)
        await ann.hears("dev is running")
        await product.handled()
    async with product.running():
        ann.says("/list")
        await ann.hears("dev")
        ann.refresh()
        assert len([one for one in ann.messages if "has crashed" in one.text]) == 1


async def test_a_quota_is_told_with_how_full_it_is(product: Product) -> None:
    """Its button shows the rest."""
    person, ann = product.let_in("Ann", language="de")
    workload = product.simulation.made(product.owner(person))
    values = {"part": "workload", "used": 95 << 20, "quota": 100 << 20}
    product.simulation.happened(NoticeKind.QUOTA, workload, values)
    ann.says("/start")
    async with product.running():
        notice = await ann.sees("95")
        assert "95 MiB" in notice.text
        assert "100 MiB" in notice.text
        ann.taps("Status", notice)
        await ann.hears("git")


async def test_in_quiet_hours_nothing_is_told(product: Product) -> None:
    """It waits until they are over; who asks is answered."""
    person, ann = product.let_in("Ann")
    workload = product.simulation.made(product.owner(person))
    zone = product.simulation.app.settings.zone
    begin = datetime.now(zone) - timedelta(hours=1)
    hours = [f"{begin + timedelta(hours=ahead):%H:%M}" for ahead in (0, 3)]
    ann.says(f"/quiet {hours[0]} {hours[1]}")
    async with product.running():
        await ann.hears(hours[1])
        ann.says("/settings")
        assert hours[0] in (await ann.hears("I only answer")).text
    product.simulation.happened(NoticeKind.QUOTA, workload, {"part": "root", "used": 95, "quota": 100})
    async with product.running():
        ann.says("/list")
        await ann.hears("dev")
        assert product.owner(person).key in told(product)
        assert not any("95% full" in text for _, text in ann.screen())
    with product.simulation.later(timedelta(hours=3)):
        async with product.running():
            await ann.sees("95% full")


async def test_a_kind_that_nobody_wants_to_hear_of_is_not_told(product: Product) -> None:
    """Until they want to again."""
    person, ann = product.let_in("Ann")
    workload = product.simulation.made(product.owner(person))
    ann.says("/mute quota")
    async with product.running():
        await ann.hears("quota")
        ann.says("/settings")
        assert "/unmute quota" in (await ann.hears("I do not tell you when")).text
    product.simulation.happened(NoticeKind.QUOTA, workload, {"part": "root", "used": 95, "quota": 100})
    async with product.running():
        ann.says("/list")
        await ann.hears("dev")
        assert product.owner(person).key in told(product)
        ann.says("/unmute quota")
        await ann.hears("quota")
        ann.says("/settings")
        assert "/mute quota" in (await ann.hears("I tell you by myself when")).text
    async with product.running():
        await ann.sees("95% full")


async def test_who_was_revoked_is_told_nothing(product: Product) -> None:
    """Not even what is theirs."""
    person, ann = product.let_in("Ann")
    _, ben = product.let_in("Ben")
    workload = product.simulation.made(product.owner(person))
    ann.says("/start")
    async with product.running():
        await ann.hears("Hello Ann")
    product.simulation.app.services.access.revoke(CONSOLE, f"tg:{person.id}")
    product.simulation.happened(NoticeKind.QUOTA, workload, {"part": "root", "used": 95, "quota": 100})
    other = product.simulation.made(Owner(f"tg:{ben.person.id}"))
    product.simulation.happened(NoticeKind.QUOTA, other, {"part": "root", "used": 96, "quota": 100})
    ben.says("/start")
    async with product.running():
        await ben.sees("96% full")  # which comes after the other one
        assert not any("95% full" in text for _, text in ann.screen())


async def test_a_group_hears_of_its_own_containers(product: Product) -> None:
    """Whoever may do something about it can tap; a viewer is refused."""
    (one, _), (other, _) = product.let_in("Ann"), product.let_in("Ben", Role.VIEWER)
    group = product.server.group("Team", product.account)
    ann, ben = one.enters(group), other.enters(group)
    owner = Owner(f"tg:{group.id}")
    product.simulation.app.services.access.share(CONSOLE, owner.key, shared=True)
    async with product.running():
        ann.says("@voxnix_bot create a container called web with git")
        await ann.hears("web is running")
    product.simulation.crashed(owner, "web")
    async with product.running():
        notice = await ann.sees("web has crashed")
        answer = await ben.answered(ben.taps("Start", notice))
        assert (answer["alert"], "viewer" in answer["text"]) == (True, True)
        ann.taps("Start", notice)
        await ann.hears("web is running")
    assert product.simulation.changes(owner) == ["create web", "start web"]
