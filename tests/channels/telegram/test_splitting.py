"""Long texts are cut where a reader would pause."""

import pytest

from agent.channels.telegram.formatting import formatted, plain
from agent.channels.telegram.splitting import LIMIT, MOST_ENTITIES, Span, split


def test_a_text_is_cut_between_paragraphs() -> None:
    """Lines and words before paragraphs would be cut only where there is no other place."""
    first, second = "a b\n" * 800, "c d\n" * 800
    assert [part.text for part in plain(f"{first}\n{second}")] == [first.strip(), second.strip()]


@pytest.mark.parametrize("separator", ["\n", " "])
def test_a_text_is_cut_between_lines_and_words(separator: str) -> None:
    """No word is cut in two."""
    words = [f"word{number}" for number in range(2000)]
    assert separator.join(part.text for part in plain(separator.join(words))) == separator.join(words)


@pytest.mark.parametrize(
    "letter", ["e\u0301\u0323", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "🏴\U000e0067\U000e0062\U000e007f", "𝄞"]
)
def test_no_letter_is_cut_in_two(letter: str) -> None:
    """Families, flags and accents come out as they went in."""
    for lead in ("", "x", "xx", "xxx"):
        parts = plain(lead + letter * 3000)
        assert len(parts) > 1
        assert {part.text.removeprefix(lead).replace(letter, "") for part in parts} == {""}


def test_letters_that_never_end_are_cut_anyway() -> None:
    """A message that somebody made to break something is still messages."""
    assert [len(part.text) for part in plain("a" + "\u0301" * 5000)] == [LIMIT, 5001 - LIMIT]
    assert len(plain("\U0001f1e9" * 5000)) > 1


def test_a_code_block_that_fits_is_not_cut() -> None:
    """It begins the next message."""
    block = "x = 1\n" * 300
    parts = formatted(f"{'word ' * 600}\n\n```python\n{block}```\n")
    assert [[entity.type for entity in part.entities] for part in parts] == [[], ["pre"]]
    assert parts[1].text == block.strip()


def test_a_code_block_goes_on_as_one_with_its_indentation() -> None:
    """Each message of it can be copied."""
    line = "    indented\n"
    parts = split(line * 1000, (Span("pre", 0, len(line) * 1000, "python"),))
    assert len(parts) > 1
    assert "".join(f"{part.text}\n" for part in parts) == line * 1000
    assert {entity.language for part in parts for entity in part.entities} == {"python"}


def test_emphasis_goes_on_in_the_next_message() -> None:
    """What is cut is emphasised on both sides."""
    parts = formatted(f"**{'word ' * 1500}end**")
    assert [[entity.type for entity in part.entities] for part in parts] == [["bold"], ["bold"]]


def test_a_message_ends_before_telegram_would_ignore_its_formatting() -> None:
    """Entities after the hundredth are not shown."""
    parts = formatted("`a` " * 250)
    assert [len(part.entities) for part in parts] == [MOST_ENTITIES, MOST_ENTITIES, 50]


def test_white_space_in_front_is_trimmed_up_to_the_first_entity() -> None:
    """That is what Telegram does, so the numbers stay right."""
    (part,) = split(" \n  a code  ", (Span("code", 6, 10),))
    assert part.text == "a code"
    assert [(entity.offset, entity.length) for entity in part.entities] == [(2, 4)]
