"""Where things of a workload lie on its node: the one place that names datasets and folders."""

from dataclasses import dataclass

from agent.core.owner import Owner

MACHINES = "/var/lib/machines"
WORKSPACES = "/var/lib/voxnix/workspaces"
IMAGES = "/var/lib/voxnix/images"


@dataclass(frozen=True)
class Layout:
    """Names on a node.

    Attributes:
        pool: the ZFS pool.
    """

    pool: str

    @property
    def users(self) -> str:
        """Dataset above all that belongs to owners."""
        return f"{self.pool}/users"

    def owner(self, owner: Owner) -> str:
        """Dataset above all that an owner has: the workloads, and the trash."""
        return f"{self.users}/{owner.key}"

    def root(self, owner: Owner, machine: str) -> str:
        """Dataset of a workload's root file system."""
        return f"{self.workload(owner, machine)}/root"

    def workspace(self, owner: Owner, machine: str) -> str:
        """Dataset of a workload's /workspace."""
        return f"{self.workload(owner, machine)}/workspace"

    def workload(self, owner: Owner, machine: str) -> str:
        """Dataset above all of a workload."""
        return f"{self.owner(owner)}/workloads/{machine}"

    def trash(self, owner: Owner, number: int, machine: str) -> str:
        """Dataset above all of a workload in the trash.

        Args:
            owner: whose it is.
            number: of the operation that put it there.
            machine: what the node called it.
        """
        return f"{self.trash_of(owner)}/{number}-{machine}"

    def trash_of(self, owner: Owner) -> str:
        """Dataset above all that an owner has in the trash."""
        return f"{self.owner(owner)}/trash"

    def image(self, digest: str) -> str:
        """Dataset of a golden image."""
        return f"{self.pool}/images/{digest}"

    @staticmethod
    def root_folder(machine: str) -> str:
        """Where the root file system is mounted: where systemd-nspawn looks for a machine."""
        return f"{MACHINES}/{machine}"

    @staticmethod
    def workspace_folder(machine: str) -> str:
        """Where /workspace is mounted on the node."""
        return f"{WORKSPACES}/{machine}"

    def traces(self, machine: str) -> tuple[str, ...]:
        """What is left when a workload's datasets are gone: mount points, and systemd-nspawn's lock."""
        return (self.root_folder(machine), self.workspace_folder(machine), f"{MACHINES}/.#{machine}.lck")

    @staticmethod
    def image_folder(digest: str) -> str:
        """Where a golden image is mounted while it is made."""
        return f"{IMAGES}/{digest}"
