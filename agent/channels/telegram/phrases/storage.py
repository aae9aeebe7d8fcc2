"""Where the space goes, and what is in the trash."""

from collections.abc import Sequence
from datetime import datetime

from agent.channels.telegram.formatting import escaped
from agent.core.storage import OwnerSpace, Space
from agent.core.trash import Trashed
from agent.texts import Texts

BAR = 10
"""Pieces of a bar."""
SHOWN = 30
"""Containers that are told one by one."""


def usage(say: Texts, space: OwnerSpace) -> str:
    """What everything takes, the largest first, with a bar for each limit."""
    if not space.workloads:
        return say("💾 You have no containers, so nothing takes any space.")
    head = say("💾 **Your space:** {used}", used=say.size(space.used))
    lines = [f"{head}{_limit(say, space.used, space.quota)}", ""]
    for one in space.workloads[:SHOWN]:
        lines += [f"- {_space(say, one)}", *([f"  {parts}"] if (parts := _parts(say, one)) else [])]
    if (more := len(space.workloads) - SHOWN) > 0:
        lines.append(say("- and {count} more", count=say.number(more)))
    return "\n".join(lines)


def _limit(say: Texts, used: int, quota: int) -> str:
    if not quota:
        return ""
    share = min(used / quota, 1)
    filled = round(BAR * share) or int(used > 0)
    told = say("of {quota}", quota=say.size(quota))
    return f" {told}\n{'▓' * filled}{'░' * (BAR - filled)} {round(100 * used / quota)} %"


def _space(say: Texts, one: Space) -> str:
    size = say.size(one.total)
    if one.trash:
        return say("**{name}**, in the trash: {size}", name=escaped(one.name), size=size)
    head = f"**{escaped(one.name)}**: {size}"
    if not one.quota:
        return head
    return f"{head} {say('of {quota}', quota=say.size(one.quota))} ({round(100 * one.total / one.quota)} %)"


def _parts(say: Texts, one: Space) -> str:
    """What it is made up of, where that is more than one thing."""
    parts = [
        f"{what} {say.size(amount)}"
        for what, amount in (
            (say("system"), one.root),
            ("`/workspace`", one.workspace),
            (say("snapshots"), one.snapshots),
        )
        if amount
    ]
    return " · ".join(parts) if len(parts) > 1 else ""


def trash(say: Texts, found: Sequence[Trashed], now: datetime) -> str:
    """What can be brought back, and for how long."""
    if not found:
        return say("🗑 Your trash is empty.")
    lines = [say("🗑 **In your trash:**"), ""]
    lines += [
        say(
            "- **{name}**, destroyed {ago}, kept for {span}",
            name=escaped(one.workload.name),
            ago=say.away(one.trashed_at - now),
            span=say.span(one.expires_at - now),
        )
        for one in found[:SHOWN]
    ]
    name = found[0].workload.name
    lines += ["", say("/restore {name} brings it back, /purge {name} removes it for good.", name=name)]
    return "\n".join(lines)
