"""Slash commands about storage, in the order of ``voxnix``: ``/clone dev test``, ``/resize dev 50G``."""

import re

from agent.phrasebook.meaning import Act, Ask, Call, Lost, Meaning

STORAGE = {
    "snapshot": "snapshot_container",
    "snap": "snapshot_container",
    "snapshots": "list_snapshots",
    "diff": "changed_files",
    "revert": "revert_container",
    "restore_file": "restore_file",
    "forget": "forget_snapshot",
    "clone": "copy_container",
    "copy": "copy_container",
    "schedule": "schedule_snapshots",
    "usage": "storage_usage",
    "trash": "list_trash",
    "restore": "restore_container",
    "purge": "purge_container",
    "rename": "rename_container",
    "resize": "resize_container",
    "undo": "undo_last_change",
}
"""The tool of each."""
_ALONE = frozenset({"storage_usage", "list_trash", "undo_last_change"})
_EXAMPLES = {
    "revert_container": "/revert dev yesterday",
    "restore_file": "/restore_file dev yesterday notes.txt",
    "forget_snapshot": "/forget dev good",
    "copy_container": "/clone dev test yesterday",
    "schedule_snapshots": "/schedule dev 24 7 4",
    "resize_container": "/resize dev 50G",
    "restore_container": "/restore dev as test",
    "rename_container": "/rename dev web",
    "snapshot_container": "/snap dev good",
    "purge_container": "/purge dev",
}
"""What is offered where something else stands behind one."""
_COUNT = re.compile("[0-9]{1,4}")
_KINDS = 3
"""Hourly, daily, weekly."""


def storage(command: str, rest: str) -> Meaning:
    """What is meant by one of these commands.

    Args:
        command: one of :data:`STORAGE`.
        rest: what stands behind it.
    """
    tool = STORAGE[command]
    if tool in _ALONE:
        return Act((Call(tool, {}),))
    name, _, more = rest.partition(" ")
    if not name:
        return Ask(Call(tool, {}))
    arguments = _given(tool, more.split())
    if arguments is None:
        return Ask(Call(tool, {"name": name})) if tool == "rename_container" else Lost(_EXAMPLES[tool])
    return Act((Call(tool, {"name": name, **arguments}),))


def _given(tool: str, words: list[str]) -> dict[str, object] | None:  # noqa: C901, PLR0911, PLR0912 - one per command
    """What stands behind the name; None where that cannot be."""
    match tool, words:
        case ("list_snapshots", _):
            return {}
        case ("changed_files", _):
            return {"snapshot": " ".join(words)} if words else {}
        case ("snapshot_container" | "restore_container" | "copy_container" | "purge_container", []):
            return {}
        case ("snapshot_container", [label]):
            return {"label": label}
        case ("restore_container", ["as" | "--as", new_name] | [new_name]):
            return {"new_name": new_name}
        case ("rename_container", ["to", new_name] | [new_name]):
            return {"new_name": new_name}
        case ("copy_container", [new_name]):
            return {"new_name": new_name}
        case ("copy_container", [new_name, *when]):
            return {"new_name": new_name, "snapshot": " ".join(when).removeprefix("--").removeprefix("from ")}
        case ("revert_container" | "forget_snapshot", [_, *_]):
            return {"snapshot": " ".join(words)}
        case ("restore_file", [*when, path]) if when:
            return {"snapshot": " ".join(when), "path": path}
        case ("resize_container", [_, *_]):
            return {"size": " ".join(words)}
        case ("schedule_snapshots", [_, *_]) if _counts(words):
            return dict(zip(("hourly", "daily", "weekly"), map(int, words), strict=False))
        case _:
            return None


def _counts(words: list[str]) -> bool:
    return len(words) <= _KINDS and all(_COUNT.fullmatch(word) for word in words)
