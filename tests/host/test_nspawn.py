"""A machine's files, and what may stand in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import CommandTimedOut
from agent.host.nspawn import Nspawn, nspawn_text, unit, unit_file, unit_text
from agent.host.runtime import Machine
from agent.host.simulated import Fault, Pace, SimulatedNode

BASE = 1_048_576


def machine(**changed: object) -> Machine:
    """A machine, with something else in it."""
    given: dict[str, object] = {
        "name": "dev-abcde",
        "hostname": "dev",
        "root": "/var/lib/machines/dev-abcde",
        "bridge": "voxnix0",
        "uid_base": BASE,
        "binds": (("/tank/w/dev-abcde", "/workspace"),),
        "memory_max": "2G",
        "tasks_max": 4096,
    }
    return Machine(**{**given, **changed})  # pyright: ignore[reportArgumentType]


def test_the_files_of_a_machine() -> None:
    """A user namespace and an interface of its own, limits, and no start without its mounts."""
    settings, added = nspawn_text(machine()), unit_text(machine())
    for line in (
        "Boot=yes",
        "Hostname=dev",
        "PrivateUsers=1048576:65536",
        "PrivateUsersOwnership=off",
        "Bind=/tank/w/dev-abcde:/workspace",
        "Bridge=voxnix0",
        "ResolvConf=off",
    ):
        assert line in settings.split("\n")
    for line in (
        "AssertPathIsMountPoint=/var/lib/machines/dev-abcde",
        "AssertPathIsMountPoint=/tank/w/dev-abcde",
        'RequiresMountsFor="/tank/w/dev-abcde"',
        "MemoryMax=2G",
        "TasksMax=4096",
    ):
        assert line in added.split("\n")


def test_what_systemd_would_read_as_something_else_is_escaped() -> None:
    """A per cent sign is no specifier, a colon no separator, a space no end."""
    odd = machine(binds=(('/tank/a b%n:c\\"d', "/in:side"),))
    assert 'Bind=/tank/a b%n\\:c\\\\"d:/in\\:side\n' in nspawn_text(odd)
    assert 'AssertPathIsMountPoint=/tank/a b%%n:c\\"d\n' in unit_text(odd)
    assert 'RequiresMountsFor="/tank/a b%%n:c\\\\\\"d"\n' in unit_text(odd)


def test_a_device_is_allowed_and_bound_where_it_is_asked_for() -> None:
    """The stock unit's list is taken back; nspawn itself makes one of them."""
    plain, added = machine(), machine(devices=("/dev/kvm", "/dev/net/tun"))
    assert "DeviceAllow=\nDeviceAllow=char-pts rw\nDeviceAllow=/dev/net/tun m\nEnv" in unit_text(plain)
    assert "DeviceAllow=/dev/kvm rwm\nDeviceAllow=/dev/net/tun rwm\n" in unit_text(added)
    assert [line for line in nspawn_text(added).split("\n") if "=/dev/" in line] == ["Bind=/dev/kvm"]


def test_a_credential_is_added_to_the_stock_command() -> None:
    """A file of settings cannot have one; without any the command stays the stock one's."""
    assert "ExecStart" not in unit_text(machine())
    added = unit_text(machine(credentials=(("ts.key", "/var/lib/s%n $x"),)))
    assert "\nExecStart=\nExecStart=systemd-nspawn --quiet" in added
    assert ' "--load-credential=ts.key:/var/lib/s%%n $$x"\n' in added


def test_with_mapped_ids_the_files_are_roots_on_disk() -> None:
    """The kernel maps the root and what is bound into it."""
    text = nspawn_text(machine(idmap=True))
    assert "PrivateUsersOwnership=map\n" in text
    assert "Bind=/tank/w/dev-abcde:/workspace:idmap\n" in text


