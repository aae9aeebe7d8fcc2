"""A product in a folder, for processes that come and go: each that dies leaves its files to the next."""

import json
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent import settings
from agent.app import App
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from tests.faults.points import MortalNode, Points

ANN, BOB = Owner("ann"), Owner("bob")
ASKED = Request(channel="test", conversation="test:ann", words="as a test says")

PATIENCE = 30.0
"""Seconds until an operation counts as stuck."""


class Stage:
    """A product of this process, on the files of those before it.

    Args:
        folder: where they are.
        ahead: by how much it is later than it is.
        clock: what tells the time instead.
        limits: settings that are not as they are by themselves.
        **keywords: for the node.
    """

    def __init__(
        self,
        folder: Path,
        ahead: timedelta = timedelta(),
        clock: Callable[[], datetime] | None = None,
        limits: Mapping[str, Any] | None = None,
        **keywords: Any,  # noqa: ANN401
    ) -> None:
        self.folder = folder
        self.points = Points()
        given = settings.load(
            simulate=True, state_dir=folder, node_name="box", timezone="UTC", **(limits or {})
        )
        self.node = MortalNode(self.points, state=given.state_folder / "node.json", **keywords)
        self.app = App(given, self.node, clock or (lambda: datetime.now(UTC) + ahead))
        self.services = self.app.services

    def done(self, operation: Operation, owner: Owner = ANN) -> Operation:
        """Have an operation done, agreed to where that is needed."""
        ended = self.services.operations.wait(owner, self.agreed(operation, owner).id, PATIENCE)
        if ended.state is not OperationState.DONE:
            raise AssertionError(ended)
        return ended

    def agreed(self, operation: Operation, owner: Owner = ANN) -> Operation:
        """Agree to an operation that waits for a person."""
        if operation.plan is None or operation.state is not OperationState.PROPOSED:
            return operation
        return self.services.operations.approve(owner, operation.id, operation.plan.digest)

    def made(self, name: str, *modules: str, owner: Owner = ANN) -> None:
        """Have a container, with a file in each of its file systems."""
        spec = ContainerSpec(name=name, modules=modules or ("git",))
        self.done(self.services.workloads.create(owner, spec, ASKED), owner)
        self.wrote(name, "/workspace/notes", f"{owner.key}'s work in {name}", owner)
        self.wrote(name, "/srv/state", f"{owner.key}'s state in {name}", owner)

    def wrote(self, name: str, path: str, text: str, owner: Owner = ANN) -> None:
        """Have a file in a running container."""
        argv = ["sh", "-c", f'echo "{text}" > {path}']
        said = self.services.workloads.exec(owner, name, argv, request=ASKED)
        if said.returncode:
            raise AssertionError(said)


def begun(work: Callable[[], object], log: Path | None = None) -> int:
    """Do something in a process of its own, a copy of this one, that leaves nothing in order; its id.

    Args:
        work: what to do.
        log: where what it says goes.
    """
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        if log is not None:
            said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(said, 1)
            os.dup2(said, 2)
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the copy must not go on as the one that it is of
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def apart(work: Callable[[], object], log: Path) -> int:
    """Do something in a process of its own, and wait for it; its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(begun(work, log), 0)[1])


def well(folder: Path, work: Callable[[], object]) -> None:
    """Do something apart that has to go well."""
    log = folder / "log"
    if apart(work, log):
        raise AssertionError(log.read_text(encoding="utf-8"))


def memory() -> Path | None:
    """A folder that lies in memory, if there is one: what a killed process wrote is there all the same."""
    found = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    return found if found.is_dir() else None


def until(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Wait for something; whether it came."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def powered_off(state: Path) -> None:
    """The node loses its power, and is there again: what was written down remains, and nothing runs.

    Args:
        state: the file of the simulated node.
    """
    world: dict[str, Any] = json.loads(state.read_text(encoding="utf-8"))
    for unit in world["units"].values():
        unit |= {"active": False, "failed": False, "process": 0, "stopped_at": 0.0}
    for dataset in world["datasets"].values():
        if dataset["mountpoint"] not in {
            "",
            "none",
        }:  # ZFS mounts all that may be, whatever was mounted before
            dataset["mounted"] = dataset["canmount"] == "on"
    world["files"] = {path: text for path, text in world["files"].items() if not path.endswith("/environ")}
    world["boot"] = str(uuid.uuid4())
    state.write_text(json.dumps(world), encoding="utf-8")
