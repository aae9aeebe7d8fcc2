"""Snapshots as streams: the commands that write and read one, which somebody else connects."""

from agent.core.errors import HostFailure
from agent.host.presence import Presence
from agent.host.zfs_capabilities import Capabilities
from agent.host.zfs_commands import Commands, number


def send_argv(snapshot: str, since: str | None = None, token: str | None = None) -> list[str]:
    """What writes a snapshot to standard output, the same each time.

    Args:
        snapshot: ``pool/a@b``.
        since: name of an older snapshot of the same data set, after its ``@``: what became different since,
            for somebody who has that one. All of it when None.
        token: of a stream that broke off, from :meth:`Zfs.resume_token`: the rest of that one alone.
    """
    if token is not None:
        return ["zfs", "send", "-t", token]
    return ["zfs", "send", *(["-i", f"@{since}"] if since is not None else []), snapshot]


def receive_argv(dataset: str, *, resumable: bool = False, overwrite: bool = False) -> list[str]:
    """What makes a data set, or its next snapshot, of a stream on standard input.

    It is not mounted by that, because what is mounted is soon different from the snapshot, and then
    refuses the next stream. Before an increment, ask :meth:`Zfs.check_base`; and see by the snapshot,
    not by the exit code alone, that it has come.

    Args:
        dataset: its name; the one above it has to be there.
        resumable: keep what has come when the stream breaks off; needs ``Capabilities.resume``.
        overwrite: give up what became different since the newest snapshot; and all that is in the data set
            where the stream is a whole one.
    """
    return ["zfs", "receive", "-u", *(["-s"] if resumable else []), *(["-F"] if overwrite else []), dataset]


def check_base(commands: Commands, dataset: str, since: str) -> None:
    """See :meth:`agent.host.zfs.Zfs.check_base`."""
    if commands.presence(f"{dataset}@{since}") is not Presence.PRESENT:
        raise HostFailure(
            f"{dataset} has no snapshot {since}, and what became different since cannot be added to it.",
            hint="Send the whole of it.",
        )


def resume_token(commands: Commands, can: Capabilities, dataset: str) -> str | None:
    """Where a stream into a data set broke off; None where none did."""
    if not can.resume:
        return None
    token = commands.get(dataset, "receive_resume_token")["receive_resume_token"]
    return None if token in {"-", ""} else token


def estimate(commands: Commands, can: Capabilities, snapshot: str, since: str | None) -> int:
    """About how many bytes a stream will have, and at most so many where ZFS itself does not say."""
    if can.estimate:
        argv = send_argv(snapshot, since)
        told = commands.run(*argv[:2], "-nvP", *argv[2:]).stdout
        sizes = [line.split("\t")[1] for line in told.splitlines() if line.startswith("size\t")]
        if sizes:
            return int(sizes[0])
    return number(commands.get(snapshot, "referenced")["referenced"])
