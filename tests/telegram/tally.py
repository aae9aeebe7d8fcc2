"""What came of a storm: everything that was said, answered and made is counted afterwards."""

import bisect
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from agent.app import App
from agent.core.operation import OperationState
from agent.core.owner import Owner
from tests.telegram.client import Telegram
from tests.telegram.people import Seen, Talk
from tests.telegram.process import given


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

    def _taken(self) -> dict[int, list[float]]:
        """When Telegram took the messages of each chat, in their order."""
        taken: dict[int, list[float]] = defaultdict(list)
        for call in self.telegram.calls("sendMessage"):
            if not call["refused"]:
                taken[int(call["params"]["chat_id"])].append(call["at"])
        return taken

    def _answers(
        self,
        talk: Talk,
        sentences: Sequence[Sentence],
        taken: Sequence[float],
        births: Sequence[float],
        known: set[tuple[int, int]],
    ) -> None:
        talk.refresh()
        shown = list(zip([one for one in talk.messages if one.by_bot], taken, strict=True))
        order = [one.message for one in sentences]
        answers = [(one, at) for one, at in shown if one.reply_to in set(order)]
        times: dict[int, list[float]] = defaultdict(list)
        for one, at in answers:
            times[one.reply_to].append(at)
        for sentence in sentences:
            sent = times[sentence.message]
            self._found["answers"] += bool(sent)
            self._found["lost"] += not sent
            for earlier, later in pairwise(sent):
                explained = self._window((talk.id, sentence.message), earlier, later, births)
                self._found["repeated_in_a_window" if explained else "repeated_outside_a_window"] += 1
        places = [order.index(one.reply_to) for one, _ in answers]
        self._found["disordered"] += places != sorted(places)
        names = {one.message: one.name for one in sentences}
        self._found["wrong"] += sum(names[one.reply_to] not in one.text for one, _ in answers)
        self._progress([one for one, _ in shown if one.reply_to not in set(order)], talk.id, known)

    def _progress(self, messages: Iterable[Seen], chat: int, known: set[tuple[int, int]]) -> None:
        self._found["repeated_progress"] += sum((chat, one.id) not in known for one in messages)

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
