"""What is kept of turns: on their way, and at their end.

A turn whose request has a key outlives its process. It is written down before tools are called that do
something, and once more when it has ended, in one transaction with the conversation. Nothing else has to be:
what was only looked up is looked up again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from agent.assistant.events import Finished
from agent.assistant.history import appended, dumped, loaded
from agent.assistant.turn import COMMAND, Turn
from agent.store.turns import TurnRecord

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

    from agent.core.owner import Owner
    from agent.services.budget import Budget
    from agent.store.conversations import Conversations
    from agent.store.turns import TurnStore
    from agent.tools.deps import Deps


class Records:
    """Keeps turns.

    Args:
        conversations: where messages are kept.
        turns: where turns are kept that have a key.
        budget: what accounts use of the language model.
        clock: the time in UTC.
    """

    def __init__(
        self,
        conversations: "Conversations",
        turns: "TurnStore",
        budget: "Budget",
        clock: Callable[[], datetime],
    ) -> None:
        self._conversations = conversations
        self._turns = turns
        self._budget = budget
        self._clock = clock

    def begin(self, deps: "Deps") -> Turn | Finished:
        """A turn as far as it has come before, or how it has ended then."""
        request = deps.request
        record = self._turns.load(request.key) if request.key else TurnRecord()
        if record.answer is not None:
            return Finished(record.answer, record.exit_code, record.files)
        # A command is about nothing that was said before.
        command = request.words.startswith(COMMAND)
        history = [] if command else self.messages(deps.owner, request.conversation)
        deps.files.extend(record.files)
        return Turn(deps, request.words, history, messages=loaded(record.messages))

    def messages(self, owner: "Owner", conversation: str) -> "list[ModelMessage]":
        """The messages of a conversation."""
        return loaded(self._conversations.load(owner, conversation))

    def checkpoint(self, turn: Turn) -> None:
        """Keep how far a turn has come."""
        with self._turns.transaction():
            files = tuple(turn.deps.files)
            self._turns.checkpoint(turn.deps.request.key, dumped(turn.messages), self._clock(), files)
            self._spend(turn)

    def finish(self, turn: Turn, how: Finished) -> Finished:
        """Keep how a turn has ended, and what was said in it: both or neither.

        Returns:
            How it has ended: differently where that was settled elsewhere meanwhile.
        """
        request, now = turn.deps.request, self._clock()
        with self._turns.transaction():
            if request.key:
                known = self._turns.load(request.key)
                if known.answer is not None:
                    return Finished(known.answer, known.exit_code, known.files)
                record = TurnRecord(answer=how.text, exit_code=how.exit_code, files=how.files)
                self._turns.finish(request.key, record, now)
            self._conversations.change(
                turn.owner, request.conversation, lambda data: appended(data, turn.messages), now
            )
            self._spend(turn)
        return how

    def spend(self, turn: Turn) -> None:
        """Note what was used of the language model, in a turn that goes on in another process."""
        with self._turns.transaction():
            self._spend(turn)

    def _spend(self, turn: Turn) -> None:
        used, noted = turn.used, turn.noted
        self._budget.spend(
            turn.account, used.requests - noted.requests, used.microdollars - noted.microdollars
        )
        turn.noted = used
