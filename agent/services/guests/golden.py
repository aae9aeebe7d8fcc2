"""Golden images of the ``debian`` guest builder: one per composition, and one view of it per owner."""

import json
import shlex
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from agent.core.composition import Composition
from agent.core.errors import HostFailure
from agent.core.operation import Progress
from agent.host.archive import shift, unpack
from agent.host.mmdebstrap import Recipe, build
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from agent.services.catalogue import Catalogue
from agent.services.guests.guests import Report
from agent.services.layout import Layout
from agent.settings import Settings

GOLDEN = "golden"
"""Name of the snapshot that says: this image is whole. Without it, an image is what a killed build left."""


class GoldenImages:
    """Makes what is missing, and finds what is there.

    An image is built once per composition. Its files then belong to user id 0 and on; each owner's containers
    have a range of user ids of their own, so each owner has a clone of it with the ids moved, which costs
    metadata only.
    """

    def __init__(self, settings: Settings, node: Node, catalogue: Catalogue) -> None:
        self._settings = settings
        self._node = node
        self._zfs = Zfs(node)
        self._catalogue = catalogue
        self._layout = Layout(settings.pool)
        # One process works for a node, so a lock inside it is enough.
        self._making: defaultdict[str, Lock] = defaultdict(Lock)

    def recipe(self, composition: Composition) -> Recipe:
        """What a composition is built from: no name, no owner."""
        parts = [(name, part) for name in composition.modules if (part := self._catalogue.get(name).debian)]
        return Recipe(
            suite=self._settings.debian_suite,
            packages=tuple(sorted({package for _, part in parts for package in part.packages})),
            setup=tuple(
                (name, _told(composition.options.get(name, {})) + part.setup)
                for name, part in parts
                if part.setup
            ),
            sources=self._settings.debian_sources,
            name_server=self._settings.name_server,
        )

    def snapshot(self, digest: str, uid_base: int) -> str:
        """Name of the snapshot that a container's root is cloned from.

        Args:
            digest: of the recipe.
            uid_base: first user id of the owner's containers.
        """
        return f"{self._layout.image(_shifted(digest, uid_base))}@{GOLDEN}"

    def ensure(self, composition: Composition, uid_base: int, report: Report) -> None:
        """Make :meth:`snapshot` exist.

        Args:
            composition: what the image is made of.
            uid_base: first user id of the owner's containers.
            report: told how far it is.

        Raises:
            BuildFailed: with the short cause.
            MirrorUnreachable: packages cannot be fetched.
        """
        recipe = self.recipe(composition)
        shifted = _shifted(recipe.digest, uid_base)
        if self._is_whole(shifted):
            return
        # Two operations may want one image at the same time. The second waits, and finds it made.
        with self._making[recipe.digest]:
            if not self._is_whole(recipe.digest):
                archive = self._archive(recipe, report)
                report(Progress(label="unpacking the image"))
                self._make(recipe.digest, lambda folder: unpack(self._node, archive, folder), source=None)
            if not self._is_whole(shifted):
                report(Progress(label="giving the image to its owner"))
                self._make(shifted, lambda folder: shift(self._node, folder, uid_base), source=recipe.digest)

    def tidy(self, composition: Composition, uid_base: int) -> None:
        """Take away what is left of a build that was ended; what is whole stays.

        Whoever makes it just now begins with that anyway.
        """
        recipe = self.recipe(composition)
        making = self._making[recipe.digest]
        if not making.acquire(blocking=False):
            return
        try:
            for image in (_shifted(recipe.digest, uid_base), recipe.digest):
                dataset = self._layout.image(image)
                if not self._is_whole(image) and self._zfs.presence(dataset) is Presence.PRESENT:
                    self._zfs.destroy(dataset, recursive=True)
        finally:
            making.release()

    def size(self, digest: str) -> int:
        """What an image takes in the pool, in bytes, its owners' views left out; 0 where it is not there."""
        dataset = self._layout.image(digest)
        return self._zfs.usage(dataset).used if self._zfs.presence(dataset) is Presence.PRESENT else 0

    def discard(self, digest: str) -> None:
        """Destroy an image, each owner's view of it, and its archive. No container may be made of it."""
        above = self._layout.image("").rstrip("/")
        views = [one for one in self._zfs.children(above) if one.startswith(f"{above}/{digest}-")]
        for dataset in (*views, self._layout.image(digest)):
            if self._zfs.presence(dataset) is Presence.PRESENT:
                self._zfs.destroy(dataset, recursive=True)
        self._node.remove(self._file(digest))

    def _file(self, digest: str) -> str:
        return str(Path(self._settings.image_cache) / f"{digest}.tar.zst")

    def _archive(self, recipe: Recipe, report: Report) -> str:
        archive = self._file(recipe.digest)
        if not self._node.exists(archive):
            for progress in build(self._node, recipe, archive, timeout=self._settings.build_timeout):
                report(progress)
        return archive

    def _is_whole(self, image: str) -> bool:
        presence = self._zfs.presence(f"{self._layout.image(image)}@{GOLDEN}")
        if presence is Presence.UNKNOWN:
            raise HostFailure(
                "The state of the images is unknown.", "ZFS did not answer.", "Run `voxnix doctor`."
            )
        return presence is Presence.PRESENT

    def _make(self, image: str, fill: Callable[[str], None], *, source: str | None) -> None:
        """Make an image from nothing or from another one; the snapshot comes last and makes it count."""
        dataset, folder = self._layout.image(image), self._layout.image_folder(image)
        if self._zfs.presence(dataset) is Presence.PRESENT:
            self._zfs.destroy(dataset, recursive=True)
        if source is None:
            self._zfs.create(dataset, mountpoint=folder, quota=None)
        else:
            self._zfs.clone(f"{self._layout.image(source)}@{GOLDEN}", dataset, mountpoint=folder, quota=None)
        fill(folder)
        self._zfs.set(dataset, "mountpoint", "none")
        self._zfs.snapshot(f"{dataset}@{GOLDEN}")


def _shifted(digest: str, uid_base: int) -> str:
    return f"{digest}-{uid_base}"


def _told(options: Mapping[str, object]) -> str:
    """A module's options for its set-up, as shell variables: texts as they are, all else as JSON."""
    return "".join(
        f"OPTION_{name.upper().replace('-', '_')}="
        f"{shlex.quote(value if isinstance(value, str) else json.dumps(value))}\n"
        for name, value in sorted(options.items())
    )
