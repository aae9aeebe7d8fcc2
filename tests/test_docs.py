"""What README and docs/ say is so. Their commands are run in the box: tests/box/inside/test_readme.py."""

import re
from pathlib import Path

import pytest

from scripts.settings_page import page

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#:]+)\)")
PATH = re.compile(r"`((?:agent|docs|scripts|tests|nix|evals|benchmarks|changes)/[\w./-]*[\w/])`")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_page_points_to_is_there(file: Path) -> None:
    """Links, and paths in code spans."""
    text = file.read_text()
    targets = [file.parent / link for link in LINK.findall(text)] + [
        ROOT / path for path in PATH.findall(text)
    ]
    assert [str(target) for target in targets if not target.exists()] == []


def test_the_page_of_settings_is_the_settings() -> None:
    """It is made by `python -m scripts.settings_page > docs/settings.md`."""
    assert (ROOT / "docs/settings.md").read_text() == page()


def test_decisions_are_numbered_in_order() -> None:
    """Without a gap, each with what a decision record has."""
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert re.findall(r"^## (\w+)", record.read_text(), re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]
