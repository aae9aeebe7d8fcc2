"""The agent: a sentence goes in, events come out, and what was said is kept."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models import Model

from agent.assistant import phrases
from agent.assistant.events import Event, Finished, TextDelta
from agent.assistant.export import exported
from agent.assistant.history import ended
from agent.assistant.model_turn import ModelTurns
from agent.assistant.models import language_model
from agent.assistant.records import Records
from agent.assistant.turn import Turn
from agent.core.conversation import checked_sentence
from agent.core.errors import BudgetSpent, problem_of
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.phrasebook import NO_ANSWER, NO_MODEL, Phrasebook
from agent.settings import Settings
from agent.store.spending import Spending
from agent.tools.deps import FAILED, REFUSED, Deps, decisive

if TYPE_CHECKING:
    from agent.services.services import Services
    from agent.store.conversations import Conversations
    from agent.store.turns import TurnStore

INSTRUCTIONS = Path(__file__).with_name("instructions.md")
MAX_AMBIENT = 50
"""Containers that a model is told about before it asks."""
BROKE_OFF = "_(The turn was ended before it was done.)_"
THREADS = 400
"""Tools that run at the same time. One that waits for an operation holds a thread for so long, and nobody
else should have to wait for that."""
SPOKEN = frozenset({"telegram voice"})
"""Channels on which a person speaks aloud."""
HEARD = (
    "The person's message was recognised from speech. Names in it may have been misheard: where none fits"
    " exactly, take the one of the list above that sounds like it, or ask."
)

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Assistant:
    """Answers people, with the tools, by the model that the settings name or by the phrasebook.

    Args:
        settings: which model.
        services: what the tools use.
        conversations: where messages are kept.
        turns: where turns are kept that have to outlive a crash.
        model: instead of the one that the settings name.
        clock: the time in UTC.

    Raises:
        InvalidSettings: the model's settings cannot work.
    """

    def __init__(  # noqa: PLR0913 - each is another thing
        self,
        settings: Settings,
        services: "Services",
        conversations: "Conversations",
        turns: "TurnStore",
        *,
        model: Model | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._services = services
        self._conversations = conversations
        self._records = Records(conversations, turns, services.budget, clock)
        wanted = model or language_model(settings)
        self._model = ModelTurns(wanted, settings) if wanted else None
        self._modules = [module.name for module in services.catalogue.all()]
        self._instructions = INSTRUCTIONS.read_text()

    async def reply(
        self, owner: Owner, request: Request, *, patience: float, sends_files: bool = False
    ) -> AsyncGenerator[Event]:
        """Answer one sentence.

        With a key in the request this is durable: called again with the same request, whether after a crash
        or after the end, it goes on where it was, or gives the same answer again. What tools have done is not
        done twice, and a language model is not asked again for calls that were written down. Cancelling such
        a turn, or closing its events, leaves it like a crash does: call this again to go on, or
        :meth:`break_off` to end it. Without a key, a turn that is cancelled has ended.

        Args:
            owner: whose containers it is about.
            request: what is said, where and by whom.
            patience: how long a tool waits for an operation, in seconds.
            sends_files: whether the channel can give a person a file.

        Yields:
            The events of the turn; the last one is :class:`Finished`.

        Raises:
            InvalidRequest: the sentence is empty, too long or not text. Nothing was done then.
        """
        current_default_thread_limiter().total_tokens = THREADS  # of the event loop that runs now
        said = request.model_copy(update={"words": checked_sentence(request.words)})
        deps = Deps(owner, said, self._services, patience, sends_files)
        turn = await asyncio.to_thread(self._records.begin, deps)
        if isinstance(turn, Finished):
            yield TextDelta(turn.text)
            yield turn
            return
        if turn.text:
            yield TextDelta(turn.text)
        try:
            async with aclosing(self._answer(turn)) as events:
                async for event in events:
                    yield event
            how = turn.finished()
        except (asyncio.CancelledError, GeneratorExit):
            # Nobody waits any more. What the tools began goes on.
            deps.stopped.set()
            if said.key:
                self._records.spend(turn)
            else:
                self._end(turn, Finished(BROKE_OFF, REFUSED))
            raise
        except Exception as error:
            log.exception("the turn failed")
            text = turn.say(str(problem_of(error)), begins=True)
            yield TextDelta(text)
            turn.messages = ended(turn.messages, text)
            how = Finished(turn.text, FAILED, tuple(deps.files))
        yield await asyncio.to_thread(self._records.finish, turn, how)

    def break_off(self, owner: Owner, request: Request) -> Finished:
        """End a turn with a key that a person does not want any more, once its :meth:`reply` was cancelled.

        It is remembered as such, with the calls that it had made: those may have been done. This can be
        called again, and after a crash.

        Returns:
            How the turn has ended: with its answer, where it had one already.
        """
        begun = self._records.begin(Deps(owner, request, self._services, patience=0))
        return begun if isinstance(begun, Finished) else self._end(begun, Finished(BROKE_OFF, REFUSED))

    def forget(self, owner: Owner, conversation: str) -> None:
        """Forget what was said in a conversation."""
        self._conversations.clear(owner, conversation)

    def export(self, owner: Owner) -> str:
        """All that is kept of somebody: what they said, have, did and prefer, as JSON."""
        return exported(owner, self._services, self._conversations)

    def _end(self, turn: Turn, how: Finished) -> Finished:
        turn.messages = ended(turn.messages, how.text)
        return self._records.finish(turn, how)

    async def _answer(self, turn: Turn) -> AsyncGenerator[Event]:
        """The model's answer; the phrasebook's where the model fails, wherever in the turn that is.

        Not a ``FallbackModel``: that steps in only before the first words of a response, and asks the model
        that has failed again at every step of the turn, with all its timeouts.
        """
        if turn.is_command or turn.with_phrasebook or self._model is None:
            notice = "" if turn.is_command else NO_ANSWER if self._model else NO_MODEL
        else:
            notice = NO_ANSWER
            try:
                async with aclosing(self._by_model(self._model, turn)) as events:
                    async for event in events:
                        yield event
            except BudgetSpent as spent:
                notice = str(spent)
            except Exception as error:  # noqa: BLE001 - whatever a model's code raises, the person gets an answer
                _gave_up(error)
            else:
                return
        async with aclosing(self._by_phrasebook(Phrasebook(self._modules, notice), turn)) as events:
            async for event in events:
                yield event

    async def _by_phrasebook(self, phrasebook: Phrasebook, turn: Turn) -> AsyncGenerator[Event]:
        if turn.acted and not turn.pending:
            # Something was done already: it is reported, and nothing is done again.
            text = phrasebook.report([outcome.view for outcome in decisive(turn.deps.outcomes)])
            turn.messages = ended(turn.messages, text)
            yield TextDelta(turn.say(text, begins=True))
            return
        if not turn.pending:
            turn.begin()
        async with aclosing(phrases.answered(turn, phrasebook, self._checkpoint)) as events:
            async for event in events:
                yield event

    async def _by_model(self, model: ModelTurns, turn: Turn) -> AsyncGenerator[Event]:
        ambient, before = await asyncio.to_thread(self._before, turn)

        def allowed(turn: Turn) -> None:
            self._services.budget.check(turn.account, before, turn.used)

        instructions = f"{self._instructions}\n{ambient}"
        async with aclosing(model.answered(turn, instructions, self._checkpoint, allowed)) as events:
            async for event in events:
                yield event

    def _before(self, turn: Turn) -> tuple[str, Spending]:
        return self._ambient(turn), self._services.budget.spent(turn.account)

    def _ambient(self, turn: Turn) -> str:
        """What a model knows before it asks: this owner's containers, from the database alone."""
        known = self._services.workloads.list(turn.owner)
        lines = [
            f"- {one.name}: {one.state}, modules {', '.join(one.spec.modules) or 'none'}"
            + (f", at {one.addresses[0]}" if one.addresses else "")
            for one in known[:MAX_AMBIENT]
        ]
        if len(known) > MAX_AMBIENT:
            lines.append(f"- and {len(known) - MAX_AMBIENT} more: list_containers has them all")
        spoken = f"\n{HEARD}" if turn.deps.request.channel in SPOKEN else ""
        return "The person's containers now:\n" + ("\n".join(lines) or "- none") + spoken

    async def _checkpoint(self, turn: Turn) -> None:
        if turn.deps.request.key and turn.acts:
            await asyncio.to_thread(self._records.checkpoint, turn)


def _gave_up(error: Exception) -> None:
    status = f" (HTTP {error.status_code})" if isinstance(error, ModelHTTPError) else ""
    # Not its text: providers put parts of keys and prompts into theirs.
    log.warning("the model did not answer: %s%s", type(error).__name__, status)
