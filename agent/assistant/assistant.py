"""One turn of a conversation: a sentence goes in, events come out, and what was said is kept."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_ai import Agent
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import (
    AgentStreamEvent,
    FunctionToolCallEvent,
    FunctionToolResultEvent,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.run import AgentRunResultEvent
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import UsageLimits

from agent.assistant.events import Event, Finished, TextDelta, ToolEnded, ToolStarted
from agent.assistant.history import ended, loaded, stored
from agent.assistant.models import language_model
from agent.core.conversation import checked_sentence
from agent.core.errors import problem_of
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.phrasebook import METADATA, NO_ANSWER, NO_MODEL, Phrasebook
from agent.settings import Settings
from agent.tools.containers import ACTING, containers
from agent.tools.deps import DONE, FAILED, Deps, Outcome, decisive, exit_code
from agent.tools.preferences import preferences
from agent.tools.views import ProblemView

if TYPE_CHECKING:
    from agent.services.services import Services
    from agent.store.conversations import Conversations

INSTRUCTIONS = Path(__file__).with_name("instructions.md")
LIMITS = UsageLimits(request_limit=12, tool_calls_limit=24)
"""Of one turn. A model that goes round in circles is stopped, and what its tools answered is reported."""
MAX_AMBIENT = 50
"""Containers that a model is told about before it asks."""
BROKE_OFF = "_(The turn was ended before it was done.)_"

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _Turn:
    """A turn while it runs: what it started from, and how far it has come."""

    owner: Owner
    conversation: str
    sentence: str
    deps: Deps
    history: list[ModelMessage]
    ambient: str
    text: str = ""
    messages: Callable[[], list[ModelMessage]] = list
    finished: list[ModelMessage] | None = None

    @property
    def so_far(self) -> list[ModelMessage]:
        """The messages up to here; at least what the person said."""
        return self.messages() or [*self.history, ModelRequest([UserPromptPart(self.sentence)])]

    def say(self, text: str, *, begins: bool) -> str:
        """Add to the answer; what begins anew is set apart from what was said before."""
        gap = "\n\n" if begins and self.text.strip() else ""
        self.text += gap + text
        return gap + text


class Assistant:
    """Answers people, with the tools, by the model that the settings name or by the phrasebook.

    Args:
        settings: which model.
        services: what the tools use.
        conversations: where messages are kept.
        model: instead of the one that the settings name.
        clock: the time in UTC.

    Raises:
        InvalidSettings: the model's settings cannot work.
    """

    def __init__(
        self,
        settings: Settings,
        services: "Services",
        conversations: "Conversations",
        *,
        model: Model | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._services = services
        self._conversations = conversations
        self._clock = clock
        wanted = model or language_model(settings)
        modules = [module.name for module in services.catalogue.all()]
        self._phrasebook = Phrasebook(modules, NO_ANSWER if wanted else NO_MODEL)
        self._model = wanted or self._phrasebook
        timeout = settings.model_timeout
        # Spans tell what was called and how long it took, never what was said: people say secrets.
        tracing = Instrumentation(InstrumentationSettings(include_content=False))
        self._instructions = INSTRUCTIONS.read_text()
        self._agent = Agent(
            self._model,
            name="voxnix",
            deps_type=Deps,
            toolsets=[containers, preferences],
            # The provider's SDK retries what is worth it within this time.
            model_settings=ModelSettings(timeout=timeout, request_timeout=timeout),
            retries={"tools": 2, "output": 1},
            capabilities=[tracing] if settings.logfire_token else [],
        )

    async def reply(
        self, owner: Owner, conversation: str, sentence: str, *, channel: str, patience: float
    ) -> AsyncGenerator[Event]:
        """Answer one sentence.

        Args:
            owner: who says it.
            conversation: in which chat.
            sentence: what is said.
            channel: where it comes from.
            patience: how long a tool waits for an operation, in seconds.

        Yields:
            The events of the turn; the last one is :class:`Finished`.

        Raises:
            InvalidRequest: the sentence is empty, too long or not text. Nothing was done then.
        """
        words = checked_sentence(sentence)
        deps = Deps(
            owner, Request(channel=channel, conversation=conversation, words=words), self._services, patience
        )
        history, ambient = await asyncio.to_thread(self._before, owner, conversation)
        turn = _Turn(owner, conversation, words, deps, history, ambient)
        try:
            async with aclosing(self._answer(turn)) as events:
                async for event in events:
                    yield event
        except (asyncio.CancelledError, GeneratorExit):
            # Nobody waits any more. What the tools began goes on, and the next turn can see that.
            deps.stopped.set()
            self._keep(turn, ended(turn.so_far, BROKE_OFF))
            raise
        except Exception as error:
            log.exception("the turn failed")
            said = turn.say(str(problem_of(error)), begins=True)
            self._keep(turn, ended(turn.so_far, said))
            yield TextDelta(said)
            yield Finished(turn.text, FAILED)
            return
        code = self._exit_code(turn)
        await asyncio.to_thread(self._keep, turn, turn.finished or [])
        yield Finished(turn.text, code)

    async def _answer(self, turn: _Turn) -> AsyncGenerator[Event]:
        """The model's answer; the phrasebook's where the model fails, wherever in the turn that is.

        Not a ``FallbackModel``: that steps in only before the first words of a response, and asks the model
        that has failed again at every step of the turn, with all its timeouts.
        """
        try:
            async with aclosing(self._run(turn, self._model)) as events:
                async for event in events:
                    yield event
        except Exception as error:
            if self._model is self._phrasebook:
                raise
            # Whatever a model's code raises, the person gets an answer.
            _gave_up(error)
        else:
            return
        if any(outcome.acted for outcome in turn.deps.outcomes):
            # Something was done already: it is reported, and nothing is done again.
            views = [outcome.view for outcome in decisive(turn.deps.outcomes)]
            text = self._phrasebook.report(views)
            turn.finished = ended(turn.so_far, text)
            yield TextDelta(turn.say(text, begins=True))
            return
        turn.deps.outcomes.clear()
        async with aclosing(self._run(turn, self._phrasebook)) as events:
            async for event in events:
                yield event

    async def _run(self, turn: _Turn, model: Model) -> AsyncGenerator[Event]:
        run = self._agent.run_stream_events(
            turn.sentence,
            model=model,
            message_history=turn.history,
            deps=turn.deps,
            # In one piece: the templates of some small models take only one system message.
            instructions=f"{self._instructions}\n{turn.ambient}",
            usage_limits=LIMITS,
        )
        # Entering the model closes its connections with the last turn that uses them.
        async with model, run as events:
            async for event in events:
                turn.messages = events.all_messages
                if isinstance(event, AgentRunResultEvent):
                    turn.finished = event.result.all_messages()
                    return
                seen = self._seen(turn, event)
                if seen:
                    yield seen

    @staticmethod
    def _seen(turn: _Turn, event: AgentStreamEvent) -> Event | None:
        match event:
            case PartStartEvent(part=TextPart(content=text)):
                return TextDelta(turn.say(text, begins=True)) if text else None
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                return TextDelta(turn.say(text, begins=not turn.text)) if text else None
            case FunctionToolCallEvent(part=part):
                return ToolStarted(part.tool_name, _arguments(part))
            case FunctionToolResultEvent(part=part):
                _note_unrecorded(turn.deps, part)
                return ToolEnded(part.tool_name)
            case _:
                return None

    @staticmethod
    def _exit_code(turn: _Turn) -> int:
        if turn.deps.outcomes:
            return exit_code(turn.deps.outcomes)
        last = turn.finished[-1] if turn.finished else None
        metadata = (last.metadata or {}) if isinstance(last, ModelResponse) else {}
        return int(metadata.get(METADATA, {}).get("exit_code", DONE))

    def _before(self, owner: Owner, conversation: str) -> tuple[list[ModelMessage], str]:
        return loaded(self._conversations.load(owner, conversation)), self._ambient(owner)

    def _ambient(self, owner: Owner) -> str:
        """What a model knows before it asks: this owner's containers, from the database alone."""
        known = self._services.workloads.list(owner)
        lines = [
            f"- {one.name}: {one.state}, modules {', '.join(one.spec.modules) or 'none'}"
            + (f", at {one.addresses[0]}" if one.addresses else "")
            for one in known[:MAX_AMBIENT]
        ]
        if len(known) > MAX_AMBIENT:
            lines.append(f"- and {len(known) - MAX_AMBIENT} more: list_containers has them all")
        return "The person's containers now:\n" + ("\n".join(lines) or "- none")

    def _keep(self, turn: _Turn, messages: list[ModelMessage]) -> None:
        self._conversations.save(turn.owner, turn.conversation, stored(messages), self._clock())


def _gave_up(error: Exception) -> None:
    status = f" (HTTP {error.status_code})" if isinstance(error, ModelHTTPError) else ""
    # Not its text: providers put parts of keys and prompts into theirs.
    log.warning("the model did not answer: %s%s", type(error).__name__, status)


def _note_unrecorded(deps: Deps, part: ToolReturnPart) -> None:
    """Write down a call that ended outside its tool: out of time, or with arguments that do not fit."""
    cause = part.retry.cause if part.retry else None
    if cause not in {"model_retry", "validation_error"} or part.tool_call_id in {
        o.call for o in deps.outcomes
    }:
        return
    step = max((outcome.step for outcome in deps.outcomes), default=0) + 1
    view = ProblemView(refused=cause == "validation_error", code="ToolFailed", what=str(part.content))
    deps.outcomes.append(Outcome(part.tool_call_id, part.tool_name, {}, step, view, part.tool_name in ACTING))


def _arguments(part: ToolCallPart) -> dict[str, object]:
    try:
        return part.args_as_dict()
    except ValueError:  # what the model wrote was no JSON; the tool refuses it
        return {}
