"""The simulated ``nsenter`` into the machine's mounts: ssh, and the program that moves streams."""

import hashlib
import json
import shlex
from collections.abc import Callable, Generator

from agent.host import pipe
from agent.host.simulated import zfs
from agent.host.simulated.programs import Call
from agent.host.simulated.world import Answer

_TEXT = "\n--- text\n"
"""Before the text that a file was sealed with."""


def nsenter(call: Call) -> Answer:
    """``nsenter … ssh`` or ``nsenter … pipe.py``, for all that moves no stream."""
    words = _inside(call)
    if words[0] == "ssh":
        return zfs.zfs(_far(call, words))
    verb, *rest = words
    if verb not in _VERBS:
        raise call.unknown()
    return _VERBS[verb](call, *rest)


def nsenter_stream(call: Call) -> Generator[str | float, None, Answer]:
    """``nsenter … pipe.py`` for what moves a stream: all at once, but told in two halves."""
    words = _inside(call)
    if words[0] not in _STREAMS:
        raise call.unknown()
    answer = _STREAMS[words[0]](call, *words[1:])
    if answer.returncode:
        yield from answer.stderr.splitlines()
        return answer
    size = int(json.loads(answer.stdout.removeprefix(pipe.MARK))["size"])
    yield pipe.MARK + json.dumps({"done": size // 2})
    yield answer.stdout.rstrip("\n")
    return Answer()


def _inside(call: Call) -> list[str]:
    match call.argv:
        case ["nsenter", "--mount=/proc/1/ns/mnt", "--", "ssh", *words]:
            return ["ssh", *words]
        case ["nsenter", "--mount=/proc/1/ns/mnt", "--", _, "-I", program, *words] if words:
            if program == pipe.__file__:
                return words
        case _:
            pass
    raise call.unknown()


def _far(call: Call, words: list[str]) -> Call:
    """A command on the machine behind ssh, which has the same pool: places tell them apart."""
    if "BatchMode=yes" not in words or "--" not in words:
        raise call.unknown()
    return Call(shlex.split(words[-1]), call.host, call.timeout)


def _run(call: Call, argv: list[str], given: str = "") -> Answer:
    far = _far(call, argv).argv if argv[0] == "ssh" else argv
    if far[0] != "zfs":
        raise call.unknown()
    return zfs.zfs(Call(far, call.host, call.timeout, given))


def _said(**values: object) -> Answer:
    return Answer(f"{pipe.MARK}{json.dumps(values)}\n")


def _absent(file: str) -> Answer:
    return Answer.no(f"{file}: No such file or directory", pipe.ABSENT)


def _digest(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest()


def _free(call: Call) -> int:
    return call.sizes.disk - sum(len(text) for text in call.world.files.values())


def _write(call: Call, file: str, offset: str, *argv: str) -> Answer:
    printed = _run(call, list(argv))
    if printed.returncode:
        return printed
    before, begin = call.world.files.get(file, ""), int(offset)
    if len(before) < begin:
        return Answer.no(f"{file} has {len(before)} bytes only, of {begin} that were written before.")
    if len(printed.stdout) > _free(call):
        return Answer.no(f"{file}: No space left on device", pipe.NO_ROOM)
    call.world.files[file] = before[:begin] + printed.stdout
    return _said(size=len(printed.stdout), sha256=_digest(printed.stdout), kept=0)


def _check(call: Call, file: str, offset: str, size: str) -> Answer:
    if file not in call.world.files:
        return _absent(file)
    data = call.world.files[file][int(offset) : int(offset) + int(size)]
    return _said(size=len(data), sha256=_digest(data))


def _feed(call: Call, file: str, offset: str, size: str, *argv: str) -> Answer:
    if file not in call.world.files:
        return _absent(file)
    data = call.world.files[file][int(offset) : int(offset) + int(size)]
    read = _run(call, list(argv), data)
    return read if read.returncode else _said(size=len(data))


def _join(call: Call, count: str, *argv: str) -> Answer:
    printed = _run(call, list(argv[: int(count)]))
    if printed.returncode:
        return printed
    read = _run(call, list(argv[int(count) :]), printed.stdout)
    return read if read.returncode else _said(size=len(printed.stdout))


def _look(call: Call, path: str) -> Answer:
    kind = _kind(call, path)
    around = path if kind == "folder" else path.rpartition("/")[0]
    there = _kind(call, around) == "folder"
    held = zfs.holding(call.world, path)
    source = held[0] if held and held[0] != call.world.pool else "/dev/sdb1"
    free = _free(call) if there else 0
    return _said(path=path, kind=kind, around=there, writable=there, free=free, source=source)


def _kind(call: Call, path: str) -> str:
    world = call.world
    if path in world.files:
        return "file"
    inside = any(key.startswith(f"{path}/") for key in (*world.files, *world.folders))
    return "folder" if inside or path in world.folders or zfs.mounted_at(world, path) else ""


def _text(call: Call, file: str) -> Answer:
    if file not in call.world.files:
        return _absent(file)
    return _said(text=call.world.files[file].rpartition(_TEXT)[2])


def _put(call: Call, file: str) -> Answer:
    call.world.files[file] = call.given
    return _said()


def _seal(call: Call, file: str, offset: str) -> Answer:
    call.world.files[file] = call.world.files[file][: int(offset)] + _TEXT + call.given
    return _said()


def _move(call: Call, file: str, to: str) -> Answer:
    if file not in call.world.files:
        return _absent(file)
    call.world.files[to] = call.world.files.pop(file)
    return _said()


def _folders(call: Call, folder: str, file: str) -> Answer:
    found = [key.removeprefix(f"{folder}/") for key in call.world.files if key.startswith(f"{folder}/")]
    return _said(names=sorted(key.partition("/")[0] for key in found if key.endswith(f"/{file}")))


def _files(call: Call, folder: str) -> Answer:
    found = [key.removeprefix(f"{folder}/") for key in call.world.files if key.startswith(f"{folder}/")]
    return _said(names=sorted(name for name in found if "/" not in name))


def _lengths(call: Call, *files: str) -> Answer:
    return _said(sizes=[len(call.world.files[file]) if file in call.world.files else -1 for file in files])


def _make(call: Call, folder: str) -> Answer:
    call.world.folders.add(folder)
    return _said()


def _remove(call: Call, *files: str) -> Answer:
    for file in files:
        call.world.files.pop(file, None)
        if not any(key.startswith(f"{file}/") for key in call.world.files):
            call.world.folders.discard(file)
    return _said()


_VERBS: dict[str, Callable[..., Answer]] = {
    "look": _look,
    "text": _text,
    "put": _put,
    "seal": _seal,
    "move": _move,
    "folders": _folders,
    "files": _files,
    "lengths": _lengths,
    "make": _make,
    "remove": _remove,
}
_STREAMS: dict[str, Callable[..., Answer]] = {
    "write": _write,
    "check": _check,
    "feed": _feed,
    "join": _join,
}
