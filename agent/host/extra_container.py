"""NixOS containers: units and settings made by Nix, installed by extra-container, run by systemd.

extra-container is asked to install and to remove, and for nothing else:

* Its text says "Installing" before anything is, and its ``destroy`` answers 0 whatever happened. So its
  words and exit codes are only quoted; what counts is which files systemd and we can see afterwards.
* Its own ``--start`` is ``systemctl start`` in another program's clothes, and its ``--update-changed`` hides
  whether the guest's switch went well. Both are done here instead, where an error is an error.
"""

import json
import re

from agent.core.errors import CommandFailed, HostFailure
from agent.host.node import Node
from agent.host.runtime import Applied, Machine
from agent.host.units import TIMEOUT, Units

BUILD_TIMEOUT = 60.0
"""Seconds for two files in the store; it takes a twentieth of one."""
SWITCH_TIMEOUT = 600.0
"""Seconds for a guest to become another system while it runs."""

KEPT = 2
"""How many generations are kept: what a machine is, and what it can go back to."""

PROFILES = "/nix/var/nix/profiles/voxnix"
CONF_FOLDER = "/etc/nixos-containers"
UNIT_FOLDERS = ("/etc/systemd-mutable/system", "/usr/lib/systemd/system")
"""Where extra-container puts units: on NixOS, and elsewhere."""
ROOTS = "/nix/var/nix/gcroots/auto"

PATH = (
    "/run/wrappers/bin:/root/.nix-profile/bin:/run/current-system/sw/bin:"
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)
"""Where a NixOS guest has its programs; its systemd gives services no such PATH."""

_NSPAWN = ("/run/current-system/sw/bin/systemd-nspawn", "/usr/bin/systemd-nspawn")
_GENERATION = re.compile(r"-[0-9]+-link\Z")
"""How the name ends that nix-env gives to what was in a profile at one time."""
_ABSENT = "No such file or directory"
_SYSTEM = re.compile(r"^SYSTEM_PATH=(.+)$", re.MULTILINE)


