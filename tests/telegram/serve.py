"""`python -m tests.telegram.serve`: the fake as a process of its own; prints its address, and the bot's token if it made one."""

import argparse
import signal

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
    given = parser.parse_args()
    stops = {signal.SIGINT, signal.SIGTERM}
    # Blocked before the server's thread is there, so that it inherits this and the wait below gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with serving(seed=given.seed, keep=given.keep, port=given.port) as telegram:
        if given.token:
            telegram.bot(token=given.token)
        telegram.people(given.people)
        print(telegram.url, flush=True)  # noqa: T201 - who started it waits for this
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
