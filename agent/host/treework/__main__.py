"""Works on trees of files, as root of the node, in files that are a container's.

It is told two folders, ``before`` (a workspace in a snapshot) and ``now`` (the workspace), and paths below
them in base64, since a file may be called by any bytes. What it writes comes under a name of its own first,
and to its place in one step::

    compare BEFORE NOW LIMIT all|some     what became of the files; of some, which standard input has
    look BEFORE NOW PATH                  what is there, in both
    put BEFORE NOW PATH MARK DEPTH        bring it back; what is in its place is put aside
    take-back BEFORE NOW PATH MARK DEPTH  undo that
    settle NOW PATH MARK                  give up what was put aside
    newest NOW LIMIT                      when anything in it was last changed; - beyond LIMIT things
    renew ROOT empty:PATH… remove:PATH…   make a root file system another's; * in a last part only

DEPTH is how many parts of the path were there to begin with, as ``look`` tells it.
"""

import base64
import errno
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))  # it is run isolated, from wherever the product lies

from agent.host.treework.compare import compare, compare_some, look
from agent.host.treework.newest import newest
from agent.host.treework.put import put, settle, take_back
from agent.host.treework.renew import renew
from agent.host.treework.walk import AbsentError, BlockedError, top_of

OTHER, ABSENT, BLOCKED, FULL = 1, 3, 4, 5
"""How it ends: what else can be, nothing is there, a link or a file is in the way, there is no room."""


def _path(text: str) -> str:
    return os.fsdecode(base64.b64decode(text, validate=True))


def _text(path: str) -> str:
    return base64.b64encode(os.fsencode(path)).decode()


def _compare(before: int, now: int, limit: int, which: str) -> None:
    if which == "some":
        changes = compare_some(before, now, [_path(line.strip()) for line in sys.stdin])
    else:
        changes = compare(before, now)
    total = 0
    for sign, path in changes:
        total += 1
        if total <= limit:
            sys.stdout.write(f"{sign} {_text(path)}\n")
    sys.stdout.write(f"= {total}\n")


def _run(verb: str, words: list[str], first: int) -> None:
    match verb:
        case "renew":
            sys.stdout.write(f"{renew(first, words)}\n")
        case "newest":
            sys.stdout.write(newest(first, int(words[0])))
        case "settle":
            settle(first, _path(words[0]).split("/"), words[1])
        case _:
            with top_of(words[0]) as second:
                _run_both(verb, words[1:], first, second)


def _run_both(verb: str, words: list[str], before: int, now: int) -> None:
    if verb == "compare":
        _compare(before, now, int(words[0]), words[1])
        return
    parts = _path(words[0]).split("/")
    if verb == "look":
        sys.stdout.write(look(before, now, parts))
    elif verb == "put":
        put(before, now, parts, words[1], int(words[2]))
    elif verb == "take-back":
        take_back(before, now, parts, words[1], int(words[2]))
    else:
        raise ValueError(verb)


def main(arguments: list[str]) -> int:
    """Run as a program."""
    verb, top, *words = arguments
    try:
        with top_of(top) as first:
            _run(verb, words, first)
    except AbsentError:
        return ABSENT
    except BlockedError:
        return BLOCKED
    except RecursionError:
        sys.stderr.write("treework: the folders are too deep\n")
        return OTHER
    except OSError as error:
        sys.stderr.write(f"treework: {error.strerror}\n")
        return FULL if error.errno in {errno.ENOSPC, errno.EDQUOT} else OTHER
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
