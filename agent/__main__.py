"""The ``voxnix`` command: hands the product to the commands of ``channels/commands``."""

# ruff: noqa: E402, PLC0415 - the first lines come before every other import, and only a command that runs needs the rest
import gc
import os

# The collector would walk the objects of our imports again and again, and none of them ever goes.
gc.disable()
# Any pydantic model would otherwise load logfire, a plugin by its mere presence: half a second.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# pydantic-ai would advertise itself in the middle of the first reply.
os.environ.setdefault("PYDANTIC_AI_NO_BANNER", "1")

import io
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.channels.commands import app

if TYPE_CHECKING:
    from agent.channels.desk import Desk
    from agent.channels.terminal import Terminal


@contextmanager
def open_desk(terminal: "Terminal", owner: str, *, simulate: bool, new: bool = True) -> Generator["Desk"]:
    """The product, as one command sees it.

    Args:
        terminal: where the command answers.
        owner: who asks; empty for the one in the settings.
        simulate: whether on a simulated node, whatever the settings say.
        new: whether a database may be made where there is none.

    Raises:
        InvalidSettings: a setting is wrong or unknown.
        HostFailure: the database cannot be opened.
    """
    from agent.app import App
    from agent.channels.desk import Desk
    from agent.core.errors import HostFailure
    from agent.core.owner import Owner
    from agent.settings import load

    settings = load(**({"simulate": True} if simulate else {}))
    terminal.simulated = settings.simulate
    asks = Owner(owner or settings.owner)
    file = settings.database.removeprefix("sqlite:///")
    if not new and file != settings.database and not Path(file).exists():
        raise HostFailure("There is no database yet.")
    with App.open(settings) as opened:
        # What is imported by now stays; only what the command makes is worth the collector's time.
        gc.freeze()
        gc.enable()
        yield Desk(
            owner=asks,
            services=opened.services,
            terminal=terminal,
            node=opened.node.name,
            model=settings.model,
            history=settings.state_folder / "history",
            assistant=opened.assistant,
            forget=opened.conversations.clear,
            run_worker=opened.run_worker,
            refresh_modules=opened.refresh_modules,
            run_bot=opened.run_bot,
        )


def main() -> None:
    """Run the command that was typed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "--json" not in sys.argv:
        app(obj=open_desk, prog_name="voxnix")
        return
    try:
        sys.exit(app(obj=open_desk, prog_name="voxnix", standalone_mode=False))
    except typer.TyperException as usage:  # programs get an object for this error too
        from agent.channels.terminal import Terminal
        from agent.core.errors import Problem

        problem = Problem("usage", type(usage).__name__, usage.format_message())
        sys.exit(Terminal(json=True).fail(problem))


if __name__ == "__main__":
    main()