def test_the_mark_of_a_unit_follows_all_that_a_restart_would_change() -> None:
    """What is in its other file too."""
    marks = {
        unit_text(one).rpartition("VOXNIX_UNIT=")[2]
        for one in (machine(), machine(hostname="other"), machine(tasks_max=1))
    }
    assert len(marks) == 3
    assert unit_text(machine()) == unit_text(machine())


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "Dev"},
        {"name": "dev\n"},
        {"name": "../x"},
        {"name": "a" * 64},
        {"hostname": "dev\n[Files]"},
        {"hostname": "a.b"},
        {"bridge": "voxnix0\n"},
        {"bridge": "x" * 16},
        {"root": "relative"},
        {"root": "/a\nBind=/:/host"},
        {"binds": (("/a", "/b\n"),)},
        {"binds": (("/a ", "/b"),)},
        {"memory_max": "lots"},
        {"memory_max": "2G\n"},
        {"tasks_max": 0},
        {"uid_base": 0},
        {"uid_base": 1},
        {"uid_base": -65_536},
        {"system": "/opt/system"},
        {"system": "/nix/store/a\n"},
        {"credentials": (("a:b", "/x"),)},
        {"credentials": (("a", "x"),)},
        {"credentials": (("a", "/x\nExecStartPre=/bin/x"),)},
        {"devices": ("/etc/shadow",)},
        {"devices": ("/dev/a b",)},
    ],
)
def test_an_invalid_machine_cannot_be_constructed(changed: dict[str, object]) -> None:
    """No value can add a line to a file that systemd reads as root."""
    with pytest.raises(ValueError, match="is not"):
        machine(**changed)


@given(st.text(min_size=1, max_size=70))
def test_a_unit_name_is_one_plain_word_or_refused(name: str) -> None:
    """No name reaches another unit or another folder."""
    try:
        word = unit(name)
    except ValueError:
        return
    assert word == f"systemd-nspawn@{name}.service"
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert unit_file(name).count("/") == 5


@given(st.text(min_size=1, max_size=40))
def test_no_path_adds_a_line(path: str) -> None:
    """Whatever a path is: it is refused, or stays on its line."""
    try:
        odd = machine(binds=((f"/{path}", "/in"),))
    except ValueError:
        return
    plain = machine()
    assert nspawn_text(odd).count("\n") == nspawn_text(plain).count("\n")
    assert unit_text(odd).count("\n") == unit_text(plain).count("\n")


def test_a_changed_unit_is_read_again_only_if_systemd_holds_it() -> None:
    """A reload of all units costs a tenth of a second, so it is asked first."""
    node = SimulatedNode("sim", pace=Pace.instant())
    Nspawn(node).write(machine())
    assert ("systemctl", "daemon-reload") not in node.commands
    node.faults.append(Fault("NeedDaemonReload", returncode=1, stderr="no bus"))
    with pytest.raises(Exception, match="no bus"):
        Nspawn(node).write(machine())


def test_a_command_that_hangs_is_a_timeout() -> None:
    """Whatever hangs, inside or on the way there."""
    node = SimulatedNode(
        "sim", pace=Pace.instant(), faults=[Fault("^systemd-run", hangs=True)], sleep=lambda _: None
    )
    with pytest.raises(CommandTimedOut):
        Nspawn(node).exec("dev-abcde", ["true"], 5)


def test_each_machine_that_has_a_unit_of_ours_is_installed() -> None:
    """Whoever knows of it; one that an admin has made by hand is not ours."""
    node = SimulatedNode("box", pace=Pace.instant())
    runtime = Nspawn(node)
    assert runtime.installed() == frozenset()
    runtime.write(machine())
    node.write("/etc/systemd/system/systemd-nspawn@theirs.service.d/override.conf", "[Service]\n")
    assert runtime.installed() == {"dev-abcde"}
    assert runtime.by_hand("dev-abcde") == (
        "systemctl stop systemd-nspawn@dev-abcde.service"
        " && rm -r /etc/systemd/system/systemd-nspawn@dev-abcde.service.d"
        " && rm -f /etc/systemd/nspawn/dev-abcde.nspawn"
    )
    runtime.remove("dev-abcde")
    assert runtime.installed() == frozenset()
