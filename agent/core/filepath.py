r"""Paths of files in a workspace, written so that each can be shown, stored and asked for again.

A file may be called by any bytes but a slash and a zero. What is no text, or acts on whoever shows it, is
written as in C: a line break is ``\n``, the byte 0xE9 that is no UTF-8 is ``\xe9``, and a backslash is two.
"""

import re
import unicodedata

from agent.core.errors import InvalidRequest

LONGEST = 4096
"""Bytes of a path, as the kernel has it."""
LONGEST_NAME = 255
"""Bytes of one name in it."""
_LETTERS = {"\t": "t", "\n": "n", "\r": "r", "\\": "\\"}
_BYTES = {letter: char.encode() for char, letter in _LETTERS.items()}
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|([tnr\\]))")
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_HOME = "workspace"


def shown_path(path: bytes) -> str:
    """A path as text that can be shown on one line. No two paths are shown alike."""
    return "".join(map(_shown, path.decode(errors="surrogateescape")))


def _shown(char: str) -> str:
    if char in _LETTERS:
        return f"\\{_LETTERS[char]}"
    if unicodedata.category(char) not in _UNSHOWN:
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode(errors="surrogateescape"))


def path_bytes(shown: str) -> bytes:
    """The path that is shown like this. A backslash that begins none of our signs is one."""
    return _ESCAPE.sub(
        lambda found: bytes.fromhex(found[1].decode()) if found[1] else _BYTES[found[2].decode()],
        shown.encode(errors="surrogatepass"),
    )


def checked_path(given: str) -> str:
    """A path relative to /workspace, however it was asked for: ``report.pdf`` or ``/workspace/report.pdf``.

    Raises:
        InvalidRequest: it is none, or leads out of /workspace.
    """
    parts = [part for part in given.strip().split("/") if part not in {"", "."}]
    if given.strip().startswith("/"):
        if parts[:1] != [_HOME]:
            raise _refused("It is not below /workspace, of which alone snapshots give files back.")
        parts = parts[1:]
    raw = [path_bytes(part) for part in parts]
    if not raw:
        raise _refused("It names no file. To have everything back, take the whole container back.")
    if any(part in {b"", b".", b".."} or b"/" in part or b"\0" in part for part in raw):
        raise _refused("Each part of it has to be the name of a file or folder.")
    if any(len(part) > LONGEST_NAME for part in raw) or len(b"/".join(raw)) > LONGEST:
        raise _refused("It is longer than any path of a file.")
    return shown_path(b"/".join(raw))


def _refused(why: str) -> InvalidRequest:
    return InvalidRequest("That is no path of a file in the workspace.", why, "Say it such as: notes/todo.md")
