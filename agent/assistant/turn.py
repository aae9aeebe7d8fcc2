"""A turn while it runs: what it started from, how far it has come, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from agent.assistant.events import Finished
from agent.assistant.history import calls_of
from agent.core.owner import Owner
from agent.phrasebook import METADATA, NAME, view_of
from agent.store.spending import Spending
from agent.tools.calling import ACTING
from agent.tools.deps import DONE, Deps, Outcome, exit_code
from agent.tools.views import ProblemView

COMMAND = "/"
"""How a command begins: it is no sentence, and never goes to a language model."""


@dataclass
class Turn:
    """One turn.

    Attributes:
        deps: what the tools get, and fill.
        words: what the person said.
        history: the messages before this turn.
        ambient: what a model is told before it asks.
        messages: those of this turn, up to here.
        text: the answer, up to here.
        used: of the language model in this turn.
        noted: how much of that is in the account's budget already.
    """

    deps: Deps
    words: str
    history: list[ModelMessage] = field(default_factory=list[ModelMessage])
    ambient: str = ""
    messages: list[ModelMessage] = field(default_factory=list[ModelMessage])
    text: str = ""
    used: Spending = field(default_factory=Spending)
    noted: Spending = field(default_factory=Spending)

    def __post_init__(self) -> None:
        if self.messages:
            self.text = "\n\n".join(_said(self.messages))
            self.deps.outcomes.extend(_outcomes(self.messages))
        else:
            self.begin()

    def begin(self) -> None:
        """Forget what a model did that has failed."""
        self.messages = [ModelRequest([UserPromptPart(self.words)])]
        self.deps.outcomes.clear()

    @property
    def owner(self) -> Owner:
        """Whose turn it is."""
        return self.deps.owner

    @property
    def account(self) -> str:
        """Who spoke."""
        return self.deps.request.by or self.owner.key

    @property
    def is_command(self) -> bool:
        """Whether a command was given, rather than something said."""
        return self.words.startswith(COMMAND)

    @property
    def pending(self) -> bool:
        """Whether tools were called that have not answered: with those the turn goes on."""
        last = self.messages[-1]
        return isinstance(last, ModelResponse) and last.state == "complete" and bool(calls_of(last))

    @property
    def with_phrasebook(self) -> bool:
        """Whether it was the phrasebook that called them."""
        last = self.messages[-1]
        return isinstance(last, ModelResponse) and last.model_name == NAME

    @property
    def acts(self) -> bool:
        """Whether one of the tools that were called last does something."""
        return any(call.tool_name in ACTING for call in calls_of(self.messages[-1]))

    @property
    def acted(self) -> bool:
        """Whether a tool has done something."""
        return any(outcome.acted for outcome in self.deps.outcomes)

    def say(self, text: str, *, begins: bool) -> str:
        """Add to the answer; what begins anew is set apart from what was said before."""
        gap = "\n\n" if begins and self.text.strip() else ""
        self.text += gap + text
        return gap + text

    def note_unrecorded(self, part: ToolReturnPart, *, refused: bool) -> None:
        """Write down a call that ended outside its tool: out of time, or with arguments that do not fit."""
        outcomes = self.deps.outcomes
        if part.tool_call_id in {one.call for one in outcomes}:
            return
        step = max((one.step for one in outcomes), default=0) + 1
        view = ProblemView(refused=refused, code="ToolFailed", what=str(part.content))
        acted = part.tool_name in ACTING
        outcomes.append(Outcome(part.tool_call_id, part.tool_name, {}, step, view, acted))

    def tell_apart(self) -> None:
        """Give each of the last calls an id that no other one of this turn has.

        Some servers count in every response anew. Here the id is what an operation is known by.
        """
        taken = {call.tool_call_id for message in self.messages[:-1] for call in calls_of(message)}
        for call in calls_of(self.messages[-1]):
            given = call.tool_call_id
            numbers = count(2)
            while call.tool_call_id in taken:
                call.tool_call_id = f"{given}-{next(numbers)}"
            taken.add(call.tool_call_id)

    def finished(self) -> Finished:
        """How it has ended."""
        if self.deps.outcomes:
            code = exit_code(self.deps.outcomes)
        else:
            last = self.messages[-1]
            metadata = (last.metadata or {}) if isinstance(last, ModelResponse) else {}
            code = int(metadata.get(METADATA, {}).get("exit_code", DONE))
        return Finished(self.text, code, tuple(self.deps.files))


def _said(messages: Sequence[ModelMessage]) -> list[str]:
    parts = [part for message in messages if isinstance(message, ModelResponse) for part in message.parts]
    return [part.content for part in parts if isinstance(part, TextPart) and part.content]


def _outcomes(messages: Sequence[ModelMessage]) -> list[Outcome]:
    """What the tools answered before a turn broke off; the steps that follow count from 1."""
    calls = {call.tool_call_id: (at, call) for at, one in enumerate(messages) for call in calls_of(one)}
    found: list[Outcome] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolReturnPart) and part.tool_call_id in calls:
                at, call = calls[part.tool_call_id]
                step = at - len(messages)
                acted = part.tool_name in ACTING
                found.append(
                    Outcome(call.tool_call_id, part.tool_name, arguments(call), step, view_of(part), acted)
                )
    return found


def arguments(part: ToolCallPart) -> dict[str, object]:
    """What a tool was called with; nothing where a model wrote what is no JSON, which the tool refuses."""
    try:
        return part.args_as_dict()
    except ValueError:
        return {}
