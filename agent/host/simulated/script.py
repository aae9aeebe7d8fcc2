"""What a simulated ``sh -c`` reads: simple commands, in one pass however long they are."""

import re
from dataclasses import dataclass, field

_PIECE = re.compile(
    r"(?P<blank>[ \t]++)"
    r"|(?P<sign>\n|;|&&|>>?)"
    r"|(?P<plain>[^\s'\"\\;&|<>`$()]++)"
    r"|'(?P<single>[^']*+)'"
    r"|\"(?P<double>(?:[^\"\\$`]++|\\.)*+)\""
    r"|\\(?P<escaped>.)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\\\"$`])")


class UnreadableScript(ValueError):
    """Not a script, or one that uses what the simulation was not taught."""


@dataclass
class Command:
    """One simple command.

    Attributes:
        words: the program and its arguments, without quotation marks.
        if_well: it runs only if the one before it went well.
        target: the file that its output goes into; empty for none.
        append: it is added to what is in there.
    """

    words: list[str] = field(default_factory=list[str])
    if_well: bool = False
    target: str = ""
    append: bool = False


class _Reader:
    """The commands so far, and the word that is being read."""

    def __init__(self) -> None:
        self.commands = [Command()]
        self._word: list[str] | None = None
        self._redirecting = False

    def add(self, text: str) -> None:
        """More of a word."""
        if self._word is None:
            self._word = []
        self._word.append(text)

    def end_word(self) -> None:
        """The word is complete."""
        if self._word is None:
            return
        word, self._word = "".join(self._word), None
        if self._redirecting:
            self.commands[-1].target = word
        else:
            self.commands[-1].words.append(word)
        self._redirecting = False

    def sign(self, sign: str) -> None:
        """An operator."""
        if sign.startswith(">") and self._word and self._word[-1].isdecimal():
            raise UnreadableScript("the simulation does not know: a number before >")
        self.end_word()
        if self._redirecting:
            raise UnreadableScript("Syntax error: a file's name is missing after >")
        if sign.startswith(">"):
            self._redirecting, self.commands[-1].append = True, sign == ">>"
            return
        if sign != "\n" and not self.commands[-1].words:
            raise UnreadableScript(f'Syntax error: "{sign}" unexpected')
        # A line may end after &&: what is on the next one still depends on it.
        if self.commands[-1].words:
            self.commands.append(Command(if_well=sign == "&&"))


def commands(script: str) -> list[Command]:
    """The commands of a script.

    Raises:
        UnreadableScript: with the reason.
    """
    reader = _Reader()
    for piece in _PIECE.finditer(script):
        kind, text = piece.lastgroup, piece[piece.lastgroup or 0]
        match kind:
            case "blank":
                reader.end_word()
            case "sign":
                reader.sign(text)
            case "double":
                reader.add(_ESCAPED.sub(r"\1", text))
            case "other" if text in "'\"\\" and not _expands(script, piece.start()):
                raise UnreadableScript("Syntax error: Unterminated quoted string")
            case "other":
                raise UnreadableScript(f"the simulation does not know: {script[piece.start() :][:40]}")
            case _:
                reader.add(text)
    reader.sign("\n")
    return [command for command in reader.commands if command.words]


def _expands(script: str, start: int) -> bool:
    """Whether a quotation was not read because of a variable in it, rather than for want of an end."""
    return (
        script[start] == '"'
        and re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL).match(script, start) is not None
    )
