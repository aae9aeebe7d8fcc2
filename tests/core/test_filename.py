"""Names of files that people send."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.filename import MAX_BYTES, NAMELESS, numbered, safe_filename

NAMES = st.text(
    st.one_of(st.characters(), st.sampled_from("./\\-~ \t\n\0\u202e\u200b\u0301é()x")), max_size=400
)


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Größe & Maß (1).tar.gz", "Größe & Maß (1).tar.gz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\notes.txt", "notes.txt"),
        ("folder/", "folder"),
        ("-rf", "rf"),
        (".bashrc", "bashrc"),
        ("~root", "root"),
        ("a\0b\x1b[31m.txt", "ab[31m.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("two\nlines\t.txt", "two lines .txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("nul.txt", "_nul.txt"),
        ("COM1", "_COM1"),
        ("trailing. ", "trailing"),
        ("", NAMELESS),
        ("...", NAMELESS),
        ("\udc80\ud800", NAMELESS),
        ("日本語.txt", "日本語.txt"),
    ],
)
def test_of_a_name_stays_what_is_harmless(given_name: str, name: str) -> None:
    """A plain one as it is; of others, what can be shown and is no path, option or device."""
    assert safe_filename(given_name) == name


@given(NAMES)
def test_any_name_becomes_one_that_is_safe(text: str) -> None:
    """Whatever came in: no path, nothing hidden, nothing that acts on who shows it, not too long."""
    name = safe_filename(text)
    assert name
    assert not set(name) & set("/\\\0")
    assert name[0] not in ".-~ "
    assert name[-1] not in ". "
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert unicodedata.normalize("NFC", name) == name
    assert len(name.encode()) <= MAX_BYTES


@given(NAMES)
def test_a_safe_name_stays_as_it_is(text: str) -> None:
    """So that whoever checks a name again finds the same."""
    name = safe_filename(text)
    assert safe_filename(name) == name


@given(NAMES, st.integers(2, 99))
def test_a_number_makes_another_safe_name(text: str, number: int) -> None:
    """It differs from the name itself, and keeps its extension."""
    name = safe_filename(text)
    other = numbered(name, number)
    assert other != name
    assert safe_filename(other) == other
    assert len({numbered(name, one) for one in range(1, 100)}) == 99


def test_what_is_too_long_loses_its_middle_not_its_extension() -> None:
    """Characters are not cut in two."""
    name = safe_filename("é" * 300 + ".pdf")
    assert name.endswith("é.pdf")
    assert len(name.encode()) in {MAX_BYTES - 1, MAX_BYTES}
    assert numbered(name, 12).endswith("é (12).pdf")
    assert numbered("report.pdf", 2) == "report (2).pdf"
    assert numbered("README", 3) == "README (3)"
