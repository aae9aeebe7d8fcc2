"""The slots of patterns: what stands for names, modules, numbers and the like in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import replace

from agent.phrasebook.reading import IT, Found, Reading, Walk
from agent.phrasebook.times import LONGEST_TIME, time_said

_SAID_NAME = re.compile(r"[\w][\w.-]{0,63}\Z")
_LIST_WORDS = frozenset({"and", "&", "plus", "+", ",", "or"})
_TITLE_WORDS = 4
_SIZE = re.compile(r"([1-9][0-9]{0,8})([kmgt])(?:i?b|igs?|egs?|(?:ilo|ega|iga|era)bytes?)?\Z")
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "dozen": 12, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "thousand": 1000,
}  # fmt: skip


def _with_names(found: Found, *names: str) -> Found:
    return replace(found, names=(*found.names, *names))


def _name(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    name = reading.named(at)
    if name is not None:
        yield at + 1, _with_names(found, name)


def _names(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    ends: list[tuple[int, Found]] = []
    while (name := reading.named(at)) is not None:
        found = _with_names(found, name)
        comma = reading.words[at].stop == ","
        at += 1
        ends.append((at, found))
        joined = at
        while joined < len(reading.words) and reading.words[joined].text in _LIST_WORDS:
            joined += 1
        if joined == at and not comma:
            break
        at = joined
    yield from reversed(ends)


def _title(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at < len(reading.words) and reading.words[at].quoted:
        yield at + 1, _with_names(found, reading.words[at].given)
        return
    end = at
    while end < len(reading.words) and end - at < _TITLE_WORDS:
        # After "called", the first word is a name whatever it is; the next ones only if they could be.
        if end > at and reading.named(end) is None:
            break
        end += 1
        if reading.words[end - 1].stop:
            break
    for stop in range(end, at, -1):
        yield stop, _with_names(found, " ".join(word.given for word in reading.words[at:stop]))


def _possessive(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at >= len(reading.words):
        return
    word = reading.words[at]
    if word.text == "its":
        yield at + 1, _with_names(found, IT)
    elif (
        word.text.endswith("'s")
        and _SAID_NAME.match(word.given[:-2])
        and word.text[:-2] not in reading.not_names
    ):
        yield at + 1, _with_names(found, word.given[:-2])


def _head(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    name = reading.named(at)
    if name is not None and reading.words[at].stop == ":" and _SAID_NAME.match(name):
        yield at + 1, _with_names(found, name)


def _modules(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    end = at
    while end < len(reading.words) and (reading.words[end].text not in reading.not_modules):
        end += 1
    for stop in range(end, at, -1):
        yield stop, replace(found, modules=(*found.modules, (at, stop)))


def _number(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at >= len(reading.words):
        return
    text = reading.words[at].text.lstrip("-")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else _NUMBERS.get(text)  # noqa: PLR2004
    if number is not None:
        yield at + 1, replace(found, number=number)


def _command(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    for stop in range(len(reading.words), at, -1):
        yield stop, replace(found, command=(at, stop))


def _path(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at < len(reading.words):
        word = reading.words[at]
        if word.quoted or (word.text not in reading.not_names and any(map(str.isalnum, word.given))):
            yield at + 1, replace(found, command=(at, at + 1))


def _time(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    for stop in range(min(at + LONGEST_TIME, len(reading.words)), at, -1):
        said = time_said([word.text for word in reading.words[at:stop]])
        if said is not None:
            yield stop, replace(found, when=said)


def _when(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    yield from _time(reading, at, found)
    label = reading.named(at)
    if label is not None and time_said([reading.words[at].text]) is None:
        yield at + 1, replace(found, when=label)


def _size(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    for stop in (at + 2, at + 1):
        said = "".join(word.text for word in reading.words[at:stop])
        if stop <= len(reading.words) and (size := _SIZE.match(said)):
            yield stop, replace(found, size=f"{size[1]}{size[2].upper()}")


def _mark(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at < len(reading.words) and not any(map(str.isalnum, reading.words[at].text)):
        yield at + 1, found


def _it(_reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    yield at, _with_names(found, IT)


SLOTS: dict[str, Walk] = {
    "NAME": _name,
    "NAMES": _names,
    "TITLE": _title,
    "NAME's": _possessive,
    "NAME:": _head,
    "MODULES": _modules,
    "NUMBER": _number,
    "COMMAND": _command,
    "PATH": _path,
    "TIME": _time,
    "WHEN": _when,
    "SIZE": _size,
    "MARK": _mark,
    "IT!": _it,
}
"""By the names that patterns call them."""
