"""The network that containers are put on: its bridge, and the firewall without which none may start."""

from pydantic import BaseModel, TypeAdapter, ValidationError

from agent.core.errors import HostFailure
from agent.host.node import Node
from agent.host.presence import Presence

TIMEOUT = 15.0
"""Seconds for one probe."""

FIREWALL_TABLE = ("inet", "voxnix")
"""The nftables table that keeps containers from each other and from the host."""


class _Link(BaseModel):
    flags: list[str]


_LINKS = TypeAdapter(list[_Link])


class Network:
    """The network of a node.

    Args:
        node: where it is.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def bridge_up(self, name: str) -> Presence:
        """Whether there is a bridge of this name, and it is up."""
        try:
            answer = self._node.run(
                ["ip", "-json", "link", "show", "dev", name], timeout=TIMEOUT, check=False
            )
        except HostFailure:
            return Presence.UNKNOWN
        if answer.returncode != 0:
            return Presence.ABSENT if "does not exist" in answer.stderr else Presence.UNKNOWN
        try:
            links = _LINKS.validate_json(answer.stdout)
        except ValidationError:
            return Presence.UNKNOWN
        return Presence.PRESENT if any("UP" in link.flags for link in links) else Presence.ABSENT

    def firewall_loaded(self) -> Presence:
        """Whether the containers' rules are in force."""
        try:
            answer = self._node.run(["nft", "list", "table", *FIREWALL_TABLE], timeout=TIMEOUT, check=False)
        except HostFailure:
            return Presence.UNKNOWN
        if answer.returncode == 0:
            return Presence.PRESENT
        return Presence.ABSENT if "No such file or directory" in answer.stderr else Presence.UNKNOWN
