"""Probes have three answers: what was denied or failed was not seen to be absent."""

import pytest

from agent.core.errors import CommandFailed, CommandTimedOut
from agent.host.network import Network
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from tests.host.scripted import Scripted, ScriptedNode

LIST = "zfs list -H -t all -o name tank tank/a"


@pytest.mark.parametrize(
    ("answer", "presence"),
    [
        ((0, "tank\ntank/a\n", ""), Presence.PRESENT),
        ((1, "tank\n", "cannot open 'tank/a': dataset does not exist\n"), Presence.ABSENT),
        ((1, "", "cannot open 'tank': dataset does not exist\n"), Presence.UNKNOWN),
        ((1, "tank\n", "cannot open 'tank/a': permission denied\n"), Presence.UNKNOWN),
        ((1, "", "Unable to open /dev/zfs: Permission denied.\n"), Presence.UNKNOWN),
        ((1, "", "The ZFS modules are not loaded.\n"), Presence.UNKNOWN),
        ((1, "", "internal error: out of memory\n"), Presence.UNKNOWN),
        ((-9, "", ""), Presence.UNKNOWN),
        ((0, "", ""), Presence.UNKNOWN),
        (CommandFailed(("zfs",), 127, "zfs is not installed"), Presence.UNKNOWN),
        (CommandTimedOut("zfs did not end"), Presence.UNKNOWN),
    ],
)
def test_a_dataset(answer: Scripted, presence: Presence) -> None:
    """Only a pool that answers can say that something in it is absent."""
    assert Zfs(ScriptedNode({LIST: answer})).presence("tank/a") is presence


def test_a_pool_itself_may_be_absent_only_as_unknown() -> None:
    """A pool that is not imported looks like one that never was."""
    answer = (1, "", "cannot open 'tank': dataset does not exist\n")
    assert Zfs(ScriptedNode({"zfs list -H -t all -o name tank": answer})).presence("tank") is Presence.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "presence"),
    [
        ((0, '[{"ifname":"br0","flags":["BROADCAST","UP"]}]', ""), Presence.PRESENT),
        ((0, '[{"ifname":"br0","flags":["BROADCAST"]}]', ""), Presence.ABSENT),
        ((1, "", 'Device "br0" does not exist.\n'), Presence.ABSENT),
        ((1, "", "Cannot open netlink socket: Permission denied\n"), Presence.UNKNOWN),
        ((0, "rubbish", ""), Presence.UNKNOWN),
        (CommandTimedOut("ip did not end"), Presence.UNKNOWN),
    ],
)
def test_a_bridge(answer: Scripted, presence: Presence) -> None:
    """It is there when it is up."""
    assert Network(ScriptedNode({"ip -json link show dev br0": answer})).bridge_up("br0") is presence


@pytest.mark.parametrize(
    ("answer", "presence"),
    [
        ((0, "table inet voxnix {\n}\n", ""), Presence.PRESENT),
        ((1, "", "Error: No such file or directory\nlist table inet voxnix\n"), Presence.ABSENT),
        ((1, "", "Operation not permitted (you must be root)\n"), Presence.UNKNOWN),
        (CommandFailed(("nft",), 127, "nft is not installed"), Presence.UNKNOWN),
    ],
)
def test_the_firewall(answer: Scripted, presence: Presence) -> None:
    """No rights to look is not "no firewall", and not "a firewall" either."""
    assert Network(ScriptedNode({"nft list table inet voxnix": answer})).firewall_loaded() is presence
