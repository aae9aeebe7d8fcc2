"""Secrets: what modules are given and nobody else may see. Files of root, never in database or store."""

import re
from dataclasses import dataclass

from agent.core.composition import Composition
from agent.core.errors import InvalidRequest
from agent.core.owner import Owner
from agent.host.node import Node
from agent.services.catalogue import Catalogue
from agent.settings import Settings

MAX_BYTES = 65_536
"""systemd takes credentials of up to 1 MiB; no key is that long."""
EVERYONE = "everyone"
"""The folder of what the admin gives to all: a module that declares such a secret gets it, whoever asks."""
_SECRET = re.compile(r"([a-z][a-z0-9-]{0,39})\.([a-z][a-z0-9-]{0,39})\Z")


@dataclass(frozen=True)
class KnownSecret:
    """A secret that a module can be given.

    Attributes:
        name: as ``<module>.<secret>``.
        description: what it is for.
        given: whether the owner has given it.
    """

    name: str
    description: str
    given: bool


class Secrets:
    """The secrets of each owner: one value for all of their containers, or one for a certain container."""

    def __init__(self, settings: Settings, node: Node, catalogue: Catalogue) -> None:
        self._folder = str(settings.secrets_dir)
        self._node = node
        self._catalogue = catalogue

    def give(self, owner: Owner, name: str, value: str, workload: str = "") -> None:
        """Keep a secret. Containers get it at their next start.

        Args:
            owner: whose containers get it.
            name: as ``<module>.<secret>``.
            value: the secret itself; a line end behind it is taken off.
            workload: only this container gets it; all of the owner's when empty.

        Raises:
            UnknownModule: there is no such module.
            InvalidRequest: the module has no such secret, or the value is empty or too long.
        """
        self._known(name)
        value = value.rstrip("\n")
        if not value or len(value.encode()) > MAX_BYTES or "\0" in value:
            raise InvalidRequest(
                f"That cannot be the value of {name}.",
                f"It is empty, longer than {MAX_BYTES:,} bytes, or not text.",
                "Give it on standard input.",
            )
        self._node.write(self._file(owner, name, workload), value, 0o600)

    def take(self, owner: Owner, name: str, workload: str = "") -> None:
        """Forget a secret; nothing where there is none."""
        self._known(name)
        self._node.remove(self._file(owner, name, workload))

    def copy(self, owner: Owner, workload: str, other: str) -> None:
        """Let a container have what another one is given alone, but for what it is given itself."""
        has = self.given(owner, other)
        for name in self.given(owner, workload):
            value = self._node.read(self._file(owner, name, workload))
            if value is not None and name not in has:
                self._node.write(self._file(owner, name, other), value, 0o600)

    def given(self, owner: Owner, workload: str) -> tuple[str, ...]:
        """The names of what a certain container alone is given."""
        return tuple(name for name in self._names() if self._node.exists(self._file(owner, name, workload)))

    def forget(self, owner: Owner, workload: str) -> None:
        """Forget all that a certain container alone is given."""
        for name in self._names():
            self._node.remove(self._file(owner, name, workload))

    def list(self, owner: Owner) -> list[KnownSecret]:
        """Every secret that a module can be given, and whether this owner has given it."""
        return [
            KnownSecret(
                f"{module.name}.{secret}",
                described.description,
                self._node.exists(self._file(owner, f"{module.name}.{secret}", "")),
            )
            for module in self._catalogue.all()
            for secret, described in module.secrets.items()
        ]

    def credentials(
        self, owner: Owner, workload: str, composition: Composition
    ) -> tuple[tuple[str, str], ...]:
        """The credentials of a container: (name, file); none that nobody has given or that it has no use for.

        The container's own value wins over the owner's, and that over what the admin gives to everyone.
        """
        found: list[tuple[str, str]] = []
        for module in map(self._catalogue.get, composition.modules):
            options = composition.options[module.name]
            for secret in sorted(name for name in module.secrets if module.wants(name, options)):
                name = f"{module.name}.{secret}"
                files = (
                    self._file(owner, name, workload),
                    self._file(owner, name, ""),
                    f"{self._folder}/{EVERYONE}/{name}",
                )
                there = next((file for file in files if self._node.exists(file)), None)
                if there is not None:
                    found.append((name, there))
        return tuple(found)

    def _names(self) -> tuple[str, ...]:
        return tuple(
            f"{module.name}.{secret}" for module in self._catalogue.all() for secret in module.secrets
        )

    def _known(self, name: str) -> None:
        parts = _SECRET.match(name)
        module = self._catalogue.get(parts[1]) if parts else None
        if parts is None or module is None or parts[2] not in module.secrets:
            names = self._names()
            raise InvalidRequest(
                f"There is no secret called {name[:80]}.",
                f"The secrets are: {', '.join(names)}." if names else "No module has any.",
            )

    def _file(self, owner: Owner, name: str, workload: str) -> str:
        above = f"{self._folder}/owners/{owner.key}"
        return f"{above}/of/{workload}/{name}" if workload else f"{above}/{name}"
