"""A sentence -> what is meant by it: tools to call, a question to ask back, or something to say."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from agent.phrasebook.grammar import grammar
from agent.phrasebook.patterns import IT, Found, Reading
from agent.phrasebook.words import Word

_SEPARATORS = re.compile(r"[\s,;&+/]+")
_NAMING = frozenset({"called", "named", "name", "call", "labelled"})
_LEADS = 8
"""How many polite beginnings are taken off: "hey, could you please just …"."""
_WHICH = {
    "which restart": "restart_container",
    "which start": "start_container",
    "which stop": "stop_container",
    "which destroy": "destroy_container",
    "which update": "update_container",
    "which roll back": "roll_back_container",
}
_BY_NAME = {"destroy everything": "destroy_container", "update everything": "update_container"}
_CHANGES = {
    "add modules": "add",
    "perhaps add modules": "add",
    "add where": "add",
    "switch modules": "add",
    "replace modules": "add",
    "remove modules": "remove",
    "remove where": "remove",
}
"""What happens to the modules in these."""
_SLASH = {
    "list": "list_containers",
    "ls": "list_containers",
    "status": "container_status",
    "create": "create_container",
    "new": "create_container",
    "start": "start_container",
    "stop": "stop_container",
    "restart": "restart_container",
    "destroy": "destroy_container",
    "delete": "destroy_container",
    "logs": "container_logs",
    "log": "container_logs",
    "exec": "run_in_container",
    "run": "run_in_container",
    "modules": "list_modules",
    "module": "list_modules",
    "explain": "list_modules",
    "update": "update_container",
    "upgrade": "update_container",
    "rollback": "roll_back_container",
}
_COMMON = (
    *(
        "create",
        "make",
        "start",
        "stop",
        "restart",
        "destroy",
        "delete",
        "list",
        "show",
        "status",
        "logs",
        "run",
    ),
    *("exec", "modules", "containers", "in", "called", "named", "with", "tell", "reboot", "boot"),
)
"""Words that are put right where they are misspelt."""
_SHORT, _SHORT_WORDS = 200, 12
"""Characters and words of a sentence in which a typo is looked for."""
_FIGURES = 6
"""Of a number of lines."""
_MANY = frozenset({"start_container", "stop_container", "restart_container", "destroy_container"})


@dataclass(frozen=True)
class Call:
    """A tool to call.

    Attributes:
        tool: its name.
        arguments: for it.
    """

    tool: str
    arguments: dict[str, object]


@dataclass(frozen=True)
class Act:
    """Tools are to be called.

    Attributes:
        calls: one or more, each with all its arguments.
    """

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Ask:
    """A tool is meant, but its ``name`` is missing.

    Attributes:
        call: what is known of it.
    """

    call: Call


@dataclass(frozen=True)
class Say:
    """There is nothing to do, but something to say.

    Attributes:
        topic: one of ``replies.SAID``, or ``how`` or ``no module``.
        about: the tool or the module in question.
    """

    topic: str
    about: str = ""


@dataclass(frozen=True)
class Lost:
    """Not understood.

    Attributes:
        suggestion: a sentence that may have been meant, empty where there is none.
    """

    suggestion: str = ""


Meaning = Act | Ask | Say | Lost


@dataclass(frozen=True)
class Background:
    """What a sentence is understood against.

    Attributes:
        last: the container spoken of last in this conversation.
        asked: what the last answer asked a name for.
        modules: names of the modules there are.
    """

    last: str | None = None
    asked: Call | None = None
    modules: Sequence[str] = field(default=())


def understand(sentence: str, background: Background | None = None) -> Meaning:
    """What is meant by a sentence. Never raises, and takes time linear in its length."""
    background = background or Background()
    if sentence.startswith("/"):
        return _slash(sentence, background)
    reading = grammar().reading(sentence)
    answer = _answer(reading, background)
    if answer:
        return answer
    for start in _starts(reading):
        meaning = _at(sentence, reading, start, background)
        if meaning:
            return meaning
    return Lost(_suggestion(sentence, reading, background))


def _starts(reading: Reading) -> Iterator[int]:
    """Where the sentence itself may begin: at its first word, and after each polite beginning."""
    starts, seen = [0], {0}
    while starts and len(seen) <= _LEADS:
        start = starts.pop(0)
        if start < len(reading.words):
            yield start
        for end in grammar().lead.ends(reading, start):
            if end not in seen:
                seen.add(end)
                starts.append(end)


def _at(sentence: str, reading: Reading, start: int, background: Background) -> Meaning | None:
    if _says("unchanged", reading, start) or grammar().negation.ends(reading, start):
        return Say("unchanged")
    about = _module(reading, start, background)
    if about:
        return about
    for intent, patterns in grammar().intents.items():
        for pattern in patterns:
            found = pattern.match(reading, start)
            if found:
                meaning = _meant(intent, found, sentence, reading.words, background)
                if meaning:
                    return meaning
    for end in grammar().question.ends(reading, start):
        for tool, verb in grammar().verbs.items():
            if verb.ends(reading, end):
                return Say("how", tool)
    return None


def _meant(  # noqa: PLR0911 - one per kind of meaning
    intent: str, found: Found, sentence: str, words: list[Word], background: Background
) -> Meaning | None:
    if intent in {"create_container", "create nameless"}:
        return _create(found, sentence, words, background)
    if intent in _CHANGES:
        return _update(intent, found, sentence, words, background)
    if intent in _WHICH:
        return Ask(Call(_WHICH[intent], {}))
    if intent in _BY_NAME:
        return Say("by name", _BY_NAME[intent])
    arguments: dict[str, object] = {}
    if found.command:
        arguments["command"] = command_in(sentence, words, *found.command)
    if intent == "run nowhere":
        return Ask(Call("run_in_container", arguments))
    if "_" not in intent:
        return Say(intent)
    if intent.startswith("list_"):
        return Act((Call(intent, {}),))
    if found.number is not None:
        arguments["lines"] = found.number
    names = [background.last if name == IT else name for name in dict.fromkeys(found.names)]
    calls = [Call(intent, {"name": name, **arguments}) for name in names if name is not None]
    return Act(tuple(calls)) if calls and None not in names else Ask(Call(intent, arguments))


def _create(found: Found, sentence: str, words: list[Word], background: Background) -> Meaning:
    modules = _listed(found, sentence, words, background)
    name = found.names[0] if found.names else None
    meant = modules_in(name, background.modules)[:1] if name and not modules else []
    if meant and meant[0] in background.modules and not _NAMING & {word.text for word in words}:
        # "I need a python box": the word before the box is what it is made of.
        modules, name = meant, None
    call = Call("create_container", {"modules": modules})
    return Act((Call(call.tool, {"name": name, **call.arguments}),)) if name else Ask(call)


def _update(
    intent: str, found: Found, sentence: str, words: list[Word], background: Background
) -> Meaning | None:
    modules = _listed(found, sentence, words, background)
    names = list(found.names)
    arguments: dict[str, object] = {_CHANGES[intent]: modules}
    if intent in {"switch modules", "replace modules"}:
        old = names.pop(1 if intent == "switch modules" else 0)
        arguments["remove"] = modules_in(old, background.modules)
    if intent == "perhaps add modules" and not (modules and set(modules) <= set(background.modules)):
        return None
    if not modules:
        # Without any, the container would be made anew: that is something else.
        return Say("how", "update_container")
    name = background.last if names == [IT] else names[0] if names else None
    call = Call("update_container", arguments)
    return Act((Call(call.tool, {"name": name, **call.arguments}),)) if name else Ask(call)


def _listed(found: Found, sentence: str, words: list[Word], background: Background) -> list[str]:
    """The modules that a sentence names, each once."""
    modules: list[str] = []
    for start, end in found.modules:
        modules += modules_in(sentence[words[start].start : words[end - 1].end], background.modules)
    return list(dict.fromkeys(modules))


def modules_in(text: str, known: Sequence[str]) -> list[str]:
    """The modules that a list names, by the names they have here."""
    for phrase in (*grammar().synonyms, *known):
        if "-" in phrase:
            text = re.sub(rf"\b{phrase.replace('-', ' ')}\b", phrase, text, flags=re.IGNORECASE)
    words = [item.strip("()[]{}<>\"'`“”‘’.,!?;:*_") for item in _SEPARATORS.split(text)]  # noqa: RUF001
    words = [word for word in words if word]
    meant = [word for word in words if word.lower() not in grammar().module_noise]
    return [_module_called(word, known) for word in meant or (words if len(words) == 1 else [])]


def _module_called(word: str, known: Sequence[str]) -> str:
    """The module's own name for what people call it, or the word itself."""
    synonym = grammar().synonyms.get(word.lower(), word)
    if word.lower() in known:
        return word.lower()
    return synonym if synonym in known or not known else word


