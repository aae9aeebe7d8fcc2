import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import InvalidRequest
from agent.tools.commands import argv_of


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("git --version", ["git", "--version"]),
        ("  ls   -la ", ["ls", "-la"]),
        ("echo 'a b' \"c d\"", ["echo", "a b", "c d"]),
        ("echo '$HOME | *'", ["echo", "$HOME | *"]),
        (r"echo \$HOME a\ b", ["echo", "$HOME", "a b"]),
        ("git commit -m 'it''s'", ["git", "commit", "-m", "its"]),
        ("printf %s a=b", ["printf", "%s", "a=b"]),
        ("python3 -c 'print(1)'", ["python3", "-c", "print(1)"]),
        ('echo "a(b)"', ["echo", "a(b)"]),
        ("curl http://x/y%20z", ["curl", "http://x/y%20z"]),
    ],
)
def test_a_plain_command_is_split(command: str, argv: list[str]) -> None:
    """A command that needs no shell gets none."""
    assert argv_of(command) == argv


@pytest.mark.parametrize(
    "command",
    [
        *(
            "ls | wc -l",
            "a && b",
            "a; b",
            "echo $HOME",
            'echo "$HOME"',
            "echo `id`",
            "ls *.py",
            "ls > out",
            "a &",
        ),
        *(
            "FOO=1 env",
            "cd /tmp",
            "source x",
            "(id)",
            "ls ~",
            "ls a?",
            "if true; then id; fi",
            "echo a\necho b",
        ),
        *("command -v git", "type git", "ls [ab]", ". ./env", "! true", 'echo "`id`"', "ls # all"),
    ],
)
def test_what_only_a_shell_understands_goes_through_one(command: str) -> None:
    """Pipes, variables, wildcards and builtins reach a shell just as they were written."""
    assert argv_of(command) == ["sh", "-c", command]


def test_a_list_is_taken_as_it_is() -> None:
    """A program with its arguments is read by no shell."""
    assert argv_of(["echo", "$HOME", "a; b", ""]) == ["echo", "$HOME", "a; b", ""]


@pytest.mark.parametrize("command", ["", "   ", [], [""]])
def test_no_command_is_refused(command: str | list[str]) -> None:
    """There has to be something to run."""
    with pytest.raises(InvalidRequest, match="no command"):
        argv_of(command)


@pytest.mark.parametrize("command", ["echo 'a", 'echo "a', "echo a\\", "echo $HOME 'a"])
def test_an_open_quotation_is_refused(command: str) -> None:
    """Half a quotation is said to be one, instead of being run."""
    with pytest.raises(InvalidRequest, match="cannot be read"):
        argv_of(command)


@pytest.mark.parametrize(
    "command", ["echo " + "x" * (4 << 20), ["echo", "x" * (4 << 20)]], ids=["typed", "list"]
)
def test_what_no_program_takes_is_refused(command: str | list[str]) -> None:
    """A command that Linux would not run is refused before anybody reads all of it."""
    with pytest.raises(InvalidRequest, match="too long"):
        argv_of(command)


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=20), min_size=1, max_size=6))
def test_quoted_words_survive(words: list[str]) -> None:
    """Whatever was quoted for a shell arrives as it was, with a shell or without."""
    command = shlex.join(["printf", *words])
    argv = argv_of(command)
    assert (shlex.split(argv[2]) if argv[:2] == ["sh", "-c"] else argv) == ["printf", *words]
