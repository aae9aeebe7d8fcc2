import json
from pathlib import Path

import pytest

from agent.core.errors import InvalidSettings, UnknownModule
from agent.services.catalogue import Catalogue


def test_the_modules_of_the_product_are_complete() -> None:
    """Each has a summary, a description, an example to say that names it, and packages."""
    modules = {module.name: module for module in Catalogue().all()}
    assert {"git", "fish", "workspace", "python", "node"} <= modules.keys()
    for module in modules.values():
        assert module.summary
        assert module.description
        assert module.name in module.example
        assert module.debian.packages


def test_a_set_up_snippet_is_part_of_its_module() -> None:
    """What lies beside the description is read with it."""
    assert "usermod" in Catalogue().get("fish").debian.setup


@pytest.mark.parametrize(
    ("asked", "near"), [("gti", "git"), ("pyton", "python"), ("Fish", "fish"), ("nodejs", "node")]
)
def test_an_unknown_module_is_answered_with_the_nearest_names(asked: str, near: str) -> None:
    """And with all that there are."""
    with pytest.raises(UnknownModule, match=rf"no module called {asked}.*Did you mean {near}.*workspace"):
        Catalogue().check(["git", asked])


def test_a_name_that_is_like_none_gets_the_list() -> None:
    """No guess is better than a wild one."""
    with pytest.raises(UnknownModule) as caught:
        Catalogue().get("zzzzqqqq")
    assert "Did you mean" not in str(caught.value)
    assert "workspace" in str(caught.value)


def _module(folder: Path, name: str = "hello", /, **changed: object) -> None:
    fields = {
        "name": name,
        "summary": "s",
        "description": "d",
        "example": name,
        "debian": {"packages": ["hello"]},
    }
    (folder / name).mkdir()
    (folder / name / "module.json").write_text(json.dumps(fields | changed))


def test_a_folder_of_ones_own_takes_the_place_of_the_product_s(tmp_path: Path) -> None:
    """What is there is there, and nothing else."""
    _module(tmp_path)
    assert [module.name for module in Catalogue(tmp_path).all()] == ["hello"]


@pytest.mark.parametrize(
    "changed", [{"name": "other"}, {"debian": {"packages": ["a; rm -rf /"]}}, {"extra": 1}, {"summary": None}]
)
def test_a_module_that_is_wrong_is_named_by_its_file(tmp_path: Path, changed: dict[str, object]) -> None:
    """A mistake in a module is not the person's who asks for a container."""
    _module(tmp_path, **changed)
    with pytest.raises(InvalidSettings, match=r"hello.module\.json"):
        Catalogue(tmp_path).all()


def test_a_folder_that_is_not_there_is_a_setting_to_correct(tmp_path: Path) -> None:
    """The error names the setting."""
    with pytest.raises(InvalidSettings, match="modules_dir"):
        Catalogue(tmp_path / "none").all()
