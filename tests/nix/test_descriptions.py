"""What the modules say of themselves, in nix/catalogue.json and in their README.md. No nix is needed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "nix/modules"
CATALOGUE: dict[str, dict[str, Any]] = json.loads((ROOT / "nix/catalogue.json").read_text())["modules"]
TYPES = {"boolean": bool, "integer": int, "string": str, "array": list, "object": dict}

each = pytest.mark.parametrize("name", CATALOGUE)


def _accepts(schema: dict[str, Any], value: Any) -> bool:  # noqa: ANN401 - of JSON
    """Whether a value is one of a schema, of the subset of JSON Schema that options are described in."""
    inner = schema.get("items") or schema.get("additionalProperties")
    within = {
        "integer": lambda: schema.get("minimum", value) <= value <= schema.get("maximum", value),
        "string": lambda: (
            re.search(schema.get("pattern", ""), value) is not None
            and len(value.encode()) <= schema.get("maxLength", len(value.encode()))
        ),
        "array": lambda: inner is None or all(_accepts(inner, one) for one in value),
        "object": lambda: inner is None or all(_accepts(inner, one) for one in value.values()),
    }
    return (
        type(value) is TYPES[schema["type"]]
        and value in schema.get("enum", [value])
        and within.get(schema["type"], lambda: True)()
    )


@each
def test_it_is_described(name: str) -> None:
    """In one short line, in sentences, and with something to say to the assistant that names it."""
    module = CATALOGUE[name]
    assert 0 < len(module["summary"]) <= 60
    assert not module["summary"].endswith(".")
    assert module["description"].endswith(".")
    assert name in module["example"]


@each
def test_its_readme_tells_how_to_get_it(name: str) -> None:
    """By the example sentence, with each option and its default, and each secret."""
    module = CATALOGUE[name]
    text = (FOLDER / name / "README.md").read_text()
    assert text.startswith(f"# {name}\n")
    assert f"\n> {module['example']}\n" in text
    rows = {row[1]: row[2] for row in re.finditer(r"^\| `([^`]+)` \| (.*?) \|", text, re.MULTILINE)}
    assert rows.keys() == {*module["options"], *(f"{name}.{secret}" for secret in module["secrets"])}
    for option, schema in module["options"].items():
        default = schema["default"]
        shown = (
            {default or "none", default or "nothing"} if isinstance(default, str) else {json.dumps(default)}
        )
        assert rows[option].strip("`") in shown


@each
def test_its_links_lead_to_modules(name: str) -> None:
    """What it points to is a module too."""
    text = (FOLDER / name / "README.md").read_text()
    assert [
        link for link in re.findall(r"\]\(\.\./([^/)]+)/README\.md\)", text) if link not in CATALOGUE
    ] == []


@each
def test_its_options_are_described_and_have_defaults_that_they_accept(name: str) -> None:
    """What a person does not say has to be valid too."""
    for option, schema in CATALOGUE[name]["options"].items():
        assert schema["description"].endswith("."), option
        assert schema["accepted"], option
        assert _accepts(schema, schema["default"]), option


def test_a_default_can_be_wrong() -> None:
    """The check before this one finds what is out of bounds, of another type or does not match."""
    port = {"type": "integer", "minimum": 1024, "maximum": 65535}
    assert _accepts(port, 8080)
    assert not _accepts(port, 80)
    assert not _accepts(port, value=True)
    assert not _accepts({"type": "string", "enum": ["a"]}, "b")
    assert not _accepts({"type": "array", "items": {"type": "string", "pattern": "^(a)$"}}, ["a", "b"])


@each
def test_its_ports_have_options_and_purposes(name: str) -> None:
    """A port is a number, or an integer option; what opens it is an option too."""
    module = CATALOGUE[name]
    for port in module["ports"]:
        assert port["purpose"]
        assert ("port" in port) != ("option" in port)
        if "option" in port:
            assert module["options"][port["option"]]["type"] == "integer"
        if "open" in port:
            assert module["options"][port["open"]]["type"] == "boolean"


@each
def test_its_secrets_are_described(name: str) -> None:
    """Their names make credentials, and no option asks for what a secret is for."""
    for secret, described in CATALOGUE[name]["secrets"].items():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", secret)
        assert described["description"].endswith(".")
        assert secret not in CATALOGUE[name]["options"]


@each
def test_the_modules_it_names_are_there(name: str) -> None:
    """What it conflicts with says so as well, or somebody is told about it only in one order."""
    module = CATALOGUE[name]
    assert [one for one in (*module["conflicts"], *module["requires"]) if one not in CATALOGUE] == []
    assert [one for one in module["conflicts"] if name not in CATALOGUE[one]["conflicts"]] == []


def test_every_module_of_the_tree_is_in_the_catalogue() -> None:
    """`scripts/catalogue` writes it anew."""
    assert sorted(CATALOGUE) == sorted(path.parent.name for path in FOLDER.glob("*/default.nix"))


def test_both_builders_read_secret_variables_alike() -> None:
    """What a login does with them is written twice, since one of the files is taken alone."""
    folder = FOLDER / "env-vars"
    assert (folder / "login.sh").read_text() in (folder / "debian.sh").read_text()


@pytest.mark.parametrize("file", sorted((ROOT / "examples/specs").glob("*.json")), ids=lambda file: file.stem)
def test_an_example_is_explained_and_asks_for_what_there_is(file: Path) -> None:
    """The list of examples has it, and its modules and options are in the catalogue."""
    spec = json.loads(file.read_text())
    assert f"(specs/{file.name})" in (ROOT / "examples/README.md").read_text()
    assert set(spec.get("modules", [])) <= CATALOGUE.keys()
    for module, options in spec.get("options", {}).items():
        assert module in spec["modules"]
        for option, value in options.items():
            assert _accepts(CATALOGUE[module]["options"][option], value), option
