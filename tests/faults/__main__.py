"""``python -m tests.faults [--every] [KIND …]``: walks operations, and prints what came of every death.

Without kinds it is all that the product can do. With ``--serve`` it says which those are, and then reads
kinds from standard input, a line each, and answers each: all in lines of JSON.
"""

import sys
import tempfile
from pathlib import Path

from pydantic import TypeAdapter

from agent.core.operation import OperationKind
from tests.faults.stage import memory
from tests.faults.tally import Row, Walker, table

_ROWS = TypeAdapter(list[Row])
_KINDS = TypeAdapter(list[OperationKind])


def main() -> int:
    """Walk, print, judge."""
    words = sys.argv[1:]
    every, serve = "--every" in words, "--serve" in words
    kinds = [OperationKind(word) for word in words if not word.startswith("-")]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="voxnix-faults-", dir=memory()) as folder:
        walker = Walker(Path(folder), every=every)
        if serve:
            _say(_KINDS.dump_json(walker.kinds))
            for line in sys.stdin:
                _say(_ROWS.dump_json(list(walker.rows(OperationKind(line.strip())))))
            return 0
        for kind in kinds or walker.kinds:
            for row in walker.rows(kind):
                rows.append(row)
                for line in (*row.untroubled, *map(str, row.bad)):
                    sys.stderr.write(f"{row.kind.value} {row.name}: {line}\n")
                sys.stderr.write(table([row]).splitlines()[2] + "\n")
    sys.stdout.write(table(rows))
    return int(any(row.bad or row.untroubled for row in rows))


def _say(line: bytes) -> None:
    sys.stdout.write(f"{line.decode()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
