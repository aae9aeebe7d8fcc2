"""What came of a storm: everything that was said, answered and made is counted afterwards."""

import bisect
import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from agent.app import App
from agent.core.operation import OperationState
from agent.core.owner import Owner
from tests.telegram.client import Telegram
from tests.telegram.people import Talk
from tests.telegram.process import given

NAME = re.compile(r"c[0-9]+n[0-9]+")
"""What the storm's containers are called."""
PROGRESS = "⏳"
"""How a message about an operation begins that has not ended."""


@dataclass(frozen=True)
class Sentence:
    """Something that a person said.

    Attributes:
        name: of the container that it is about, which no other sentence names.
        makes: whether it asks for that container.
        message: its number in the chat.
    """

    name: str
    makes: bool
    message: int


@dataclass(frozen=True)
class Death:
    """A moment at which no bot runs: one was killed, and the next is not started yet.

    Attributes:
        at: when, in monotonic time.
        unhandled: the updates that the database has as not handled: chat, and number of the message there.
    """

    at: float
    unhandled: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """What came of it: only what is repeated in a window may be more than 0.

    Attributes:
        answers: how many answers people got, each once.
        lost: sentences without an answer.
        repeated_in_a_window: answers sent again because the bot was killed after Telegram had taken one and
            before that was written down.
        repeated_outside_a_window: answers sent again for any other reason.
        repeated_progress: messages about an operation that are not known any more, for the same reason.
        disordered: chats in which an answer came before one to an earlier sentence.
        wrong: answers that are about something else.
        repeated_operations: operations more than were asked for.
        missing_operations: operations that were asked for and are not done.
        strays: containers of the node that nobody asked for, or that were asked for and are not there.
        kills: how often the bot was killed before all was answered.
    """

    answers: int
    lost: int
    repeated_in_a_window: int
    repeated_outside_a_window: int
    repeated_progress: int
    disordered: int
    wrong: int
    repeated_operations: int
    missing_operations: int
    strays: int
    kills: int


@dataclass(frozen=True)
class _Taken:
    """A message as Telegram took it: when, and whether it showed how far an operation was."""

    at: float
    progress: bool


@dataclass
class Tally:
    """Counts. What a kill explains is told apart from what nothing explains.

    Args:
        telegram: knows when it took which message, and when a bot began.
        folder: of the bot's state.
        deaths: of the bot, in order.
    """

    telegram: Telegram
    folder: Path
    deaths: Sequence[Death]
    _found: Counter[str] = field(default_factory=Counter[str])

    def count(self, said: Sequence[tuple[Talk, Sequence[Sentence]]]) -> Result:
        """Count what people said and what they got."""
        taken = self._taken()
        births = [call["at"] for call in self.telegram.calls("getMe")]
        machines: set[str] = set()
        with App.open(given(self.folder)) as app:
            known = {(one.chat, one.message) for one in app.services.chats.following()}
            for talk, sentences in said:
                owner = Owner(f"tg:{talk.person.id}")
                operations = app.services.operations.list(owner, 10_000)
                for one in operations:
                    delivery = app.services.chats.sent(f"operation:{one.id}")
                    ended = app.services.chats.sent(f"operation:{one.id}/end")
                    known |= {(each.chat, each.message) for each in (delivery, ended) if each is not None}
                self._answers(talk, sentences, taken[talk.id], births, known)
                self._operations(sentences, [(one.workload, one.state) for one in operations])
                machines |= {one.machine for one in app.services.workloads.list(owner)}
        node = json.loads((given(self.folder).state_folder / "node.json").read_text())
        self._found["strays"] = len(set(node["units"]) ^ machines)
        self._found["kills"] = len(self.deaths)
        return Result(**{name: self._found[name] for name in Result.__annotations__})

    def _taken(self) -> dict[int, list[_Taken]]:
        """The messages that Telegram took for each chat, in their order."""
        taken: dict[int, list[_Taken]] = defaultdict(list)
        for call in self.telegram.calls("sendMessage"):
            if not call["refused"]:
                params = call["params"]
                taken[int(params["chat_id"])].append(_Taken(call["at"], params["text"].startswith(PROGRESS)))
        return taken

    def _answers(
        self,
        talk: Talk,
        sentences: Sequence[Sentence],
        taken: Sequence[_Taken],
        births: Sequence[float],
        known: set[tuple[int, int]],
    ) -> None:
        talk.refresh()
        order = [one.name for one in sentences]
        times: dict[str, list[float]] = defaultdict(list)
        places: list[int] = []
        for shown, sent in zip([one for one in talk.messages if one.by_bot], taken, strict=True):
            if sent.progress or shown.reply_to:  # the end of a long operation answers its progress
                self._found["repeated_progress"] += (talk.id, shown.id) not in known
                continue
            # An answer names first what it is about; others of theirs may follow.
            name = NAME.search(shown.text)
            if name is None or name[0] not in order:
                self._found["wrong"] += 1
                continue
            times[name[0]].append(sent.at)
            places.append(order.index(name[0]))
        self._found["disordered"] += places != sorted(places)
        for sentence in sentences:
            sent_at = times[sentence.name]
            self._found["answers"] += bool(sent_at)
            self._found["lost"] += not sent_at
            for earlier, later in pairwise(sent_at):
                explained = self._window((talk.id, sentence.message), earlier, later, births)
                self._found["repeated_in_a_window" if explained else "repeated_outside_a_window"] += 1

    def _window(self, which: tuple[int, int], earlier: float, later: float, births: Sequence[float]) -> bool:
        """Whether the bot was killed between two sendings of an answer, and had not written down the first.

        What a killed bot had sent may be taken after its death, but not after the next one's first call.
        """
        return any(
            which in death.unhandled
            and death.at < later
            and earlier < (births[bisect.bisect(births, death.at)] if births[-1] > death.at else later)
            for death in self.deaths
        )

    def _operations(
        self, sentences: Sequence[Sentence], operations: Sequence[tuple[str, OperationState]]
    ) -> None:
        asked = {one.name for one in sentences if one.makes}
        entered = Counter(name for name, _ in operations)
        done = {name for name, state in operations if state is OperationState.DONE}
        self._found["repeated_operations"] += sum((entered - Counter(asked)).values())
        self._found["missing_operations"] += len(asked - done)
