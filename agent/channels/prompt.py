"""The line that is typed on: editing, history, completion. Wraps prompt_toolkit."""

from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

COMMANDS = {
    "/help": "what can be said here",
    "/new": "forget this conversation",
    "/quit": "leave",
}
PROMPT = "> "
NEAR = 64
"""Completion looks at so many characters before the cursor, however long the line."""


class Words(Completer):
    """Offers slash commands at the beginning, and names of containers after that.

    Args:
        names: the names there are; asked anew each time.
    """

    def __init__(self, names: Callable[[], list[str]]) -> None:
        self._names = names

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        """What the word before the cursor may become."""
        before = document.text_before_cursor
        if before.startswith("/"):
            for command, what in COMMANDS.items():
                if command.startswith(before):
                    yield Completion(command, -len(before), display_meta=what)
        else:
            word = before[-NEAR:].split(" ")[-1].split("\n")[-1]
            for name in self._names():
                if name.startswith(word):
                    yield Completion(name, -len(word))


def session(history: Path, names: Callable[[], list[str]]) -> PromptSession[str]:
    """A line editor.

    Args:
        history: the file of what was typed before; only its owner may read it.
        names: names of containers, for completion.
    """
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        event.current_buffer.insert_text("\n")

    return PromptSession(
        PROMPT,
        history=_history(history),
        completer=Words(names),
        complete_in_thread=True,
        complete_while_typing=False,  # no menu jumps up in the middle of a sentence: Tab asks for it
        key_bindings=keys,
        prompt_continuation=lambda width, _line, _wrap: " " * width,
    )


def _history(file: Path) -> History:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()  # a folder that cannot be written to is no reason not to talk
    return FileHistory(str(file))
