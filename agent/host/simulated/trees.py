"""The simulated :mod:`agent.host.treework`: on files that have no folders, owners or times of their own."""

import base64
import fnmatch
import json

from agent.host.simulated import images, storage
from agent.host.simulated.programs import Call
from agent.host.simulated.world import Answer, Dataset
from agent.host.trees import PROGRAM
from agent.host.treework.__main__ import ABSENT


def python(call: Call) -> Answer:
    """``python -I PROGRAM …``: those that come with the product."""
    return treework(call) if call.argv[1:3] == ["-I", PROGRAM] else images.idshift(call)


def treework(call: Call) -> Answer:  # noqa: PLR0911 - one for each verb
    """``python -I treework VERB FOLDER…``."""
    verb, *words = call.argv[3:]
    folders = words[: 1 if verb in {"newest", "renew", "settle"} else 2]
    datasets = [_mounted(call, folder) for folder in folders]
    if None in datasets:
        return Answer.no("treework: No such file or directory")
    found = [one for one in datasets if one is not None]
    rest = words[len(folders) :]
    match verb, rest:
        case "compare", [limit, "all" | "some" as which]:
            some = {_path(line) for line in call.given.split()} if which == "some" else None
            return _compare(found[0], found[1], int(limit), some)
        case "look", [path]:
            return _look(found[0], found[1], _path(path))
        case "put", [path, mark, there]:
            return _put(found[0], found[1], _path(path), mark, int(there))
        case "take-back", [path, mark, there]:
            return _take_back(found[0], found[1], _path(path), mark, int(there))
        case "settle", [path, mark]:
            _remove(found[0], _beside(_path(path), f"{mark}-old"))
            return Answer()
        case "newest", [limit]:
            return Answer("-" if len(found[0].files) > int(limit) else f"{int(found[0].changed_at)}\n")
        case "renew", _:
            return _renew(found[0], rest)
        case _:
            raise call.unknown()


def _mounted(call: Call, folder: str) -> Dataset | None:
    name = storage.mounted_at(call.world, folder)
    return None if name is None else call.world.datasets[name]


def _path(text: str) -> str:
    return base64.b64decode(text).decode(errors="surrogateescape")


def _beside(path: str, name: str) -> str:
    above, slash, _ = path.rpartition("/")
    return f"{above}{slash}{name}"


def _below(one: Dataset, path: str) -> dict[str, bytes]:
    """The files at a path and below it, by what follows the path."""
    return {
        name.removeprefix(path): one.content(name) or b""
        for name in one.files
        if name == path or name.startswith(f"{path}/")
    }


def _remove(one: Dataset, path: str) -> None:
    for rest in _below(one, path):
        del one.files[path + rest]
        one.binary.discard(path + rest)


def _add(one: Dataset, path: str, files: dict[str, bytes]) -> None:
    for rest, content in files.items():
        one.put(path + rest, content)


def _there(one: Dataset, path: str) -> int:
    parts = path.split("/")
    return max(count for count in range(len(parts) + 1) if not count or _below(one, "/".join(parts[:count])))


def _compare(before: Dataset, now: Dataset, limit: int, some: set[str] | None) -> Answer:
    changes: list[tuple[str, str]] = []
    for name in sorted(before.files.keys() | now.files.keys()):
        if some is not None and not any(name == one or name.startswith(f"{one}/") for one in some):
            continue
        old, new = before.content(name), now.content(name)
        if old != new:
            changes.append(("+" if old is None else "-" if new is None else "M", name))
    lines = [
        f"{sign} {base64.b64encode(name.encode(errors='surrogateescape')).decode()}\n"
        for sign, name in changes[:limit]
    ]
    return Answer("".join(lines) + f"= {len(changes)}\n")


def _look(before: Dataset, now: Dataset, path: str) -> Answer:
    kept, here = _below(before, path), _below(now, path)
    if not kept:
        return Answer(returncode=ABSENT)
    told = {
        "folder": "" not in kept,
        "size": sum(map(len, kept.values())),
        "now": sum(map(len, here.values())) if here else None,
        "there": _there(now, path),
    }
    return Answer(json.dumps(told))


def _put(before: Dataset, now: Dataset, path: str, mark: str, there: int) -> Answer:
    kept, here, aside = _below(before, path), _below(now, path), _beside(path, f"{mark}-old")
    if not kept:
        return Answer(returncode=ABSENT)
    if there < len(path.split("/")):
        if not here:
            _add(now, path, kept)
        return Answer()
    if not _below(now, aside):
        _add(now, aside, here)
    _remove(now, path)
    _add(now, path, kept)
    return Answer()


def _take_back(before: Dataset, now: Dataset, path: str, mark: str, there: int) -> Answer:
    aside = _beside(path, f"{mark}-old")
    if there < len(path.split("/")):
        if _below(before, path) == _below(now, path):
            _remove(now, path)
    elif old := _below(now, aside):
        _remove(now, path)
        _add(now, path, old)
        _remove(now, aside)
    return Answer()


def _renew(root: Dataset, words: list[str]) -> Answer:
    done = 0
    for word in words:
        verb, _, pattern = word.partition(":")
        for name in fnmatch.filter(list(root.files), pattern) + [
            name for name in root.files if name.startswith(f"{pattern}/")
        ]:
            done += 1
            _remove(root, name)
            if verb == "empty":
                root.put(name, b"")
    return Answer(f"{done}\n")
