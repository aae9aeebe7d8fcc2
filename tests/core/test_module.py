from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.module import Module, Option

PORT = {"type": "integer", "minimum": 1, "maximum": 9, "default": 1}
NAMES = {
    "type": "object",
    "propertyNames": {"pattern": "^([A-Z]+)$"},
    "additionalProperties": {"type": "string"},
}


def option(**schema: object) -> Option:
    """An option with this schema."""
    return Option.model_validate({"description": "d", "accepted": "a", "default": None} | schema)


SCHEMAS: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"type": "boolean"}, [True, False], [0, "true", None]),
    (PORT, [1, 9], [0, 10, "1", True, 1.5, None]),
    ({"type": "string", "pattern": "^([a-z]+)$"}, ["a", "ab"], ["", "a1", "a\n", "A", 1]),
    ({"type": "string", "maxLength": 3}, ["abc", "äb"], ["abcd", "ää", "a\0"]),
    ({"type": "string", "enum": ["none", "own"]}, ["own"], ["other", ""]),
    ({"type": "array", "items": PORT}, [[], [1, 2]], [[1, "2"], [0], {}, "1"]),
    (NAMES, [{}, {"A": "1"}], [{"a": "1"}, {"A": 1}, []]),
    ({"type": "array"}, [[1, "a", None]], [{}]),
]


@pytest.mark.parametrize(("schema", "good", "bad"), SCHEMAS)
def test_an_option_accepts_what_its_schema_says(
    schema: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    """As nix/checks/schema.nix has it: no number for a text, no line end behind a pattern, bytes counted."""
    accepts = option(**schema).accepts
    assert [value for value in good if not accepts(value)] == []
    assert [value for value in bad if accepts(value)] == []


@given(st.text())
def test_a_pattern_matches_the_whole_of_a_text(text: str) -> None:
    """Whatever is before, behind or between."""
    wanted = text.isascii() and text.isalpha() and text.islower()
    assert option(type="string", pattern="^([a-z]+)$").accepts(text) is bool(wanted)


def test_ports_follow_the_options() -> None:
    """A port that an option moves is where the option says."""
    module = Module.model_validate(
        {
            "name": "web",
            "summary": "s",
            "description": "d",
            "example": "web",
            "options": {"port": PORT | {"description": "d", "accepted": "a"}},
            "ports": [
                {"option": "port", "purpose": "pages"},
                {"port": 53, "protocol": "udp", "purpose": "names"},
            ],
        }
    )
    assert module.listens({"port": 8}) == [(8, "tcp", "port"), (53, "udp", "")]
