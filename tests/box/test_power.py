"""The box loses its power in the midst of an operation: things are as they were, or as asked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scripts.boxes.kernels import Kernel
from scripts.boxes.places import CHECKOUT, cache
from tests.box.command import box_command, run, up
from tests.box.conftest import KERNEL, PREFIX
from tests.box.inside.deaths import ROW, SAMPLE, Moment, moments, together
from tests.faults.tally import Row, table

FULL = bool(os.environ.get("VOXNIX_TEST_FULL"))
MIDDLES = (
    Moment("create of an image that is there", "storage", "during", "reboot"),
    Moment("stop", "stop", "during", "reboot"),
    Moment("destroy", "put into the trash", "during", "reboot"),
    Moment("restore", "bring back", "after", "reboot"),
    Moment("revert", "swap", "during", "reboot"),
    Moment("rename", "rename", "before", "reboot"),
)
"""In the middle of some operations, each in another way; with --full, it is in each step."""
MOMENTS = [replace(one, trouble="reboot") for one in moments(SAMPLE, every=False)] if FULL else MIDDLES
PYTHON = "cd /opt/voxnix/src && exec /opt/voxnix/venv/bin/python"
ENTER = ["sh", "-c", f'{PYTHON} -m tests.box.inside.power "$@"', "sh"]


@pytest.fixture(scope="module")
def powered() -> Iterator[str]:
    """A box whose power may be cut; at its end, what came of all that is shown."""
    if KERNEL is Kernel.UML:
        pytest.skip("the root of a box with a kernel of its own lies in its memory")
    name = f"{PREFIX}-power"
    raised = up(name, KERNEL)
    assert raised.code == 0, raised.err
    yield name
    box_command("down", "--name", name)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """What came of each."""
    return []


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_nothing_is_lost_when_the_power_fails(powered: str, rows: list[Row], moment: Moment) -> None:
    """What ran runs again, what was stopped stays stopped, and the operation ends and says how."""
    begin = ("begin", moment.title, moment.step, moment.when)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOXNIX_")}
    with subprocess.Popen(
        [CHECKOUT / "scripts/box", "run", "--name", powered, *ENTER, *begin],
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"VOXNIX_CACHE": str(cache())},
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "here\n"
        cut = box_command("cut", "--name", powered)
        assert cut.code == 0, cut.err
    answer = run(powered, *ENTER, "end")
    assert answer.code == 0, answer.err
    row = ROW.validate_json(answer.out)
    rows.append(row)
    assert row.untroubled == []
    assert not row.bad, "\n".join(f"{one}\n{one.said}" for one in row.bad)


def test_the_power_failed_in_all_of_them(rows: list[Row], capsys: pytest.CaptureFixture[str]) -> None:
    """All tests above taken together, which are shown in a table."""
    if len(rows) < len(MOMENTS):
        pytest.skip("only some of them were run")
    with capsys.disabled():
        sys.stdout.write(f"\n{table(together(rows))}")
    assert all(row.deaths("reboot") for row in rows)
