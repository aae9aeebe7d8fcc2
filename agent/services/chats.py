"""What a chat's channel must not lose: what came in, what it sent, and what its buttons do."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from agent.core.chat import Action, Button, ChannelHealth, Delivery, Incoming
from agent.core.errors import InvalidRequest
from agent.store.buttons import ButtonStore
from agent.store.channels import ChannelStore
from agent.store.deliveries import DeliveryStore
from agent.store.inbox import Inbox
from agent.store.turns import TurnStore

KEPT = timedelta(days=7)
"""How long what is done with is known. Telegram sends nothing again that is older than a day."""
BUTTON_LIFETIME = timedelta(hours=24)
"""How long a button works. What it stands for has changed by then, or nobody remembers."""


class Chats:
    """The memory of a channel.

    Args:
        inbox: what came in.
        turns: how far each answer has come.
        deliveries: what was sent.
        buttons: what can be tapped on.
        channels: how each channel is.
        clock: the time in UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        inbox: Inbox,
        turns: TurnStore,
        deliveries: DeliveryStore,
        buttons: ButtonStore,
        channels: ChannelStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._inbox = inbox
        self._turns = turns
        self._deliveries = deliveries
        self._buttons = buttons
        self._channels = channels
        self._clock = clock

    def now(self) -> datetime:
        """The time in UTC."""
        return self._clock()

    def receive(self, source: str, arrived: Iterable[Incoming]) -> list[Incoming]:
        """Keep what arrived; its sender may be told so afterwards. What was known already is not returned."""
        return self._inbox.put(source, arrived)

    def unhandled(self, source: str) -> list[Incoming]:
        """What came in from a source and is not handled yet, oldest first."""
        return self._inbox.open(source)

    def handled(self, incoming: Incoming) -> None:
        """Note that something is handled, its answer sent."""
        self._inbox.done(incoming, self._clock())

    def amend(self, changed: Incoming, edit: Incoming) -> None:
        """Note that something is handled as it was changed to, before it was its turn."""
        self._inbox.amend(changed, edit, self._clock())

    def sent(self, key: str) -> Delivery | None:
        """The message that was sent for a key."""
        return self._deliveries.find(key)

    def send(self, delivery: Delivery, *, following: bool = False) -> None:
        """Note that a message was sent; one that follows something is :meth:`settle`-d at its end."""
        self._deliveries.add(delivery, self._clock(), following=following)

    def together(self) -> AbstractContextManager[object]:
        """What is noted within the block is noted together, or not at all, and before anything else."""
        return self._turns.transaction(first=True)

    def following(self) -> list[Delivery]:
        """The messages that change with what they show."""
        return self._deliveries.following()

    def settle(self, key: str) -> None:
        """Note that a message stays as it is."""
        self._deliveries.settle(key)

    def offer(self, account: str, chat: int, action: Action) -> str:
        """Make a button.

        Args:
            account: who may tap it; empty where everybody may who may do what it does.
            chat: where it is shown.
            action: what it does.

        Returns:
            What the chat is to send back.
        """
        return self._buttons.add(account, chat, action, self._clock() + BUTTON_LIFETIME)

    def button(self, identifier: str, account: str, chat: int) -> Button:
        """What somebody tapped on.

        Raises:
            InvalidRequest: it is another person's, of another chat, too old, or was tapped before.
        """
        button = self._buttons.find(identifier)
        if button is None or button.chat != chat or self._clock() >= button.expires_at:
            raise InvalidRequest("That button is too old.", hint="Ask again, and you get a new one.")
        if button.account not in {"", account}:
            raise InvalidRequest("That button is for somebody else.")
        if button.used_at is not None:
            raise InvalidRequest("That was answered already.")
        return button

    def use(self, button: Button) -> bool:
        """Note that a button did what it does; whether this is the first time."""
        return self._buttons.use(button.id, self._clock())

    def beat(self, channel: str, problem: str) -> None:
        """Note that a channel lives, and what is wrong with it, for whoever looks from outside."""
        self._channels.beat(channel, problem, self._clock())

    def health(self, channel: str) -> ChannelHealth | None:
        """How a channel is; None where it was never heard of."""
        return self._channels.health(channel)

    def prune(self) -> None:
        """Forget what nobody comes back to."""
        before = self._clock() - KEPT
        for store in (self._inbox, self._turns, self._deliveries, self._buttons):
            store.prune(before)
