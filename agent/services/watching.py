"""One look at the database for all who wait for an operation: hundreds may, and each would look by itself."""

import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from agent.store.database import Database
from agent.store.operations import Mark, OperationStore

IDLE = 4
"""For how many times as long as a look took nobody looks again: who waits must not hold up who works."""

log = logging.getLogger(__name__)


class Watcher:
    """Tells who waits for an operation that it has moved. Its thread lives while somebody waits.

    Args:
        database: where the operations lie.
        store: their record.
    """

    def __init__(self, database: Database, store: OperationStore) -> None:
        self._database = database
        self._store = store
        self._lock = threading.Lock()
        self._waiting: dict[int, list[threading.Event]] = {}
        self._looking = False

    @contextmanager
    def news_of(self, number: int) -> Generator[threading.Event]:
        """An event that is set whenever an operation may have moved; whoever looks clears it before."""
        news = threading.Event()
        with self._lock:
            self._waiting.setdefault(number, []).append(news)
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="voxnix-watcher", daemon=True).start()
        try:
            yield news
        finally:
            with self._lock:
                self._waiting[number].remove(news)
                if not self._waiting[number]:
                    del self._waiting[number]

    def _look(self) -> None:
        seen: dict[int, Mark] = {}
        with self._database.news() as changed:
            while (numbers := self._wanted()) is not None:
                begun = time.monotonic()
                try:
                    if changed():
                        marks = self._store.marks(numbers)
                        self._tell({number for number in marks if marks[number] != seen.get(number)})
                        seen = marks
                except Exception:  # the next look may go well
                    log.exception("operations could not be looked at")
                time.sleep(max(self._database.poll, IDLE * (time.monotonic() - begun)))

    def _wanted(self) -> list[int] | None:
        """What somebody waits for; None where nobody does any more, and the thread ends."""
        with self._lock:
            if not self._waiting:
                self._looking = False
                return None
            return list(self._waiting)

    def _tell(self, moved: set[int]) -> None:
        with self._lock:
            for number in moved:
                for news in self._waiting.get(number, ()):
                    news.set()
