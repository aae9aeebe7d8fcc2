"""Sentences and their translations: English stands in the code, the others in ``locale/``.

A channel calls its texts ``say`` and gives them literals: ``say("{name} is running.", name=name)`` or
``say.plural("{n} container", "{n} containers", n)``. ``scripts/messages.py`` finds them by that and keeps
the catalogues, which are read as they are: nothing has to be compiled before a start.
"""

import gettext
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
"""Code to the name that its speakers give it."""

SOURCE = "en"
"""The language of the sentences in the code."""

LOCALE = Path(__file__).parent / "locale"
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024


def catalogue_of(language: str) -> Path:
    """The file with the translations into a language."""
    return LOCALE / language / "LC_MESSAGES" / "voxnix.po"


class Texts:
    """The fixed sentences in one language.

    Babel is imported where it is needed: not for a sentence in English.

    Args:
        language: one of :data:`LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._translations = gettext.NullTranslations() if language == SOURCE else _read(language)

    def __call__(self, msgid: str, **values: object) -> str:
        """A sentence, with the values in their places."""
        return self._translations.gettext(msgid).format(**values)

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """A sentence whose form depends on a number, which is ``{n}`` in it."""
        return self._translations.ngettext(one, many, n).format(n=self.number(n), **values)

    def number(self, value: float) -> str:
        """A number with the separators of the language and at most one digit after the point."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - see the class

        return format_decimal(value, "#,##0.#", locale=self.language)

    def size(self, amount: int) -> str:
        """Bytes in the powers of 1024 that quotas are set in."""
        power = min(max(amount, 1).bit_length() - 1, 10 * (len(UNITS) - 1)) // 10
        return f"{self.number(amount / _STEP**power)} {UNITS[power]}"

    def span(self, length: timedelta) -> str:
        """A length of time in its largest unit: ``3 minutes``."""
        from babel.dates import format_timedelta  # noqa: PLC0415 - see the class

        return format_timedelta(length, threshold=1, locale=self.language)

    def away(self, length: timedelta) -> str:
        """How far off something is: ``in 3 minutes``, or ``3 minutes ago`` where that is negative."""
        from babel.dates import format_timedelta  # noqa: PLC0415 - see the class

        return format_timedelta(length, threshold=1, add_direction=True, locale=self.language)


def _read(language: str) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - see the class
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with catalogue_of(language).open("rb") as catalogue:
        write_mo(compiled, read_po(catalogue, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _texts_in(language: str) -> Texts:
    return Texts(language)


def texts_for(language_code: str | None) -> Texts:
    """The texts for a language as Telegram or a person names it.

    Args:
        language_code: such as ``de``, ``de-AT`` or ``es_MX``; None or an unknown one is English.
    """
    language = (language_code or "").replace("_", "-").partition("-")[0].lower()
    return _texts_in(language if language in LANGUAGES else SOURCE)
