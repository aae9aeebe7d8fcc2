"""The grammar: ``grammar.toml``, read once and made ready to be compared with sentences."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.phrasebook.patterns import Macros, Pattern, Reading, compiled
from agent.phrasebook.words import split


@dataclass(frozen=True)
class Grammar:
    """What people say, compiled.

    Attributes:
        intents: in the order in which they are tried.
        verbs: what a question is about, by tool.
        module: sentences about one module.
        perhaps_module: the same, where the word has to be a module's name.
        lead: polite beginnings.
        tail: what may follow anything.
        negation: beginnings after which nothing is done.
        question: beginnings after which something is explained, not done.
        answer: a name, as the answer to the question for one.
        synonyms: what people call a module, and its name.
        module_noise: words in a list of modules that name none.
        not_modules: words at which a list of modules ends.
        not_names: words that are no container's name unless quoted.
    """

    intents: dict[str, tuple[Pattern, ...]]
    verbs: dict[str, Pattern]
    module: tuple[Pattern, ...]
    perhaps_module: tuple[Pattern, ...]
    lead: Pattern
    tail: Pattern
    negation: Pattern
    question: Pattern
    answer: Pattern
    synonyms: dict[str, str]
    module_noise: frozenset[str]
    not_modules: frozenset[str]
    not_names: frozenset[str]

    def reading(self, sentence: str) -> Reading:
        """A sentence, ready to be compared with patterns."""
        return Reading.of(split(sentence), self.not_names, self.not_modules, self.tail)


@cache
def grammar() -> Grammar:
    """The grammar that comes with the product."""
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
    macros = Macros(data["macros"])

    def one(source: str) -> Pattern:
        return compiled(source, macros)

    def many(sources: list[str]) -> tuple[Pattern, ...]:
        return tuple(one(source) for source in sources)

    return Grammar(
        intents={intent: many(sources) for intent, sources in data["intents"].items()},
        verbs={tool: one(source) for tool, source in data["verbs"].items()},
        module=many(data["module"]),
        perhaps_module=many(data["perhaps_module"]),
        lead=one(data["lead"]),
        tail=one(data["tail"]),
        negation=one(data["negation"]),
        question=one(data["question"]),
        answer=one(data["answer"]),
        synonyms=data["synonyms"],
        module_noise=frozenset(data["module_noise"].split()),
        not_modules=frozenset(data["not_modules"].split()),
        not_names=frozenset(data["not_names"].split()),
    )
