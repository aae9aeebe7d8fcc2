import json
import stat
from pathlib import Path

import pytest
from pydantic import JsonValue  # noqa: TC002 - a type that is looked at

from agent import settings
from agent.core.errors import InvalidRequest, UnknownModule
from agent.core.workload import ContainerSpec
from agent.host.node import LocalNode
from agent.services.catalogue import Catalogue
from agent.services.secrets import Secrets
from tests.services.conftest import ANN, BOB

VAULT = {
    "name": "vault",
    "summary": "s",
    "description": "d",
    "example": "vault",
    "secrets": {
        "key": {"description": "Opens it."},
        "pin": {"description": "Opens it too.", "when": {"guarded": True}},
    },
    "options": {
        "guarded": {"type": "boolean", "description": "d", "accepted": "true or false", "default": True}
    },
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """A catalogue with a module that can be given two secrets."""
    file = tmp_path / "modules.json"
    file.write_text(json.dumps({"version": 1, "modules": {"vault": VAULT}}))
    return Catalogue(file)


@pytest.fixture
def secrets(tmp_path: Path, catalogue: Catalogue) -> Secrets:
    """Secrets in a folder of the test's own."""
    return Secrets(settings.load(secrets_dir=tmp_path / "secrets"), LocalNode("here"), catalogue)


def given(
    secrets: Secrets, catalogue: Catalogue, workload: str = "dev", *, guarded: bool = True
) -> dict[str, str]:
    """What a container of Ann's gets, by name."""
    options: dict[str, dict[str, JsonValue]] = {"vault": {"guarded": guarded}}
    made = catalogue.compose(ContainerSpec(name=workload, modules=("vault", "git"), options=options))
    found = secrets.credentials(ANN, workload, made)
    return {name: Path(file).read_text() for name, file in found}


def test_a_secret_is_a_file_of_its_owner_alone(
    secrets: Secrets, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Nobody else may read it, and it arrives as it was given, less the line end behind it."""
    secrets.give(ANN, "vault.key", "s3cret\n")
    assert given(secrets, catalogue) == {"vault.key": "s3cret"}
    files = [path for path in (tmp_path / "secrets").rglob("*") if path.is_file()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]


def test_nobody_gets_what_is_another_s(secrets: Secrets, catalogue: Catalogue) -> None:
    """Each owner has their own."""
    secrets.give(BOB, "vault.key", "bob's")
    assert given(secrets, catalogue) == {}
    assert [one.given for one in secrets.list(ANN)] == [False] * len(secrets.list(ANN))


def test_the_nearest_value_wins(secrets: Secrets, catalogue: Catalogue, tmp_path: Path) -> None:
    """The container's own, then the owner's, then what the admin gives to everyone."""
    everyone = tmp_path / "secrets" / "everyone"
    everyone.mkdir(parents=True)
    (everyone / "vault.key").write_text("everyone's")
    assert given(secrets, catalogue) == {"vault.key": "everyone's"}
    secrets.give(ANN, "vault.key", "ann's")
    assert given(secrets, catalogue) == {"vault.key": "ann's"}
    secrets.give(ANN, "vault.key", "dev's", "dev")
    assert given(secrets, catalogue) == {"vault.key": "dev's"}
    assert given(secrets, catalogue, "other") == {"vault.key": "ann's"}
    secrets.take(ANN, "vault.key", "dev")
    secrets.take(ANN, "vault.key")
    assert given(secrets, catalogue) == {"vault.key": "everyone's"}


def test_a_container_gets_no_secret_that_it_has_no_use_for(secrets: Secrets, catalogue: Catalogue) -> None:
    """Its options say so: what everyone has been given is not everyone's to read."""
    secrets.give(ANN, "vault.pin", "1234")
    secrets.give(ANN, "vault.key", "s3cret")
    assert given(secrets, catalogue).keys() == {"vault.key", "vault.pin"}
    assert given(secrets, catalogue, guarded=False).keys() == {"vault.key"}


def test_a_list_tells_which_there_are_and_no_value(secrets: Secrets) -> None:
    """What can be given, what it is for, and whether it was."""
    secrets.give(ANN, "vault.pin", "1234")
    found = {one.name: one for one in secrets.list(ANN)}
    assert (found["vault.key"].given, found["vault.pin"].given) == (False, True)
    assert found["vault.key"].description == "Opens it."
    assert "1234" not in repr(found)


@pytest.mark.parametrize("value", ["", "\n", "a\0b", "x" * 70_000])
def test_what_is_no_secret_is_refused(secrets: Secrets, value: str) -> None:
    """Empty, with a NUL, or too long to be a key."""
    with pytest.raises(InvalidRequest):
        secrets.give(ANN, "vault.key", value)


@pytest.mark.parametrize(
    "name", ["vault.no", "vault", "git.name", "../../etc/passwd", "vault.key\n", "vault/../x.key", ""]
)
def test_a_name_that_is_none_is_refused_and_writes_nothing(
    secrets: Secrets, name: str, tmp_path: Path
) -> None:
    """With the names that there are."""
    with pytest.raises(InvalidRequest, match=r"vault\.key, vault\.pin"):
        secrets.give(ANN, name, "x")
    assert not (tmp_path / "secrets").exists()


def test_a_module_that_is_none_is_refused(secrets: Secrets) -> None:
    """With the nearest name."""
    with pytest.raises(UnknownModule):
        secrets.give(ANN, "valt.key", "x")
