"""What is asked of the nix store, and what is made of its answers."""

from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, CommandTimedOut
from agent.host.nix_store import NixStore
from agent.host.node import LocalNode
from agent.host.presence import Presence
from tests.host.scripted import Scripted, ScriptedNode

PATH = "/nix/store/b0fvvg41xvfz8baxbf8hqwynva3y6kyg-top"


@pytest.mark.parametrize(
    ("answer", "presence"),
    [
        ((0, "", ""), Presence.PRESENT),
        ((1, "", f"error: path '{PATH}' is not valid\n"), Presence.ABSENT),
        ((1, "", f"error: path '{PATH}-2' is not valid\n"), Presence.UNKNOWN),
        ((1, "", f"error: path '{PATH}' is not in the Nix store\n"), Presence.UNKNOWN),
        (
            (1, "", "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket'\n"),
            Presence.UNKNOWN,
        ),
        (
            (1, "", 'error: opening lock file "/nix/var/nix/db/big-lock": Permission denied\n'),
            Presence.UNKNOWN,
        ),
        ((-9, "", ""), Presence.UNKNOWN),
        (CommandFailed(("nix-store",), 127, "nix-store is not installed"), Presence.UNKNOWN),
        (CommandTimedOut("nix-store did not end"), Presence.UNKNOWN),
    ],
)
def test_a_path(answer: Scripted, presence: Presence) -> None:
    """Only the store itself can say that it is absent."""
    node = ScriptedNode({f"nix-store --check-validity {PATH}": answer})
    assert NixStore(node).presence(PATH) is presence


def test_the_size_of_a_closure() -> None:
    """The sum of all that is in it."""
    answers: dict[str, Scripted] = {
        f"nix-store --query --requisites {PATH}": (0, f"{PATH}-lib\n{PATH}\n", ""),
        f"nix-store --query --size {PATH}-lib {PATH}": (0, "3145840\n264\n", ""),
    }
    assert NixStore(ScriptedNode(answers)).closure_size(PATH) == 3146104


@pytest.mark.parametrize(
    ("said", "freed"),
    [
        ("32 store paths deleted, 1.94 MiB freed\n", 2034237),
        ("0 store paths deleted, 0.00 MiB freed\n", 0),
        ("1 store paths deleted, 2.5 GiB freed\n", 2684354560),
        ("7 store paths deleted, 512 B freed\n", 512),
    ],
)
def test_what_was_freed(said: str, freed: int) -> None:
    """In bytes."""
    answer = (0, said, "finding garbage collector roots...\n")
    assert NixStore(ScriptedNode({"nix-store --gc": answer})).collect_garbage() == freed


def test_a_collection_that_tells_nothing_is_an_error() -> None:
    """It is not taken for one that freed nothing."""
    with pytest.raises(CommandFailed, match="no word of what was freed"):
        NixStore(ScriptedNode({"nix-store --gc": (0, "done\n", "")})).collect_garbage()


def test_links_keep_what_is_there(tmp_path: Path) -> None:
    """One to nothing is none, nor is a file, a folder's folder, or a plan that a killed build left."""
    store = NixStore(LocalNode("here"))
    folder = tmp_path / "guests"
    assert store.roots(str(folder)) == {}
    target = tmp_path / "h-system"
    (folder / "below").mkdir(parents=True)
    target.touch()
    (tmp_path / "h-system.drv").touch()
    (folder / "b").symlink_to(target)
    (folder / "a").symlink_to(target)
    (folder / "gone").symlink_to(tmp_path / "gone")
    (folder / "a.drv").symlink_to(tmp_path / "h-system.drv")
    (folder / "file").touch()
    (folder / "below" / "c").symlink_to(target)
    assert list(store.roots(str(folder)).items()) == [("a", str(target)), ("b", str(target))]
    store.remove_root(str(folder / "a"))
    store.remove_root(str(folder / "a"))
    assert list(store.roots(str(folder))) == ["b"]
