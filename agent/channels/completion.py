"""What the shell's Tab key offers: quick, and silent when something is wrong."""

from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from agent.core.account import CONSOLE, is_group, is_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.channels.desk import Desk


def names(context: typer.Context, incomplete: str) -> list[str]:
    """The owner's containers."""
    return _offered(
        context, incomplete, lambda desk: [one.name for one in desk.services.workloads.list(desk.owner)]
    )


def modules(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The modules, with what they give."""
    found: dict[str, str] = {}

    def read(desk: "Desk") -> list[str]:
        found.update((one.name, one.summary) for one in desk.services.catalogue.all())
        return list(found)

    return [(name, found[name]) for name in _offered(context, incomplete, read)]


def made_of(context: typer.Context, incomplete: str) -> list[str]:
    """The modules of the container that is named already; all, where none is."""
    # An option that still waits for its value leaves the arguments before it unread.
    name = context.params.get("name") or next(iter(context.args), None)

    def read(desk: "Desk") -> list[str]:
        if not name:
            return [one.name for one in desk.services.catalogue.all()]
        return list(desk.services.workloads.find(desk.owner, name).spec.modules)

    return _offered(context, incomplete, read)


def options(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The options of all modules, with what they change."""
    found: dict[str, str] = {}

    def read(desk: "Desk") -> list[str]:
        for module in desk.services.catalogue.all():
            for name, option in module.options.items():
                found[f"{module.name}.{name}="] = option.description
        return list(found)

    return [(name, found[name]) for name in _offered(context, incomplete, read)]


def secrets(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The secrets of all modules, with what they are for."""
    found: dict[str, str] = {}

    def read(desk: "Desk") -> list[str]:
        found.update((one.name, one.description) for one in desk.services.secrets.list(desk.owner))
        return list(found)

    return [(name, found[name]) for name in _offered(context, incomplete, read)]


def snapshots(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The snapshots of the container that is named already, with what each is."""
    name = context.params.get("name") or next(iter(context.args), None)
    found: dict[str, str] = {"latest": "the newest"}

    def read(desk: "Desk") -> list[str]:
        for one in desk.services.storage.snapshots(desk.owner, str(name)) if name else ():
            found[one.label or one.name] = f"{one.kind}, {one.taken_at:%Y-%m-%d %H:%M} UTC"
        return list(found)

    return [(called, found[called]) for called in _offered(context, incomplete, read)]


def trashed(context: typer.Context, incomplete: str) -> list[str]:
    """What is in the trash."""
    return _offered(
        context,
        incomplete,
        lambda desk: list(dict.fromkeys(one.workload.name for one in desk.services.trash.list(desk.owner))),
    )


def people(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The people who are known, with their names."""
    return _accounts(context, incomplete, is_person)


def groups(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The groups that are known, with their names."""
    return _accounts(context, incomplete, is_group)


def codes(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The codes of those who wait, with their names."""
    found: dict[str, str] = {}

    def read(desk: "Desk") -> list[str]:
        found.update((one.code, one.name) for one in desk.services.access.pairings(CONSOLE))
        return list(found)

    return [(code, found[code]) for code in _offered(context, incomplete, read)]


def _accounts(
    context: typer.Context, incomplete: str, wanted: "Callable[[str], bool]"
) -> list[tuple[str, str]]:
    found: dict[str, str] = {}

    def read(desk: "Desk") -> list[str]:
        known = desk.services.access.accounts(CONSOLE)
        found.update((one.key, one.name) for one in known if wanted(one.key))
        return list(found)

    return [(key, found[key]) for key in _offered(context, incomplete, read)]


def _offered(context: typer.Context, incomplete: str, read: "Callable[[Desk], list[str]]") -> list[str]:
    with suppress(Exception):  # a message in the middle of a half-typed line would help nobody
        from agent.channels.terminal import Terminal  # noqa: PLC0415 - imported by Tab, not by every command

        given = context.params
        opened = context.obj(
            Terminal(), given.get("owner") or "", simulate=bool(given.get("simulate")), new=False
        )
        with opened as desk:
            return [name for name in read(desk) if name.startswith(incomplete)]
    return []
