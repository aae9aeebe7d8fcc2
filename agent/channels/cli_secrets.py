"""The commands about secrets, whose values are never shown and never arguments. See ``cli``."""

import sys
from dataclasses import asdict
from getpass import getpass

from rich.text import Text

from agent.channels import render
from agent.channels.desk import Desk
from agent.core.errors import InvalidRequest
from agent.core.workload import checked_name


def listing(desk: Desk) -> None:
    """Show which secrets there are. JSON: ``secrets``."""
    found = desk.services.secrets.list(desk.owner)
    desk.terminal.show(render.secrets(found), {"secrets": [asdict(one) for one in found]})


def give(desk: Desk, name: str, container: str) -> None:
    """Keep a secret. JSON: ``name``, ``given``."""
    try:
        value = getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read()
    except UnicodeDecodeError:
        raise InvalidRequest(
            f"That cannot be the value of {name}.", "It is not text.", "Give it in UTF-8."
        ) from None
    desk.services.secrets.give(desk.owner, name, value, container and checked_name(container))
    told = f"{name} is given. Containers that run get it at their next start."
    desk.terminal.show(Text(told), {"name": name, "given": True})


def take(desk: Desk, name: str, container: str) -> None:
    """Forget a secret. JSON: ``name``, ``given``."""
    desk.services.secrets.take(desk.owner, name, container and checked_name(container))
    desk.terminal.show(Text(f"{name} is forgotten."), {"name": name, "given": False})