def command_in(sentence: str, words: list[Word], start: int, end: int) -> str:
    """A command as it was written. Quotation marks around the whole of it are not part of it."""
    command = sentence[words[start].start : words[end - 1].end]
    mark = command[0]
    whole = mark in "`\"'" and command[-1] == mark and command.count(mark) == 2  # noqa: PLR2004 - a pair
    return command[1:-1].strip() or command if whole else command


def _module(reading: Reading, start: int, background: Background) -> Meaning | None:
    for sure, patterns in ((True, grammar().module), (False, grammar().perhaps_module)):
        for pattern in patterns:
            found = pattern.match(reading, start)
            if not found:
                continue
            name = next(iter(modules_in(found.names[0], background.modules)), found.names[0])
            if name in background.modules:
                return Act((Call("explain_module", {"name": name}),))
            if sure:
                return Say("no module", name)
    return None


def _answer(reading: Reading, background: Background) -> Meaning | None:
    """A name, said because the last answer asked for one."""
    call = background.asked
    found = grammar().answer.match(reading) if call else None
    if not call or not found:
        return None
    name = found.names[0]
    others = ("hello", "help", "thanks", "approve", "unchanged")
    if " " in name or name.lower() in grammar().not_names or any(_says(other, reading) for other in others):
        return None
    return Act((Call(call.tool, {"name": name, **call.arguments}),))


