"""An assistant in a world of its own. No test asks a model outside of this machine."""

import asyncio

import pytest
from pydantic_ai import models
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter
from pydantic_ai.models import Model

from agent.assistant import Assistant, Event, Finished, TextDelta
from agent.core.owner import Owner
from agent.core.workload import Executed
from agent.settings import Settings
from tests.standins import Chats, World

OWNER = Owner("admin")


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """No request leaves; a test with a server of its own allows it."""
    monkeypatch.setattr(models, "ALLOW_MODEL_REQUESTS", False)
    for variable in (
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "OLLAMA_BASE_URL",
        "OLLAMA_API_KEY",
        "OPENAI_BASE_URL",
    ):
        monkeypatch.delenv(variable, raising=False)


class Chat:
    """One person in one conversation with the assistant."""

    def __init__(self, model: Model | None = None, settings: Settings | None = None) -> None:
        self.world = World()
        self.world.executed["git", "--version"] = Executed(
            returncode=0, stdout="git version 2.47\n", stderr=""
        )
        self.chats = Chats()
        self.settings = settings or Settings()
        self.use(model)

    def use(self, model: Model | None) -> None:
        """Go on with another model."""
        self.assistant = Assistant(self.settings, self.world.services, self.chats.store, model=model)

    async def events(self, sentence: str, patience: float = 5, owner: Owner = OWNER) -> list[Event]:
        """Say something, and see all that happens."""
        reply = self.assistant.reply(owner, "chat", sentence, channel="test", patience=patience)
        return [event async for event in reply]

    async def say(self, sentence: str, patience: float = 5) -> Finished:
        """Say something, and see how it ends."""
        events = await self.events(sentence, patience)
        last = events[-1]
        assert isinstance(last, Finished)
        assert sum(isinstance(event, Finished) for event in events) == 1
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == last.text
        return last

    def says(self, sentence: str, patience: float = 5) -> Finished:
        """The same, in an event loop of its own, as the command line has it."""
        return asyncio.run(self.say(sentence, patience))

    @property
    def messages(self) -> list[ModelMessage]:
        """What is kept of the conversation."""
        return ModelMessagesTypeAdapter.validate_json(self.chats.kept["admin", "chat"])

    def changes(self) -> list[str]:
        """What was done to containers, in order."""
        kinds = {"create", "start", "stop", "restart", "destroy", "exec"}
        return [f"{call[0]} {call[2]}" for call in self.world.calls if call[0] in kinds]


@pytest.fixture
def chat() -> Chat:
    """A conversation with the phrasebook."""
    return Chat()
