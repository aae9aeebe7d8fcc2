"""`python -m tests.telegram.serve`: the fake as a process of its own; prints its address."""

import argparse
import signal
import socket

from tests.telegram.client import serving


def main() -> None:
    """Serve until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.telegram.serve")
    parser.add_argument("--port", type=int, default=0, help="0 is any")
    parser.add_argument(
        "--keep", type=int, help="messages that each chat keeps; all of them and all calls if not given"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all ids")
    parser.add_argument("--token", default="", help="of a bot that is there from the start, such as 1:a")
    parser.add_argument("--people", nargs="*", default=[], metavar="NAME", help="who is there from the start")
    parser.add_argument("--fd", type=int, help="a socket that listens already, to be reached at as well")
    parser.add_argument(
        "--page", action="store_true", help="for somebody with a browser: Ann and Ben are there"
    )
    given = parser.parse_args()
    also = None if given.fd is None else socket.socket(fileno=given.fd)
    stops = {signal.SIGINT, signal.SIGTERM}
    # Blocked before the server's thread is there, so that it inherits this and the wait below gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with serving(seed=given.seed, keep=given.keep, port=given.port, also=also) as telegram:
        if given.token:
            telegram.bot(token=given.token)
        telegram.people(given.people or (["Ann", "Ben"] if given.page else []))
        print(telegram.url, flush=True)  # noqa: T201 - who started it waits for this
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
