"""Whatever a model writes becomes messages that Telegram takes."""

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import MessageEntity

from agent.channels.telegram.formatting import LONGEST_MARKDOWN, escaped, formatted, plain
from agent.channels.telegram.splitting import LIMIT, MOST_ENTITIES, Part, Span, split
from agent.core.printable import printable

NOT_IN_CODE = {"bold", "italic", "underline", "strikethrough"}
QUOTES = {"blockquote", "expandable_blockquote"}
MARKUP = st.sampled_from(
    [
        *(
            "*",
            "**",
            "_",
            "__",
            "~~",
            "~",
            "`",
            "```",
            "```python\n",
            "> ",
            "# ",
            "###### ",
            "- ",
            "1. ",
            "- [ ] ",
        ),
        *(
            "[",
            "](",
            ")",
            "![",
            "https://a.example/",
            "<",
            ">",
            "<b>",
            "</b>",
            "<br>",
            "<!--",
            "<div>\n",
            "||",
        ),
        *(
            "|",
            "|---|---|\n",
            "| a | b |\n",
            "\n",
            "\n\n",
            "    ",
            "\t",
            " ",
            "\\",
            "&amp;",
            "$",
            "$$",
            "---\n",
        ),
        *(
            "word",
            "two words",
            "[a]: b\n",
            "🏳️‍🌈",
            "👨‍👩‍👧",
            "🇩🇪",
            "e\u0301",
            "\u202e",
            "\u200b",
            "\x00",
            "\ud800",
            "字",
            "\r\n",
        ),
    ]
)
MARKDOWN = st.one_of(st.text(), st.lists(st.one_of(MARKUP, st.text(max_size=5)), max_size=60).map("".join))
LONG = st.tuples(MARKDOWN, st.integers(1, 300)).map(lambda drawn: drawn[0] * drawn[1])


def utf16(text: str) -> bytes:
    """As Telegram counts it."""
    return text.encode("utf-16-le")


def covered(part: Part, entity: MessageEntity) -> str:
    """The text that an entity is about; fails where it would cut a character in two."""
    return utf16(part.text)[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")


def seen(text: str) -> str:
    """What can be seen of a text."""
    return "".join(one for one in text if unicodedata.category(one)[0] not in "CZ")


def shown(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    """A short text as one message: its text, and what each entity covers."""
    (part,) = formatted(markdown)
    return part.text, [(entity.type, covered(part, entity)) for entity in part.entities]


def check(parts: Sequence[Part]) -> None:
    """What holds for everything that is sent."""
    for part in parts:
        length = len(utf16(part.text)) // 2
        assert 0 < length <= LIMIT
        assert seen(part.text)
        assert part.text == part.text.rstrip()
        assert len(part.entities) <= MOST_ENTITIES
        for entity in part.entities:
            assert 0 <= entity.offset < entity.offset + entity.length <= length
            assert covered(part, entity).strip()
            assert entity.type in NOT_IN_CODE | QUOTES | {"code", "pre"}
            for other in part.entities:
                check_pair(entity, other)


def check_pair(one: MessageEntity, other: MessageEntity) -> None:
    """Two entities are apart, or one is within the other and may be."""
    if one is other or one.offset + one.length <= other.offset or other.offset + other.length <= one.offset:
        return
    first, second = sorted((one, other), key=lambda entity: entity.length)
    assert second.offset <= first.offset
    assert first.offset + first.length <= second.offset + second.length
    kinds = {one.type, other.type}
    assert one.type != other.type
    assert not kinds >= QUOTES
    assert not kinds & {"code", "pre"} or kinds & QUOTES


@settings(deadline=None)
@given(MARKDOWN)
def test_any_text_becomes_messages_that_telegram_takes(markdown: str) -> None:
    """Arbitrary text, hostile Unicode, markup that is never closed."""
    parts = formatted(markdown)
    check(parts)
    assert bool(parts) == bool(seen(printable(markdown)))


@settings(deadline=None)
@given(LONG)
def test_a_long_text_is_split_into_messages_that_telegram_takes(markdown: str) -> None:
    """Entities are cut with the text that they are about."""
    check(formatted(markdown))


@settings(deadline=None)
@given(LONG)
def test_a_text_without_markup_is_kept_whole(text: str) -> None:
    """All that can be seen is in the messages, in its order."""
    parts = plain(text)
    check(parts)
    assert "".join(seen(part.text) for part in parts) == seen(printable(text))


@settings(deadline=None)
@given(LONG)
def test_code_is_kept_whole_and_stays_code(text: str) -> None:
    """What a program said goes on as a code block in each message."""
    said = printable(text).strip("\n")
    parts = split(said, (Span("pre", 0, len(said), "python"),))
    check(parts)
    assert "".join(seen(part.text) for part in parts) == seen(said)
    for part in parts:
        (block,) = part.entities
        assert (block.type, block.language) == ("pre", "python")
        assert seen(covered(part, block)) == seen(part.text)


@settings(deadline=None)
@given(st.text())
def test_an_escaped_value_is_shown_as_it_is(value: str) -> None:
    """A name that a stranger chose formats nothing."""
    name = f"x{value}"
    assert shown(f"Hello **{escaped(name)}**!")[0] == f"Hello {' '.join(printable(name).split())}!"


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "> ",
            ">",
            "*",
            "_a",
            "*a_",
            "[",
            "[](",
            "- ",
            "`",
            "<",
            "<!--",
            "|",
            "~a~ ",
            "![",
            "**a ",
            "```\n",
            "&#x",
        ),
        *("**a** ", "|a|b|\n|-|-|\n", "[a](b) ", "\n", "a\u0301", "👨\u200d", "🇩", "\u0301", "# a\n> "),
    ],
)
@pytest.mark.parametrize("size", [LONGEST_MARKDOWN, 100_000])
def test_a_hundred_kilobytes_of_anything_are_taken(unit: str, size: int) -> None:
    """Nesting without end and markup that is never closed are text like other text."""
    text = (unit * size)[:size]
    parts = formatted(text)
    check_each(parts)
    assert parts or not seen(text)


