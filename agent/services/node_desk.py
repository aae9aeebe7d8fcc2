"""The worker's side of calls of its node: takes rows, does what they ask for, and writes down the answers."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from agent.services.calls import CALLS, Method
from agent.services.node_calls import TAKEN_WITHIN, interrupted, recorded
from agent.services.node_work import Answer, NodeWork
from agent.store.database import Database
from agent.store.node_calls import NodeCall, NodeCallStore

log = logging.getLogger(__name__)

ANSWERED = timedelta(minutes=10)
"""How long an answer is kept that somebody waits for."""
KNOWN = timedelta(days=7)
"""How long it is kept what must not run twice."""
TIDY = 60.0
"""Seconds between two times of forgetting."""


@dataclass
class _Lane:
    """Calls that wait for each other, and for none of another lane.

    Attributes:
        methods: which ones.
        threads: how many run side by side.
        running: how many do.
    """

    methods: frozenset[Method]
    threads: int
    running: int = field(default=0)


class NodeDesk:
    """Serves the calls of one node. Left when the node is stopped, or it waits for what still runs.

    A command may take an hour and a file much memory, so those do not hold up who only looks.
    """

    def __init__(
        self,
        node: str,
        database: Database,
        store: NodeCallStore,
        work: NodeWork,
        clock: Callable[[], datetime],
    ) -> None:
        self._node = node
        self._database = database
        self._store = store
        self._work = work
        self._clock = clock
        files = frozenset({Method.PUT, Method.GET})
        commands = frozenset({Method.EXEC})
        self._lanes = (
            _Lane(frozenset(Method) - files - commands, 4),
            _Lane(commands, 8),
            _Lane(files, 2),
        )
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._freed = threading.Event()
        self._pool = ThreadPoolExecutor(sum(lane.threads for lane in self._lanes), "voxnix-call")
        self._dispatcher = threading.Thread(target=self._dispatch, name="voxnix-calls", daemon=True)

    def __enter__(self) -> Self:
        """End what an earlier worker left, and begin to serve."""
        self._store.abandon(self._node, interrupted(), self._clock())
        self._dispatcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more; what runs is waited for."""
        self._stopping.set()
        self._dispatcher.join()
        self._pool.shutdown()

    def _dispatch(self) -> None:
        tidied: datetime | None = None
        with self._database.news() as changed:
            while not self._stopping.is_set():
                try:
                    now = self._clock()
                    if tidied is None or (now - tidied).total_seconds() >= TIDY:
                        tidied = now
                        self._store.prune(answered=now - ANSWERED, known=now - KNOWN)
                    freed = self._freed.is_set()
                    self._freed.clear()
                    if changed() or freed:
                        self._take()
                except Exception:  # the worker lives on: the next look may go well
                    log.exception("looking for calls failed")
                self._stopping.wait(self._database.poll)

    def _take(self) -> None:
        """Begin with what waits, as long as there is room for it."""
        now = self._clock()
        # Who entered it has taken it back by then, or is not there any more.
        not_before = now - timedelta(seconds=2 * TAKEN_WITHIN)
        waiting = self._store.waiting(self._node, not_before)  # mostly nothing: then this is all
        for lane in self._lanes:
            while waiting & lane.methods and self._has_room(lane):
                row = self._store.take(self._node, lane.methods, self._clock(), not_before)
                if row is None:
                    break
                with self._lock:
                    lane.running += 1
                self._pool.submit(self._serve, lane, row)

    def _has_room(self, lane: _Lane) -> bool:
        with self._lock:
            return lane.running < lane.threads

    def _serve(self, lane: _Lane, row: NodeCall) -> None:
        try:
            recorded(self._store, row, self._clock, lambda: self._done(row))
        except Exception as error:  # noqa: BLE001 - who asked is told; here it is for the log
            log.info("call %d (%s): %s", row.id, row.method, error)
        finally:
            with self._lock:
                lane.running -= 1
            self._freed.set()

    def _done(self, row: NodeCall) -> Answer:
        call = CALLS[Method(row.method)].model_validate(row.arguments)
        return self._work.answer(call, row.data)
