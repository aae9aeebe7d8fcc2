"""``python -m tests.faults [--every] [KIND …]``: walks operations, and prints what came of every death.

With ``--serve`` it reads kinds from standard input, a line each, and answers each with a line of JSON.
"""

import sys
import tempfile
from pathlib import Path

from pydantic import TypeAdapter

from agent.core.operation import OperationKind
from tests.faults.scenarios import SCENARIOS
from tests.faults.tally import Row, Walker, table

_ROWS = TypeAdapter(list[Row])


def main() -> int:
    """Walk, print, judge."""
    words = sys.argv[1:]
    every, serve = "--every" in words, "--serve" in words
    kinds = [OperationKind(word) for word in words if not word.startswith("-")]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="voxnix-faults-") as folder:
        walker = Walker(Path(folder), every=every)
        if serve:
            for line in sys.stdin:
                found = list(walker.rows(OperationKind(line.strip())))
                sys.stdout.write(_ROWS.dump_json(found).decode() + "\n")
                sys.stdout.flush()
            return 0
        for kind in kinds or dict.fromkeys(scenario.kind for scenario in SCENARIOS):
            for row in walker.rows(kind):
                rows.append(row)
                for line in (*row.untroubled, *map(str, row.bad)):
                    sys.stderr.write(f"{row.kind.value} {row.name}: {line}\n")
                sys.stderr.write(table([row]).splitlines()[2] + "\n")
    sys.stdout.write(table(rows))
    return int(any(row.bad or row.untroubled for row in rows))


if __name__ == "__main__":
    sys.exit(main())