def check_each(parts: Sequence[Part]) -> None:
    """The same as :func:`check`, without comparing each entity with each other."""
    for part in parts:
        check([Part(part.text, part.entities[:1])])
        assert len(part.entities) <= MOST_ENTITIES


def test_what_markdown_means_is_shown() -> None:
    """Bold, italic, code, code blocks, headings, lists and quotes."""
    assert shown(
        "# Done\n\n**dev** is *up*, see `ls`:\n\n```sh\nls -l\n```\n- one\n- [x] two\n\n> quoted"
    ) == (
        "Done\n\ndev is up, see ls:\n\nls -l\n• one\n☑ two\n\nquoted",
        [
            ("underline", "Done"),
            ("bold", "Done"),
            ("bold", "dev"),
            ("italic", "up"),
            ("code", "ls"),
            ("pre", "ls -l"),
            ("blockquote", "quoted"),
        ],
    )


def test_the_language_of_a_code_block_is_kept() -> None:
    """Clients colour it; what could be no language is left out."""
    assert [
        formatted(f"```{word}\nx\n```")[0].entities[0].language
        for word in ("python", "python title=a", "<é>")
    ] == [
        "python",
        "python",
        None,
    ]


def test_code_in_bold_is_code() -> None:
    """Telegram allows nothing within code; the words around it stay bold."""
    assert shown("**use `ls` now**") == (
        "use ls now",
        [("bold", "use"), ("code", "ls"), ("bold", "now")],
    )


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("[docs](https://docs.example/x)", "docs (https://docs.example/x)"),
        ("[https://bank.example](https://evil.example)", "https://bank.example (https://evil.example)"),
        ("[**bank.example**](https://evil.example)", "bank.example (https://evil.example)"),
        ("[bank.example](https://bank.example/)", "bank.example"),
        ("<https://bank.example>", "https://bank.example"),
        ("[](https://evil.example)", "https://evil.example"),
        ("![cat](https://evil.example/cat.png)", "cat (https://evil.example/cat.png)"),
        ("[![logo](https://a.example)](https://b.example)", "logo (https://a.example) (https://b.example)"),
        ("[Ann](tg://user?id=7)", "Ann (tg://user?id=7)"),
        ("![🙂](tg://emoji?id=1234567890123456789)", "🙂 (tg://emoji?id=1234567890123456789)"),
        ("[a][1]\n\n[1]: https://evil.example", "a (https://evil.example)"),
    ],
)
def test_a_link_shows_where_it_leads(markdown: str, text: str) -> None:
    """A log line that talks a model into writing a link cannot hide an address behind another one."""
    assert shown(markdown)[0] == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("run `x` in <name>", "run x in <name>"),
        ("<div>\nkept\n</div>", "<div>\nkept\n</div>"),
        ("one<br>two", "one\ntwo"),
        ("echo $HOME$PATH", "echo $HOME$PATH"),
        ("takes ~2 to ~3 minutes", "takes ~2 to ~3 minutes"),
        ("a || b || c", "a || b || c"),
        ("&lt;3", "<3"),
        ("***", "————————"),
        ("> ", ">"),
    ],
)
def test_what_only_looks_like_markup_is_text(markdown: str, text: str) -> None:
    """Shells and placeholders are what this chat is about."""
    assert shown(markdown)[0] == text


@pytest.mark.parametrize("nothing", ["", " \n\t", "\u200b", "\u2060\n\u00a0"])
def test_nothing_to_see_is_no_message(nothing: str) -> None:
    """Telegram refuses empty messages."""
    assert formatted(nothing) == plain(nothing) == []


def test_what_acts_on_a_reader_is_taken_out() -> None:
    """Marks that turn text around, and escapes of terminals."""
    assert shown("a\u202eb\x1b[31mc")[0] == "a\ufffdbc"
