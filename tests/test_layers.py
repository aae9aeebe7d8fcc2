"""Who may import whom: the table of docs/architecture.md, held."""

import ast
from pathlib import Path

import pytest

AGENT = Path(__file__).parent.parent / "agent"

ALLOWED = {
    "core": set[str](),
    "host": {"core"},
    "store": {"core"},
    "settings": {"core"},
    "services": {"core", "host", "store", "settings"},
    "tools": {"core", "services"},
    "phrasebook": {"core", "tools"},
    "assistant": {"core", "store", "tools", "services", "settings", "phrasebook"},
    "texts": {"core"},
    "voice": {"core", "settings"},
    "channels": {"core", "services", "assistant", "texts", "voice"},
    "worker": {"core", "host", "store", "services", "settings"},
    "app": {"core", "host", "store", "services", "settings", "assistant", "channels", "voice", "worker"},
    "__main__": {"core", "app", "channels", "settings"},
}
"""Room to the rooms it may import from; its own is always allowed."""

ONLY_IN = {
    "pydantic_ai": {"tools", "phrasebook", "assistant", "app"},
    "babel": {"texts"},
    "telegram": {"channels"},
    "telegramify_markdown": {"channels"},
    "pyromark": {"channels"},
    "openai": {"voice"},
    "pocketsphinx": {"voice"},
    "soundfile": {"voice"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "dbos": {"services"},
    "subprocess": {"host"},
    "typer": {"channels", "__main__"},
    "rich": {"channels", "__main__"},
    "prompt_toolkit": {"channels"},
}
"""Library to the rooms that may know it."""

FILES = sorted(AGENT.rglob("*.py"))


def room_of(file: Path) -> str:
    """The room that a file is in."""
    first = file.relative_to(AGENT).parts[0]
    return first.removesuffix(".py")


def imports_of(file: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module), level=0, names=names):
                found |= {f"{module}.{name.name}" for name in names} if module == "agent" else {module}
            case ast.ImportFrom(level=level) if level:
                raise AssertionError(f"{file}: a relative import hides which room it enters")
            case _:
                pass
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(AGENT)))
def test_a_room_imports_only_from_rooms_below(file: Path) -> None:
    """The layers hold."""
    room = room_of(file)
    if room == "__init__":
        return
    entered = {name.split(".")[1] for name in imports_of(file) if name.startswith("agent.")}
    assert entered - {room} <= ALLOWED[room]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(AGENT)))
def test_a_library_is_known_in_its_rooms_only(file: Path) -> None:
    """A library can be replaced by changing one room."""
    libraries = {name.split(".")[0] for name in imports_of(file)} & ONLY_IN.keys()
    assert {library for library in libraries if room_of(file) not in ONLY_IN[library]} == set()


@pytest.mark.parametrize("file", sorted((AGENT / "core").glob("*.py")), ids=lambda file: file.name)
def test_the_core_is_pure(file: Path) -> None:
    """Values and rules know pydantic and the standard library's pure parts; no I/O, no clock."""
    allowed = {
        *("agent", "base64", "collections", "dataclasses", "datetime", "difflib"),
        *("enum", "hashlib", "pydantic", "re", "typing", "unicodedata"),
    }
    assert {name.split(".")[0] for name in imports_of(file)} <= allowed
    assert not [
        node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.AsyncFunctionDef)
    ]


def test_every_file_is_in_a_known_room() -> None:
    """A new room is entered in the table first."""
    assert {room_of(file) for file in FILES} <= ALLOWED.keys() | {"__init__"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(AGENT)))
def test_a_file_has_one_concept(file: Path) -> None:
    """Past 400 lines there is a second one."""
    assert len(file.read_text().splitlines()) <= 400


OF_ROOT = {"secrets", "diagnostics"}
"""Services that read and write the node's own files, as nobody can who has no right over it."""


@pytest.mark.parametrize(
    "folder", ["tools", "assistant", "phrasebook", "channels/telegram", "voice", "texts"], ids=str
)
def test_who_talks_to_people_uses_no_service_that_root_alone_can_give(folder: str) -> None:
    """The bot of an appliance has no right over it: it must not offer what would not work there."""
    used = {
        f"{file.name}:{node.lineno} {node.attr}"
        for file in sorted((AGENT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in OF_ROOT
        and ast.unparse(node.value).endswith("services")
    }
    assert used == set()
