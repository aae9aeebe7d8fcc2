"""systemd-machined: which machines run, their addresses, and word of a change."""

import ipaddress
from collections.abc import Generator
from contextlib import closing

from pydantic import BaseModel, TypeAdapter, ValidationError

from agent.core.errors import CommandTimedOut, HostFailure
from agent.host.node import Node

TIMEOUT = 30.0
"""Seconds for a listing of all machines."""

MATCHES = (
    "type='signal',sender='org.freedesktop.machine1',interface='org.freedesktop.machine1.Manager'",
    "type='signal',sender='org.freedesktop.systemd1',member='PropertiesChanged'",
)
"""What the bus is asked for: machines that come and go, and units that change their state."""

_SIGNS = ("org.freedesktop.machine1", "/unit/systemd_2dnspawn_40", "/unit/container_40")


class _Listed(BaseModel):
    machine: str
    addresses: str | None = None


_LISTING = TypeAdapter(list[_Listed])


class Machined:
    """The machines that run on a node.

    Args:
        node: where they run.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def addresses(self) -> dict[str, tuple[str, ...]]:
        """The addresses of every running machine, in one command.

        Returns:
            By machine: IPv4 first, no link-local ones. Empty while a machine waits for its address.
        """
        argv = ["machinectl", "list", "--output=json", "--max-addresses=all", "--no-pager"]
        return parse_addresses(self._node.run(argv, timeout=TIMEOUT).stdout)

    def changes(self, timeout: float) -> Generator[None]:
        """Yield at each sign that a machine or its unit changed. Look again then: it says no more.

        A lease that a machine gets is no change that systemd sees: look again while an address is missing.

        Args:
            timeout: seconds, after which it ends without an error.
        """
        command = ["busctl", "monitor", "--json=short", *(f"--match={match}" for match in MATCHES)]
        with closing(self._node.lines(command, timeout=timeout)) as lines:
            try:
                for line in lines:
                    if concerns_machines(line):
                        yield
            except CommandTimedOut:
                return


def concerns_machines(line: str) -> bool:
    """Whether a line of ``busctl monitor --json=short`` tells of a machine or a machine's unit."""
    return any(sign in line for sign in _SIGNS)


def parse_addresses(text: str) -> dict[str, tuple[str, ...]]:
    """Read what ``machinectl list --output=json`` prints: addresses stand on lines of their own.

    Raises:
        HostFailure: it is something else.
    """
    try:
        listed = _LISTING.validate_json(text or "[]")
    except ValidationError as error:
        raise HostFailure(
            "machinectl answered something that is no list of machines.", str(error)[:300]
        ) from None
    return {one.machine: _usable(one.addresses or "") for one in listed}


def _usable(addresses: str) -> tuple[str, ...]:
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for word in addresses.split():
        try:
            address = ipaddress.ip_address(word)
        except ValueError:
            continue  # such as the "…" of a shortened list
        if not address.is_link_local and not address.is_loopback:
            found.append(address)
    return tuple(str(address) for address in sorted(found, key=lambda one: one.version))
