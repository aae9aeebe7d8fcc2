"""The simulated ``systemctl`` and ``journalctl``: units that start only what could really run."""

import re
import uuid
from datetime import UTC, datetime
from fnmatch import fnmatch

from agent.host.simulated import zfs
from agent.host.simulated.programs import Call
from agent.host.simulated.world import Answer, Tree, Unit, World

_UNIT = re.compile(r"systemd-nspawn@(.+)\.service\Z")
_OF_FAILURES = "--property=Id,ActiveState,Result,ExecMainStatus,InvocationID,InactiveEnterTimestamp"
_HALT = ("Stopping", "Reached target halt.target - System Halt.", "Journal stopped")


def active_state(unit: Unit | None, now: float) -> str:
    """What systemd calls the state of a unit at a time."""
    if unit is None:
        return "inactive"
    if unit.active:
        return "activating" if now < unit.booted_at else "active"
    if now < unit.stopped_at:
        return "deactivating"
    return "failed" if unit.failed else "inactive"


def running(world: World, now: float) -> dict[str, Unit]:
    """The machines that machined knows, by name."""
    return {
        name: unit
        for name, unit in world.units.items()
        if active_state(unit, now) in {"activating", "active"}
    }


def systemctl(call: Call) -> Answer:  # noqa: PLR0911 - one for each verb
    """``systemctl VERB``."""
    match call.argv[1:]:
        case ["daemon-reload"]:
            return Answer()
        case ["show", "--property=NeedDaemonReload", unit]:
            _machine(call, unit)
            return Answer("NeedDaemonReload=no\n")
        case ["show", "--property=MainPID", unit]:
            known = call.world.units.get(_machine(call, unit))
            return Answer(f"MainPID={known.process if known else 0}\n")
        case ["show", "--property=Id,ActiveState", *units]:
            return _show(call, units)
        case ["show", "--timestamp=us+utc", properties, *units] if properties == _OF_FAILURES:
            return _show_failures(call, units)
        case ["start", unit]:
            return _start(call, _machine(call, unit))
        case ["stop", unit]:
            return _stop(call, _machine(call, unit))
        case ["restart", unit]:
            machine = _machine(call, unit)
            stopped = _stop(call, machine)
            started = _start(call, machine)
            return Answer(
                started.stdout, started.stderr, started.returncode, stopped.seconds + started.seconds
            )
        case ["reset-failed", unit]:
            return _reset(call, _machine(call, unit))
        case _:
            raise call.unknown()


def journalctl(call: Call) -> Answer:
    """``journalctl`` of one machine's folder, or of one unit."""
    match call.argv[1:]:
        case [source, lines, "--output=short-iso", "--no-pager", "--quiet"]:
            pass
        case [source, other, lines, "--output=short-iso", "--no-pager", "--quiet"]:
            if other != source.replace("systemd-nspawn@", "container@"):
                raise call.unknown()
        case _:
            raise call.unknown()
    option, _, value = source.partition("=")
    if option == "--directory":
        folder = value.removesuffix("/var/log/journal")
        machine = folder.rpartition("/")[2]
        if zfs.mounted_at(call.world, folder) is None:
            return Answer.no(f"Failed to open {value}: No such file or directory")
        key, host = machine, _hostname(call.world, machine)
    elif option == "--unit":
        key, host = f"unit:{_machine(call, value)}", "node"
    else:
        raise call.unknown()
    known = call.world.journal.get(key, [])[-int(lines.removeprefix("--lines=")) :]
    shown = (
        f"{datetime.fromtimestamp(at, UTC).isoformat('T', 'seconds')} {host} {line}\n" for at, line in known
    )
    return Answer("".join(shown))


def find(call: Call) -> Answer:
    """``find`` of the files that units were given."""
    match call.argv[1:]:
        case [folder, "-maxdepth", "2", "-name", name]:
            found = [
                path for path in call.world.files if path.startswith(folder) and path.endswith(f"/{name}")
            ]
            return Answer("".join(f"{path}\n" for path in found))
        case _:
            raise call.unknown()


def _machine(call: Call, unit: str) -> str:
    found = _UNIT.match(unit)
    if not found:
        raise call.unknown()
    return found[1]


def _show(call: Call, units: list[str]) -> Answer:
    loaded = [f"systemd-nspawn@{name}.service" for name in running(call.world, call.now)]
    loaded += [f"systemd-nspawn@{name}.service" for name, unit in call.world.units.items() if unit.failed]
    shown: dict[str, str] = {}
    for unit in units:
        for one in [name for name in loaded if fnmatch(name, unit)] if "*" in unit else [unit]:
            shown[one] = active_state(call.world.units.get(_machine(call, one)), call.now)
    return Answer("\n".join(f"Id={unit}\nActiveState={state}\n" for unit, state in shown.items()))


def _show_failures(call: Call, units: list[str]) -> Answer:
    blocks: list[str] = []
    for one in units:
        unit = call.world.units.get(_machine(call, one)) or Unit()
        failed = active_state(unit, call.now) == "failed"
        at = f"{datetime.fromtimestamp(unit.stopped_at, UTC):%a %Y-%m-%d %H:%M:%S.%f} UTC" if failed else ""
        blocks.append(
            f"Result={'exit-code' if failed else 'success'}\nExecMainStatus={unit.status if failed else 0}\n"
            f"Id={one}\nActiveState={active_state(unit, call.now)}\nInactiveEnterTimestamp={at}\n"
            f"InvocationID={unit.invocation if failed else ''}\n"
        )
    return Answer("\n".join(blocks))


