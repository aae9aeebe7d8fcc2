"""Texts as Telegram counts and cleans them."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram import MessageEntity

from tests.telegram import texts
from tests.telegram.conftest import Connect
from tests.telegram.refusals import Refused
from tests.telegram.client import Telegram

CLEAN = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=[chr(0x2028 + n) for n in range(7)])
WORDS = st.text(CLEAN.filter(lambda character: character != " "), min_size=1, max_size=200)
KINDS = st.sampled_from(["bold", "italic", "code", "pre", "spoiler", "underline"])


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[MessageEntity]]:
    """A text that Telegram leaves as it is, some of whose words have an entity."""
    text, entities = "", list[MessageEntity]()
    for word in draw(st.lists(WORDS, min_size=1, max_size=90)):
        start = texts.units(text)
        if start + texts.units(word) > texts.LONGEST_TEXT:
            break
        if draw(st.booleans()):
            entities.append(MessageEntity(draw(KINDS), start, texts.units(word)))
        text += word + draw(st.sampled_from([" ", "\n"]))
    return text[:-1], entities


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(message=marked())
async def test_a_text_comes_back_with_its_entities(
    server: Telegram, connect: Connect, message: tuple[str, list[MessageEntity]]
) -> None:
    """What the library sends is what it gets, in emoji as in letters."""
    text, entities = message
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    async with connect(account) as bot:
        sent = await bot.send_message(ann.id, text, entities=entities)
        assert (sent.text, list(sent.entities)) == (text, entities)
        shown = await ann.hears(lambda _: True)
        for entity, kept in zip(entities, shown.entities, strict=True):
            assert sent.parse_entity(entity) == texts.cut(text, kept["offset"], kept["length"])


@given(text=st.text(CLEAN))
def test_a_length_is_counted_in_utf_16(text: str) -> None:
    """A character outside of the first plane counts twice."""
    assert texts.units(text) == len(text.encode("utf-16-le")) // 2
    assert texts.cut(text, 0, texts.units(text)) == text


@given(letters=st.integers(0, 4200), emoji=st.integers(0, 2100))
def test_the_border_is_at_4096(letters: int, emoji: int) -> None:
    """One unit more is refused."""
    text = "x" * letters + "😀" * emoji
    if 0 < letters + 2 * emoji <= 4096:
        assert texts.message_text(text, "", "") == (text, [])
    else:
        with pytest.raises(Refused):
            texts.message_text(text, "", "")


def entity(offset: int, length: int, kind: str = "bold") -> dict[str, object]:
    """An entity as JSON."""
    return {"type": kind, "offset": offset, "length": length}


@pytest.mark.parametrize(
    ("sent", "marks", "shown", "kept"),
    [
        ("  hi \n", [], "hi", []),
        ("  hi", [entity(2, 2)], "hi", [entity(0, 2)]),
        ("  hi", [entity(1, 3)], " hi", [entity(0, 3)]),
        ("hi  ", [entity(0, 4)], "hi", [entity(0, 2)]),
        ("a\r\nb", [entity(3, 1)], "a\nb", [entity(2, 1)]),
        ("a\tb\u2028c", [entity(4, 1)], "a bc", [entity(3, 1)]),
        ("ab", [entity(1, 1), entity(0, 1)], "ab", [entity(0, 1), entity(1, 1)]),
        ("ab", [entity(0, 0), entity(0, 1, "url")], "ab", []),
        ("ab", [entity(0, 1)] * 150, "ab", [entity(0, 1)] * 100),
    ],
)
def test_what_telegram_makes_of_a_text(
    sent: str, marks: list[dict[str, object]], shown: str, kept: list[dict[str, object]]
) -> None:
    """It is trimmed and cleaned, its entities move along, and those after the hundredth are ignored."""
    assert texts.message_text(sent, json.dumps(marks), "") == (shown, kept)
