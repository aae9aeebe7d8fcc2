"""An assistant with the real services below it. No test asks a model outside of this machine."""

import asyncio
from collections.abc import Iterator

import pytest
from pydantic_ai import models
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model

from agent.assistant import Assistant, Event, Finished, TextDelta
from agent.assistant.history import loaded
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.settings import Settings
from tests.simulation import Simulation, simulation_in, somebody


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
    """One person in one conversation with the assistant.

    Attributes:
        simulation: the product below it.
        owner: the person.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.owner = somebody()
        self.use(None)

    def use(self, model: Model | None = None, settings: Settings | None = None) -> None:
        """Go on with another model, or with what other settings name."""
        app = self.simulation.app
        self.assistant = Assistant(
            settings or app.settings, app.services, app.conversations, app.turns, model=model
        )

    async def events(
        self, sentence: str, patience: float = 20, owner: Owner | None = None, channel: str = "test"
    ) -> list[Event]:
        """Say something, and see all that happens."""
        request = Request(channel=channel, conversation="chat", words=sentence)
        reply = self.assistant.reply(owner or self.owner, request, patience=patience)
        return [event async for event in reply]

    async def say(self, sentence: str, patience: float = 20, channel: str = "test") -> Finished:
        """Say something, and see how it ends."""
        events = await self.events(sentence, patience, channel=channel)
        last = events[-1]
        assert isinstance(last, Finished)
        assert sum(isinstance(event, Finished) for event in events) == 1
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == last.text
        return last

    def says(self, sentence: str, patience: float = 20) -> Finished:
        """The same, in an event loop of its own, as the command line has it."""
        return asyncio.run(self.say(sentence, patience))

    @property
    def kept(self) -> bytes | None:
        """What is kept of the conversation, as it is stored."""
        return self.simulation.app.conversations.load(self.owner, "chat")

    @property
    def messages(self) -> list[ModelMessage]:
        """What is kept of the conversation."""
        return loaded(self.kept)

    @property
    def changes(self) -> list[str]:
        """What was asked to be done to containers, in order."""
        return self.simulation.changes(self.owner)

    @property
    def ran(self) -> list[str]:
        """The commands that were run in them, in order."""
        return self.simulation.ran(self.owner)

    def modules(self, name: str) -> tuple[str, ...]:
        """What a container is made of."""
        return self.simulation.app.services.workloads.find(self.owner, name).spec.modules

    def address(self, name: str) -> str:
        """The first address of a container."""
        return self.simulation.app.services.workloads.find(self.owner, name).addresses[0]


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The product on a simulated node.

    Gone with its module: the engine draws random numbers, and Hypothesis in the next one would take them for
    a strategy's own.
    """
    with simulation_in(tmp_path_factory.mktemp("state")) as simulation:
        yield simulation


@pytest.fixture
def chat(simulation: Simulation) -> Chat:
    """Somebody's conversation with the phrasebook."""
    return Chat(simulation)
