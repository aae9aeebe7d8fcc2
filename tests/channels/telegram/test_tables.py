"""A table can be read on a phone."""

import pytest

from agent.channels.telegram.tables import PHONE_COLUMNS
from tests.channels.telegram.test_formatting import shown

NARROW = "| NAME | SIZE |\n|---|--:|\n| dev | 9 |\n| `web` | 10 |"
WIDE = """\
Your containers:

| Name | State | What it is for | Address |
|---|---|---|---|
| dev | **running** | writing the new website | 10.0.0.2 |
| web | stopped | | [it](http://10.0.0.3) |
"""


def test_a_narrow_table_is_a_code_block_with_columns() -> None:
    """Numbers stand under each other."""
    text = "NAME  SIZE\n────  ────\ndev      9\nweb     10"
    assert shown(NARROW) == (text, [("pre", text)])


def test_letters_that_take_two_columns_are_counted_so() -> None:
    """Columns stand under each other in any script."""
    assert (
        shown("| a | b |\n|---|---|\n| 字 | x |\n| yz | e\u0301 |")[0] == "a   b\n──  ─\n字  x\nyz  e\u0301"
    )


def test_a_wide_table_is_a_record_per_row() -> None:
    """Each value has the name of its column; what is empty is left out, and formatting stays."""
    assert shown(WIDE) == (
        """\
Your containers:

dev
State: running
What it is for: writing the new website
Address: 10.0.0.2

web
State: stopped
Address: it (http://10.0.0.3)""",
        [("bold", "dev"), ("bold", "running"), ("bold", "web")],
    )


def test_a_table_of_which_only_the_head_was_written_keeps_it() -> None:
    """Nothing that a model wrote disappears."""
    names = [f"column number {number}" for number in range(4)]
    assert shown(f"|{'|'.join(names)}|\n|{'-|' * 4}")[0] == ", ".join(names)


@pytest.mark.parametrize("before", ["> ", "- ", "  - a\n    "])
def test_a_table_stands_in_lists_and_quotes(before: str) -> None:
    """Records do not run into the text before them."""
    lines = ["text", "", *WIDE.splitlines()[2:]]
    indent = "> " if before == "> " else " " * len(before.rpartition("\n")[2])
    text = shown(before + f"\n{indent}".join(lines))[0]
    assert "text\n" in text
    assert "\ndev\nState: running\n" in text


def test_no_line_of_a_block_is_wider_than_a_phone() -> None:
    """One letter more, and the table becomes records."""
    cell = "x" * (PHONE_COLUMNS - 3)
    assert "─" in shown(f"|{cell}|b|\n|-|-|\n|c|d|")[0]
    assert "─" not in shown(f"|{cell}x|b|\n|-|-|\n|c|d|")[0]
