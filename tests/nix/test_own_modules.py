from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluation import value

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("nix")


def _catalogue(own: Path) -> dict[str, Any]:
    return value(f'(import {ROOT}/nix/lib {{ own = "{own}"; }}).catalogue.modules')


def test_the_example_joins_those_of_the_product() -> None:
    """With all that docs/modules.md says it shows."""
    modules = _catalogue(ROOT / "examples/modules")
    assert "git" in modules
    hello = modules["hello"]
    assert hello["ports"] == [
        {"option": "port", "open": "expose", "protocol": "tcp", "purpose": "the greeting"}
    ]
    assert hello["options"]["expose"]["type"] == "boolean"
    assert hello["secrets"]["word"]["description"]
    assert hello["debian"] is None
    assert f"\n> {hello['example']}\n" in (ROOT / "examples/modules/hello/README.md").read_text()


@pytest.mark.parametrize(
    ("name", "field", "complaint"),
    [
        ("git", "", "There is a module git already"),
        ("Loud", "", "The module in .*/Loud/default.nix is called Loud"),
        ("odd", "colour = 1;", "The module in .*/odd/default.nix has a field colour"),
        ("odd", "options.a = { };", "The option a in .*/odd/default.nix has no default"),
    ],
)
def test_a_wrong_one_is_named_by_its_file(tmp_path: Path, name: str, field: str, complaint: str) -> None:
    """Its admin reads what is wrong and where."""
    (tmp_path / name).mkdir()
    needed = 'summary = "s"; description = "d."; example = "e"; nixos = { ... }: { };'
    (tmp_path / name / "default.nix").write_text(f"{{ {needed} {field} }}")
    with pytest.raises(AssertionError, match=complaint):
        _catalogue(tmp_path)
