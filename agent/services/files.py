"""Files that people send into their containers, and get out of them."""

from collections.abc import Callable

from agent.core.account import Role
from agent.core.errors import InvalidRequest
from agent.core.filename import safe_filename
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.core.workload import Workload
from agent.services.access import Access
from agent.services.node_calls import NodeCalls
from agent.services.node_work import WORKSPACE, check_sent, check_upload

LONGEST_PATH = 4096


class Files:
    """The files of each owner's containers, which have to run for it.

    Args:
        calls: how the node is asked.
        find: an owner's workload by its name; raises UnknownWorkload.
        access: who may put something there.
        upload_max: bytes of a file that may be sent in.
    """

    def __init__(
        self, calls: NodeCalls, find: Callable[[Owner, str], Workload], access: Access, upload_max: int
    ) -> None:
        self._calls = calls
        self._find = find
        self._access = access
        self._upload_max = upload_max

    def put(self, owner: Owner, name: str, filename: str, data: bytes, request: Request) -> str:
        """Put a file into a container's workspace. None that is there is overwritten.

        Args:
            owner: whose container.
            name: the person's name for it.
            filename: what the file is called; what is odd about that is left out.
            data: what is in it.
            request: where it came from; the same again is done once.

        Returns:
            Its path in the container.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            NotRunning: it has to be started first.
            InvalidRequest: it is too large.
            NoSpace: it does not fit into the workspace.
            MayHaveRun: whether it was put there is not known.
            NotAllowed: who asks may not.
        """
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        workload, safe = self._find(owner, name), safe_filename(filename)
        check_upload(safe, len(data), self._upload_max)
        return self._calls.put(owner, workload.name, safe, data, request.key)

    def check(self, owner: Owner, name: str, path: str) -> tuple[str, int]:
        """Whether a file of a container can be sent.

        Args:
            owner: whose container.
            name: the person's name for it.
            path: in it; from /workspace on, where it does not begin with a slash.

        Returns:
            Its whole path, and how large it is in bytes.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            NotRunning: it has to be started first.
            InvalidRequest: there is no such file, it is no regular one, or it is too large.
        """
        whole = _whole(path)
        size = self._calls.size(owner, self._find(owner, name).name, whole)
        check_sent(whole, size)
        return whole, size

    def get(self, owner: Owner, name: str, path: str) -> bytes:
        """What is in a file of a container. See :meth:`check`."""
        return self._calls.get(owner, self._find(owner, name).name, _whole(path))


def _whole(path: str) -> str:
    if (
        not path
        or "\0" in path
        or len(path) > LONGEST_PATH
        or any("\ud800" <= char <= "\udfff" for char in path)
    ):
        raise InvalidRequest(
            "That is no path of a file.",
            f"A path has 1 to {LONGEST_PATH} characters.",
            "Say where it is, such as report.pdf or /var/log/dpkg.log.",
        )
    return path if path.startswith("/") else f"{WORKSPACE}/{path}"