def _hostname(world: World, machine: str) -> str:
    found = re.search(
        r"^Hostname=(.*)$", world.files.get(f"/etc/systemd/nspawn/{machine}.nspawn", ""), re.MULTILINE
    )
    return found[1] if found else machine


def _added(machine: str) -> str:
    return f"/etc/systemd/system/systemd-nspawn@{machine}.service.d/50-voxnix-machine.conf"


def _environment(unit: Unit) -> str:
    return f"/proc/{unit.process}/environ"


def _not_mounted(call: Call, machine: str) -> str | None:
    """The first mount that the unit asserts and that is not there."""
    text = call.world.files.get(_added(machine), "")
    asserted = re.findall(r"^AssertPathIsMountPoint=(.*)$", text, re.MULTILINE)
    return next(
        (path for path in asserted if zfs.mounted_at(call.world, path.replace("%%", "%")) is None), None
    )


def _obstacle(call: Call, machine: str) -> str | None:
    """Why the machine would not boot."""
    settings = call.world.files.get(f"/etc/systemd/nspawn/{machine}.nspawn", "")
    bridge = re.search(r"^Bridge=(.*)$", settings, re.MULTILINE)
    users = re.search(r"^PrivateUsers=([0-9]+):65536$", settings, re.MULTILINE)
    root = zfs.mounted_at(call.world, f"/var/lib/machines/{machine}")
    tree = call.world.datasets[root].tree if root else None
    if tree is None:
        return f"Directory /var/lib/machines/{machine} doesn't look like an OS root directory."
    if bridge is None or users is None:
        return f"There is no complete {machine}.nspawn."
    if bridge[1] not in call.world.bridges:
        return f"Failed to resolve interface {bridge[1]}: No such device"
    if tree.uid_base != int(users[1]):
        return f"The files of /var/lib/machines/{machine} belong to {tree.uid_base}, not to {users[1]}."
    return None


def _start(call: Call, machine: str) -> Answer:
    world, unit = call.world, call.world.units.setdefault(machine, Unit())
    if unit.active:
        return Answer(seconds=max(0.0, unit.booted_at - call.now))
    name = f"systemd-nspawn@{machine}.service"
    missing = _not_mounted(call, machine)
    if missing is not None:
        line = f"{name}: Starting requested but asserts failed."
        world.log(f"unit:{machine}", call.now, f"systemd[1]: {line}")
        return Answer.no(f"Assertion failed on job for {name}.")
    obstacle = _obstacle(call, machine)
    unit.invocation = uuid.uuid4().hex
    if obstacle is not None:
        unit.failed, unit.status, unit.stopped_at = True, 1, call.now
        world.log(f"unit:{machine}", call.now, f"systemd-nspawn[1]: {obstacle}")
        world.changes += 1
        return Answer.no(f"Job for {name} failed because the control process exited with error code.")
    unit.active, unit.failed = True, False
    unit.process, unit.hostname = 1000 + world.changes, _hostname(world, machine)
    marked = re.search(r"^Environment=(.*)$", world.files.get(_added(machine), ""), re.MULTILINE)
    world.files[_environment(unit)] = marked[1] if marked else ""
    unit.booted_at = max(call.now, unit.stopped_at) + call.pace.boot
    if not unit.address:
        world.leases += 1
        unit.address = f"10.88.{1 + world.leases // 250}.{1 + world.leases % 250}"
    root = zfs.mounted_at(world, f"/var/lib/machines/{machine}")
    if root and not world.journal.get(machine):
        world.datasets[root].written += call.sizes.boot
    world.log(f"unit:{machine}", call.now, f"systemd[1]: Started {name} - Container {machine}.")
    for line in (
        "Detected virtualization systemd-nspawn.",
        f"Hostname set to <{_hostname(world, machine)}>.",
    ):
        world.log(machine, call.now, f"systemd[1]: {line}")
    world.log(machine, unit.booted_at, "systemd[1]: Reached target multi-user.target - Multi-User System.")
    world.changes += 1
    return Answer(seconds=unit.booted_at - call.now)


def _stop(call: Call, machine: str) -> Answer:
    unit = call.world.units.get(machine)
    if unit is None or not unit.active:
        return Answer(seconds=max(0.0, unit.stopped_at - call.now) if unit else 0.0)
    end(call, machine, 0)
    return Answer(seconds=call.pace.stop)


def end(call: Call, machine: str, status: int) -> None:
    """Have a running machine end by itself, with an exit code."""
    unit = call.world.units[machine]
    unit.failed, unit.status = status != 0, status
    call.world.files.pop(_environment(unit), None)
    unit.active, unit.process = False, 0
    unit.stopped_at = call.now + call.pace.stop
    for line in _HALT:
        call.world.log(machine, call.now, f"systemd[1]: {line}")
    call.world.log(f"unit:{machine}", unit.stopped_at, f"systemd[1]: Stopped Container {machine}.")
    call.world.changes += 1


def switch_off(world: World) -> None:
    """Have every machine be as a new systemd finds it: it does not run, and never failed."""
    for unit in world.units.values():
        world.files.pop(_environment(unit), None)
        unit.active, unit.failed, unit.process, unit.stopped_at = False, False, 0, 0.0
    world.changes += 1


def _reset(call: Call, machine: str) -> Answer:
    unit = call.world.units.get(machine)
    if unit is None or not unit.failed:
        name = f"systemd-nspawn@{machine}.service"
        return Answer.no(f"Failed to reset failed state of unit {name}: Unit {name} not loaded.")
    unit.failed = False
    return Answer()


def root_tree(world: World, machine: str) -> Tree | None:
    """The root file system of a machine."""
    root = zfs.mounted_at(world, f"/var/lib/machines/{machine}")
    return world.datasets[root].tree if root else None
