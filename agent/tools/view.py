"""What every view is, and the one that says why there is no other."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from agent.core.errors import Problem


def clipped(text: str, limit: int, *, keep_end: bool = False) -> str:
    """The text in at most about ``limit`` characters, saying how much was left out.

    Args:
        text: any length.
        limit: in characters; the note about what is missing comes on top.
        keep_end: drop the beginning instead of the middle.
    """
    if len(text) <= limit:
        return text
    head = 0 if keep_end else limit // 2
    note = f"[… {len(text) - limit:,} characters left out …]"
    return f"{text[:head]}{chr(10) if head else ''}{note}\n{text[len(text) - (limit - head) :]}"


class AnswerView(BaseModel):
    """What a tool answers. Each kind has a name of its own as ``answer``, by which it is read back."""

    model_config = ConfigDict(frozen=True)

    @property
    def exit_code(self) -> int:
        """0 done or on its way, 3 refused or waiting for a person, 4 the host failed."""
        return 0


class ProblemView(AnswerView):
    """Something was not done, and why.

    Attributes:
        refused: the person can mend it; otherwise the host failed.
        code: the kind of problem, stable.
        what: what happened.
        why: the cause; may be empty.
        hint: what to do next; may be empty.
        about: the module, the option and what is accepted, where it is about those.
    """

    answer: Literal["problem"] = "problem"
    refused: bool
    code: str
    what: str
    why: str = ""
    hint: str = ""
    about: dict[str, str] = {}

    @property
    def exit_code(self) -> int:
        """3 where the person can mend it, 4 where the host failed."""
        return 3 if self.refused else 4

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """The view of a problem."""
        return cls(
            refused=problem.kind == "refused",
            code=problem.code,
            what=problem.what,
            why=problem.why,
            hint=problem.hint,
            about=dict(problem.about),
        )
