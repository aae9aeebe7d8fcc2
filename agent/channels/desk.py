"""What a command has: who asks, whom to ask, where to answer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.channels.terminal import Terminal
from agent.core.owner import Owner

if TYPE_CHECKING:
    from agent.assistant import Assistant
    from agent.services.services import Services


@dataclass(frozen=True)
class Desk:
    """The product, as one command sees it.

    Attributes:
        owner: who asks.
        services: what can be done.
        terminal: where answers go.
        node: the name of the machine, or of its simulation.
        model: what thinks in a conversation; empty for the phrasebook.
        history: file of what was typed in conversations.
        assistant: makes the assistant, which takes seconds.
        forget: drops a conversation's messages.
        run_worker: runs operations until told to stop.
        refresh_modules: takes the admin's own modules into the catalogue, and gives their names.
        run_bot: serves Telegram until told to stop.
    """

    owner: Owner
    services: "Services"
    terminal: Terminal
    node: str
    model: str
    history: Path
    assistant: "Callable[[], Assistant]"
    forget: Callable[[Owner, str], None]
    run_worker: Callable[[], None]
    refresh_modules: Callable[[], list[str]]
    run_bot: Callable[[], None]
