"""Another machine, reached by ssh with the keys and the settings that the admin has given to root here."""

import shlex

from agent.core.errors import CommandFailed, HostFailure
from agent.host.node import Completed
from agent.host.streams import Streams

OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15")
"""Nobody is there to type a password; and a machine that has gone is noticed within a minute."""
_NO_CONNECTION = 255


class Beyond:
    """Runs commands on another machine.

    Args:
        streams: of this one.
        user: who is logged in as there.
        host: which machine.
        port: None for what the admin's settings say.
    """

    def __init__(self, streams: Streams, user: str, host: str, port: int | None) -> None:
        self._streams = streams
        self._host = host
        self._to = [*(["-p", str(port)] if port else []), "--", f"{user}@{host}"]

    def argv(self, argv: list[str]) -> list[str]:
        """The command here that runs a command there. A shell reads it there, so each word is quoted."""
        return ["ssh", *OPTIONS, *self._to, shlex.join(argv)]

    def run(
        self,
        argv: list[str],
        *,
        timeout: float = 60,
        check: bool = True,
    ) -> Completed:
        """See :meth:`agent.host.node.Node.run`.

        Raises:
            HostFailure: the machine cannot be reached, or lets nobody in.
        """
        done = self._streams.run(self.argv(argv), timeout=timeout, check=False)
        if done.returncode == _NO_CONNECTION:
            raise self.unreachable(done.stderr)
        if check and done.returncode:
            raise CommandFailed(tuple(argv), done.returncode, done.stderr or done.stdout)
        return Completed(tuple(argv), done.returncode, done.stdout, done.stderr)

    def unreachable(self, said: str) -> HostFailure:
        """What to tell where ssh itself failed."""
        return HostFailure(
            f"{self._host} cannot be reached by ssh.",
            " ".join(said.split())[-300:],
            f"As root on this machine, `{shlex.join(self.argv(['zfs', 'list']))}` has to work.",
        )
