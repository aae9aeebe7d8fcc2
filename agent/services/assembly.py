"""What an operation makes of its workload: the generation it is built as, its root, and how it is run."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from agent.core.composition import composed
from agent.core.errors import Refusal
from agent.core.operation import Operation
from agent.core.owner import Owner, uid_base
from agent.core.workload import Generation, Workload
from agent.host.runtime import Machine
from agent.services.catalogue import Catalogue
from agent.services.guests import Guests, Report, Root
from agent.services.layout import Layout
from agent.services.secrets import Secrets
from agent.settings import Settings
from agent.store.images import ImageStore
from agent.store.owners import OwnerStore


class Assembly:
    """Puts together what the steps of an operation need, from settings, catalogue, secrets and builder."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        owners: OwnerStore,
        images: ImageStore,
        catalogue: Catalogue,
        guests: Guests,
        secrets: Secrets,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._owners = owners
        self._images = images
        self._catalogue = catalogue
        self._guests = guests
        self._secrets = secrets
        self._clock = clock
        self._layout = Layout(settings.pool)

    def uid_base(self, operation: Operation) -> int:
        """The first user id of the containers of an operation's owner."""
        return uid_base(self._owners.number(Owner(operation.owner), self._clock()))

    def built(self, operation: Operation, report: Report) -> Generation:
        """What an operation's workload is to be made of, built. What was built before costs a look."""
        target = operation.target
        if target is None:
            raise ValueError(f"operation {operation.id} does not say what is to be made")
        if target.digest:
            return target
        composition = self._catalogue.compose(target.spec)
        digest = self._guests.digest(composition)
        system = self._guests.ensure(composition, self.uid_base(operation), report)
        self._images.add(operation.node, digest, composition, system, self._clock())
        return Generation(spec=target.spec, digest=digest, system=system)

    def tidy(self, operation: Operation) -> None:
        """Take away what is half built of what an operation's workload was to be made of."""
        target = operation.target
        if target is not None and not target.digest:
            with suppress(Refusal):  # a module is there no more, so nothing was built of it
                composition = self._catalogue.compose(target.spec)
                self._guests.tidy(composition, self.uid_base(operation))

    def root(self, operation: Operation, workload: Workload) -> Root:
        """Where a workload's root file system is."""
        return Root(
            dataset=self._layout.root(Owner(operation.owner), workload.machine),
            folder=self._layout.root_folder(workload.machine),
            uid_base=self.uid_base(operation),
        )

    def machine(self, operation: Operation, workload: Workload, generation: Generation) -> Machine:
        """How a workload is run that is made of this."""
        composition = composed(generation.spec, self._catalogue.modules)
        modules = [self._catalogue.get(name) for name in composition.modules]
        return Machine(
            name=workload.machine,
            hostname=workload.name,
            root=self._layout.root_folder(workload.machine),
            bridge=self._settings.bridge,
            uid_base=self.uid_base(operation),
            binds=((self._layout.workspace_folder(workload.machine), "/workspace"),),
            memory_max=self._settings.memory_max,
            tasks_max=self._settings.tasks_max,
            system=generation.system,
            credentials=self._secrets.credentials(Owner(operation.owner), workload.name, composition),
            devices=tuple(sorted({device for module in modules for device in module.devices})),
            idmap=self._guests.idmap,
        )
