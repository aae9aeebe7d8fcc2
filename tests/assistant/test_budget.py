"""What the language model may be asked in a day, as a person notices it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.assistant import Assistant, Finished, TextDelta
from agent.core.account import Role
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.services.budget import Budget
from agent.settings import Settings
from agent.store.spending import Spending, SpendingStore
from tests.assistant.conftest import Chat
from tests.assistant.scripts import Script, Step
from tests.simulation import somebody

CREATE: Step = {"create_container": {"name": "dev", "modules": ["git"]}}
NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)


class Client:
    """Somebody who speaks from afar, with limits of their own.

    Attributes:
        account: theirs.
        now: the time.
        budget: what counts.
    """

    def __init__(self, chat: Chat, **limits: float) -> None:
        self.account = f"tg:{int(chat.owner.key[1:], 16)}"
        chat.owner = Owner(self.account)
        self.now = NOON
        self._chat = chat
        app = chat.simulation.app
        pairing = app.services.access.knock(self.account, "Ann", 1)
        app.services.access.approve("admin", pairing.code, Role.OPERATOR)
        store = SpendingStore(app._database)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        self.budget = Budget(Settings.model_validate(limits), store, lambda: self.now)

    async def say(self, words: str, script: Script, *, by: bool = False, key: str = "") -> Finished:
        """Say something to a model."""
        app = self._chat.simulation.app
        services = replace(app.services, budget=self.budget)
        assistant = Assistant(app.settings, services, app.conversations, app.turns, model=script.model)
        owner = somebody() if by else self._chat.owner
        request = Request(
            channel="telegram", conversation="chat", words=words, by=self.account if by else "", key=key
        )
        events = [event async for event in assistant.reply(owner, request, patience=20)]
        last = events[-1]
        assert isinstance(last, Finished)
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == last.text
        return last


@pytest.mark.parametrize("by", [True, False])
async def test_a_day_of_requests_is_used_up(chat: Chat, by: bool) -> None:  # noqa: FBT001 - a case
    """Then the phrasebook answers and says until when; the next day the model does again."""
    client = Client(chat, daily_requests=2)
    script = Script({"list_containers": {}}, "Nothing.", "Good morning.")
    assert (await client.say("what is there?", script, by=by)).text == "Nothing."
    assert client.budget.spent(client.account) == Spending(2, 0)
    told = (await client.say("list", script, by=by)).text
    assert told.startswith("You have no containers yet.")
    assert "_(Your budget for the language model is used up for today." in told
    assert "2 requests a day. There is a new one at 00:00 UTC, in 12 h 0 min." in told
    assert script.left == 1
    client.now += timedelta(hours=12)
    assert (await client.say("hi", script, by=by)).text == "Good morning."


async def test_commands_cost_nothing_and_are_never_refused(chat: Chat) -> None:
    """With nothing left they are answered as ever, without a word on it."""
    client = Client(chat, daily_requests=1)
    script = Script("Hello.")
    assert (await client.say("/list", script)).text.startswith("You have no containers yet.")
    assert client.budget.spent(client.account) == Spending()
    await client.say("hi", script)
    assert (await client.say("/create dev git", script)).exit_code == 0
    assert "budget" not in (await client.say("/list", script)).text


async def test_a_turn_stops_where_the_budget_does(chat: Chat) -> None:
    """What the model had done by then is reported, and nothing is done twice."""
    client = Client(chat, daily_requests=1)
    script = Script(CREATE, "Never said.")
    finished = await client.say("dev please", script, key=f"tg:9:{chat.owner.key}")
    assert finished.exit_code == 0
    assert "**dev** is running" in finished.text
    assert "Your budget for the language model is used up for today." in finished.text
    assert script.left == 1
    assert chat.changes == ["create dev"]
    assert client.budget.spent(client.account) == Spending(1, 0)


async def test_money_is_counted_where_prices_are_known(chat: Chat) -> None:
    """A model that has a price uses up the budget in dollars, and one that has none does not."""
    client = Client(chat, daily_cost=0.0001)
    await client.say("hi", Script("Hello."))
    assert client.budget.spent(client.account) == Spending(1, 0)
    assert (await client.say("hi", Script("Hello.", name="gpt-4o"))).text == "Hello."
    spent = client.budget.spent(client.account)
    assert (spent.requests, spent.microdollars > 0) == (2, True)
    unasked = Script("Hello.", name="gpt-4o")
    assert "It is $0.0001 a day." in (await client.say("hi", unasked)).text
    assert unasked.left == 1


async def test_a_model_that_fails_was_asked_too(chat: Chat) -> None:
    """A request counts from when it is made, so that nobody can ask a broken provider without end."""
    client = Client(chat, daily_requests=1)
    await client.say("hi", Script(["Hel", OSError("cut")]))
    assert client.budget.spent(client.account) == Spending(1, 0)


async def test_people_on_the_machine_have_no_budget(chat: Chat) -> None:
    """They have the machine anyway."""
    client = Client(chat, daily_requests=1)
    chat.owner = somebody()
    script = Script("One.", "Two.")
    assert [(await client.say("hi", script)).text for _ in range(2)] == ["One.", "Two."]
    assert client.budget.spent(chat.owner.key) == Spending()
