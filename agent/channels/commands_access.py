"""What can be typed about who may speak. What each does is in ``cli_access``."""

# ruff: noqa: PLC0415 - a command imports what it needs
from typing import TYPE_CHECKING, Annotated

import typer

from agent.channels import completion
from agent.channels.entry import command, group
from agent.core.account import Role

if TYPE_CHECKING:
    from agent.channels.desk import Desk

AccountKey = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="Such as tg:1234.", autocompletion=completion.people)
]
GroupKey = Annotated[
    str, typer.Argument(metavar="GROUP", help="Such as tg:-1001234.", autocompletion=completion.groups)
]

access = group("access", "Who may speak to the bot, and how far that goes.")


@command("list", of=access)
def _access_list(desk: "Desk") -> None:
    """Show who may speak, and who waits to be let in with which code."""
    from agent.channels import cli_access

    cli_access.listing(desk)


@command("approve", of=access)
def _access_approve(
    desk: "Desk",
    code: Annotated[str, typer.Argument(help="What the person was given.", autocompletion=completion.codes)],
    *,
    role: Annotated[Role, typer.Option("--role", help="How far they may go.")] = Role.OPERATOR,
) -> None:
    """Let in who has a code."""
    from agent.channels import cli_access

    cli_access.approve(desk, code, role)


@command("role", of=access)
def _access_role(
    desk: "Desk",
    account: AccountKey,
    role: Annotated[Role, typer.Argument(help="How far they may go from now on.")],
) -> None:
    """Give somebody another role, or one again."""
    from agent.channels import cli_access

    cli_access.set_role(desk, account, role)


@command("revoke", of=access)
def _access_revoke(desk: "Desk", account: AccountKey) -> None:
    """Take somebody's role, at once. Their containers stay."""
    from agent.channels import cli_access

    cli_access.revoke(desk, account)


@command("share", of=access)
def _access_share(desk: "Desk", account: GroupKey) -> None:
    """Let a group own containers, which its people then have together."""
    from agent.channels import cli_access

    cli_access.share(desk, account, shared=True)


@command("unshare", of=access)
def _access_unshare(desk: "Desk", account: GroupKey) -> None:
    """Let a group own containers no more. Those that it has stay, and only you can change them."""
    from agent.channels import cli_access

    cli_access.share(desk, account, shared=False)
