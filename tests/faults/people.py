"""People who use a simulated product at random, and write down what they did before and after it."""

import time
import traceback
from collections.abc import Callable
from random import Random

from agent.core.errors import PlanChanged, VoxnixError
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.core.storage import Schedule
from agent.core.workload import ContainerSpec
from tests.faults.stage import Stage
from tests.faults.writers import MIB, Journal, Writers

NAMES = ("dev", "web", "db", "notes")
MODULES = (("git",), ("git", "fish"), ("git", "zsh"), ("fish",))
MOST = 3
"""Workloads of one owner, about."""
AT_ONCE = 14
"""Operations that wait or run at the same time: people are patient then."""
PLACE = "/mnt/backups"


class People(Writers):
    """All of them, one after another.

    Args:
        stage: their way to the product.
        journal: where they write down what they do.
        owners: who they are.
        random: what they do.
        name: of this time with them: what they write is found nowhere else.
        seconds: the clock.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what they have, and who they are
        self,
        stage: Stage,
        journal: Journal,
        owners: list[Owner],
        random: Random,
        name: str,
        seconds: Callable[[], float],
    ) -> None:
        super().__init__(stage, journal, random, name, seconds)
        self._owners = owners
        self._deeds: dict[Callable[[Owner], None], int] = {
            self._write: 28,
            self._use_snapshot: 16,
            self._answer: 12,
            self._create: 9,
            self._run: 9,
            self._snapshot: 8,
            self._cancel: 7,
            self._destroy: 6,
            self._restore: 6,
            self._update: 8,
            self._undo: 6,
            self._send: 4,
            self._resize: 4,
            self._rename: 4,
            self._schedule: 4,
            self._roll_back: 6,
            self._clone: 3,
            self._purge: 3,
            self._back_up: 3,
            self._receive: 2,
            self._images: 2,
            self._fill: 2,
        }

    def live(self, until: float) -> None:
        """Do one thing after another.

        Args:
            until: when they go, as ``time.monotonic`` tells it.
        """
        deeds, weights = list(self._deeds), list(self._deeds.values())
        while time.monotonic() < until:
            owner = self._random.choice(self._owners)
            (deed,) = self._random.choices(deeds, weights)
            self.do(deed if self._services.workloads.list(owner) else self._begin, owner)
            while self._under_way() >= AT_ONCE and time.monotonic() < until:
                time.sleep(0.1)
            time.sleep(self._random.uniform(0, 0.1))

    def do(self, deed: Callable[[Owner], None], owner: Owner) -> None:
        """Do one thing, and write down how it was answered."""
        name = deed.__name__.strip("_").replace("_", " ")
        try:
            deed(owner)
        except VoxnixError as error:
            code = type(error).__name__
            self._journal.note("answer", deed=name, owner=owner.key, code=code, why=str(error.problem))
        except Exception:  # noqa: BLE001 - that is what is looked for
            self._journal.note("wrong", why=f"{name} of {owner.key}: {traceback.format_exc()}")

    def _under_way(self) -> int:
        operations = self._services.operations.open_from("soak")
        return sum(one.state is not OperationState.PROPOSED for one in operations)

    def _ask(self, words: str, ask: Callable[[Request], Operation]) -> None:
        """Ask for something; now and then twice, as who does not see at once that it was heard."""
        self._count += 1
        key = f"soak/{self._name}/{self._count}"
        request = Request(channel="soak", conversation="soak", words=words, key=key)
        operation = ask(request)
        self._journal.note("answer", deed=words, owner=operation.owner, code=f"operation {operation.id}")
        if self._random.random() < 0.15:
            try:
                again = ask(request)
            except VoxnixError as error:
                self._journal.note("wrong", why=f"{words}, asked twice with one key: {error}")
            else:
                if again.id != operation.id:
                    self._journal.note("wrong", why=f"{words}: {operation.id} and {again.id} have one key")
                self._journal.note("answer", deed="asked twice", owner=operation.owner, code="one operation")
        if operation.state is OperationState.PROPOSED and self._random.random() < 0.6:
            self._agree(Owner(operation.owner), operation)

    def _agree(self, owner: Owner, operation: Operation) -> None:
        if operation.plan is None:
            return
        try:
            self._services.operations.approve(owner, operation.id, operation.plan.digest)
        except PlanChanged:
            self._journal.note("answer", deed="agree", owner=owner.key, code="PlanChanged")
            shown = self._services.operations.get(owner, operation.id)
            if shown.plan is not None and self._random.random() < 0.7:
                self._services.operations.approve(owner, shown.id, shown.plan.digest)

    def _begin(self, owner: Owner) -> None:
        """Who has nothing makes something; who had something may bring it back, or give it up."""
        had = self._services.trash.list(owner) or self._services.backups.list(f"{PLACE}/{owner.key}")
        deeds = (self._create, self._restore, self._receive, self._purge) if had else (self._create,)
        self._random.choice(deeds)(owner)

    def _create(self, owner: Owner) -> None:
        if len(self._services.workloads.list(owner)) < MOST:
            spec = ContainerSpec(name=self._random.choice(NAMES), modules=self._random.choice(MODULES))
            self._ask("create", lambda request: self._services.workloads.create(owner, spec, request))

    def _run(self, owner: Owner) -> None:
        """Start, stop or restart one."""
        if (one := self._one(owner)) is not None:
            workloads = self._services.workloads
            words, ask = self._random.choice(
                (("start", workloads.start), ("stop", workloads.stop), ("restart", workloads.restart))
            )
            self._ask(words, lambda request: ask(owner, one.name, request))

    def _update(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            spec = ContainerSpec(name=one.name, modules=self._random.choice(MODULES))
            self._ask("update", lambda request: self._services.workloads.update(owner, spec, request))

    def _roll_back(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            self._ask(
                "rollback", lambda request: self._services.workloads.roll_back(owner, one.name, request)
            )

    def _snapshot(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            label = f"{self._name}-{self._count}" if self._random.random() < 0.5 else ""
            self._ask(
                "snapshot", lambda request: self._services.storage.snapshot(owner, one.name, request, label)
            )

    def _use_snapshot(self, owner: Owner) -> None:
        """Forget a snapshot, go back to one, make a copy of one, or have one file of it."""
        one, storage = self._one(owner), self._services.storage
        taken = storage.snapshots(owner, one.name) if one is not None else []
        if one is None or not taken:
            return
        name, which = one.name, self._random.choice(taken).name
        path, copy = self._random.choice(("notes", "todo", "src", "src/main")), self._random.choice(NAMES)
        asks: list[tuple[str, Callable[[Request], Operation]]] = [
            ("forget", lambda request: storage.forget(owner, name, which, request)),
            ("revert", lambda request: storage.revert(owner, name, which, request)),
            ("restore file", lambda request: storage.restore_file(owner, name, which, path, request)),
        ]
        if len(self._services.workloads.list(owner)) <= MOST:
            asks.append(("clone", lambda request: storage.clone(owner, name, copy, request, which)))
        self._ask(*self._random.choice(asks))

    def _clone(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None and len(self._services.workloads.list(owner)) <= MOST:
            copy = self._random.choice(NAMES)
            self._ask("clone", lambda request: self._services.storage.clone(owner, one.name, copy, request))

    def _rename(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            name = self._random.choice(NAMES)
            self._ask(
                "rename", lambda request: self._services.workloads.rename(owner, one.name, name, request)
            )

    def _resize(self, owner: Owner) -> None:
        """Also to what is too little, or too much."""
        if (one := self._one(owner)) is not None:
            size = self._random.choice((10, 200, 800, 1500, 3000, 5000, 50_000)) * MIB
            aside = self._random.choice((None, None, 0, 300 * MIB, 900 * MIB))
            self._ask(
                "resize",
                lambda request: self._services.workloads.resize(
                    owner, one.name, size, request, reservation=aside
                ),
            )

    def _schedule(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            schedule = Schedule(hourly=self._random.randrange(4), daily=self._random.randrange(3))
            self._ask(
                "schedule",
                lambda request: self._services.storage.schedule(owner, one.name, schedule, request),
            )

    def _destroy(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            self._ask("destroy", lambda request: self._services.workloads.destroy(owner, one.name, request))

    def _restore(self, owner: Owner) -> None:
        """Bring back something, under its name, another, or that of one that is there."""
        if trashed := self._services.trash.list(owner):
            number = self._random.choice(trashed).operation
            name = self._random.choice(("", *NAMES))
            self._ask(
                "restore",
                lambda request: self._services.trash.restore_number(owner, number, request, name),
            )

    def _purge(self, owner: Owner) -> None:
        if trashed := self._services.trash.list(owner):
            number = self._random.choice(trashed).operation
            self._ask("purge", lambda request: self._services.trash.purge_number(owner, number, request))

    def _undo(self, owner: Owner) -> None:
        self._ask("undo", lambda request: self._services.undo.undo(owner, request))

    def _back_up(self, owner: Owner) -> None:
        if (one := self._one(owner)) is not None:
            place = f"{PLACE}/{owner.key}"
            self._ask(
                "backup", lambda request: self._services.backups.backup(owner, one.name, place, request)
            )

    def _receive(self, owner: Owner) -> None:
        known = self._services.backups.list(f"{PLACE}/{owner.key}")
        if known and len(self._services.workloads.list(owner)) <= MOST:
            info, name = self._random.choice(known), self._random.choice(NAMES)
            self._ask(
                "receive",
                lambda request: self._services.backups.receive(
                    owner, info.name, info.place, request, new_name=name
                ),
            )

    def _images(self, owner: Owner) -> None:
        modules = self._random.choice((*MODULES, ("zsh",), ("python",)))
        if self._random.random() < 0.5:
            self._ask("build", lambda request: self._services.images.build(owner, modules, request))
        else:
            self._ask("prune", lambda request: self._services.images.prune(owner, request))

    def _answer(self, owner: Owner) -> None:
        """Agree to what waits for an answer, or not."""
        waiting = [
            one for one in self._services.operations.list(owner, 50) if one.state is OperationState.PROPOSED
        ]
        if waiting and (one := self._random.choice(waiting)).plan is not None:
            if self._random.random() < 0.7:
                self._agree(owner, one)
            else:
                self._services.operations.deny(owner, one.id)

    def _cancel(self, _: Owner) -> None:
        """Whatever is under way just now."""
        if known := self._services.operations.open_from("soak"):
            one = self._random.choice(known)
            begun = time.monotonic()
            self._services.operations.cancel(Owner(one.owner), one.id)
            took = time.monotonic() - begun
            self._journal.note("answer", deed="cancel", owner=one.owner, code=f"within {took:.1f} s")
