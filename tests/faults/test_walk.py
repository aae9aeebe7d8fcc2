"""Whatever dies in an operation: things are as they were, or as asked, and the row says which."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from agent.core.operation import OperationKind
from tests.faults.tally import Row, table

ROWS = TypeAdapter(list[Row])
KINDS = TypeAdapter(list[OperationKind])
FULL = bool(os.environ.get("VOXNIX_TEST_FULL"))


class Server:
    """A process with one thread that has imported everything, to be copied for each worker that dies.

    Attributes:
        kinds: of operations that the product can do.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.kinds = KINDS.validate_json(self._line())

    def rows(self, kind: OperationKind) -> list[Row]:
        """What came of all deaths in operations of a kind."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{kind}\n")
        self._process.stdin.flush()
        return ROWS.validate_json(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The process for this file."""
    argv = [sys.executable, "-m", "tests.faults", "--serve", *(["--every"] if FULL else [])]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("kind", OperationKind)
def test_nothing_is_lost_wherever_a_worker_dies(
    server: Server, kind: OperationKind, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed, told to end, or without power: nothing is lost, done twice, stuck or left over, of any kind."""
    rows = server.rows(kind)
    assert rows, f"tests/faults/scenarios.py has no {kind}"
    with capsys.disabled():
        sys.stdout.write(f"\n{table(rows)}")
    for row in rows:
        assert not row.untroubled, row.name
        assert not row.bad, "\n".join(f"{row.name}: {one}\n{one.said}" for one in row.bad)
        assert row.deaths("kill"), row.name
