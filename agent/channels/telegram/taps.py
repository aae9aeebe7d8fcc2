"""What taps on buttons do. Who may, and until when, is decided by the services."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Person, Talk, chat_of
from agent.channels.telegram.door import Door
from agent.channels.telegram.files import Files
from agent.channels.telegram.follower import Follower
from agent.channels.telegram.formatting import escaped
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.people import People
from agent.channels.telegram.turns import Turns
from agent.core.account import Role
from agent.core.chat import Button, Delivery
from agent.core.errors import PlanChanged, Refusal, VoxnixError
from agent.core.owner import Owner
from agent.services.services import Services

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
        door: tells who is let in.
        files: puts files where a button says.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of the channel that buttons reach
        self,
        outbox: Outbox,
        services: Services,
        people: People,
        turns: Turns,
        follower: Follower,
        door: Door,
        files: Files,
    ) -> None:
        self._outbox = outbox
        self._services = services
        self._people = people
        self._turns = turns
        self._follower = follower
        self._door = door
        self._files = files

    async def handle(self, key: str, tap: Mapping[str, Any]) -> None:
        """Handle a tap to its end. Telegram is answered in any case, so that the button stops turning."""
        message: Mapping[str, Any] | None = tap.get("message")
        person = await asyncio.to_thread(self._people.person, tap["from"])
        if message is None:
            await self._outbox.answer(tap["id"])
            return
        if person.role is None:
            await self._outbox.answer(tap["id"], person.say("You are not let in."), alert=True)
            return
        chat = chat_of(message)
        try:
            data = str(tap.get("data", ""))
            button = await asyncio.to_thread(self._services.chats.button, data, person.account, chat.id)
            owner = await asyncio.to_thread(self._people.owner, chat, person)
            talk = Talk(key, chat, person, owner, message.get("message_id"))
            await self._do(button, talk, tap["id"])
        except VoxnixError as error:
            text = phrases.tap_refusal(person.say, error.problem)
            await self._outbox.answer(tap["id"], text, alert=True)

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
            case "approve" | "deny" | "cancel":
                await self._decide(button, talk)
                await self._outbox.answer(tap)
            case "say":
                await self._say(button, talk, tap)
            case "pair":
                account = await asyncio.to_thread(
                    self._services.access.approve,
                    talk.person.account,
                    str(action["code"]),
                    Role(action["role"]),
                )
                await asyncio.to_thread(self._services.chats.use, button)
                await self._outbox.answer(tap, say("Done."))
                await self._let_in(talk, account.name, Role(action["role"]))
            case "put":
                await self._outbox.answer(tap)
                of_button = replace(talk, key=f"button:{button.id}")
                await self._files.place(
                    of_button, str(action["workload"]), str(action["file"]), str(action["name"])
                )
                await asyncio.to_thread(self._services.chats.use, button)
            case _:
                raise Refusal(say("That button is not known any more."))

    async def _say(self, button: Button, talk: Talk, tap: str) -> None:
        """As if the person had said it. What changes something has the button's own key: two taps are one."""
        words = str(button.action["words"])
        if words.startswith(READING):
            await self._outbox.answer(tap)
            await self._turns.run(talk, words)
            return
        if not button.account:
            # Who may not must not use it up for those who may.
            authorise = self._services.access.authorise
            await asyncio.to_thread(authorise, talk.owner.key, talk.by, Role.OPERATOR)
        await self._outbox.answer(tap)
        await self._turns.run(replace(talk, key=f"button:{button.id}"), words, once=True)
        # Not before: after a crash the same tap goes on with it.
        await asyncio.to_thread(self._services.chats.use, button)
        self._follower.look()

    async def _decide(self, button: Button, talk: Talk) -> None:
        operations = self._services.operations
        owner, number = Owner(str(button.action["owner"])), int(button.action["operation"])
        by = talk.person.account
        try:
            if button.action["do"] == "approve":
                digest = str(button.action["digest"])
                await asyncio.to_thread(operations.approve, owner, number, digest, by=by)
            elif button.action["do"] == "deny":
                await asyncio.to_thread(operations.deny, owner, number, by=by)
            else:
                await asyncio.to_thread(operations.cancel, owner, number, by=by)
        except PlanChanged:
            changed = await asyncio.to_thread(operations.get, owner, number)
            if talk.message is not None:
                shown = Delivery("", talk.chat.id, talk.message)
                await self._follower.ask(changed, talk.person.say, shown)
            raise
        await asyncio.to_thread(self._services.chats.use, button)
        self._follower.look()

    async def _let_in(self, talk: Talk, name: str, role: Role) -> None:
        person: Person = talk.person
        if talk.message is not None:
            shown = Delivery("", talk.chat.id, talk.message)
            await self._outbox.change(shown, phrases.let_in(person.say, name, role))
        self._door.look()
