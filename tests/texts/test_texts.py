import subprocess
import sys
from datetime import timedelta

import pytest

from agent.texts import LANGUAGES, texts_for


@pytest.mark.parametrize(
    ("named", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("es_MX", "es"),
        ("ES-419", "es"),
        ("en-GB", "en"),
        ("nl", "en"),
        ("", "en"),
        (None, "en"),
        ("../../etc", "en"),
    ],
)
def test_a_language_is_found_by_what_telegram_calls_it(named: str | None, language: str) -> None:
    """The region does not matter, and who speaks another language reads English."""
    assert texts_for(named).language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_no_catalogue_knows_is_said_in_english(language: str) -> None:
    """A missing translation is no missing answer."""
    say = texts_for(language)
    assert say("No catalogue knows {what}.", what="this") == "No catalogue knows this."
    assert say.plural("{n} odd thing", "{n} odd things", 1) == "1 odd thing"
    assert say.plural("{n} odd thing", "{n} odd things", 0) == "0 odd things"


def test_braces_in_a_value_mean_nothing() -> None:
    """What a person or a program wrote is put in as it is."""
    assert texts_for("en")("It said {said}.", said="{0.__class__} {}") == "It said {0.__class__} {}."


@pytest.mark.parametrize(
    ("amount", "english", "german"),
    [
        (0, "0 B", "0 B"),
        (1023, "1,023 B", "1.023 B"),
        (1024, "1 KiB", "1 KiB"),
        (1536 * 1024, "1.5 MiB", "1,5 MiB"),
        (10 * 1024**3, "10 GiB", "10 GiB"),
        (3000 * 1024**5, "3,000 PiB", "3.000 PiB"),
    ],
)
def test_a_size_is_written_as_the_language_writes_numbers(amount: int, english: str, german: str) -> None:
    """Powers of 1024, one digit behind the point or the comma."""
    assert texts_for("en").size(amount) == english
    assert texts_for("de").size(amount) == german


def test_a_time_is_told_in_its_largest_unit() -> None:
    """Nobody wants to know seconds of an hour."""
    assert texts_for("en").span(timedelta(seconds=200)) == "3 minutes"
    assert texts_for("es").away(-timedelta(hours=2)) == "hace 2 horas"
    assert texts_for("de").away(timedelta(days=3)) == "in 3 Tagen"


def test_a_sentence_in_english_costs_no_import_of_babel() -> None:
    """Most of what is said needs no catalogue."""
    program = """
import sys
from agent.texts import texts_for

texts_for("en")("Hello.")
assert "babel" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
