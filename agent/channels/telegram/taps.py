"""What taps on buttons do. Who may, and until when, is decided by the services."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import PREFIX, Chat, Talk, chat_of
from agent.channels.telegram.files import Files
from agent.channels.telegram.follower import Follower
from agent.channels.telegram.formatting import escaped
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.people import People
from agent.channels.telegram.turns import Turns
from agent.core.account import Account, Role
from agent.core.chat import Action, Button, Delivery
from agent.core.errors import InvalidRequest, PlanChanged, Refusal
from agent.core.owner import Owner
from agent.services.services import Services
from agent.texts import texts_for

READING = ("/logs", "/status", "/list")
"""Commands that may be tapped for again and again; another one is done once."""


class Taps:
    """Does what buttons stand for.

    Args:
        outbox: answers.
        services: what can be done.
        people: knows who taps.
        turns: says what a button says.
        follower: shows plans.
        files: puts files where a button says.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of the channel that buttons reach
        self,
        outbox: Outbox,
        services: Services,
        people: People,
        turns: Turns,
        follower: Follower,
        files: Files,
    ) -> None:
        self._outbox = outbox
        self._services = services
        self._people = people
        self._turns = turns
        self._follower = follower
        self._files = files
        self._doing: set[str] = set()

    async def handle(self, key: str, tap: Mapping[str, Any]) -> None:
        """Handle a tap to its end. Telegram is answered in any case, so that the button stops turning."""
        message = tap.get("message")
        person = await asyncio.to_thread(self._people.person, tap["from"])
        data = str(tap.get("data", ""))
        if not isinstance(message, dict) or data in self._doing:  # tapped twice: the first tap is under way
            await self._outbox.answer(tap["id"])
            return
        chat = chat_of(message)
        self._doing.add(data)
        try:
            if person.role is None:
                raise Refusal(person.say("You are not let in."))
            button = await asyncio.to_thread(self._services.chats.button, data, person.account, chat.id)
            owner = await asyncio.to_thread(self._people.owner, chat, person)
            talk = Talk(key, chat, person, owner, message.get("message_id"))
            await self._do(button, talk, tap["id"])
        except Refusal as refusal:
            text = phrases.refusal(person.say, refusal.problem)
            await self._outbox.answer(tap["id"], text[:200], alert=True)
        finally:
            self._doing.discard(data)

    async def offer_correction(self, talk: Talk, words: str) -> None:
        """Offer to do what a message was changed to."""
        say = talk.person.say
        offer = {"do": "say", "words": words}
        identifier = await asyncio.to_thread(
            self._services.chats.offer, talk.person.account, talk.chat.id, offer
        )
        text = say("You changed that message to: {words}\n\nShall I do that now?", words=escaped(words))
        await self._outbox.say(talk, text, [[(say("Do it"), identifier)]], key=f"{talk.key}/correction")

    async def _do(self, button: Button, talk: Talk, tap: str) -> None:
        action, say = button.action, talk.person.say
        match action["do"]:
            case "approve" | "deny":
                await self._decide(button, talk)
                await self._outbox.answer(tap)
            case "say":
                await self._outbox.answer(tap)
                await self._say(button, talk)
            case "pair":
                account = await asyncio.to_thread(self._paired, talk.person.account, action)
                await self._outbox.answer(tap, say("Done."))
                await self._let_in(talk, account, str(action["code"]))
                await asyncio.to_thread(self._services.chats.use, button)
            case "put":
                await self._outbox.answer(tap)
                once = replace(talk, key=_key(button))
                await self._files.place(
                    once, str(action["workload"]), str(action["file"]), str(action["name"])
                )
                await asyncio.to_thread(self._services.chats.use, button)
            case _:
                raise Refusal(say("That button is not known any more."))

    async def _say(self, button: Button, talk: Talk) -> None:
        """As if the person had said it. What changes something has the button's own key: two taps are one."""
        words = str(button.action["words"])
        again = words.startswith(READING)
        await self._turns.run(talk if again else replace(talk, key=_key(button)), words)
        self._follower.look()
        if not again:
            # Not before: after a crash it has to be taken up where it was.
            await asyncio.to_thread(self._services.chats.use, button)

    async def _decide(self, button: Button, talk: Talk) -> None:
        operations = self._services.operations
        owner, number = Owner(str(button.action["owner"])), int(button.action["operation"])
        by = talk.person.account
        try:
            if button.action["do"] == "approve":
                digest = str(button.action["digest"])
                await asyncio.to_thread(operations.approve, owner, number, digest, by=by)
            else:
                await asyncio.to_thread(operations.deny, owner, number, by=by)
        except PlanChanged:
            changed = await asyncio.to_thread(operations.get, owner, number)
            if talk.message is not None:
                shown = Delivery("", talk.chat.id, talk.message)
                await self._follower.ask(changed, talk.person.say, shown)
            raise
        await asyncio.to_thread(self._services.chats.use, button)
        self._follower.look()

    def _paired(self, by: str, action: Action) -> Account:
        """Who has the code of a button; also where they were let in so already, maybe before a crash."""
        access, role = self._services.access, Role(action["role"])
        try:
            return access.approve(by, str(action["code"]), role)
        except InvalidRequest:
            account = access.account(str(action["account"]))
            if account is None or account.role is not role:
                raise
            return account

    async def _let_in(self, talk: Talk, account: Account, code: str) -> None:
        role = account.role or Role.VIEWER
        if talk.message is not None:
            shown = Delivery("", talk.chat.id, talk.message)
            text = phrases.let_in(talk.person.say, account.name, role)
            await self._outbox.change(shown, text)
        language = (await asyncio.to_thread(self._services.preferences.of, account.key)).language
        chat = Chat(int(account.key.removeprefix(PREFIX)))
        await self._outbox.tell(chat, phrases.welcome(texts_for(language), role), key=f"pairing:{code}/welcome")


def _key(button: Button) -> str:
    """Of what a button does: tapped twice, or taken up after a crash, it is the same."""
    return f"button:{button.id}"
