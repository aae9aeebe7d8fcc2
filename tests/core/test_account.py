"""Who is who, and which role includes which."""

import pytest

from agent.core.account import CODE_ALPHABET, Role, is_group, is_local, is_person, typed_code
from agent.core.errors import InvalidName


def test_each_role_includes_those_before_it() -> None:
    """A viewer looks, an operator also changes, an admin also lets people in."""
    assert [[one.includes(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize(
    ("key", "person", "group", "local"),
    [
        ("tg:1234", True, False, False),
        ("tg:-1001234567890", False, True, False),
        ("admin", False, False, True),
        ("tg:", False, False, False),
        ("tg:ann", False, False, False),
        ("tg:0", False, False, False),
        ("tg:--5", False, False, False),
    ],
)
def test_a_key_says_what_it_is_of(key: str, *, person: bool, group: bool, local: bool) -> None:
    """A person, a group or somebody on the machine; what only looks like a chat's is nobody's."""
    assert (is_person(key), is_group(key), is_local(key)) == (person, group, local)


@pytest.mark.parametrize("key", ["", "TG:5", " tg:5", "tg:5\n", "\u2009tg:5"])
def test_what_is_no_key_is_not_taken_for_somebody_on_the_machine(key: str) -> None:
    """It would be an admin's otherwise."""
    assert not is_person(key)
    with pytest.raises(InvalidName):
        is_local(key)


def test_a_code_is_taken_as_people_type_it() -> None:
    """In small letters, in groups, with a line break; no character of it can be read as another."""
    assert typed_code(" k7qm-2xpa\n") == "K7QM2XPA"
    assert not set(CODE_ALPHABET) & set("IO01")
    assert len(set(CODE_ALPHABET)) == 32
