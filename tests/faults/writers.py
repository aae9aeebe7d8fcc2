"""What people write into their containers, noted before it is done and after it."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from agent.core.errors import NoSpace, VoxnixError
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.core.workload import Workload, WorkloadState
from tests.faults.look import Seen
from tests.faults.stage import Stage

PATHS = ("/workspace/notes", "/workspace/todo", "/workspace/src/main", "/srv/state", "/srv/more")
MIB = 1 << 20
REPLACING = {"create", "clone", "receive", "revert", "restore", "restore file"}
"""Kinds that have something else come where a person may be writing, as agreed: so nobody does meanwhile."""
ANEW = {"update", "rollback"}
"""The same of all but the workspace."""


class Journal:
    """Lines of JSON in a file, each of them written down before anything else is done.

    Args:
        file: which one.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", encoding="utf-8")

    def note(self, what: str, **entry: object) -> None:
        """Add a line."""
        self._file.write(json.dumps({"what": what, **entry}) + "\n")
        self._file.flush()


class Writers:
    """People who write.

    Args:
        stage: their way to the product.
        journal: where they write down what they do.
        random: what they do.
        name: of this time with them: what they write is found nowhere else.
        seconds: the clock.
    """

    def __init__(
        self, stage: Stage, journal: Journal, random: Random, name: str, seconds: Callable[[], float]
    ) -> None:
        self._stage = stage
        self._services = stage.services
        self._journal = journal
        self._random = random
        self._name = name
        self._seconds = seconds
        self._count: int = 0
        self._world = stage.folder / "simulation" / "node.json"

    def _one(self, owner: Owner) -> Workload | None:
        known = self._services.workloads.list(owner)
        return self._random.choice(known) if known else None

    def _write(self, owner: Owner) -> None:
        """Write new files, or another content into those that are there."""
        known = self._services.workloads.list(owner)
        running = [one for one in known if one.state is WorkloadState.RUNNING] or known
        if running:
            workload = self._random.choice(running)
            for path in self._random.sample(PATHS, self._random.randrange(1, 4)):
                if not self._in_the_way(owner, workload, path):
                    self._write_one(owner, workload, path)

    def _write_one(self, owner: Owner, workload: Workload, path: str) -> None:
        part = "workspace" if path.startswith("/workspace/") else "root"
        dataset = f"tank/users/{owner.key}/workloads/{workload.machine}/{part}"
        inside = path.removeprefix("/workspace/").removeprefix("/")
        self._count += 1
        line = f"{owner.key} {self._name} {self._count}"
        content, begun = f"{line}\n", self._seconds()
        over = self._seen().datasets.get(dataset, {"files": {}})["files"].get(inside, "")
        entry = {"owner": owner.key, "dataset": dataset, "over": over, "at": begun}
        self._journal.note("writing", content=content, **entry)
        argv = ["sh", "-c", f'echo "{line}" > {path}']
        request = Request(channel="soak", words=f"write {path}", key=f"soak/{self._name}/{self._count}")
        try:
            said = self._services.workloads.exec(owner, workload.name, argv, request=request)
        except VoxnixError:
            self._journal.note("refused", content=content)
            raise
        if said.returncode:
            self._journal.note("refused", content=content)
            self._journal.note("answer", deed="write", owner=owner.key, code=said.stderr.strip())
            return
        kept = [
            where
            for where, file, text in self._seen().contents()
            if text == over and (where, file) != (dataset, inside)
        ]
        self._journal.note("wrote", content=content, kept=kept)
        if self._random.random() < 0.1:
            again = self._services.workloads.exec(owner, workload.name, argv, request=request)
            if again != said:
                self._journal.note("wrong", why=f"{path} was written twice: {said} and {again}")

    def _in_the_way(self, owner: Owner, workload: Workload, path: str) -> bool:
        """Whether something is under way that may take away what is written now, as was agreed."""
        kinds = REPLACING if path.startswith("/workspace/") else REPLACING | ANEW
        return any(
            one.kind.value in kinds and not one.state.ended and one.machine == workload.machine
            for one in self._services.operations.list(owner, 100)
        )

    def _seen(self) -> Seen:
        world: dict[str, Any] = json.loads(self._world.read_text(encoding="utf-8"))
        return Seen({}, world)

    def _send(self, owner: Owner) -> None:
        """Send a file."""
        if (workload := self._one(owner)) is not None and not self._in_the_way(
            owner, workload, "/workspace/"
        ):
            self._count += 1
            request = Request(channel="soak", words="send", key=f"soak/{self._name}/{self._count}")
            content = f"{owner.key} {self._name} {self._count}\n"
            dataset = f"tank/users/{owner.key}/workloads/{workload.machine}/workspace"
            entry = {"owner": owner.key, "dataset": dataset, "over": "", "at": self._seconds()}
            self._journal.note("writing", content=content, **entry)
            name = f"sent-{self._random.randrange(5)}.txt"
            try:
                self._services.files.put(owner, workload.name, name, content.encode(), request)
            except VoxnixError:
                self._journal.note("refused", content=content)
                raise
            self._journal.note("wrote", content=content, kept=[])

    def _fill(self, owner: Owner) -> None:
        """Have much in a workspace."""
        if (workload := self._one(owner)) is not None:
            dataset = f"tank/users/{owner.key}/workloads/{workload.machine}/workspace"
            try:
                self._stage.node.grow(dataset, self._random.randrange(20, 900) * MIB)
            except (KeyError, NoSpace) as error:  # it is not there yet, or full
                self._journal.note("answer", deed="fill", owner=owner.key, code=type(error).__name__)
