"""Paths of files, shown and asked for again."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.core.errors import InvalidRequest
from agent.core.filepath import checked_path, path_bytes, shown_path
from agent.core.printable import printable

PARTS = st.binary(min_size=1, max_size=60).filter(
    lambda part: b"/" not in part and b"\0" not in part and part not in {b".", b".."}
)
PATHS = st.lists(PARTS, min_size=1, max_size=5).map(b"/".join)


@given(PATHS)
@example(b"a\\x41")
@example("e\u0301\u202e.txt".encode())
def test_every_path_can_be_shown_and_asked_for(path: bytes) -> None:
    """On one line, with nothing that acts on whoever shows it; and what is shown leads to the same file."""
    shown = shown_path(path)
    assert path_bytes(shown) == path
    assert printable(shown) == shown
    assert "\n" not in shown


@given(PATHS)
def test_what_is_shown_is_a_path(path: bytes) -> None:
    """Whoever asks for what a list showed gets that, spaces at an end aside."""
    shown = shown_path(path)
    if shown == shown.strip():
        assert path_bytes(checked_path(shown)) == path
        assert path_bytes(checked_path(f"/workspace/{shown}")) == path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"notes/to do.md", "notes/to do.md"),
        ("Größe".encode(), "Größe"),
        (b"caf\xe9", "caf\\xe9"),
        (b"two\nlines", "two\\nlines"),
        (b"a\\b", "a\\\\b"),
        ("a\u202eb".encode(), "a\\xe2\\x80\\xaeb"),
    ],
)
def test_what_is_text_stays_so(path: bytes, shown: str) -> None:
    """Only what cannot be shown is written in signs."""
    assert shown_path(path) == shown


@pytest.mark.parametrize(
    "given_path", ["report.pdf", "./report.pdf", "/workspace/report.pdf", " report.pdf/ "]
)
def test_a_path_may_be_said_in_several_ways(given_path: str) -> None:
    """They are one path."""
    assert checked_path(given_path) == "report.pdf"


@pytest.mark.parametrize(
    "given_path",
    [
        "",
        "/",
        "/workspace",
        "..",
        "a/../b",
        "\\x2e\\x2e/b",
        "/etc/passwd",
        "a\0b",
        "a\\x2fb",
        "a" * 256,
        "a/" * 3000,
    ],
)
def test_what_is_no_path_below_the_workspace_is_refused(given_path: str) -> None:
    """With an example of one that is."""
    with pytest.raises(InvalidRequest, match=r"notes/todo\.md"):
        checked_path(given_path)
