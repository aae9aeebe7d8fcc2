"""The catalogues hold what the code says: each sentence, translated, and no other."""

from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Message

from agent.texts.texts import catalogue_of
from scripts.messages import TRANSLATED, forms, read, said_in, template, updated

PLURAL_FORMS = 2
SOURCE = """
say("Hello " "there.")
say.plural("{n} a", "{n} b", count, x=say.size(3))
talk.person.say("To one.")
outbox.say(talk, text)
"""


def messages(language: str) -> Iterator[Message]:
    """The sentences of a catalogue, without its head."""
    return (message for message in read(language) if message.id)


def ids(message: Message) -> tuple[str, ...]:
    """The English of a sentence, in each of its forms."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def placeholders(sentence: str) -> set[str]:
    """The names in a sentence that values are put in for."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_what_the_script_would_write(language: str) -> None:
    """Who changes a sentence runs `just messages`: no sentence is missing, none is obsolete."""
    assert catalogue_of(language).read_bytes() == updated(language, template())


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_in_each_of_its_forms(language: str) -> None:
    """Nobody reads two languages in one message, or a guess."""
    catalogue = read(language)
    assert catalogue.num_plurals == PLURAL_FORMS
    assert [message.id for message in messages(language) if message.fuzzy or not all(forms(message))] == []
    assert [
        message.id
        for message in messages(language)
        if len(forms(message)) != (PLURAL_FORMS if len(ids(message)) > 1 else 1)
    ] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_sentence(language: str) -> None:
    """A value that is dropped or misspelled would be missing, or an error, in front of a person."""
    for message in messages(language):
        for english, translated in zip(ids(message), forms(message), strict=True):
            assert placeholders(translated) == placeholders(english), translated


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_begins_and_ends_as_its_sentence(language: str) -> None:
    """Line breaks and white space at the edges hold a message together."""
    for message in messages(language):
        for english, translated in zip(ids(message), forms(message), strict=True):
            assert translated.count("\n") == english.count("\n"), translated
            assert translated.strip() == translated or english.strip() != english, translated


def test_sentences_are_found_where_they_are_said() -> None:
    """One literal per sentence, two where it has a plural, however it is broken into lines."""
    assert list(said_in(SOURCE)) == [("Hello there.",), ("{n} a", "{n} b"), ("To one.",)]


@pytest.mark.parametrize("source", ["say(text)", "say()", 'say.plural("{n} a", many, 2)', 'say(f"{x}")'])
def test_what_no_catalogue_could_know_is_refused(source: str) -> None:
    """A sentence that is put together at run time would never be translated."""
    with pytest.raises(ValueError, match="line 1: say is given something else than a literal"):
        list(said_in(source))
