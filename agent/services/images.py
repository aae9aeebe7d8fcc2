"""Golden images of the ``debian`` guest builder: one per module set, and one view of it per owner."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from agent.core.errors import HostFailure
from agent.core.operation import Progress
from agent.host.archive import shift, unpack
from agent.host.mmdebstrap import Recipe, build
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from agent.services.catalogue import Catalogue
from agent.services.layout import Layout
from agent.settings import Settings

GOLDEN = "golden"
"""Name of the snapshot that says: this image is whole. Without it, an image is what a killed build left."""

Report = Callable[[Progress], None]


class Images:
    """Makes what is missing, and finds what is there.

    An image is built once per module set. Its files then belong to user id 0 and on; each owner's containers
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

    def recipe(self, modules: tuple[str, ...]) -> Recipe:
        """What a module set is built from: no name, no owner."""
        parts = [(name, self._catalogue.get(name).debian) for name in sorted(modules)]
        return Recipe(
            suite=self._settings.debian_suite,
            packages=tuple(sorted({package for _, part in parts for package in part.packages})),
            setup=tuple((name, part.setup) for name, part in parts if part.setup),
            sources=self._settings.debian_sources,
            name_server=self._settings.name_server,
        )

    def snapshot(self, modules: tuple[str, ...], uid_base: int) -> str:
        """Name of the snapshot that a container's root is cloned from."""
        return f"{self._layout.image(_shifted(self.recipe(modules).digest, uid_base))}@{GOLDEN}"

    def ensure(self, modules: tuple[str, ...], uid_base: int, report: Report) -> None:
        """Make :meth:`snapshot` exist.

        Args:
            modules: the set.
            uid_base: first user id of the owner's containers.
            report: told how far it is.

        Raises:
            BuildFailed: with the short cause.
            MirrorUnreachable: packages cannot be fetched.
        """
        digest = self.recipe(modules).digest
        shifted = _shifted(digest, uid_base)
        if self._is_whole(shifted):
            return
        # Two operations may want one image at the same time. The second waits, and finds it made.
        with self._making[digest]:
            if not self._is_whole(digest):
                archive = self._archive(modules, report)
                report(Progress(label="unpacking the image"))
                self._make(digest, lambda folder: unpack(self._node, archive, folder), source=None)
            if not self._is_whole(shifted):
                report(Progress(label="giving the image to its owner"))
                self._make(shifted, lambda folder: shift(self._node, folder, uid_base), source=digest)

    def _archive(self, modules: tuple[str, ...], report: Report) -> str:
        recipe = self.recipe(modules)
        archive = str(Path(self._settings.image_cache) / f"{recipe.digest}.tar.zst")
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
