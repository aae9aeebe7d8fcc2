"""What programs print, as it was recorded from the real ones, and as nobody would print it."""

import json
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import HostFailure, NoSpace
from agent.core.workload import Usage
from agent.host.machined import concerns_machines, parse_addresses
from agent.host.runtime import Failure, UnitState
from agent.host.units import parse_failures, parse_states
from agent.host.zfs import Filled, PoolSpace, Zfs
from tests.host.scripted import Scripted, ScriptedNode

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    """What a real program printed."""
    return (RECORDED / name).read_text(encoding="utf-8")


def test_a_listing_of_machines() -> None:
    """Addresses of each; link-local ones are none; no lease yet is no address."""
    assert parse_addresses(recorded("machinectl-list.json")) == {
        "dev-1": ("10.88.48.186",),
        "dev-2": ("10.88.74.157",),
        "dev-3": (),
    }


@pytest.mark.parametrize("text", ["", "[]", "[]\n"])
def test_no_machines(text: str) -> None:
    """Nothing runs."""
    assert parse_addresses(text) == {}


@pytest.mark.parametrize("text", ["{}", "No machines.", "[1]", '[{"class":"container"}]', "\x00"])
def test_what_is_no_listing_is_an_error(text: str) -> None:
    """It is never read as "nothing runs"."""
    with pytest.raises(HostFailure):
        parse_addresses(text)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,11}", fullmatch=True),
        st.lists(st.ip_addresses().map(str) | st.sampled_from(["…", "fe80::1", "127.0.0.1"])),
    )
)
def test_addresses_are_ipv4_first_and_reachable(machines: dict[str, list[str]]) -> None:
    """Every machine is in the answer; no address is made up, link-local or loopback."""
    text = json.dumps([{"machine": name, "addresses": "\n".join(found)} for name, found in machines.items()])
    parsed = parse_addresses(text)
    assert parsed.keys() == machines.keys()
    for name, addresses in parsed.items():
        assert set(addresses) <= {str(ip_address(one)) for one in machines[name] if one != "…"}
        versions = [ip_address(one).version for one in addresses]
        assert versions == sorted(versions)
        assert not any(ip_address(one).is_link_local or ip_address(one).is_loopback for one in addresses)


def test_states_of_units() -> None:
    """Blocks in any order."""
    assert parse_states(recorded("systemctl-show.txt"), "systemd-nspawn") == {
        "dev-0": UnitState.INACTIVE,
        "dev-1": UnitState.ACTIVE,
        "dev-2": UnitState.ACTIVE,
    }


@pytest.mark.parametrize(
    ("active", "state"),
    [
        ("reloading", UnitState.ACTIVE),
        ("refreshing", UnitState.ACTIVE),
        ("maintenance", UnitState.UNKNOWN),
        ("", UnitState.UNKNOWN),
        ("a word of a later systemd", UnitState.UNKNOWN),
        *((str(state), state) for state in UnitState),
    ],
)
def test_words_for_states(active: str, state: UnitState) -> None:
    """A word nobody knows is unknown, not inactive."""
    text = f"ActiveState={active}\nId=container@a.service\n"
    assert parse_states(text, "container") == {"a": state}
    assert parse_states(text, "systemd-nspawn") == {}


@given(st.text())
def test_any_text_has_states_or_none(text: str) -> None:
    """Rubbish is no machine, and no crash."""
    assert all(isinstance(state, UnitState) for state in parse_states(text, "container").values())


def test_what_concerns_machines() -> None:
    """Of all units only containers' do."""
    lines = recorded("busctl-monitor.jsonl").splitlines()
    assert [concerns_machines(line) for line in lines] == [False, True, True]


def test_a_nixos_containers_unit_concerns_machines() -> None:
    """Whatever runs it."""
    path = '{"path":"/org/freedesktop/systemd1/unit/%s","member":"PropertiesChanged"}'
    assert concerns_machines(path % "container_40dev_2dabcde_2eservice")
    assert not concerns_machines(path % "my_2dcontainer_2eservice")


