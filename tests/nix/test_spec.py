"""The spec in Nix and the spec in Python are one, field by field."""

from typing import Any

import pytest
from pydantic_core import to_jsonable_python

from agent.core.workload import NAME_PATTERN, NAME_RULE, ContainerSpec
from agent.services.catalogue import nix_folder
from tests.nix.evaluation import NO_STORE, value


@pytest.fixture(scope="module")
def spec(nix: str) -> dict[str, Any]:
    """The spec as Nix has it."""
    assert nix
    return value(f"import {nix_folder() / 'lib/spec.nix'}", *NO_STORE)


def test_the_fields_are_the_same_with_the_same_types_and_defaults(spec: dict[str, Any]) -> None:
    """A field that one side has alone, or at another default, would be lost on the way."""
    fields = ContainerSpec.model_fields
    assert spec["fields"].keys() == fields.keys()
    schema = ContainerSpec.model_json_schema()["properties"]
    for name, described in spec["fields"].items():
        assert schema[name].get("type", "integer") == described["type"]
        assert described["description"].endswith(".")
        required = "default" not in described
        assert fields[name].is_required() == required
        if not required:
            default = to_jsonable_python(fields[name].get_default(call_default_factory=True))
            assert default == described["default"], name


def test_the_version_is_the_same(spec: dict[str, Any]) -> None:
    """One versioned spec."""
    schema = ContainerSpec.model_json_schema()["properties"]["version"]
    assert [schema["const"]] == spec["fields"]["version"]["enum"] == [spec["version"]]


def test_the_rule_for_names_is_the_same(spec: dict[str, Any]) -> None:
    """In the same words too."""
    name = spec["fields"]["name"]
    assert name["pattern"] == NAME_PATTERN
    assert name["accepted"] == NAME_RULE
