"""Containers as stock ``systemd-nspawn@`` units: their files."""

import re

from agent.core.owner import UID_RANGE
from agent.host.node import Node
from agent.host.runtime import Machine
from agent.host.units import TIMEOUT, Units, mark, unit_name

KIND = "systemd-nspawn"

TUN = "/dev/net/tun"
"""The one device that nspawn itself makes in a container, for its root; up to 257 in each, or it fails."""

UNITS = "/etc/systemd/system"
ADDITION = "50-voxnix-machine.conf"
"""Name of the file with what a machine's unit adds to the stock one."""
_ADDED = re.compile(rf"{UNITS}/{KIND}@([^/@]+)\.service\.d/{re.escape(ADDITION)}\Z")

_STOCK = (
    "systemd-nspawn --quiet --keep-unit --boot --link-journal=try-guest --network-veth -U"
    " --settings=override --machine=%i"
)
"""The command of the stock unit, the same in every systemd since 233."""


def unit(name: str) -> str:
    """The unit of a machine.

    Raises:
        ValueError: it cannot be a machine's name.
    """
    return unit_name(KIND, name)


def nspawn_file(name: str) -> str:
    """Where a machine's settings are."""
    return f"/etc/systemd/nspawn/{name}.nspawn"


def unit_file(name: str) -> str:
    """Where what a machine's unit adds to the stock one is.

    Its name is not that of any drop-in for all machines: of two alike, systemd reads only one.
    """
    return f"{UNITS}/{unit(name)}.d/{ADDITION}"


def nspawn_text(machine: Machine) -> str:
    """The ``.nspawn`` file of a machine."""
    mapped = ":idmap" if machine.idmap else ""
    binds = "".join(
        f"Bind={_bind_path(source)}:{_bind_path(target)}{mapped}\n" for source, target in machine.binds
    )
    devices = "".join(f"Bind={device}\n" for device in machine.devices if device != TUN)
    return f"""\
[Exec]
Boot=yes
NotifyReady=yes
Hostname={machine.hostname}
PrivateUsers={machine.uid_base}:{UID_RANGE}
ResolvConf=off
Timezone=off
LinkJournal=no

[Files]
PrivateUsersOwnership={"map" if machine.idmap else "off"}
{binds}{devices}
[Network]
Bridge={machine.bridge}
"""


def unit_text(machine: Machine) -> str:
    """What a machine's unit adds to the stock one.

    A mount that is missing stops the start: the folder under it would look like an empty workspace.
    RequiresMountsFor alone does not, as systemd knows only the mounts that it can see. The stock unit
    allows devices to every container; here only those that were asked for. That nspawn
    may make TUN does not allow to open it.
    """
    folders = [machine.root, *(source for source, _ in machine.binds)]
    mounts = "".join(
        f"RequiresMountsFor={_word(folder)}\nAssertPathIsMountPoint={_plain(folder)}\n" for folder in folders
    )
    devices = "".join(f"DeviceAllow={device} rwm\n" for device in machine.devices)
    text = f"""\
[Unit]
{mounts}
[Service]
MemoryMax={machine.memory_max}
TasksMax={machine.tasks_max}
DeviceAllow=
DeviceAllow=char-pts rw
DeviceAllow={TUN} m
{devices}{_command(machine)}"""
    return text + mark(nspawn_text(machine) + text)


def _command(machine: Machine) -> str:
    """The stock command with credentials, which a ``.nspawn`` file cannot have; nothing without any."""
    if not machine.credentials:
        return ""
    loaded = "".join(
        " " + _word(f"--load-credential={name}:{file}").replace("$", "$$")
        for name, file in machine.credentials
    )
    return f"ExecStart=\nExecStart={_STOCK}{loaded}\n"


class Nspawn(Units):
    """The containers of a node whose root file systems bring their own system.

    Args:
        node: where they run.
    """

    def __init__(self, node: Node) -> None:
        super().__init__(node, KIND)

    def write(self, machine: Machine) -> None:
        """See :meth:`agent.host.runtime.Runtime.write`."""
        self._node.write(nspawn_file(machine.name), nspawn_text(machine))
        self._node.write(unit_file(machine.name), unit_text(machine))
        self._reload(machine.name)

    def remove(self, name: str) -> None:
        """See :meth:`agent.host.runtime.Runtime.remove`."""
        self._node.remove(nspawn_file(name))
        self._node.remove(unit_file(name))
        self._node.remove(unit_file(name).rpartition("/")[0])
        self._reload(name)
        self._forget(name)

    def installed(self) -> frozenset[str]:
        """See :meth:`agent.host.runtime.Runtime.installed`."""
        argv = ["find", UNITS, "-maxdepth", "2", "-name", ADDITION]
        found = self._node.run(argv, timeout=TIMEOUT).stdout.splitlines()
        return frozenset(match[1] for line in found if (match := _ADDED.match(line)))

    def by_hand(self, name: str) -> str:
        """See :meth:`agent.host.runtime.Runtime.by_hand`."""
        folder = unit_file(name).rpartition("/")[0]
        return f"systemctl stop {unit(name)} && rm -r {folder} && rm -f {nspawn_file(name)}"

    def _marked_file(self, name: str) -> str:
        return unit_file(name)

    def _reload(self, name: str) -> None:
        """Have systemd read a unit again if it holds an older version of it.

        One that it does not hold it reads anew by itself, and a reload of all costs a tenth of a second.
        """
        if self._shown(name, "NeedDaemonReload")["NeedDaemonReload"] != "no":
            self._systemctl("daemon-reload")


def _plain(value: str) -> str:
    """A value in a unit file, where a per cent sign begins a specifier."""
    return value.replace("%", "%%")


def _word(value: str) -> str:
    """One word in a unit file, where words may be quoted."""
    escaped = _plain(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bind_path(path: str) -> str:
    """A path in a ``Bind=`` line, where a colon separates."""
    return path.replace("\\", "\\\\").replace(":", "\\:")
