import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.errors import InvalidName
from agent.core.owner import Owner
from agent.core.workload import MACHINE_LENGTH, ContainerSpec, checked_name, machine_name

names = st.from_regex(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
owners = st.from_regex(r"[a-z0-9][a-z0-9._:-]{0,63}", fullmatch=True).map(Owner)


@given(names)
def test_a_name_that_keeps_the_rule_is_taken(name: str) -> None:
    """The rule accepts what it describes."""
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "Dev", "dev\n", "1dev", "dev-", "-dev", "de v", "dév", "a" * 33, "../dev", "dev\0", "dev%i", "a_b"],
)
def test_a_name_that_breaks_the_rule_is_refused_with_the_rule(name: str) -> None:
    """The error tells what a name may be."""
    with pytest.raises(InvalidName, match="begins with a letter"):
        ContainerSpec(name=name)


@given(st.text(max_size=50))
def test_no_other_name_passes(name: str) -> None:
    """Whatever passes is made of letters, digits and hyphens, from its first to its last character."""
    try:
        checked_name(name)
    except InvalidName:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name[0].isalpha()
    assert len(name) <= 32
    assert not name.endswith("-")


@given(owners, names, st.integers(0, 99))
def test_a_machine_name_fits_everywhere(owner: Owner, name: str, attempt: int) -> None:
    """It is short enough for an interface, safe in a path and a unit's name, and always the same."""
    machine = machine_name(owner, name, attempt)
    assert len(machine) <= MACHINE_LENGTH
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*|[a-z][a-z0-9-]*-[a-z2-7]{5}", machine)
    assert machine == machine_name(owner, name, attempt)
    assert machine[0] == name[0]


@given(owners, owners, names, names)
def test_machine_names_differ_with_owner_and_name(ann: Owner, bob: Owner, one: str, other: str) -> None:
    """Separators cannot be moved: (ab, c) and (a, bc) are not the same."""
    if (ann, one) != (bob, other):
        # 25 bits: a collision is possible, and the store derives anew; here the inputs must at least matter.
        assert machine_name(ann, one) != machine_name(bob, other) or machine_name(
            ann, one, 1
        ) != machine_name(bob, other, 1)


def test_modules_are_sorted_and_each_is_there_once() -> None:
    """The same set in another order is the same spec."""
    assert ContainerSpec(name="dev", modules=("git", "fish", "git")) == ContainerSpec(
        name="dev", modules=("fish", "git")
    )


def test_a_spec_has_no_room_for_anything_else() -> None:
    """An owner or a secret cannot slip into it."""
    with pytest.raises(ValidationError, match="owner"):
        ContainerSpec.model_validate({"name": "dev", "owner": "ann"})
