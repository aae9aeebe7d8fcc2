"""What the ZFS of a node can do: OpenZFS, or zfs-fuse with the commands of 2011."""

import re
from dataclasses import dataclass

from agent.core.errors import HostFailure
from agent.host.zfs_commands import TIMEOUT, Commands

_INSTEAD = {
    "diff": ("list of changed files", "both trees are read"),
    "folders": ("folders of snapshots", "one is read by a clone that is destroyed afterwards"),
    "rename": ("renames that leave copies mounted", "a copy has the snapshots that it shares meanwhile"),
    "resume": ("streams that go on where they ended", "one that broke off begins again"),
    "estimate": ("size of a stream beforehand", "what the snapshot holds is told"),
}


@dataclass(frozen=True)
class Capabilities:
    """What not every ZFS can.

    Attributes:
        diff: ``zfs diff``: which files changed.
        folders: each snapshot can be read at ``.zfs/snapshot`` of its data set.
        rename: what is a clone of something stays mounted while that is renamed.
        resume: a stream that broke off goes on where it ended (``receive -s``, ``send -t``).
        estimate: how large a stream will be (``send -nP``).
    """

    diff: bool
    folders: bool
    rename: bool
    resume: bool
    estimate: bool

    @property
    def lacking(self) -> dict[str, str]:
        """What it cannot, and what is done instead."""
        return dict(words for name, words in _INSTEAD.items() if not getattr(self, name))


def capabilities(commands: Commands) -> Capabilities:
    """Ask the program itself, which tells all that it knows when it is called without a word.

    Raises:
        HostFailure: it tells nothing.
    """
    answer = commands.node.run(["zfs"], timeout=TIMEOUT, check=False)
    told = answer.stderr + answer.stdout
    if "snapshot" not in told:
        raise HostFailure("zfs does not tell what it can do.", repr(told[:200]))
    flags = re.search(r"^\s*send \[-([A-Za-z]+)\]", told, re.MULTILINE)
    return Capabilities(
        diff=_knows(told, "diff"),
        # Nothing tells of these folders. They came to every OpenZFS long before this command did.
        folders=_knows(told, "version"),
        # Nor of this one.
        rename=_knows(told, "version"),
        resume=bool(re.search(r"^\s*send .*-t <", told, re.MULTILINE)),
        estimate=bool(flags) and {"n", "P"} <= set(flags[1]),
    )


def _knows(told: str, verb: str) -> bool:
    return bool(re.search(rf"^\s+{verb}\b", told, re.MULTILINE))
