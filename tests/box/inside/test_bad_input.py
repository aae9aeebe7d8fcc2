"""Bad input, through the real command: a clear error, the right exit code, and nothing changed."""

import pytest

from tests.box.inside.product import host, voxnix


def datasets() -> list[str]:
    """All that workloads have in the pool."""
    return host("zfs", "list", "-H", "-o", "name", "-r", "tank/users").splitlines()


@pytest.fixture(scope="module")
def before(dev: str) -> list[str]:
    """What is there, a container of the tests' own included."""
    assert dev == "steady"
    return datasets()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["create", "new", "gti"], 3, "Did you mean git"),
        (["create", "Bad Name", "git"], 3, "A name is 1 to 32"),
        (["create", "a" * 33, "git"], 3, "A name is 1 to 32"),
        (["create", "dev\n", "git"], 3, "A name is 1 to 32"),
        (["create", "steady", "git"], 3, "already"),
        (["create"], 2, "Missing argument"),
        (["status", "nobody"], 3, "no container called nobody"),
        (["exec", "steady"], 2, ""),
        (["exec", "nobody", "--", "true"], 3, "no container called nobody"),
        (["destroy", "nobody", "--yes"], 3, "no container called nobody"),
        (["list", "--owner", "No Good"], 3, "cannot be an owner"),
        (["frobnicate"], 2, "No such command"),
        (["chat", ""], 3, "nothing in that message"),
        (["chat", "create a container called dev2 with frobnicator"], 3, "no module called frobnicator"),
        (["chat", "make me a sandwich"], 3, "did not understand"),
    ],
)
def test_it_is_refused(before: list[str], arguments: list[str], code: int, said: str) -> None:
    """The person learns what is wrong; a traceback reaches nobody; nothing was made or taken away."""
    answer = voxnix(*arguments)
    spoken = " ".join((answer.out + answer.err).replace("│", " ").split())
    assert answer.code == code, answer
    assert said in spoken
    assert "Traceback" not in spoken
    # Asked of the pool: cheaper than a list, and it cannot be mistaken.
    assert before == datasets()


@pytest.mark.parametrize(
    ("sentence", "said"), [(b"x" * 100_000, "too long"), (b"create \xff\xfe please", "not valid UTF-8")]
)
def test_a_sentence_that_is_none_is_refused(sentence: bytes, said: str) -> None:
    """From a pipe, as from anywhere."""
    answer = voxnix("chat", stdin=sentence + b"\n")
    assert answer.code == 3
    assert said in answer.out + answer.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"VOXNIX_POOOL": "tank"}, "Did you mean pool"),
        ({"VOXNIX_MAX_MODULES": "many"}, "max_modules"),
        ({"VOXNIX_DATABASE_URL": "mysql://x"}, "database_url"),
        ({"VOXNIX_MODEL": "nobody:knows"}, "model"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], said: str) -> None:
    """Exit code 2, before anything is done."""
    answer = voxnix("chat", "list my containers", settings=settings)
    assert answer.code == 2
    assert said in answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err


def test_too_many_modules_are_refused() -> None:
    """With how many there may be."""
    answer = voxnix("create", "many", "git", "fish", settings={"VOXNIX_MAX_MODULES": "1"})
    assert answer.code == 3
    assert "may have 1" in answer.out + answer.err
