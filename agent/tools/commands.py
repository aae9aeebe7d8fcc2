"""A command as somebody wrote it -> the argv that is run, through a shell only where it needs one."""

import re
import shlex
from collections.abc import Sequence

from agent.core.errors import InvalidRequest

LONGEST = 100_000
"""Characters. Linux takes no argument of more than 128 KiB."""

_SPECIAL = frozenset("|&;<>()$`*?[~\n#")
"""What a shell reads outside of quotes."""
_SPECIAL_IN_DOUBLE = frozenset("$`")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_BUILTINS = frozenset(
    {".", ":", "cd", "command", "eval", "exec", "exit", "export", "source", "type", "ulimit", "umask"}
)
_RESERVED = frozenset({"!", "{", "case", "for", "if", "until", "while"})


def argv_of(command: str | Sequence[str]) -> list[str]:
    """The argv of a command.

    Args:
        command: one string, as it would be typed, or the program and its arguments.

    Returns:
        A list as it is; a string split like a shell splits it; or ``sh -c`` with the string itself, where it
        uses a pipe, a variable, a wildcard, a builtin or anything else that only a shell understands.

    Raises:
        InvalidRequest: there is no command, it is too long, or a quotation is not closed.
    """
    if sum(map(len, command)) > LONGEST:
        raise InvalidRequest(
            "The command is too long.", f"{LONGEST:,} characters are the most.", "Write it in pieces."
        )
    if not isinstance(command, str):
        argv = list(command)
        if not argv or not argv[0]:
            raise _nothing()
        return argv
    if not command.strip():
        raise _nothing()
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidRequest(
            "That command cannot be read.", f"{error}.", "Close the quotation, or quote it differently."
        ) from None
    if needs_shell(command):
        return ["sh", "-c", command]
    return words


def needs_shell(command: str) -> bool:
    """Whether only a shell understands this command."""
    first = command.split(maxsplit=1)[0]
    return bool(first in _BUILTINS | _RESERVED or _ASSIGNMENT.match(first) or _has_special(command))


def _has_special(command: str) -> bool:
    quote = ""
    characters = iter(command.strip())
    for character in characters:
        if character == "\\" and quote != "'":
            next(characters, None)
        elif quote:
            if character == quote:
                quote = ""
            elif quote == '"' and character in _SPECIAL_IN_DOUBLE:
                return True
        elif character in "'\"":
            quote = character
        elif character in _SPECIAL:
            return True
    return False


def _nothing() -> InvalidRequest:
    return InvalidRequest("There is no command to run.", hint="Say which command, such as `git --version`.")
