"""The simulated ``zfs`` and ``zpool``: one pool, refusing what the real ones refuse."""

from agent.host.simulated.programs import Call
from agent.host.simulated.storage import available, holding, mounted_at, refusal
from agent.host.simulated.world import Answer
from agent.host.simulated.zfs_changes import create, destroy, mount, rename, set_property, unmount
from agent.host.simulated.zfs_copies import clone, promote, receive, send, snapshot
from agent.host.simulated.zfs_listing import get, show

__all__ = ["available", "holding", "mounted_at", "refusal", "zfs", "zpool"]

VERBS = {
    "clone": clone,
    "create": create,
    "destroy": destroy,
    "get": get,
    "list": show,
    "mount": mount,
    "promote": promote,
    "receive": receive,
    "rename": rename,
    "send": send,
    "set": set_property,
    "snapshot": snapshot,
    "unmount": unmount,
}

USAGE = """missing command
usage: zfs command args ...
where 'command' is one of the following:

\tcreate [-p] [-o property=value] ... <filesystem>
\tdestroy [-rRf] <filesystem|volume>

\tsnapshot [-r] [-o property=value] ... <filesystem@snapname|volume@snapname>
\tclone [-p] [-o property=value] ... <snapshot> <filesystem|volume>
\tpromote <clone-filesystem>
\trename <filesystem|volume|snapshot> <filesystem|volume|snapshot>
\tlist [-rH][-d max] [-o property[,...]] [-t type[,...]] [-s property] ...

\tset <property=value> <filesystem|volume|snapshot> ...
\tget [-rHp] [-d max] [-o "all" | field[,...]] [-s source[,...]]

\tmount [-vO] [-o opts] <-a | filesystem>
\tunmount [-f] <-a | filesystem|mountpoint>

\tsend [-RDp] [-[iI] snapshot] <snapshot>
\treceive [-vnF] <filesystem|volume|snapshot>
"""
"""What it says of itself without a command: as much as zfs-fuse can."""


def zpool(call: Call) -> Answer:
    """``zpool list``."""
    match call.argv[1:]:
        case ["list", "-H", "-o", "health", pool]:
            if pool != call.world.pool:
                return Answer.no(f"cannot open '{pool}': no such pool")
            return Answer("ONLINE\n")
        case _:
            raise call.unknown()


def zfs(call: Call) -> Answer:
    """``zfs VERB``."""
    if len(call.argv) == 1:
        return Answer(stderr=USAGE, returncode=2)
    if len(call.argv) < 3 or call.argv[1] not in VERBS:  # noqa: PLR2004 - program, verb, operand
        raise call.unknown()
    return VERBS[call.argv[1]](call)
