"""The phrasebook as a pydantic-ai model: no network, nothing invented, the same tools."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from agent.phrasebook.meaning import Act, Ask, Background, Call, Lost, Say
from agent.phrasebook.replies import report, spoken
from agent.phrasebook.sayings import SAID, question
from agent.phrasebook.understand import understand
from agent.tools.views import ProblemView, View, ViewAdapter

NAME = "phrasebook"
NO_MODEL = "phrasebook: no language model is configured"
NO_ANSWER = "phrasebook: the model did not answer"
METADATA = "voxnix"
"""Where a response keeps what is no text: ``exit_code`` where no tool is called, and what was ``asked``."""


class Phrasebook(Model):
    """Plain phrases -> the tools' calls, and their results -> plain answers.

    Args:
        modules: names of the modules there are.
        notice: why it is the phrasebook that answers, said once in each reply; empty where that is no news.
    """

    def __init__(self, modules: Sequence[str] = (), notice: str = NO_MODEL) -> None:
        super().__init__()
        self._modules = tuple(modules)
        self._notice = notice

    @property
    def model_name(self) -> str:
        """Its name."""
        return NAME

    @property
    def system(self) -> str:
        """Its provider: itself."""
        return NAME

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,  # noqa: ARG002
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer at once."""
        return self.respond(messages, model_request_parameters.tool_defs)

    def respond(
        self, messages: Sequence[ModelMessage], offered: Container[str] | None = None
    ) -> ModelResponse:
        """The answer to a conversation: calls where something is to be done, text where it was or cannot be.

        Once a tool has been called in this turn, by whichever model, it only reports: nothing is done twice.

        Args:
            messages: of the conversation.
            offered: names of the tools that this channel has; all when None.
        """
        turn = Turn.of(messages)
        background = Background(turn.last, turn.asked, self._modules)
        meaning = understand(turn.sentence, background) if turn.sentence else Lost()
        if turn.views:
            return self._text(report(turn.views))
        match meaning:
            case Act(calls) if offered is not None and not all(call.tool in offered for call in calls):
                return self._text(SAID["no files"], exit_code=3)  # the one thing that not every channel can
            case Act(calls):
                return ModelResponse(
                    [ToolCallPart(call.tool, call.arguments) for call in calls], model_name=NAME
                )
            case Ask(call):
                asked = {"tool": call.tool, "arguments": call.arguments}
                return self._text(question(call), exit_code=3, asked=asked)
            case Lost():
                return self._text(spoken(meaning, self._modules), exit_code=3)
            case Say(topic):
                code = 3 if topic in {"approve", "by name", "no module", "secrets"} else 0
                return self._text(spoken(meaning, self._modules), exit_code=code)

    def report(self, views: Sequence[View]) -> str:
        """What tools answered in a turn that the language model could not finish."""
        return self._signed(report(views))

    def _text(self, text: str, **metadata: object) -> ModelResponse:
        return ModelResponse([TextPart(self._signed(text))], model_name=NAME, metadata={METADATA: metadata})

    def _signed(self, text: str) -> str:
        return f"{text}\n\n_({self._notice})_" if self._notice else text


@dataclass(frozen=True)
class Turn:
    """What a conversation says to somebody who has to answer it.

    Attributes:
        sentence: what the person said last.
        views: what tools answered since then.
        last: the container spoken of last before that.
        asked: what the answer before it asked a name for.
    """

    sentence: str
    views: tuple[View, ...] = ()
    last: str | None = None
    asked: Call | None = None

    @classmethod
    def of(cls, messages: Sequence[ModelMessage]) -> "Turn":
        """Read the messages of any model."""
        begin = next(
            (at for at in range(len(messages) - 1, -1, -1) if _sentence(messages[at])), len(messages)
        )
        if begin == len(messages):
            return cls("")
        returns = [
            part
            for message in messages[begin:]
            if isinstance(message, ModelRequest)
            for part in message.parts
            if isinstance(part, ToolReturnPart)
        ]
        last = [part.tool_name for part in returns]
        views = tuple(
            view_of(part)
            for at, part in enumerate(returns)
            # What was mended and asked again is told once.
            if part.outcome != "retried" or part.tool_name not in last[at + 1 :]
        )
        return cls(_sentence(messages[begin]), views, _spoken_of(messages[:begin]), _asked(messages[:begin]))


def _sentence(message: ModelMessage) -> str:
    """What a person said in this message, empty where it is nothing of theirs."""
    if not isinstance(message, ModelRequest):
        return ""
    said: list[str] = []
    for part in message.parts:
        if isinstance(part, UserPromptPart):
            content = [part.content] if isinstance(part.content, str) else part.content
            said += [item for item in content if isinstance(item, str)]
    return "\n".join(said).strip()


def view_of(part: ToolReturnPart) -> View:
    """What a tool answered, also where it went through JSON since."""
    if isinstance(part.content, View):
        return part.content
    try:
        # A refusal that a model may mend is told to it as text, which is JSON.
        if isinstance(part.content, str):
            return ViewAdapter.validate_json(part.content)
        return ViewAdapter.validate_python(part.content)
    except ValidationError:
        # The words of pydantic-ai: a timeout, an interruption, arguments that do not fit.
        return ProblemView(refused=part.outcome == "retried", code=part.outcome, what=str(part.content))


def _spoken_of(messages: Sequence[ModelMessage]) -> str | None:
    for message in reversed(messages):
        if isinstance(message, ModelResponse):
            for part in reversed(message.parts):
                name = _arguments(part).get("name") if isinstance(part, ToolCallPart) else None
                if isinstance(name, str) and name:
                    return name
    return None


def _arguments(part: ToolCallPart) -> dict[str, Any]:
    try:
        return part.args_as_dict()
    except ValueError:  # what a language model wrote was no JSON
        return {}


def _asked(messages: Sequence[ModelMessage]) -> Call | None:
    message = messages[-1] if messages else None
    if not isinstance(message, ModelResponse):
        return None
    asked = (message.metadata or {}).get(METADATA, {}).get("asked")
    return Call(asked["tool"], asked["arguments"]) if asked else None
