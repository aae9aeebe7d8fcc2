"""Sizes as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import InvalidRequest
from agent.core.size import UNITS, as_typed, size_of, size_or_none


@given(
    st.integers(1, 999_999_999),
    st.sampled_from(UNITS),
    st.sampled_from(["", "B", "iB", "b", "ib"]),
    st.booleans(),
)
def test_a_size_is_a_number_and_a_unit(number: int, unit: str, rest: str, small: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
    """In powers of 1024, however the unit is written; what is larger than any pool is none."""
    typed = f"{number}{unit.lower() if small else unit}{rest}"
    size = number * 1024 ** (1 + UNITS.index(unit))
    if size <= 1 << 60:
        assert size_of(typed) == size_of(typed.replace(unit, f" {unit}")) == size
    else:
        with pytest.raises(InvalidRequest, match="is no size"):
            size_of(typed)


@given(st.integers(1, 1 << 40).map(lambda kib: kib * 1024))
def test_a_size_survives_being_shown_and_typed(size: int) -> None:
    """What is shown can be typed again, and means the same."""
    typed = as_typed(size)
    if len(typed) <= 10:
        assert size_of(typed) == size


@given(st.text(max_size=12))
def test_anything_else_is_refused(text: str) -> None:
    """Whatever is typed, it is a size or a refusal with an example."""
    try:
        size = size_of(text)
    except InvalidRequest as error:
        refused = error
    else:
        assert size_of(as_typed(size)) == size
        return
    assert refused.problem.hint == "Such as: 20G"


@pytest.mark.parametrize(
    "text", ["", "20", "G", "0G", "-1G", "1.5G", "1,5G", "020G", "20 G\n", "20P", "20GG", "٣G", "20  G"]
)
def test_what_could_be_meant_otherwise_is_refused(text: str) -> None:
    """A bare number, a fraction, a sign: nothing is guessed."""
    with pytest.raises(InvalidRequest):
        size_of(text)


def test_none_is_no_limit() -> None:
    """Where that can be."""
    assert (size_or_none("none"), size_or_none("None"), size_or_none("1K"), as_typed(0)) == (
        0,
        0,
        1024,
        "none",
    )