def zfs(answers: dict[str, tuple[int, str, str]]) -> Zfs:
    """A ZFS that answers as scripted."""
    return Zfs(ScriptedNode({**answers}))


@pytest.mark.parametrize("none", ["0", "none", "-"])
def test_usage_without_a_quota(none: str) -> None:
    """However a version of ZFS writes "no limit", it is 0."""
    answers = {
        "zfs get -Hp -o property,value used,available,quota tank/a": (
            0,
            f"used\t311087104\navailable\t20691812352\nquota\t{none}\n",
            "",
        ),
        "zfs list -H -t snapshot -o name -r tank/a": (0, "tank/a@1\ntank/a@2\ntank/a/b@3\n", ""),
    }
    assert zfs(answers).usage("tank/a") == Usage(used=311087104, available=20691812352, quota=0, snapshots=2)


def test_a_property_that_is_not_told_is_an_error() -> None:
    """It is never taken for 0."""
    with pytest.raises(HostFailure, match="mounted"):
        zfs({"zfs get -Hp -o property,value mounted tank/a": (0, "", "")}).mounted("tank/a")


def test_the_room_in_a_pool() -> None:
    """In bytes, by `zfs get`: zfs-fuse's `zpool` knows no exact numbers."""
    answers = {
        "zfs get -Hp -o property,value used,available tank": (0, "used\t30\navailable\t70\n", ""),
        "zpool list -H -o health tank": (0, "DEGRADED\n", ""),
    }
    assert zfs(answers).pool("tank") == PoolSpace(size=100, free=70, health="DEGRADED")


@pytest.mark.parametrize(
    "stderr",
    [
        "cannot create 'tank/a': out of space\n",
        "cannot set property for 'a': size is less than current used\n",
    ],
)
def test_a_full_pool_is_no_space(stderr: str) -> None:
    """The person can mend it, so it is a refusal."""
    with pytest.raises(NoSpace):
        zfs({"zfs create tank/a": (1, "", stderr)}).create("tank/a")


@given(st.lists(st.from_regex(r"tank/a(/[b-d]{1,2}){0,3}|tank/ab", fullmatch=True)))
def test_children_are_direct(names: list[str]) -> None:
    """Neither the data set itself, nor grandchildren, nor one whose name begins alike."""
    answer = "".join(f"{name}\n" for name in names)
    children = zfs({"zfs list -H -t filesystem -o name -r tank/a": (0, answer, "")}).children("tank/a")
    assert all(child.startswith("tank/a/") and child.count("/") == 2 for child in children)
    assert list(children) == sorted(children)


def test_how_a_unit_failed() -> None:
    """To the microsecond; what is not failed is not in the answer, nor is a unit of another kind."""
    text = recorded("systemctl-failures.txt")
    assert parse_failures(text, "systemd-nspawn") == {
        "dev-1": Failure(
            invocation="474e658f7491468da91b5b9b02c98e92",
            at=datetime(2026, 11, 25, 2, 34, 18, 802299, tzinfo=UTC),
            result="exit-code",
            status=3,
        )
    }
    assert parse_failures(text, "container") == {}


def test_a_failure_without_a_time_is_an_error() -> None:
    """It could not be told from one that is known."""
    text = recorded("systemctl-failures.txt").replace("Wed 2026-11-25 02:34:18.802299 UTC", "n/a")
    with pytest.raises(HostFailure):
        parse_failures(text, "systemd-nspawn")


def test_how_full_datasets_are() -> None:
    """Those with a limit."""
    text = recorded("zfs-get-filled.txt")
    names = sorted({line.partition("\t")[0] for line in text.splitlines()})
    answers: dict[str, Scripted] = {
        "zfs list -H -t filesystem -o name -r tank/users": (0, "\n".join(names), ""),
        f"zfs get -Hp -o name,property,value used,quota {' '.join(names)}": (0, text, ""),
    }
    above = "tank/users/admin/workloads/dev-1"
    assert Zfs(ScriptedNode(answers)).filled("tank/users") == {
        f"{above}/root": Filled(4894720, 10 << 30),
        f"{above}/workspace": Filled(114688, 10 << 30),
    }
