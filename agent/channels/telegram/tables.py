"""Tables on a phone: a narrow one in columns, a wide one as one record per row."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from pyromark.event import Range

from agent.channels.telegram.events import Event, text_of

PHONE_COLUMNS = 34
"""How many letters of a code block fit on one line of a small phone."""

GAP = "  "
Cell = list[Event]


def with_tables(events: Iterable[Event]) -> Iterator[Event]:
    """The events, with those of each table replaced by others that a chat can show."""
    coming = iter(events)
    for what, where in coming:
        match what:
            case {"Start": {"Table": alignments}}:
                rows = _rows(coming)
                shown = [["".join(text_of(one) for one, _ in cell).strip() for cell in row] for row in rows]
                if _width(shown) <= PHONE_COLUMNS:
                    yield from _columns(shown, alignments, where)
                else:
                    yield from _records(rows, shown, where)
            case _:
                yield what, where


def _rows(events: Iterator[Event]) -> list[list[Cell]]:
    """The cells of a table whose beginning was read; its end is read, too."""
    rows: list[list[Cell]] = []
    for what, where in events:
        match what:
            case {"End": "Table"}:
                break
            case {"Start": "TableHead" | "TableRow"}:
                rows.append([])
            case {"Start": "TableCell"}:
                rows[-1].append([])
            case {"End": "TableHead" | "TableRow" | "TableCell"}:
                pass
            case _:
                rows[-1][-1].append((what, where))
    return rows


def letters(text: str) -> int:
    """How many columns a text takes where all letters are of one width."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def _widths(shown: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(letters, column)) for column in zip(*shown, strict=True)]


def _width(shown: Sequence[Sequence[str]]) -> int:
    widths = _widths(shown)
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _columns(shown: Sequence[Sequence[str]], alignments: Sequence[str], where: Range) -> Iterator[Event]:
    """A code block, in which columns stand under each other."""
    widths = _widths(shown)
    lines = [_line(row, widths, alignments) for row in shown]
    lines.insert(1, GAP.join("─" * width for width in widths))
    yield {"Start": {"CodeBlock": {"Fenced": ""}}}, where
    yield {"Text": "\n".join(lines)}, where
    yield {"End": "CodeBlock"}, where


def _line(row: Sequence[str], widths: Sequence[int], alignments: Sequence[str]) -> str:
    cells = (
        " " * (width - letters(cell)) + cell if alignment == "Right" else cell + " " * (width - letters(cell))
        for cell, width, alignment in zip(row, widths, alignments, strict=True)
    )
    return GAP.join(cells).rstrip()


def _records(rows: Sequence[Sequence[Cell]], shown: Sequence[Sequence[str]], where: Range) -> Iterator[Event]:
    """A paragraph: per row its first cell as the head, then each other on a line with its column's name."""
    yield {"Start": "Paragraph"}, where
    for number, row in enumerate(rows[1:]):
        if number:
            yield "HardBreak", where
            yield "HardBreak", where
        begun = False
        for column, cell in enumerate(row):
            if not shown[number + 1][column]:
                continue
            if begun:
                yield "HardBreak", where
            begun = True
            if column == 0:
                yield {"Start": "Strong"}, where
                yield from cell
                yield {"End": "Strong"}, where
            else:
                label = shown[0][column]
                yield {"Text": f"{label}: " if label else ""}, where
                yield from cell
    if len(rows) == 1:
        yield {"Text": ", ".join(filter(None, shown[0]))}, where
    yield {"End": "Paragraph"}, where
