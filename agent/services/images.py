"""Images as the admin sees them: what was built, what uses it, what people ask for most."""

from collections import Counter
from dataclasses import dataclass

from agent.core.composition import Composition
from agent.core.errors import Refusal
from agent.core.operation import ImagesOf, Operation, OperationKind, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Generation
from agent.services.catalogue import Catalogue
from agent.services.guests import Guests
from agent.services.operations import Operations
from agent.store.images import Image, ImageStore
from agent.store.operations import OperationStore
from agent.store.trash import TrashStore
from agent.store.workloads import WorkloadStore

ANY = "image"
"""The name in the spec of an image: it is never seen, as an image has none."""


@dataclass(frozen=True)
class KnownImage:
    """An image and who uses it.

    Attributes:
        image: what was built.
        users: how many containers are made of it, or can be rolled back to it, in the trash too.
        current: whether a container that is made now would be made of it, rather than of a newer one.
        size: in bytes; images of Nix share much of it.
    """

    image: Image
    users: int
    current: bool
    size: int


@dataclass(frozen=True)
class Popular:
    """What containers were made of.

    Attributes:
        composition: modules and options.
        times: how many containers.
    """

    composition: Composition
    times: int


class Images:
    """The images of one node. What takes time or takes something away is an operation."""

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        node: str,
        catalogue: Catalogue,
        guests: Guests,
        store: ImageStore,
        workloads: WorkloadStore,
        trash: TrashStore,
        history: OperationStore,
        operations: Operations,
    ) -> None:
        self._node = node
        self._catalogue = catalogue
        self._guests = guests
        self._store = store
        self._workloads = workloads
        self._trash = trash
        self._history = history
        self._operations = operations

    def build(self, owner: Owner, modules: tuple[str, ...], request: Request) -> Operation:
        """Ask for an image to be built before anybody waits for it.

        Raises:
            UnknownModule: with the nearest names.
            InvalidSpec: the modules do not go together, or cannot be had on this node.
        """
        spec = ContainerSpec(name=ANY, modules=modules)
        self._guests.check(self._catalogue.compose(spec))
        about = ImagesOf(owner.key, self._node)
        return self._operations.submit(about, OperationKind.BUILD, request, target=Generation(spec=spec))

    def prune(self, owner: Owner, request: Request) -> Operation:
        """Ask for all images to be removed that no container is made of or can be rolled back to."""
        return self._operations.submit(ImagesOf(owner.key, self._node), OperationKind.PRUNE, request)

    def popular(self, count: int) -> list[Popular]:
        """What people made their containers of, the most frequent first."""
        times: Counter[str] = Counter()
        for spec in self._history.asked_for(self._node):
            try:
                times[self._catalogue.compose(spec).model_dump_json()] += 1
            except Refusal:
                continue  # it was made of a module that is there no more
        return [
            Popular(Composition.model_validate_json(text), number)
            for text, number in times.most_common(count)
        ]

    def list(self) -> list[KnownImage]:
        """Every image of the node, the ones that were wanted last first."""
        trashed = (one.workload for one in self._trash.of_node(self._node))
        users = Counter(
            digest
            for workload in (*self._workloads.of_node(self._node), *trashed)
            for digest in workload.digests
        )
        return [
            KnownImage(
                image,
                users[image.digest],
                self._guests.digest(image.composition) == image.digest,
                self._guests.size(image.digest, image.system),
            )
            for image in self._store.of_node(self._node)
        ]
