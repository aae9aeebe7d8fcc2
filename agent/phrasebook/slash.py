"""Slash commands: ``/verb name more``."""

from collections.abc import Sequence
from difflib import get_close_matches

from agent.phrasebook.meaning import Act, Ask, Background, Call, Lost, Meaning, Say
from agent.phrasebook.naming import SEPARATORS, module_called, modules_in
from agent.phrasebook.preferences import PREFERENCES, preference
from agent.phrasebook.storage_slash import STORAGE, storage

_SLASH = {
    "list": "list_containers",
    "ls": "list_containers",
    "status": "container_status",
    "create": "create_container",
    "new": "create_container",
    "start": "start_container",
    "start_": "start_container",  # in a chat where /start is how it was opened
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
    "send": "send_file",
    "cancel": "cancel_change",
}
_FIGURES = 6
"""Of a number of lines."""
_NEEDED = {"run_in_container": "command", "send_file": "path"}
"""What has to stand behind the name."""
_MANY = frozenset({"start_container", "stop_container", "restart_container", "destroy_container"})


def slash(sentence: str, background: Background) -> Meaning:  # noqa: PLR0911 - one per kind of command
    """What is meant by a command that begins with a slash."""
    verb, _, rest = sentence[1:].partition(" ")
    command, rest = verb.split("@")[0].lower(), rest.strip()
    tool = _SLASH.get(command)
    given = rest.split(maxsplit=1)
    if command == "help" or (command == "start" and not rest):
        return Say("help")
    if command in PREFERENCES:
        return preference(command, rest)
    if command in STORAGE:
        return storage(command, rest)
    if tool is None:
        near = get_close_matches(command, [*_SLASH, *PREFERENCES, *STORAGE], n=1)
        return Lost(f"/{near[0]} {rest}".strip() if near else "")
    if tool.startswith("list_"):
        about = module_called(rest, background.modules) if tool == "list_modules" else ""
        known = about in background.modules
        return Act((Call("explain_module", {"name": about}) if known else Call(tool, {}),))
    if tool == "cancel_change":
        number = rest.removeprefix("operation").strip()
        meant = _figures(number)
        return Act((Call(tool, {"number": meant} if meant else {"name": rest} if rest else {}),))
    if not given:
        return Ask(Call(tool, {}))
    name, more = given[0], given[1] if len(given) > 1 else ""
    if tool in _MANY:
        return Act(tuple(Call(tool, {"name": one}) for one in dict.fromkeys(SEPARATORS.split(rest)) if one))
    arguments = _given(tool, more, background)
    if tool in _NEEDED and not arguments[_NEEDED[tool]]:
        return Ask(Call(tool, {}))
    return Act((Call(tool, {"name": name, **arguments}),))


def _given(tool: str, more: str, background: Background) -> dict[str, object]:
    """What a slash command says behind the name."""
    if tool == "create_container":
        return {"modules": list(dict.fromkeys(modules_in(more, background.modules))) if more else []}
    if tool == "update_container":
        return _signed(more.split(), background)
    if tool == "container_logs" and (lines := _figures(more)) is not None:
        return {"lines": lines}
    if tool == "run_in_container":
        return {"command": more.removeprefix("-- ").strip() if more.startswith("-- ") else more}
    if tool == "send_file":
        return {"path": more}
    return {}


def _figures(text: str) -> int | None:
    """A number in figures, None where it is something else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _FIGURES else None


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