class ExtraContainer(Units):
    """The containers of a node whose systems come from its store.

    Args:
        node: where they run.
        nix: the folder with ``lib/instance.nix``.
        busybox: a statically linked busybox: in the store, or anywhere.
        command: the program extra-container.
        requires: units without which no container starts, such as the firewall's.
    """

    def __init__(
        self,
        node: Node,
        *,
        nix: str,
        busybox: str,
        command: str = "extra-container",
        requires: tuple[str, ...] = (),
    ) -> None:
        super().__init__(node, "container", PATH)
        self._nix = nix
        self._busybox = busybox
        self._command = command
        self._requires = requires

    def write(self, machine: Machine) -> None:
        """See :meth:`agent.host.runtime.Runtime.write`: a new generation, unless nothing changed."""
        if not machine.system:
            raise ValueError(f"{machine.name} has no system to boot")
        if not self._node.exists(PROFILES):
            self._node.run(["mkdir", "-p", PROFILES], timeout=TIMEOUT)
        given = ["--file", f"{self._nix}/lib/instance.nix", "--argstr", "parameters", self._json(machine)]
        self._profile(machine.name, *given, "--attr", "instance", "--set")
        self._install(machine.name)

    def settle(self, name: str) -> None:
        """Forget what a machine was, but for what it is and what it was before: the store keeps both."""
        self._profile(name, "--delete-generations", f"+{KEPT}")

    def remove(self, name: str) -> None:
        """See :meth:`agent.host.runtime.Runtime.remove`."""
        said = ""
        if self._left(name):
            answer = self._node.run([self._command, "destroy", name], timeout=TIMEOUT, check=False)
            said = (answer.stderr or answer.stdout).strip()[-300:]
        if self._node.exists(PROFILES):
            self._node.run([*self._links(name), "-delete"], timeout=TIMEOUT)
        self._forget(name)
        left = self._left(name)
        if left:
            raise HostFailure(
                f"{', '.join(left)} {'is' if len(left) == 1 else 'are'} left of {name}.",
                f"{self._command} said: {said}" if said else "",
                "Look at what keeps it there, then try again.",
            )

    def system(self, name: str) -> str:
        """The store path of the system that a machine is installed with; empty where there is none."""
        return self._system("", name)

    def _json(self, machine: Machine) -> str:
        """What ``nix/lib/instance.nix`` is told."""
        return json.dumps(
            {
                "machine": machine.name,
                "hostname": machine.hostname,
                "system": machine.system,
                "root": machine.root,
                "binds": [{"source": source, "target": target} for source, target in machine.binds],
                "bridge": machine.bridge,
                "uidBase": machine.uid_base,
                "idmap": machine.idmap,
                "memoryMax": machine.memory_max,
                "tasksMax": machine.tasks_max,
                "credentials": [{"id": name, "path": path} for name, path in machine.credentials],
                "devices": list(machine.devices),
                "requires": list(self._requires),
                "nspawn": next((path for path in _NSPAWN if self._node.exists(path)), _NSPAWN[-1]),
                "busybox": self._busybox,
            }
        )

    def _profile(self, name: str, *argv: str) -> str:
        """Run ``nix-env`` on the profile of a machine."""
        self.unit(name)
        command = ["nix-env", "--profile", f"{PROFILES}/{name}", *argv]
        return self._node.run(command, timeout=BUILD_TIMEOUT).stdout

    def _install(self, name: str) -> None:
        """Have systemd see what the profile of a machine holds."""
        made = self._node.run(["readlink", "--canonicalize", f"{PROFILES}/{name}"]).stdout.strip()
        if not self._difference(name, made):
            return
        answer = self._node.run([self._command, "create", made], timeout=TIMEOUT, check=False)
        difference = self._difference(name, made)
        if difference:
            said = (answer.stderr or answer.stdout).strip()[-300:]
            raise HostFailure(
                f"{self._command} did not install {name}: {difference}.",
                f"It ended with {answer.returncode} and said: {said}",
                "Look whether systemd reads its units from where extra-container puts them.",
            )

    def _difference(self, name: str, made: str) -> str:
        """What is not as it was made; empty where all is."""
        conf = f"{CONF_FOLDER}/{name}.conf"
        if self._node.read(conf) != self._node.read(f"{made}{conf}"):
            return f"{conf} is another one"
        shown = self._shown(name, "FragmentPath", "NeedDaemonReload")
        unit, file = self.unit(name), shown["FragmentPath"]
        if not file or self._node.read(file) != self._node.read(f"{made}/etc/systemd/system/{unit}"):
            return f"systemd reads {file or 'no file'} for {unit}"
        return "" if shown["NeedDaemonReload"] == "no" else f"systemd has not read {file} again"

    def installed(self) -> frozenset[str]:
        """See :meth:`agent.host.runtime.Runtime.installed`: each has a profile, which nobody else makes."""
        if not self._node.exists(PROFILES):
            return frozenset()
        argv = ["find", PROFILES, "-maxdepth", "1", "-type", "l"]
        found = self._node.run(argv, timeout=TIMEOUT).stdout.splitlines()
        names = {line.rpartition("/")[2] for line in found}
        return frozenset(name for name in names if not _GENERATION.search(name))

    def by_hand(self, name: str) -> str:
        """See :meth:`agent.host.runtime.Runtime.by_hand`."""
        self.unit(name)
        return f"{self._command} destroy {name} && rm -f {PROFILES}/{name} {PROFILES}/{name}-*-link"

    def _marked_file(self, name: str) -> str:
        return self._shown(name, "FragmentPath")["FragmentPath"]

    def _apply_in_place(self, name: str) -> Applied:
        """Make the system that a guest runs the one it is installed with."""
        system = self.system(name)
        runs = self.exec(name, ["readlink", "/run/current-system"], TIMEOUT, directory="/").stdout.strip()
        if runs == system:
            return Applied.NOTHING
        argv = [f"{system}/bin/switch-to-configuration", "test"]
        answer = self.exec(name, argv, SWITCH_TIMEOUT, directory="/")
        if answer.returncode != 0:
            raise CommandFailed(tuple(argv), answer.returncode, answer.stderr or answer.stdout)
        return Applied.IN_PLACE

    def _system(self, above: str, name: str) -> str:
        found = _SYSTEM.search(self._node.read(f"{above}{CONF_FOLDER}/{name}.conf") or "")
        return found[1] if found else ""

    def _links(self, name: str) -> list[str]:
        """The command that finds the profile of a machine, and its generations."""
        self.unit(name)
        one = ["-name", name, "-o", "-regex", f"{PROFILES}/{name}-[0-9]+-link"]
        return ["find", PROFILES, "-maxdepth", "1", "-type", "l", "(", *one, ")"]

    def _left(self, name: str) -> list[str]:
        """Every trace of a machine: extra-container's links, dangling ones too, and our own."""
        unit, root = self.unit(name), f"{ROOTS}/extra-container-{name}"
        links = [f"{CONF_FOLDER}/{name}.conf", root, f"{root}.conf"]
        links += [f"{folder}/{unit}" for folder in UNIT_FOLDERS]
        listed = self._node.run(["ls", "-d", *links], timeout=TIMEOUT, check=False)
        unseen = [line for line in listed.stderr.splitlines() if not line.endswith(_ABSENT)]
        if unseen:
            raise HostFailure(f"What is left of {name} cannot be seen.", " ".join(unseen)[-300:])
        found = listed.stdout.splitlines()
        if self._node.exists(PROFILES):
            found += self._node.run(self._links(name), timeout=TIMEOUT).stdout.splitlines()
        return found
