import asyncio
import io
import signal

import pytest

from agent.assistant import Assistant
from agent.channels.console import Console
from agent.channels.terminal import Terminal
from agent.core.errors import InvalidRequest
from agent.core.operation import OperationState, Request
from agent.core.owner import Owner
from agent.host.simulated import Fault
from tests.assistant.scripts import Script, Step
from tests.channels.conftest import Person, desk_of
from tests.simulation import Simulation


def console(
    simulation: Simulation, owner: Owner, script: Script, terminal: Terminal | None = None
) -> Console:
    """A conversation with the assistant, whose language model follows a script."""
    app = simulation.app
    desk = desk_of(
        simulation,
        terminal or Terminal(),
        owner,
        lambda: app.assistant(script.model),
    )
    return Console(desk)


def conversation(owner: Owner) -> str:
    """What the conversation is called in which the console keeps what was said."""
    return f"console:{owner.key}"


def piped(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    """Have something come in that is no terminal."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


def destroying(name: str) -> list[Step]:
    """A turn in which the model proposes to destroy a container."""
    return [{"destroy_container": {"name": name}}, "I need a yes."]


def test_one_sentence_is_answered(
    simulation: Simulation, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reply goes to standard output as it was written, without what a terminal would act on."""
    talk = console(simulation, owner, Script(["one\ntw", "o\x1b[31m\nthr", "ee"]))
    assert talk.once("list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "one", "two", "three", "This is a simulation: nothing of it is real.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ({"list_containers": {}}, 0),
        ({"container_status": {"name": "nope"}}, 3),
        ({"container_logs": {"name": "dev"}}, 4),
    ],
)
def test_the_exit_code_is_the_turns(simulation: Simulation, owner: Owner, calls: Step, code: int) -> None:
    """One sentence ends as it went, whatever the model says of it."""
    simulation.made(owner, "dev")
    with simulation.failing(Fault("^journalctl", stderr="Failed to open: I/O error")):
        assert console(simulation, owner, Script(calls, "done")).once("x") == code


@pytest.mark.parametrize("sentence", ["", "  \n", "\udcff", "x" * 100_000, "a\0b"])
def test_what_is_no_sentence_is_refused(simulation: Simulation, owner: Owner, sentence: str) -> None:
    """Nothing reaches the model, and nothing is kept."""
    script = Script()
    with pytest.raises(InvalidRequest):
        console(simulation, owner, script).once(sentence)
    assert script.seen == []
    assert simulation.app.conversations.load(owner, conversation(owner)) is None


def test_a_yes_destroys_what_was_shown(
    simulation: Simulation, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the reply the plan is shown and asked about; a yes is seen through to the end."""
    simulation.made(owner, "goner")
    person = Person("yes")
    assert console(simulation, owner, Script(*destroying("goner")), person).once("destroy goner") == 0
    assert person.asked == ["Destroy goner?"]
    said = capsys.readouterr()
    assert "workspace" in said.err
    assert "goner was destroyed" in said.out
    assert simulation.app.services.workloads.list(owner) == []
    asked = Request(channel="console", conversation=conversation(owner), words="destroy goner")
    assert simulation.operations(owner)[-1].request == asked


def test_a_no_keeps_it(simulation: Simulation, owner: Owner) -> None:
    """Not agreed to: exit code 3, the container stays, the proposal is denied."""
    simulation.made(owner, "keeper")
    talk = console(simulation, owner, Script(*destroying("keeper")), Person("no"))
    assert talk.once("destroy keeper") == 3
    assert simulation.operations(owner)[-1].state is OperationState.DENIED
    assert simulation.app.services.workloads.find(owner, "keeper")


def test_nobody_can_say_yes_in_a_pipe(
    simulation: Simulation, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piped yes is a sentence like any other: it agrees to nothing."""
    simulation.made(owner, "piped")
    script = Script(*destroying("piped"), "What?")
    piped(monkeypatch, b"destroy piped\nyes\n")
    assert console(simulation, owner, script).run() == 3
    assert script.heard == ["destroy piped", "yes"]
    assert simulation.app.services.workloads.find(owner, "piped")
    assert simulation.app.services.operations.waiting(owner, conversation(owner)) == []


def test_piped_lines_are_turns(
    simulation: Simulation,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each line is answered, whatever the one before came to; the exit code is the worst."""
    script = Script("A", RuntimeError("nobody thought of this"), "C")
    piped(monkeypatch, b"a\n\nb\n\xff\xfe\n" + b"x" * 100_000 + b"\nc\n/help\n/quit\nnever heard\n")
    assert console(simulation, owner, script).run() == 3
    assert script.heard == ["a", "b", "c"]
    said = capsys.readouterr()
    assert "not valid UTF-8" in said.err
    assert "too long" in said.err
    assert "Traceback" not in said.err
    assert "C" in said.out.splitlines()


def test_an_assistant_that_does_not_begin_is_told_for_each_line(
    simulation: Simulation,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What nobody thought of ends a turn with exit code 4, and not the program."""

    def broken() -> Assistant:
        raise RuntimeError("nobody thought of this")

    piped(monkeypatch, b"a\nb\n/help\n")
    assert Console(desk_of(simulation, Terminal(), owner, broken)).run() == 4
    said = capsys.readouterr().err
    assert said.count("\u2717") == 2
    assert "/new" in said
    assert "Traceback" not in said


def test_no_input_at_all_is_refused(
    simulation: Simulation, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty pipe is a mistake that says so."""
    piped(monkeypatch, b"\n")
    with pytest.raises(InvalidRequest):
        console(simulation, owner, Script()).run()


def test_new_forgets_the_conversation(
    simulation: Simulation, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After /new nothing is kept of what was said."""
    talk = console(simulation, owner, Script("Hello."))
    assert talk.once("hi") == 0
    assert simulation.app.conversations.load(owner, conversation(owner))
    piped(monkeypatch, b"/new\n")
    assert talk.run() == 0
    assert simulation.app.conversations.load(owner, conversation(owner)) is None


def test_ctrl_c_stops_the_turn_and_not_the_program(
    simulation: Simulation,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The next line is answered, and a proposal of the stopped turn does not linger."""
    simulation.made(owner, "stopped")
    propose, _ = destroying("stopped")
    stop: Step = [
        lambda: signal.raise_signal(signal.SIGINT),
        lambda: asyncio.sleep(30),  # on a busy machine the signal arrives a moment later
        "never seen",
    ]
    script = Script(propose, stop, "answered")
    piped(monkeypatch, b"stop me\nnext\n")
    assert console(simulation, owner, script).run() == 130
    assert script.heard == ["stop me", "next"]
    said = capsys.readouterr()
    assert "Stopped." in said.err
    assert "answered" in said.out
    assert simulation.operations(owner)[-1].state is OperationState.DENIED
    assert simulation.app.services.operations.waiting(owner, conversation(owner)) == []
    assert simulation.app.services.workloads.find(owner, "stopped")
