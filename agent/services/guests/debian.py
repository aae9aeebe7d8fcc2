"""The ``debian`` guest builder: an image by mmdebstrap, a clone of it per container, and systemd-nspawn."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from agent.core.composition import Composition
from agent.core.errors import HostFailure, InvalidSpec
from agent.core.workload import Generation
from agent.host.node import Node
from agent.host.nspawn import Nspawn
from agent.host.presence import Presence
from agent.host.runtime import Machine
from agent.host.zfs import Zfs
from agent.services.catalogue import Catalogue
from agent.services.guests.guests import Report, Root
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.services.guests.golden import GoldenImages

BEFORE = "-before"
"""Behind the name of a root: the one that the last change put aside."""
ASIDE = "-aside"
"""Behind the name of a root: one that is on its way to become :data:`BEFORE`."""


class DebianGuests:
    """Guests with a whole Debian in their root file system. See :class:`agent.services.guests.Guests`.

    Another generation is another root: what was changed outside of /workspace stays in the one before.
    """

    idmap = False

    def __init__(self, settings: Settings, node: Node, catalogue: Catalogue) -> None:
        self._settings = settings
        self._node = node
        self._catalogue = catalogue
        self._zfs = Zfs(node)
        self.runtime = Nspawn(node)

    @cached_property
    def _images(self) -> "GoldenImages":
        from agent.services.guests.golden import GoldenImages  # noqa: PLC0415 - not for `voxnix list`

        return GoldenImages(self._settings, self._node, self._catalogue)

    def check(self, composition: Composition) -> None:
        """See :meth:`agent.services.guests.Guests.check`."""
        for name in composition.modules:
            module = self._catalogue.get(name)
            if module.debian is None:
                able = [module.name for module in self._catalogue.all() if module.debian is not None]
                raise InvalidSpec(
                    f"The module {name} cannot be had on this machine.",
                    "It makes its containers of Debian, which has nothing like it.",
                    f"Modules that work here: {', '.join(able)}.",
                    about={"code": "no_debian", "module": name, "accepted": ", ".join(able)},
                )
            for option, value in composition.options[name].items():
                default = module.options[option].default
                if value != default and option not in module.debian.options:
                    raise InvalidSpec(
                        f"The option {option} of {name} cannot be chosen on this machine.",
                        "It makes its containers of Debian, where that module knows its defaults only.",
                        "Leave it out.",
                        about={
                            "code": "no_debian_option",
                            "module": name,
                            "option": option,
                            "accepted": json.dumps(default),
                        },
                    )

    def digest(self, composition: Composition) -> str:
        """See :meth:`agent.services.guests.Guests.digest`."""
        return self._images.recipe(composition).digest

    def ensure(self, composition: Composition, uid_base: int, report: Report) -> str:
        """See :meth:`agent.services.guests.Guests.ensure`."""
        self._images.ensure(composition, uid_base, report)
        return ""

    def tidy(self, composition: Composition, uid_base: int) -> None:
        """See :meth:`agent.services.guests.Guests.tidy`."""
        self._images.tidy(composition, uid_base)

    def furnish(self, generation: Generation, root: Root) -> None:
        """See :meth:`agent.services.guests.Guests.furnish`."""
        if self._zfs.presence(root.dataset) is not Presence.PRESENT:
            self._clone(generation, root)

    def change(
        self, machine: Machine, generation: Generation, previous: Generation | None, root: Root
    ) -> None:
        """See :meth:`agent.services.guests.Guests.change`.

        The root that is there is put aside, and the one that is wanted comes in its place: the one before, or
        a new clone. Where it is the one that was put aside that is wanted, the change is taken back. Each
        step looks at what the last left.
        """
        wanted = self._images.snapshot(generation.digest, root.uid_base)
        aside, before = root.dataset + ASIDE, root.dataset + BEFORE
        if self._is_clone(aside, wanted):
            self._put_back(machine.name, root, previous)
            self._zfs.rename(aside, root.dataset)
        elif not self._is_clone(root.dataset, wanted):
            if self._zfs.presence(root.dataset) is Presence.PRESENT:
                self.settle(machine.name, root)  # of a change that went well but for this
                self._put_away(machine.name, root.dataset, aside)
            if self._is_clone(before, wanted):
                self._zfs.rename(before, root.dataset)
            else:
                self._clone(generation, root)
        if self._zfs.mountpoint(root.dataset) is None:
            self._zfs.set(root.dataset, "mountpoint", root.folder)
        self.runtime.write(machine)

    def settle(self, machine: str, root: Root) -> None:  # noqa: ARG002
        """See :meth:`agent.services.guests.Guests.settle`: what was put aside is the one before now."""
        aside, before = root.dataset + ASIDE, root.dataset + BEFORE
        if self._zfs.presence(aside) is Presence.PRESENT:
            if self._zfs.presence(before) is Presence.PRESENT:
                self._give_up(before)
            self._zfs.rename(aside, before)

    def _put_away(self, machine: str, dataset: str, to: str) -> None:
        """Give a root that is there another name, or give it up where that name is taken."""
        if self._zfs.presence(dataset) is not Presence.PRESENT:
            return
        self.runtime.stop(machine)
        if self._zfs.presence(to) is Presence.PRESENT:
            self._give_up(dataset)
            return
        self._zfs.set(dataset, "mountpoint", "none")
        self._zfs.rename(dataset, to)

    def _put_back(self, machine: str, root: Root, previous: Generation | None) -> None:
        """Put a root away that a change brought: to where it came from, or for good where it was new."""
        before = root.dataset + BEFORE
        if self._zfs.presence(root.dataset) is not Presence.PRESENT:
            return
        known = previous is not None and self._is_clone(
            root.dataset, self._images.snapshot(previous.digest, root.uid_base)
        )
        if known:
            self._put_away(machine, root.dataset, before)
        else:
            self.runtime.stop(machine)
            self._give_up(root.dataset)

    def _give_up(self, dataset: str) -> None:
        """Destroy a root; a copy of it, or what is in the trash, takes along what it shares with it."""
        self._zfs.promote_clones(dataset)
        self._zfs.destroy(dataset, recursive=True)

    def size(self, digest: str, system: str) -> int:  # noqa: ARG002
        """See :meth:`agent.services.guests.Guests.size`."""
        return self._images.size(digest)

    def discard(self, digests: Iterable[str]) -> None:
        """See :meth:`agent.services.guests.Guests.discard`."""
        for digest in digests:
            self._images.discard(digest)

    def _clone(self, generation: Generation, root: Root) -> None:
        snapshot = self._images.snapshot(generation.digest, root.uid_base)
        self._zfs.clone(snapshot, root.dataset, mountpoint=root.folder)

    def _is_clone(self, dataset: str, snapshot: str) -> bool:
        """Whether a root is there and began as a snapshot: at once, or as a copy of another root that did."""
        presence = self._zfs.presence(dataset)
        if presence is Presence.UNKNOWN:
            raise HostFailure(f"Whether {dataset} is there is unknown.", "ZFS did not answer.", "Try again.")
        source: str | None = dataset if presence is Presence.PRESENT else None
        while source is not None:
            origin = self._zfs.origin(source)
            if origin == snapshot:
                return True
            source = origin and origin.partition("@")[0]
        return False
