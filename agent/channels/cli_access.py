"""The commands about who may speak. Whoever types them has the machine. See ``cli``."""

from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from agent.channels import render
from agent.channels.desk import Desk
from agent.core.account import CONSOLE, Account, Role
from agent.core.printable import printable


def listing(desk: Desk) -> None:
    """Show who is known, and who waits. JSON: ``accounts``, ``pairings``."""
    known = desk.services.access.accounts(CONSOLE)
    waiting = desk.services.access.pairings(CONSOLE)
    answer = {
        "accounts": [_account(one) for one in known],
        "pairings": [vars(one) | {"expires_at": one.expires_at.isoformat()} for one in waiting],
    }
    desk.terminal.show(render.access(known, waiting, datetime.now(UTC)), answer)


def approve(desk: Desk, code: str, role: Role) -> None:
    """Let somebody in. JSON: ``account``."""
    account = desk.services.access.approve(CONSOLE, code, role)
    _show(desk, account, f"{account.name} ({account.key}) is let in, with the role {role}.")


def set_role(desk: Desk, key: str, role: Role) -> None:
    """Give another role. JSON: ``account``."""
    account = desk.services.access.set_role(CONSOLE, key, role)
    _show(desk, account, f"{account.name} ({account.key}) has the role {role} now.")


def revoke(desk: Desk, key: str) -> None:
    """Take a role. JSON: ``account``."""
    account = desk.services.access.revoke(CONSOLE, key)
    told = (
        f"{account.name} ({account.key}) may do nothing any more. What had begun ends, and containers stay."
    )
    _show(desk, account, told)


def share(desk: Desk, key: str, *, shared: bool) -> None:
    """Say whether a group may own containers. JSON: ``account``."""
    account = desk.services.access.share(CONSOLE, key, shared=shared)
    told = "may own containers now" if shared else "may own containers no more; those that it has stay"
    _show(desk, account, f"The group {account.key} {told}.")


def _show(desk: Desk, account: Account, told: str) -> None:
    desk.terminal.show(Text(printable(told)), {"account": _account(account)})


def _account(account: Account) -> dict[str, Any]:
    changed = None if account.changed_at is None else account.changed_at.isoformat()
    return vars(account) | {"changed_at": changed}
