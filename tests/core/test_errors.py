import inspect
import re

import pytest

from agent.core import errors
from agent.core.errors import (
    CommandFailed,
    HostFailure,
    InvalidSettings,
    Problem,
    Refusal,
    VoxnixError,
    error_of,
    problem_of,
)

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, VoxnixError)]


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    """Each class is drawn, and nothing else."""
    drawn = set(re.findall(r"^(?:[│ ]*[├└]── )?(\w+)", errors.__doc__ or "", re.MULTILINE))
    assert {one.__name__ for one in CLASSES} <= drawn


@pytest.mark.parametrize("error", CLASSES)
def test_the_branch_decides_the_exit_code(error: type[VoxnixError]) -> None:
    """3 for what the person can mend, 2 for settings, 4 for the host."""
    if issubclass(error, Refusal):
        assert (error.exit_code, error.kind) == (3, "refused")
    elif issubclass(error, InvalidSettings):
        assert (error.exit_code, error.kind) == (2, "settings")
    elif issubclass(error, HostFailure):
        assert (error.exit_code, error.kind) == (4, "failed")


def test_a_problem_reads_as_what_why_and_next() -> None:
    """Empty parts leave no gap."""
    assert str(Refusal("No.", hint="Try yes.")) == "No. Try yes."
    assert problem_of(Refusal("No.", "Because.", "Go.")) == Problem(
        "refused", "Refusal", "No.", "Because.", "Go."
    )


def test_an_unexpected_error_becomes_a_sentence() -> None:
    """A person reads no traceback."""
    problem = problem_of(KeyError("x"))
    assert problem.kind == "failed"
    assert "Traceback" not in str(problem)


def test_a_failed_command_quotes_only_the_end_of_what_it_said() -> None:
    """A megabyte of output does not become a message."""
    error = CommandFailed(("zfs", "create"), 1, "x" * 1_000_000 + " out of space")
    assert "out of space" in str(error)
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "error",
    [
        Refusal("No."),
        *(
            one("What.", "Why.", "Hint.", about={"a": "b"})
            for one in CLASSES
            if one is not CommandFailed and one.__subclasses__() == [] and one is not InvalidSettings
        ),
    ],
)
def test_an_error_comes_back_from_its_problem(error: VoxnixError) -> None:
    """As what it was, to whoever catches it and whoever reads it."""
    again = error_of(error.problem)
    assert (type(again), again.problem, str(again)) == (type(error), error.problem, str(error))


def test_an_error_that_nobody_knows_keeps_its_branch_and_its_words() -> None:
    """Such as a program's failure, or one of our own mistakes."""
    for error in (CommandFailed(("zfs", "list"), 1, "no"), ZeroDivisionError("a bug")):
        again = error_of(problem_of(error))
        assert (type(again), again.problem) == (HostFailure, problem_of(error))
