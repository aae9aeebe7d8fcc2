"""Files inside a running machine, written and read by programs inside it.

Nothing on the node follows a path in there: a link that the machine's root planted leads within the machine.
Bytes go in and out as base64, because what the programs of a node say is text.
"""

import base64
import binascii
from collections.abc import Sequence

from agent.core.errors import HostFailure, InvalidRequest, NoSpace
from agent.core.workload import Executed
from agent.host.runtime import Runtime

TIMEOUT = 120.0
"""Seconds for one file."""

PUT = """\
set -eu
cd -- "$1"
shift
new=$(mktemp .voxnix-XXXXXXXXXX)
trap 'rm -f -- "$new"' EXIT
base64 -d > "$new"
chmod 644 -- "$new"
for name do
    if ln -T -- "$new" "$name" 2>/dev/null; then
        printf %s "$name"
        exit 0
    fi
done
exit 3
"""
"""Writes what it reads into a folder, under the first of several names that is free; whole, or not at all."""

GET = """\
set -eu
[ -e "$1" ] || exit 3
[ -f "$1" ] || exit 4
size=$(stat -Lc %s -- "$1")
echo "$size"
[ "$size" -le "$2" ] || exit 0
head -c "$2" -- "$1" | base64 -w 0
"""
"""Prints how large a file is, and what is in it if that is not more than a number of bytes."""

_TAKEN, _ABSENT, _OTHER = 3, 3, 4
_FULL = ("no space left", "quota exceeded")


class GuestFiles:
    """The files inside the machines of a node. Each method raises NotRunning where the machine does not run.

    Args:
        runtime: what runs them.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def put(self, machine: str, folder: str, names: Sequence[str], data: bytes) -> str:
        """Write a new file, as the machine's root.

        Args:
            machine: which one.
            folder: an absolute path in it, of a folder that is there.
            names: for the file; the first that nothing there has is taken.
            data: what is to be in it.

        Returns:
            Its name.

        Raises:
            NoSpace: it does not fit.
            InvalidRequest: every name is taken.
            HostFailure: it could not be written.
        """
        argv = ["sh", "-c", PUT, "sh", folder, *names]
        text = base64.b64encode(data).decode()
        done = self._runtime.exec(machine, argv, TIMEOUT, directory="/", given=text)
        if done.returncode == _TAKEN:
            raise InvalidRequest(
                f"There are {len(names)} files called like {names[0]} in {folder} already.",
                hint="Give it another name.",
            )
        if any(sign in done.stderr.lower() for sign in _FULL):
            raise NoSpace(
                f"{names[0]} does not fit into {folder}.", _said(done), "Remove something there first."
            )
        if done.returncode:
            raise HostFailure(f"{names[0]} could not be written into {folder}.", _said(done))
        return done.stdout

    def size(self, machine: str, path: str) -> int:
        """How large a regular file is, in bytes.

        Args:
            machine: which one.
            path: an absolute one in it; links are followed there.

        Raises:
            InvalidRequest: there is no such file, or it is none that could be sent.
            HostFailure: it could not be looked at.
        """
        return self._read(machine, path, -1)[0]

    def get(self, machine: str, path: str, limit: int) -> tuple[int, bytes]:
        """What is in a regular file.

        Args:
            machine: which one.
            path: an absolute one in it; links are followed there.
            limit: bytes; of a larger file nothing is read.

        Returns:
            How large it is, and what is in it.

        Raises:
            InvalidRequest: there is no such file, or it is none that could be sent.
            HostFailure: it could not be read.
        """
        return self._read(machine, path, limit)

    def _read(self, machine: str, path: str, limit: int) -> tuple[int, bytes]:
        argv = ["sh", "-c", GET, "sh", path, str(limit)]
        done = self._runtime.exec(machine, argv, TIMEOUT, directory="/")
        if done.returncode in {_ABSENT, _OTHER}:
            raise InvalidRequest(
                f"There is no file {path} in there."
                if done.returncode == _ABSENT
                else f"{path} is no regular file.",
                hint="A path is below /workspace, or begins with a slash. A folder has to be packed first.",
            )
        size, _, text = done.stdout.partition("\n")
        try:
            if done.returncode == 0:
                return int(size), base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            pass  # what is called like these programs in there is something else
        raise HostFailure(f"{path} could not be read.", _said(done))


def _said(done: Executed) -> str:
    said = " ".join((done.stderr or done.stdout).split())[-300:]
    return f"It said: {said}" if said else f"The exit code was {done.returncode}."
