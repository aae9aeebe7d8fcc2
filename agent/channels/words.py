"""The words that many commands take."""

from typing import Annotated

import typer

from agent.channels import completion

Name = Annotated[
    str, typer.Argument(help="The container's name.", autocompletion=completion.names, show_default=False)
]
NewName = Annotated[str, typer.Argument(help="The new container's name.", show_default=False)]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for the end, or print the operation's number and go.")
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Agree to the plan that is shown, without being asked.")
]
