"""The simulated ``machinectl``, ``busctl monitor``, ``ip`` and ``nft``."""

import json
from collections.abc import Generator

from agent.host.simulated.programs import Call
from agent.host.simulated.units import active_state, running
from agent.host.simulated.world import Answer

POLL = 0.02
"""Seconds between two looks of ``busctl monitor``."""


def machinectl(call: Call) -> Answer:
    """``machinectl list``."""
    if call.argv[1:] != ["list", "--output=json", "--max-addresses=all", "--no-pager"]:
        raise call.unknown()
    listed: list[dict[str, str]] = []
    for name, unit in sorted(running(call.world, call.now).items()):
        leased = call.now >= unit.booted_at + call.pace.lease
        listed.append(
            {
                "machine": name,
                "class": "container",
                "service": "systemd-nspawn",
                "os": "debian",
                "version": "13",
                "addresses": unit.address if leased else "",
            }
        )
    return Answer(json.dumps(listed) + "\n")


def busctl(call: Call) -> Generator[str | float, None, Answer]:
    """``busctl monitor``: a line whenever a unit's state is another than before, until it is killed."""
    if call.argv[1:3] != ["monitor", "--json=short"] or not all(
        w.startswith("--match=") for w in call.argv[3:]
    ):
        raise call.unknown()

    def seen() -> tuple[int, dict[str, str]]:
        return call.world.changes, {
            name: active_state(unit, call.now) for name, unit in call.world.units.items()
        }

    before = seen()
    while True:
        yield POLL
        now = seen()
        if now != before:
            before = now
            yield json.dumps({"type": "signal", "interface": "org.freedesktop.machine1.Manager"})


def ip(call: Call) -> Answer:
    """``ip link show``."""
    match call.argv[1:]:
        case ["-json", "link", "show", "dev", name]:
            if name not in call.world.bridges:
                return Answer.no(f'Device "{name}" does not exist.')
            flags = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]
            return Answer(
                json.dumps([{"ifindex": 3, "ifname": name, "flags": flags, "operstate": "UP"}]) + "\n"
            )
        case _:
            raise call.unknown()


def nft(call: Call) -> Answer:
    """``nft list table``."""
    if call.argv[1:4] != ["list", "table", "inet"]:
        raise call.unknown()
    if call.argv[4:] != ["voxnix"] or not call.world.firewall:
        return Answer.no("Error: No such file or directory\n" + " ".join(call.argv[1:]))
    return Answer("table inet voxnix {\n}\n")
