import asyncio
import io
import signal
from collections.abc import AsyncGenerator, Callable
from typing import cast

import pytest

from agent.app import App
from agent.assistant import Assistant, Event, Finished, TextDelta, ToolEnded, ToolStarted
from agent.channels.console import Console
from agent.channels.desk import Desk
from agent.channels.terminal import Terminal
from agent.core.conversation import checked_sentence
from agent.core.errors import InvalidRequest
from agent.core.operation import OperationState, Request
from agent.core.owner import Owner
from tests.channels.conftest import Person, desk_of, made

ADMIN = Owner("admin")
CONVERSATION = "console:admin"
Turn = Callable[[], list[Event]]


class Scripted:
    """An assistant that answers as scripted; a sentence that nobody scripted fails.

    Args:
        turns: by sentence, what happens and is answered.
    """

    def __init__(self, turns: dict[str, Turn]) -> None:
        self.turns = turns
        self.heard: list[str] = []

    async def reply(
        self, owner: Owner, conversation: str, sentence: str, *, channel: str, patience: float
    ) -> AsyncGenerator[Event]:
        """See :meth:`Assistant.reply`."""
        assert (owner, conversation, channel) == (ADMIN, CONVERSATION, "console")
        assert patience >= 600
        self.heard.append(checked_sentence(sentence))
        for event in self.turns[sentence]():
            await asyncio.sleep(0)  # where a turn can be stopped
            yield event


def says(*parts: str, code: int = 0) -> Turn:
    """A turn that only answers."""
    return lambda: [*(TextDelta(part) for part in parts), Finished("".join(parts), code)]


def console(
    app: App, turns: dict[str, Turn], terminal: Terminal | None = None
) -> tuple[Console, Scripted, Desk]:
    """A conversation with a scripted assistant, over the real services."""
    scripted = Scripted(turns)
    desk = desk_of(app, terminal or Terminal(), assistant=lambda: cast("Assistant", scripted))
    return Console(desk), scripted, desk


def piped(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    """Have something come in that is no terminal."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


def destroying(app: App, name: str) -> Turn:
    """A turn in which the assistant proposes to destroy a container, as its tool does."""

    def turn() -> list[Event]:
        request = Request(channel="console", conversation=CONVERSATION, words=f"destroy {name}")
        app.services.workloads.destroy(ADMIN, name, request)
        started = ToolStarted("destroy_container", {"name": name})
        return [
            started,
            ToolEnded("destroy_container"),
            TextDelta("I need a yes."),
            Finished("I need a yes.", 3),
        ]

    return turn


def test_one_sentence_is_answered(product: App, capsys: pytest.CaptureFixture[str]) -> None:
    """The reply goes to standard output as it was written, without what a terminal would act on."""
    talk, _, _ = console(product, {"list": says("one\ntw", "o\x1b[31m\nthr", "ee")})
    assert talk.once("list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "one", "two", "three", "This is a simulation: nothing of it is real.",
    ]  # fmt: skip


@pytest.mark.parametrize("code", [0, 3, 4])
def test_the_exit_code_is_the_turns(product: App, code: int) -> None:
    """One sentence ends as it went."""
    talk, _, _ = console(product, {"x": says("done", code=code)})
    assert talk.once("x") == code


@pytest.mark.parametrize("sentence", ["", "  \n", "\udcff", "x" * 100_000, "a\0b"])
def test_what_is_no_sentence_is_refused(product: App, sentence: str) -> None:
    """Nothing reaches the assistant."""
    talk, scripted, _ = console(product, {})
    with pytest.raises(InvalidRequest):
        talk.once(sentence)
    assert scripted.heard == []


def test_a_yes_destroys_what_was_shown(product: App, capsys: pytest.CaptureFixture[str]) -> None:
    """After the reply the plan is shown and asked about; a yes is seen through to the end."""
    made(product, "goner")
    person = Person("yes")
    talk, _, _ = console(product, {"destroy goner": destroying(product, "goner")}, person)
    assert talk.once("destroy goner") == 0
    assert person.asked == ["Destroy goner?"]
    said = capsys.readouterr()
    assert "workspace" in said.err
    assert "goner was destroyed" in said.out
    assert "goner" not in [one.name for one in product.services.workloads.list(ADMIN)]


def test_a_no_keeps_it(product: App) -> None:
    """Not agreed to: exit code 3, the container stays, the proposal is denied."""
    made(product, "keeper")
    talk, _, _ = console(product, {"destroy keeper": destroying(product, "keeper")}, Person("no"))
    assert talk.once("destroy keeper") == 3
    assert product.services.operations.list(ADMIN, 1)[0].state is OperationState.DENIED
    assert product.services.workloads.find(ADMIN, "keeper")


def test_nobody_can_say_yes_in_a_pipe(product: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piped yes is a sentence like any other: it agrees to nothing."""
    made(product, "piped")
    talk, scripted, _ = console(
        product, {"destroy piped": destroying(product, "piped"), "yes": says("What?", code=3)}
    )
    piped(monkeypatch, b"destroy piped\nyes\n")
    assert talk.run() == 3
    assert scripted.heard == ["destroy piped", "yes"]
    assert product.services.workloads.find(ADMIN, "piped")
    assert product.services.operations.waiting(ADMIN, CONVERSATION) == []


def test_piped_lines_are_turns(
    product: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line is answered, whatever the one before came to; the exit code is the worst."""

    def broken() -> list[Event]:
        raise RuntimeError("nobody thought of this")

    turns = {"a": says("A"), "b": broken, "c": says("C", code=3)}
    talk, scripted, _ = console(product, turns)
    piped(monkeypatch, b"a\n\nb\n\xff\xfe\n" + b"x" * 100_000 + b"\nc\n/help\n/quit\nnever heard\n")
    assert talk.run() == 4
    assert scripted.heard == ["a", "b", "c"]
    said = capsys.readouterr()
    assert "not valid UTF-8" in said.err
    assert "too long" in said.err
    assert "Traceback" not in said.err


def test_no_input_at_all_is_refused(product: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty pipe is a mistake that says so."""
    talk, _, _ = console(product, {})
    piped(monkeypatch, b"\n")
    with pytest.raises(InvalidRequest):
        talk.run()


def test_new_forgets_the_conversation(product: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """After /new nothing is kept of what was said."""
    talk, _, desk = console(product, {})
    product.conversations.save(
        ADMIN, CONVERSATION, b"[]", product.services.operations.list(ADMIN, 1)[0].created_at
    )
    piped(monkeypatch, b"/new\n")
    assert talk.run() == 0
    assert product.conversations.load(desk.owner, CONVERSATION) is None


def test_ctrl_c_stops_the_turn_and_not_the_program(
    product: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next line is answered, and a proposal of the stopped turn does not linger."""
    made(product, "stopped")
    propose = destroying(product, "stopped")

    def interrupted() -> list[Event]:
        propose()
        signal.raise_signal(signal.SIGINT)
        return [TextDelta("never seen to the end")]

    talk, scripted, _ = console(product, {"stop me": interrupted, "next": says("answered")})
    piped(monkeypatch, b"stop me\nnext\n")
    assert talk.run() == 130
    assert scripted.heard == ["stop me", "next"]
    said = capsys.readouterr()
    assert "Stopped." in said.err
    assert "answered" in said.out
    assert product.services.operations.waiting(ADMIN, CONVERSATION) == []
    assert product.services.workloads.find(ADMIN, "stopped")
