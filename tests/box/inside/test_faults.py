"""Whatever dies in an operation on this box: things are as they were, or as asked, and the row says which."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.box.inside.deaths import ANSWER, MOMENT, SAMPLE, TITLES, Moment, moments, together
from tests.faults.tally import Row, table

FULL = bool(os.environ.get("VOXNIX_TEST_FULL"))
MOMENTS = moments(TITLES if FULL else SAMPLE, every=FULL)


class Server:
    """A process with one thread that has imported everything, to be copied for each worker that dies."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.rows: list[Row] = []

    def row(self, moment: Moment) -> Row:
        """What came of the death at a moment."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{MOMENT.dump_json(moment).decode()}\n")
        self._process.stdin.flush()
        answer = ANSWER.validate_json(self._process.stdout.readline())
        if isinstance(answer, str):
            pytest.fail(answer)
        self.rows.append(answer)
        return answer


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The process for this file; at its end the box has again what it had before."""
    argv = [sys.executable, "-m", "tests.box.inside.deaths", "--serve"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOXNIX_")}
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        found = Server(process)
        yield found
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_nothing_is_lost_wherever_a_worker_dies(server: Server, moment: Moment) -> None:
    """Killed or told to end: nothing is lost, done twice, stuck, left over or still running."""
    row = server.row(moment)
    assert row.untroubled == []
    assert not row.bad, "\n".join(f"{one}\n{one.said}" for one in row.bad)


def test_workers_died_in_both_ways(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """In all tests above taken together, which are shown in a table."""
    if len(server.rows) < len(MOMENTS):
        pytest.skip("only some of them were run")
    with capsys.disabled():
        sys.stdout.write(f"\n{table(together(server.rows))}")
    for trouble in ("kill", "term"):
        assert any(row.deaths(trouble) for row in server.rows), trouble
