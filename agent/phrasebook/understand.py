"""A sentence -> what is meant by it: tools to call, a question to ask back, or something to say."""

from collections.abc import Iterator
from difflib import get_close_matches

from agent.phrasebook.grammar import grammar
from agent.phrasebook.meaning import Act, Ask, Background, Call, Lost, Meaning, Say
from agent.phrasebook.naming import hyphenated, modules_in
from agent.phrasebook.patterns import IT, Found, Reading
from agent.phrasebook.slash import slash
from agent.phrasebook.words import Word

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
_NOWHERE = {"run nowhere": "run_in_container", "send from nowhere": "send_file"}
_PATHS = frozenset({"send_file", "send from nowhere", "restore_file"})
_OFTEN = {
    "hourly snapshots": ("hourly", 24),
    "daily snapshots": ("daily", 7),
    "weekly snapshots": ("weekly", 4),
}
"""Which snapshots are taken by themselves, and how many of them are kept where no number is said."""
_SIZES = {"resize_container": "size", "reserve space": "reserve"}
"""What a size is one of."""
_SECOND = {
    "snapshot_container": "label",
    "copy_container": "new_name",
    "restore_container": "new_name",
    "rename_container": "new_name",
}
"""What a second name is one of."""
_BY_NAME = {
    "destroy everything": "destroy_container",
    "update everything": "update_container",
    "purge everything": "purge_container",
}
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
_COUNTED = {"cancel_change": "number"}
"""What a number is, where it is not one of lines."""
NAMELESS = frozenset(
    {
        *("list_containers", "list_modules", "list_trash"),
        *("cancel_change", "undo_last_change", "storage_usage"),
    }
)
"""What can be asked for without naming a container."""
_SHORT, _SHORT_WORDS = 200, 12
"""Characters and words of a sentence in which a typo is looked for."""


def understand(sentence: str, background: Background | None = None) -> Meaning:
    """What is meant by a sentence. Never raises, and takes time linear in its length."""
    background = background or Background()
    if sentence.startswith("/"):
        return slash(sentence, background)
    joined = hyphenated(sentence, background.modules)
    if joined != sentence:
        # Only where a module is meant: "restart the code server" is about a container called code.
        meaning = _understood(joined, background)
        if _about_modules(meaning):
            return meaning
    return _understood(sentence, background)


def _understood(sentence: str, background: Background) -> Meaning:
    reading = grammar().reading(sentence)
    answer = _answer(reading, background)
    if answer:
        return answer
    for start in _starts(reading):
        meaning = _at(sentence, reading, start, background)
        if meaning:
            return meaning
    return Lost(_suggestion(sentence, reading, background))


def _about_modules(meaning: Meaning) -> bool:
    match meaning:
        case Act((call, *_)) | Ask(call):
            named = [call.arguments.get(given) for given in ("modules", "add", "remove")]
            return call.tool == "explain_module" or any(named)
        case Say("no module"):
            return True
        case _:
            return False


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


def _meant(  # noqa: C901, PLR0911 - one per kind of meaning
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
    if intent in _OFTEN or intent == "no snapshots":
        return _scheduled(intent, found, background)
    arguments = _told(intent, found, sentence, words)
    if intent in _NOWHERE:
        return Ask(Call(_NOWHERE[intent], arguments))
    if found.size:
        arguments[_SIZES[intent]] = found.size
        intent = "resize_container"
    if "_" not in intent:
        return Say(intent)
    if found.number is not None:
        arguments[_COUNTED.get(intent, "lines")] = found.number
    if intent in NAMELESS and not found.names:
        return Act((Call(intent, arguments),))
    if intent in _SECOND:
        return _named_anew(intent, found, arguments, background)
    names = [background.last if name == IT else name for name in dict.fromkeys(found.names)]
    calls = [Call(intent, {"name": name, **arguments}) for name in names if name is not None]
    return Act(tuple(calls)) if calls and None not in names else Ask(Call(intent, arguments))


def _scheduled(intent: str, found: Found, background: Background) -> Meaning:
    kept = {kind: 0 for kind, _ in _OFTEN.values()}
    if intent in _OFTEN:
        kind, usual = _OFTEN[intent]
        kept = {kind: usual if found.number is None else found.number}
    return _about(Call("schedule_snapshots", {**kept}), found.names[0], background)


def _named_anew(intent: str, found: Found, arguments: dict[str, object], background: Background) -> Meaning:
    """What has a second name in it: that of something new."""
    first, *second = found.names
    if second:
        arguments[_SECOND[intent]] = second[0]
    meaning = _about(Call(intent, arguments), first, background)
    # Only a new name cannot be left out, and is asked for.
    return (
        Ask(meaning.calls[0])
        if intent == "rename_container" and not second and isinstance(meaning, Act)
        else meaning
    )


def _about(call: Call, name: str, background: Background) -> Act | Ask:
    """A call for a container, or the question for which one."""
    meant = background.last if name == IT else name
    return Ask(call) if meant is None else Act((Call(call.tool, {"name": meant, **call.arguments}),))


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


def _told(intent: str, found: Found, sentence: str, words: list[Word]) -> dict[str, object]:
    """The command, or the path, that a sentence has in it, and the snapshot."""
    told: dict[str, object] = {}
    if found.command and intent in _PATHS:
        told["path"] = words[found.command[0]].given
    elif found.command:
        told["command"] = command_in(sentence, words, *found.command)
    if found.when is not None:
        told["snapshot"] = found.when
    return told


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
    if _says("cancel_change", reading):
        return Say("unchanged")
    others = ("hello", "help", "thanks", "approve", "unchanged")
    if " " in name or name.lower() in grammar().not_names or any(_says(other, reading) for other in others):
        return None
    # What has a name already is asked for another one.
    given = "new_name" if "name" in call.arguments else "name"
    return Act((Call(call.tool, {given: name, **call.arguments}),))


def _says(topic: str, reading: Reading, start: int = 0) -> bool:
    return any(pattern.match(reading, start) for pattern in grammar().intents[topic])


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
