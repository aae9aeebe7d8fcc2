"""Brings the catalogues of the fixed texts up to date with the code: `just messages`.

New sentences are added with an empty translation, to be filled in by hand; those that no code says any more
are dropped. A sentence is what `say(…)`, `person.say(…)` or `say.plural(…, …, n)` is given as a literal where
people are spoken to, and what services say that stands in the tables of `phrases/refusals.py` and
`phrases/plans.py`.
"""

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from agent.channels.telegram.phrases.plans import PLANS
from agent.channels.telegram.phrases.refusals import SENTENCES
from agent.texts.texts import LANGUAGES, SOURCE, catalogue_of

ROOT = Path(__file__).parent.parent
SPEAKING = ROOT / "agent" / "channels" / "telegram"
"""Where sentences for people are said."""

NAME = "say"
"""What texts are called there."""

TRANSLATED = tuple(language for language in LANGUAGES if language != SOURCE)
WIDTH = 110
HEAD = """\
# Informal, short, and in the words that the product uses everywhere.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
"""Of a catalogue: without dates and versions, which would change with every run."""


def said_in(source: str) -> Iterator[tuple[str, ...]]:
    """What a file says: one literal per sentence, two where it has a plural.

    Raises:
        ValueError: something else than literals is said, which no catalogue could know.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=texts, args=arguments) if _are_texts(texts):
                wanted = arguments[:1]
            case ast.Call(func=ast.Attribute(value=texts, attr="plural"), args=arguments) if _are_texts(
                texts
            ):
                wanted = arguments[:2]
            case _:
                continue
        literals = tuple(
            one.value for one in wanted if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )
        if not literals or len(literals) != len(wanted):
            raise ValueError(f"line {node.lineno}: {NAME} is given something else than a literal")
        yield literals


def _are_texts(node: ast.expr) -> bool:
    """Whether something is called `say`, or is the `say` of a person; others say what was said already."""
    match node:
        case ast.Name(id=name):
            return name == NAME
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            return (owner, name) == ("person", NAME)
        case _:
            return False


def template() -> Catalog:
    """Every sentence there is, without translations."""
    found = Catalog()
    for file in sorted(SPEAKING.rglob("*.py")):
        for literals in said_in(file.read_text()):
            found.add(
                literals[0] if len(literals) == 1 else literals, locations=[(f"{file.relative_to(ROOT)}", 0)]
            )
    for sentences, file in ((SENTENCES, "refusals"), (PLANS, "plans")):
        for sentence in sentences:
            found.add(sentence, locations=[(f"{SPEAKING.relative_to(ROOT)}/phrases/{file}.py", 0)])
    return found


def read(language: str) -> Catalog:
    """A catalogue as it is."""
    with catalogue_of(language).open("rb") as file:
        return read_po(file, locale=language)


def forms(message: Message) -> tuple[str, ...]:
    """The translation of a sentence, in each of its forms."""
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def updated(language: str, wanted: Catalog) -> bytes:
    """A catalogue as it ought to be: with each wanted sentence and no other."""
    catalogue = read(language)
    catalogue.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
    written = BytesIO()
    write_po(
        written,
        catalogue,
        WIDTH,
        omit_header=True,
        sort_output=True,  # code that is moved about changes no catalogue
        ignore_obsolete=True,
        include_lineno=False,
    )
    return HEAD.format(language=language).encode() + written.getvalue()


def main() -> int:
    """Write the catalogues; say what is left to translate."""
    wanted = template()
    for language in TRANSLATED:
        catalogue_of(language).write_bytes(updated(language, wanted))
        empty = sum(not all(forms(message)) for message in read(language) if message.id)
        sys.stdout.write(f"{language}: {len(wanted)} sentences, {empty} without a translation\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