def _says(topic: str, reading: Reading, start: int = 0) -> bool:
    return any(pattern.match(reading, start) for pattern in grammar().intents[topic])


def _slash(sentence: str, background: Background) -> Meaning:  # noqa: PLR0911 - one per kind of command
    verb, _, rest = sentence[1:].partition(" ")
    command, rest = verb.split("@")[0].lower(), rest.strip()
    tool = _SLASH.get(command)
    given = rest.split(maxsplit=1)
    if command == "help" or (command == "start" and not rest):
        return Say("help")
    if tool is None:
        near = get_close_matches(command, _SLASH, n=1)
        return Lost(f"/{near[0]} {rest}".strip() if near else "")
    if tool.startswith("list_"):
        about = _module_called(rest, background.modules) if tool == "list_modules" else ""
        known = about in background.modules
        return Act((Call("explain_module", {"name": about}) if known else Call(tool, {}),))
    if not given:
        return Ask(Call(tool, {}))
    name, more = given[0], given[1] if len(given) > 1 else ""
    if tool in _MANY:
        return Act(tuple(Call(tool, {"name": one}) for one in dict.fromkeys(_SEPARATORS.split(rest)) if one))
    arguments = _given(tool, more, background)
    if tool == "run_in_container" and not arguments["command"]:
        return Ask(Call(tool, {}))
    return Act((Call(tool, {"name": name, **arguments}),))


def _given(tool: str, more: str, background: Background) -> dict[str, object]:
    """What a slash command says behind the name."""
    if tool == "create_container":
        return {"modules": list(dict.fromkeys(modules_in(more, background.modules))) if more else []}
    if tool == "update_container":
        return _signed(more.split(), background)
    if tool == "container_logs" and more.isascii() and more.isdigit() and len(more) <= _FIGURES:
        return {"lines": int(more)}
    if tool == "run_in_container":
        return {"command": more.removeprefix("-- ").strip() if more.startswith("-- ") else more}
    return {}


def _signed(words: Sequence[str], background: Background) -> dict[str, object]:
    """What ``+rust -git`` adds and removes; without a sign it is added."""
    changes: dict[str, object] = {}
    for key, given in (
        ("add", [word.removeprefix("+") for word in words if not word.startswith("-")]),
        ("remove", [word.removeprefix("-") for word in words if word.startswith("-")]),
    ):
        modules = modules_in(" ".join(given), background.modules)
        if modules:
            changes[key] = list(dict.fromkeys(modules))
    return changes


def _suggestion(sentence: str, reading: Reading, background: Background) -> str:
    """The sentence with one word put right, if it is understood then. Only offered, never done."""
    if len(reading.words) > _SHORT_WORDS or len(sentence) > _SHORT:
        return ""
    for word in reading.words[:4]:
        near = get_close_matches(word.text, _COMMON, n=1, cutoff=0.7)
        if not near or near[0] == word.text:
            continue
        mended = sentence[: word.start] + near[0] + sentence[word.end :]
        again = grammar().reading(mended)
        if any(isinstance(_at(mended, again, start, background), Act) for start in _starts(again)):
            return mended
    return ""
