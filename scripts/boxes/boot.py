"""Starts and stops a box."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes import cgroups, given, network, nspawn, processes, recipe, uml
from scripts.boxes.errors import BoxError
from scripts.boxes.kernels import Kernel
from scripts.boxes.layers import prune, remove
from scripts.boxes.places import Place, all_places, cache, locked

if TYPE_CHECKING:
    from scripts.boxes.processes import State
    from scripts.boxes.steps import Step, Steps

SCRIPT = Path(__file__).with_name("boot.sh")
# A box answers in seconds; past this it is not slow but stuck.
PATIENCE = 120.0
_STACK = re.compile(r"\s*(\[<[0-9a-f]+>\]|[0-9a-f]{8,} [0-9a-f]{8,}|Stack:|Call Trace:)")
KINDS = {Kernel.HOST: nspawn, Kernel.UML: uml}


def up(place: Place, steps: Steps, kernel: Kernel) -> State:
    """Bring the box up, or find that it is; a box that fails half-way leaves nothing behind."""
    with locked(
        f"box-{place.name}", lambda: steps.say(f"  Waiting: somebody else starts or stops “{place.name}”")
    ):
        state = processes.read(place)
        if state:
            return state
        _clear(place)
        layers = recipe.stack(steps, kernel)
        try:
            with steps.step(f"Boot of “{place.name}”") as step:
                state = _boot(place, layers, step, kernel)
        except BaseException:
            _clear(place)
            raise
        prune({layer for other in all_places() if (found := processes.read(other)) for layer in found.layers})
        return state


def down(place: Place, steps: Steps) -> bool:
    """Stop the box and remove all it had; tell whether there was anything."""
    with locked(
        f"box-{place.name}", lambda: steps.say(f"  Waiting: somebody else starts or stops “{place.name}”")
    ):
        if not place.folder.exists():
            return False
        # All it holds is thrown away, so nothing in it need be asked to end well.
        with steps.step(f"Removal of “{place.name}”"):
            _clear(place)
        return True


def cut(place: Place, steps: Steps) -> State:
    """Take the power away from a box, all at once, and boot it again on what it had written.

    Raises:
        BoxError: there is no such box, or nothing of it would be left.
    """
    with locked(
        f"box-{place.name}", lambda: steps.say(f"  Waiting: somebody else starts or stops “{place.name}”")
    ):
        state = processes.read(place)
        if state is None:
            raise BoxError(f"The box “{place.name}” is not up.", "", "Start it with `scripts/box up`.")
        if state.kernel is Kernel.UML:
            raise BoxError(
                f"The power of “{place.name}” cannot be cut.",
                "Its root lies in the memory of its own kernel, and would be gone.",
                "Take a box on this machine's kernel.",
            )
        with steps.step(f"Power failure of “{place.name}”") as step:
            place.again.touch()
            try:
                os.kill(
                    state.leader, signal.SIGKILL
                )  # and with their first process the kernel ends all others
                for member in (state.cgroup.parents[2] / "uplink/cgroup.procs").read_text().split():
                    os.kill(int(member), signal.SIGKILL)
                return _risen(
                    place, list(state.layers), step, state.kernel, state.supervisor, before=state.leader
                )
            except BaseException:
                _clear(place)
                raise


def _boot(place: Place, layers: list[Path], step: Step, kernel: Kernel) -> State:
    for folder in (place.disk, cache() / "images"):
        folder.mkdir(parents=True, exist_ok=True)
    given.lay_out(place)
    hierarchy = cgroups.hierarchy()
    if not hierarchy:
        raise BoxError(
            "The box has no cgroup.", "cgroup v2 is not mounted or not writable.", "See `scripts/box up`."
        )
    group = hierarchy / place.group
    cgroups.make(group)
    kind = KINDS[kernel]
    command = kind.command(place, ":".join(str(path) for path in reversed(layers)))
    with place.console.open("wb") as console:
        supervisor = subprocess.Popen(
            ["bash", str(SCRIPT), str(group), *command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    return _risen(place, layers, step, kernel, supervisor.pid)


def _risen(  # noqa: PLR0913, PLR0917 - each is known to both who boot a box
    place: Place, layers: list[Path], step: Step, kernel: Kernel, supervisor: int, before: int | None = None
) -> State:
    """Wait for a box that boots, give it its network, and write down what it is.

    Args:
        place: its own.
        layers: what its root stands on.
        step: is told how far it is.
        kernel: whose it has.
        supervisor: the process that waits for it.
        before: its leader until now, where it had one.
    """
    step.update("waiting for its first process")
    group = cgroups.hierarchy() or cgroups.MOUNTS[0]
    group /= place.group
    leader = _leader(supervisor, place, kernel, before)
    why_not = network.attach(leader, group, place.uplink_log)
    if kernel is Kernel.UML and not why_not:
        why_not = uml.plug_in(leader, network.INTERFACE)
    if why_not:
        step.say(f"it has no network: {why_not}")
    state = processes.State(
        leader=leader,
        leader_started=processes.started(leader) or "",
        supervisor=supervisor,
        supervisor_started=processes.started(supervisor) or "",
        cgroup=group / ("box/payload/entered" if kernel is Kernel.HOST else "box"),
        since=int(time.time()),
        uplink=not why_not,
        layers=tuple(layers),
        kernel=kernel,
    )
    _settle(state, place, step)
    if kernel is Kernel.HOST:
        state.cgroup.mkdir(exist_ok=True)
    state.write(place)
    return state


def _leader(supervisor: int, place: Place, kernel: Kernel, before: int | None) -> int:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and processes.started(supervisor):
        pid = KINDS[kernel].leader(supervisor)
        if pid and pid != before:
            return pid
        time.sleep(0.01)
    raise _failed(place)


def _settle(state: State, place: Place, step: Step) -> None:
    """Wait until the box's systemd has started all it should."""
    step.update("starting its services")
    deadline = time.monotonic() + PATIENCE
    while processes.started(state.supervisor) and time.monotonic() < deadline:
        if KINDS[state.kernel].answers(state):
            answer = subprocess.run(
                processes.enter(state, "systemctl", "is-system-running", "--wait"),
                capture_output=True,
                text=True,
                timeout=max(1.0, deadline - time.monotonic()),
                check=False,
            ).stdout.strip()
            if answer in {"running", "degraded"}:
                if answer == "degraded":
                    step.say("a unit failed: " + ", ".join(failed_units(state)))
                return
        time.sleep(0.02)
    raise _failed(place)


def failed_units(state: State) -> list[str]:
    """Return the names of the units that failed in the box."""
    said = subprocess.run(
        processes.enter(state, "systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"),
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return [line.split()[0] for line in said.splitlines() if line.strip()]


def _failed(place: Place) -> BoxError:
    said = place.console.read_text(errors="replace").strip().splitlines()
    # Where a kernel died, what it said last before its stack tells more than the stack.
    told = [line for line in said if not _STACK.match(line)][-12:]
    return BoxError(
        f"The box “{place.name}” did not come up.",
        "\n       ".join(told) or "It ended without a word.",
        "Nothing of it is left running. Try again; if it happens again, report it with the lines above.",
    )


def _clear(place: Place) -> None:
    """Remove every trace of the box, whatever state it is in."""
    for mount in cgroups.MOUNTS:
        if not cgroups.destroy(mount / place.group):
            raise BoxError(
                f"The box “{place.name}” could not be stopped.",
                f"Processes in {mount / place.group} do not end.",
                "Look at what is in the cgroup.procs files there, then run `scripts/box down` again.",
            )
    if place.folder.exists():
        remove(place.folder)
