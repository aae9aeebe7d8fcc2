"""What is asked of Nix and extra-container, and what their answers are taken for."""

import json

import pytest

from agent.core.errors import HostFailure
from agent.host.extra_container import ExtraContainer
from agent.host.runtime import Machine
from tests.host.scripted import Scripted, ScriptedNode

NAME = "dev-abcde"
PROFILE = f"/nix/var/nix/profiles/voxnix/{NAME}"
CONF = f"/etc/nixos-containers/{NAME}.conf"
UNIT = f"container@{NAME}.service"
MADE = "/nix/store/0-container"
TRACES = (
    f"ls -d {CONF} /nix/var/nix/gcroots/auto/extra-container-{NAME}"
    f" /nix/var/nix/gcroots/auto/extra-container-{NAME}.conf"
    f" /etc/systemd-mutable/system/{UNIT} /usr/lib/systemd/system/{UNIT}"
)
FORGET = f"systemctl reset-failed {UNIT}"
SHOW = f"systemctl show --property=FragmentPath,NeedDaemonReload {UNIT}"
MACHINE = Machine(
    name=NAME,
    hostname="dev",
    root=f"/var/lib/machines/{NAME}",
    bridge="voxnix0",
    uid_base=1_048_576,
    binds=(("/tank/w", "/workspace"),),
    memory_max="2G",
    tasks_max=4096,
    system="/nix/store/0-system",
    credentials=(("tailscale.auth-key", "/var/lib/voxnix/secrets/key"),),
    devices=("/dev/net/tun",),
)


class NodeWithFiles(ScriptedNode):
    """A scripted node that has files."""

    def __init__(self, answers: dict[str, Scripted], files: dict[str, str] | None = None) -> None:
        super().__init__(answers)
        self.files = files or {}

    def read(self, path: str) -> str | None:
        """What is in a file."""
        return self.files.get(path)

    def exists(self, path: str) -> bool:
        """Whether there is a file."""
        return path in self.files


def runtime(answers: dict[str, Scripted], files: dict[str, str] | None = None) -> ExtraContainer:
    """The runtime on a node that answers as scripted."""
    node = NodeWithFiles(answers, files)
    return ExtraContainer(node, nix="/n", busybox="/b/busybox", requires=("nftables.service",))


def writing(*created: Scripted) -> dict[str, Scripted]:
    """What writing the machine asks, with extra-container's answer if it is asked."""
    parameters = {
        "machine": NAME,
        "hostname": "dev",
        "system": "/nix/store/0-system",
        "root": f"/var/lib/machines/{NAME}",
        "binds": [{"source": "/tank/w", "target": "/workspace"}],
        "bridge": "voxnix0",
        "uidBase": 1_048_576,
        "idmap": False,
        "memoryMax": "2G",
        "tasksMax": 4096,
        "credentials": [{"id": "tailscale.auth-key", "path": "/var/lib/voxnix/secrets/key"}],
        "devices": ["/dev/net/tun"],
        "requires": ["nftables.service"],
        "nspawn": "/usr/bin/systemd-nspawn",
        "busybox": "/b/busybox",
    }
    build = f"--file /n/lib/instance.nix --argstr parameters {json.dumps(parameters)} --attr instance --set"
    return {
        "mkdir -p /nix/var/nix/profiles/voxnix": (0, "", ""),
        f"nix-env --profile {PROFILE} {build}": (0, "", ""),
        f"readlink --canonicalize {PROFILE}": (0, f"{MADE}\n", ""),
        SHOW: (0, f"FragmentPath=/usr/lib/systemd/system/{UNIT}\nNeedDaemonReload=no\n", ""),
        **{f"extra-container create {MADE}": answer for answer in created},
    }


INSTALLED = {
    CONF: "SYSTEM_PATH=/nix/store/0-system\n",
    f"{MADE}{CONF}": "SYSTEM_PATH=/nix/store/0-system\n",
    f"/usr/lib/systemd/system/{UNIT}": "[Unit]\n",
    f"{MADE}/etc/systemd/system/{UNIT}": "[Unit]\n",
}


