import json
from pathlib import Path

import pytest

from agent.core.errors import InvalidSettings, UnknownModule
from agent.core.workload import ContainerSpec
from agent.services.catalogue import Catalogue


def test_the_modules_of_the_product_are_complete() -> None:
    """Each has a summary, a description, and an example to say that names it; for Debian, packages."""
    modules = {module.name: module for module in Catalogue().all()}
    assert {"git", "fish", "workspace", "python", "node"} <= modules.keys()
    for module in modules.values():
        assert module.summary
        assert module.description
        assert module.name in module.example
        assert module.debian is None or module.debian.packages or module.debian.setup


def test_a_set_up_snippet_is_part_of_its_module() -> None:
    """What lies beside the description is read with it."""
    fish = Catalogue().get("fish").debian
    assert fish is not None
    assert "usermod" in fish.setup


@pytest.mark.parametrize(
    ("asked", "near"), [("gti", "git"), ("pyton", "python"), ("Fish", "fish"), ("nodejs", "node")]
)
def test_an_unknown_module_is_answered_with_the_nearest_names(asked: str, near: str) -> None:
    """And with all that there are."""
    with pytest.raises(UnknownModule, match=rf"no module called {asked}.*Did you mean {near}.*workspace"):
        Catalogue().compose(ContainerSpec(name="dev", modules=("git", asked)))


def test_a_name_that_is_like_none_gets_the_list() -> None:
    """No guess is better than a wild one."""
    with pytest.raises(UnknownModule) as caught:
        Catalogue().get("zzzzqqqq")
    assert "Did you mean" not in str(caught.value)
    assert "workspace" in str(caught.value)


def _own(file: Path, name: str = "hello", /, **changed: object) -> Path:
    fields = {"name": name, "summary": "s", "description": "d", "example": name}
    file.write_text(json.dumps({"version": 1, "modules": {name: fields | changed}}))
    return file


def test_modules_of_ones_own_stand_beside_the_product_s(tmp_path: Path) -> None:
    """What was refreshed is there, in the order of names."""
    names = [module.name for module in Catalogue(_own(tmp_path / "modules.json")).all()]
    assert {"git", "hello"} <= set(names)
    assert names == sorted(names)


def test_without_modules_of_ones_own_there_are_the_product_s(tmp_path: Path) -> None:
    """A catalogue that nobody has refreshed yet is no mistake."""
    assert Catalogue(tmp_path / "none.json").modules.keys() == Catalogue().modules.keys()


@pytest.mark.parametrize(
    "changed",
    [{"name": "Other!"}, {"debian": {"packages": ["a; rm -rf /"]}}, {"extra": 1}, {"summary": None}],
)
def test_a_catalogue_that_is_wrong_is_named_by_its_file(tmp_path: Path, changed: dict[str, object]) -> None:
    """A mistake in a module is not the person's who asks for a container."""
    with pytest.raises(InvalidSettings, match=r"modules\.json"):
        Catalogue(_own(tmp_path / "modules.json", **changed)).all()


def test_a_refresh_by_another_process_is_seen(tmp_path: Path) -> None:
    """The worker runs for weeks, and the admin refreshes on the command line."""
    file = tmp_path / "modules.json"
    running = Catalogue(file)
    assert "hello" not in running.modules
    _own(file)
    assert "hello" in running.modules
    _own(file, "goodbye")
    assert running.get("goodbye").summary == "s"
    assert "hello" not in running.modules
