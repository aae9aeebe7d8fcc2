import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import InvalidName
from agent.core.owner import FIRST_UID, LAST_UID, UID_RANGE, Owner, uid_base


@pytest.mark.parametrize("key", ["admin", "tg:123456", "a.b_c-d", "0"])
def test_a_key_that_keeps_the_rule_is_taken(key: str) -> None:
    """Console users and chat accounts alike."""
    assert str(Owner(key)) == key


@pytest.mark.parametrize("key", ["", "Admin", "a b", "a/b", "a@b", "admin\n", ".a", "a" * 65, "tank/users"])
def test_a_key_that_breaks_the_rule_is_refused(key: str) -> None:
    """A key becomes part of a dataset's name, so it has no slash and no at sign."""
    with pytest.raises(InvalidName):
        Owner(key)


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_ranges_of_user_ids_do_not_meet(one: int, other: int) -> None:
    """Each is whole and inside systemd's range."""
    assert uid_base(one) >= FIRST_UID
    assert uid_base(one) + UID_RANGE - 1 <= LAST_UID
    if one != other:
        assert abs(uid_base(one) - uid_base(other)) >= UID_RANGE


@pytest.mark.parametrize("number", [0, -1, 30_000])
def test_there_is_no_range_outside(number: int) -> None:
    """An owner too many is refused before anything of theirs exists."""
    with pytest.raises(InvalidName):
        uid_base(number)