def test_what_is_installed_already_is_not_installed_again() -> None:
    """One call of Nix, no evaluation of NixOS, and extra-container is not asked."""
    runtime(writing(), INSTALLED).write(MACHINE)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({CONF: "SYSTEM_PATH=/nix/store/old\n"}, f"{CONF} is another one"),
        ({f"/usr/lib/systemd/system/{UNIT}": "old"}, f"systemd reads /usr/lib/systemd/system/{UNIT} for"),
    ],
)
def test_an_installation_is_judged_by_what_is_there(changed: dict[str, str], what: str) -> None:
    """A success that left the old files is a failure, with the words of extra-container."""
    node = runtime(writing((0, "Installing containers:\n", "")), INSTALLED | changed)
    with pytest.raises(HostFailure, match=what) as failed:
        node.write(MACHINE)
    assert "Installing containers" in str(failed.value)


def test_a_unit_that_systemd_has_not_read_again_is_not_installed() -> None:
    """It would start the old one."""
    answers = writing((1, "", "Failed to reload daemon")) | {
        SHOW: (0, f"FragmentPath=/usr/lib/systemd/system/{UNIT}\nNeedDaemonReload=yes\n", "")
    }
    with pytest.raises(HostFailure, match=r"has not read .* Failed to reload daemon"):
        runtime(answers, INSTALLED).write(MACHINE)


def test_a_unit_in_a_folder_that_systemd_does_not_read_is_not_installed() -> None:
    """As on a NixOS that was not told of extra-container's."""
    answers = writing((0, "", "")) | {SHOW: (0, "FragmentPath=\nNeedDaemonReload=no\n", "")}
    with pytest.raises(HostFailure, match=f"systemd reads no file for {UNIT}"):
        runtime(answers, INSTALLED).write(MACHINE)


def test_a_machine_that_is_not_there_has_no_system() -> None:
    """Nor is that an error."""
    assert runtime({}).system(NAME) == ""


def absent(*there: str) -> Scripted:
    """What ``ls`` says where only some traces are there."""
    missing = [word for word in TRACES.split()[2:] if word not in there]
    complaints = "".join(f"ls: cannot access '{word}': No such file or directory\n" for word in missing)
    return (2, "".join(f"{word}\n" for word in there), complaints)


def test_what_is_not_there_is_not_destroyed() -> None:
    """extra-container is not asked."""
    runtime({TRACES: absent(), FORGET: (1, "", "not loaded")}).remove(NAME)


def test_a_removal_that_left_something_names_it() -> None:
    """However well extra-container says that it went."""
    answers: dict[str, Scripted] = {
        TRACES: absent(CONF),
        f"extra-container destroy {NAME}": (0, "", "Stopping failed"),
        FORGET: (0, "", ""),
    }
    with pytest.raises(HostFailure, match=rf"{CONF} is left of {NAME}\..*Stopping failed"):
        runtime(answers).remove(NAME)


def test_traces_that_cannot_be_seen_are_not_taken_for_none() -> None:
    """Nobody says "removed" of what could not be looked at."""
    answers: dict[str, Scripted] = {TRACES: (2, "", f"ls: cannot access '{CONF}': Permission denied\n")}
    with pytest.raises(HostFailure, match="Permission denied"):
        runtime(answers).remove(NAME)


@pytest.mark.parametrize("name", ["../x", "a b", "Dev", "", "a\n"])
def test_no_name_reaches_another_profile(name: str) -> None:
    """Each way in checks it."""
    one = runtime({}, {f"/nix/var/nix/profiles/voxnix/{name}": ""})
    for ask in (one.settle, one.remove, one.start):
        with pytest.raises(ValueError, match="not a machine's name"):
            ask(name)


def test_each_machine_that_has_a_profile_is_installed() -> None:
    """Its generations are not machines; without any profile there is none, and what fails is no answer."""
    folder = "/nix/var/nix/profiles/voxnix"
    listed = f"find {folder} -maxdepth 1 -type l"
    links = "".join(
        f"{folder}/{name}\n" for name in (NAME, f"{NAME}-1-link", f"{NAME}-12-link", "left-abcde")
    )
    there = {folder: ""}
    assert runtime({listed: (0, links, "")}, there).installed() == {NAME, "left-abcde"}
    assert runtime({}).installed() == frozenset()
    with pytest.raises(HostFailure, match="Permission denied"):
        runtime({listed: (1, "", "find: Permission denied")}, there).installed()
    assert runtime({}).by_hand("left-abcde").startswith("extra-container destroy left-abcde && rm -f ")
