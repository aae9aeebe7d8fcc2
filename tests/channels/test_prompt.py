import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from agent.channels.prompt import Words, session


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    """What is typed."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def completions(line: str, names: list[str]) -> list[str]:
    """What Tab offers behind a line."""
    found = Words(lambda: names).get_completions(Document(line), CompleteEvent(completion_requested=True))
    return [completion.text for completion in found]


def test_a_line_is_read(keys: PipeInput, tmp_path: Path) -> None:
    """What is typed comes back, and is in the history of the next session, for its owner alone."""
    history = tmp_path / "state" / "history"
    keys.send_text("list\n")
    assert session(history, list).prompt() == "list"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    keys.send_text("\x1b[A\n")
    assert session(history, list).prompt() == "list"


def test_a_paste_of_several_lines_is_one_message(keys: PipeInput, tmp_path: Path) -> None:
    """Pasted line breaks do not send, and Alt-Enter types one."""
    line = session(tmp_path / "history", list)
    keys.send_text("\x1b[200~create dev\nwith git\x1b[201~\x1b\rand fish\n")
    assert line.prompt() == "create dev\nwith git\nand fish"


def test_leaving_and_clearing(keys: PipeInput, tmp_path: Path) -> None:
    """Ctrl-D on an empty line ends the input; Ctrl-C throws the line away."""
    line = session(tmp_path / "history", list)
    keys.send_text("\x04")
    with pytest.raises(EOFError):
        line.prompt()
    keys.send_text("half a\x03")
    with pytest.raises(KeyboardInterrupt):
        line.prompt()


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_talk(keys: PipeInput, tmp_path: Path) -> None:
    """Without a place for the history there is one for this session."""
    (tmp_path / "file").touch()
    keys.send_text("list\n")
    assert session(tmp_path / "file" / "history", list).prompt() == "list"


def test_tab_offers_commands_and_names() -> None:
    """Slash commands at the beginning of a line, the names of containers after that."""
    assert completions("/n", ["node"]) == ["/new"]
    assert completions("stop d", ["dev", "web", "db"]) == ["dev", "db"]
    assert completions("first\nst", ["stage"]) == ["stage"]
    assert completions("stop x", ["dev"]) == []


def test_tab_is_quick_behind_a_long_line() -> None:
    """A pasted text of 100 kB does not make completion slow or match."""
    assert completions("d" * 100_000, ["dev"]) == []
