"""Modules by the names that people give them."""

import pytest

from agent.phrasebook import Act, Ask, Background, Meaning, understand
from agent.phrasebook.meaning import Call
from agent.services.catalogue import Catalogue

BACKGROUND = Background(modules=[module.name for module in Catalogue().all()])


def update(name: str, **modules: list[str]) -> Act:
    """A change of a container."""
    return Act((Call("update_container", {"name": name, **modules}),))


def create(name: str, *modules: str) -> Act:
    """A new container."""
    return Act((Call("create_container", {"name": name, "modules": list(modules)}),))


def about(module: str) -> Act:
    """What a module is."""
    return Act((Call("explain_module", {"name": module}),))


@pytest.mark.parametrize(
    ("sentence", "meaning"),
    [
        ("install code server on dev", update("dev", add=["code-server"])),
        ("Remove Code  Server from dev.", update("dev", remove=["code-server"])),
        ("add environment variables to dev", update("dev", add=["env-vars"])),
        ("set up a dev container with code server and git", create("dev", "code-server", "git")),
        (
            "create dev with git, environment variables and vs code",
            create("dev", "git", "env-vars", "code-server"),
        ),
        ("tell me about the code server module", about("code-server")),
        ("what is code server?", about("code-server")),
        ("what options does the environment variables module have", about("env-vars")),
        ("install code server", Ask(Call("update_container", {"add": ["code-server"]}))),
    ],
)
def test_a_hyphen_may_be_said_as_a_space(sentence: str, meaning: Meaning) -> None:
    """Whoever listens writes two words, even where the second alone would mean a container."""
    assert understand(sentence, BACKGROUND) == meaning


@pytest.mark.parametrize(
    ("sentence", "tool", "arguments"),
    [
        ("restart the code server", "restart_container", {"name": "code"}),
        ("how is the code server doing", "container_status", {"name": "code"}),
        ("run cat code server in dev", "run_in_container", {"name": "dev", "command": "cat code server"}),
        (
            "run echo add code server to web in dev",
            "run_in_container",
            {"name": "dev", "command": "echo add code server to web"},
        ),
    ],
)
def test_where_no_module_is_meant_words_stay_as_they_are(
    sentence: str, tool: str, arguments: dict[str, object]
) -> None:
    """A container may be called code, and a command arrives as it was written."""
    assert understand(sentence, BACKGROUND) == Act((Call(tool, arguments),))
