"""The ``nix`` guest builder: a NixOS system that all who want the same share, and extra-container."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from threading import Lock

from pydantic import BaseModel, TypeAdapter, ValidationError

from agent.core.composition import Composition
from agent.core.errors import InvalidSettings
from agent.core.workload import ContainerSpec, Generation
from agent.host.archive import shift
from agent.host.extra_container import ExtraContainer
from agent.host.nix import Attribute, Nix
from agent.host.nix_store import NixStore
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.runtime import Machine
from agent.host.zfs import Zfs
from agent.services.catalogue import nix_folder
from agent.services.guests.guests import Report, Root
from agent.settings import Settings

ROOTS = "/nix/var/nix/gcroots/voxnix/guests"
"""Folder of links, named by digest: a guest that was built, and that garbage collection leaves alone."""
FORMAT = 1
"""Counts up where a guest comes out different although all that the digest covers is the same."""
NAME = "guest"
"""The name in the spec that a guest is built from: no guest knows its own."""


class _Prebuilt(BaseModel):
    digest: str
    system: str


_PREBUILT = TypeAdapter(list[_Prebuilt])


class NixGuests:
    """NixOS guests. See :class:`agent.services.guests.Guests`."""

    def __init__(self, settings: Settings, node: Node, nix: Nix) -> None:
        self._settings = settings
        self._node = node
        self._zfs = Zfs(node)
        self._nix = nix
        self._store = NixStore(node)
        self._making: defaultdict[str, Lock] = defaultdict(Lock)
        self.runtime = ExtraContainer(
            node,
            nix=str(nix_folder()),
            busybox=str(settings.busybox),
            command=settings.extra_container,
            requires=("nftables.service",),
        )

    @property
    def idmap(self) -> bool:
        """See :meth:`agent.services.guests.Guests.idmap`."""
        return self._settings.idmapped_mounts

    def check(self, composition: Composition) -> None:
        """See :meth:`agent.services.guests.Guests.check`: every module has a part for NixOS."""

    def digest(self, composition: Composition) -> str:
        """See :meth:`agent.services.guests.Guests.digest`."""
        own = [FORMAT, str(self._nixpkgs), self._settings.state_version, self._product, self._own]
        return hashlib.sha256(json.dumps([own, composition.model_dump(mode="json")]).encode()).hexdigest()[
            :32
        ]

    def ensure(self, composition: Composition, uid_base: int, report: Report) -> str:  # noqa: ARG002
        """See :meth:`agent.services.guests.Guests.ensure`: what is there is not evaluated."""
        digest = self.digest(composition)
        if digest in self._prebuilt:
            return self._prebuilt[digest]
        with self._making[digest]:
            built = self._store.roots(ROOTS).get(digest)
            return built or self._build(composition, digest, report)

    def tidy(self, composition: Composition, uid_base: int) -> None:
        """See :meth:`agent.services.guests.Guests.tidy`: what is half in the store, Nix collects itself."""

    def furnish(self, generation: Generation, root: Root) -> None:  # noqa: ARG002
        """See :meth:`agent.services.guests.Guests.furnish`: empty, as the system is in the store."""
        if self._zfs.presence(root.dataset) is not Presence.PRESENT:
            self._zfs.create(root.dataset, mountpoint=root.folder)
        if not self.idmap:
            shift(self._node, root.folder, root.uid_base)

    def change(  # the others are for builders whose system is in the root
        self,
        machine: Machine,
        generation: Generation,  # noqa: ARG002
        previous: Generation | None,  # noqa: ARG002
        root: Root,  # noqa: ARG002
    ) -> None:
        """See :meth:`agent.services.guests.Guests.change`: in place where only the system changed."""
        self.runtime.update(machine)

    def settle(self, machine: str, root: Root) -> None:  # noqa: ARG002
        """See :meth:`agent.services.guests.Guests.settle`: older ones may be collected."""
        self.runtime.settle(machine)

    def size(self, digest: str, system: str) -> int:  # noqa: ARG002
        """See :meth:`agent.services.guests.Guests.size`: with all that it needs."""
        return self._store.closure_size(system) if self._store.presence(system) is Presence.PRESENT else 0

    def discard(self, digests: Iterable[str]) -> None:
        """See :meth:`agent.services.guests.Guests.discard`: with all that it alone had kept."""
        for digest in digests:
            self._store.remove_root(f"{ROOTS}/{digest}")
        self._store.collect_garbage()

    def _build(self, composition: Composition, digest: str, report: Report) -> str:
        spec = ContainerSpec(name=NAME, modules=composition.modules, options=composition.options)
        arguments = {
            "nixpkgs": str(self._nixpkgs),
            "stateVersion": self._settings.state_version,
            "spec": spec.model_dump_json(),
        }
        if self._settings.modules_dir is not None:
            arguments["own"] = str(self._settings.modules_dir)
        log = self._settings.state_folder / "logs" / f"build-{digest}.log"
        building = self._nix.build(
            Attribute(str(nix_folder() / "lib"), "guest", arguments),
            root=f"{ROOTS}/{digest}",
            log=str(log),
            timeout=self._settings.build_timeout,
        )
        with closing(building):
            while True:
                try:
                    report(next(building).progress())
                except StopIteration as end:
                    return end.value

    @property
    def _nixpkgs(self) -> Path:
        if self._settings.nixpkgs is None:
            raise InvalidSettings(
                "The setting nixpkgs is missing.",
                "Containers are made by Nix here, from a tree of nixpkgs.",
                "Set it to the folder of one, or guest_builder to debian.",
            )
        return self._settings.nixpkgs

    @cached_property
    def _product(self) -> str:
        """Of everything that is written in Nix, goes into a guest, and comes with the product."""
        return _hashed(nix_folder() / "lib", nix_folder() / "modules")

    @property
    def _own(self) -> str:
        """The same of the admin's own modules, which may change at any time."""
        return "" if self._settings.modules_dir is None else _hashed(self._settings.modules_dir)

    @cached_property
    def _prebuilt(self) -> Mapping[str, str]:
        file = self._settings.prebuilt
        text = None if file is None else self._node.read(str(file))
        if text is None:
            return {}
        try:
            return {one.digest: one.system for one in _PREBUILT.validate_json(text)}
        except ValidationError as error:
            raise InvalidSettings(
                f"The list of prebuilt guests in {file} cannot be read.", str(error)[:300]
            ) from None


def _hashed(*folders: Path) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
