"""The command about the audit trail. See :mod:`agent.channels.cli`."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from agent.channels import render
from agent.channels.desk import Desk
from agent.core.printable import one_line
from agent.services.audit import Entry


def trail(desk: Desk, limit: int) -> None:
    """Show who changed what. JSON: ``entries``."""
    found = desk.services.audit.trail(desk.owner, limit)
    desk.terminal.show(entries(found), {"entries": [one.model_dump(mode="json") for one in found]})


def entries(listed: Iterable[Entry]) -> RenderableType:
    """The audit trail: a line for each change, and below it what is known of it."""
    shown: list[RenderableType] = []
    for one in listed:
        head = Text(f"{one.number}  {_moment(one.asked_at)}  ", "bold")
        head.append(one_line(f"{one.kind} {one.workload}  ")).append_text(render.state(one.state))
        shown += [head, Padding(Text("\n".join(one_line(fact, 500) for fact in _facts(one))), (0, 0, 0, 4))]
    return Group(*shown) if shown else Text("Nothing was ever changed.")


def _facts(one: Entry) -> Iterator[str]:
    words = f": “{one.words}”" if one.words else ""
    if one.asked_by:
        yield f"asked by {one.asked_by}, {one.channel}{words}"
    else:
        yield f"done by itself{words}"
    if one.undoes is not None:
        yield f"takes back {one.undoes}"
    if one.plan is not None:
        losses = "; ".join(
            f"{loss.what} {_moment(loss.at) if loss.unit == 'moment' else render.amount(loss)}"
            for loss in one.plan.losses
        )
        yield f"plan: {one.plan.summary}{f' Would be lost: {losses}.' if losses else ''}"
    if one.approved_by:
        yield f"agreed to by {one.approved_by}"
    if one.cancelled_by:
        yield f"cancelled by {one.cancelled_by}"
    yield from one.found
    if one.problem is not None:
        yield f"{one.problem}"
    if one.ended_at is not None:
        took = f", after {render.span(one.ended_at - one.began_at)}" if one.began_at is not None else ""
        yield f"ended {_moment(one.ended_at)}{took}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
