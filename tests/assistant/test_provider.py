"""The real code of the providers, against a server on the loopback interface."""

import socket
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from pydantic_ai import models

from agent.settings import Settings
from agent.tools.files import files
from agent.tools.toolsets import TOOLSETS
from tests.assistant.conftest import Chat
from tests.assistant.provider import Answer, Provider, serving

SENTENCE = "create a container called dev with git and fish"
CREATE: Answer = {"create_container": {"name": "dev", "modules": ["git", "fish"]}}
STAND_IN = "_(phrasebook: the model did not answer)_"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A server, and leave to ask it."""
    monkeypatch.setattr(models, "ALLOW_MODEL_REQUESTS", True)
    with serving(Provider()) as provider:
        yield provider


def ask(chat: Chat, url: str, model: str = "openai:small", key: str = "sk-test", timeout: float = 20) -> None:
    """Go on with the model of a server."""
    chat.use(
        settings=Settings(
            model=model, model_base_url=url, model_api_key=SecretStr(key), model_timeout=timeout
        )
    )


@pytest.mark.parametrize("model", ["openai:small", "ollama:small", "small"])
def test_a_server_of_ones_own_is_asked(chat: Chat, provider: Provider, model: str) -> None:
    """An OpenAI-compatible server and Ollama stream calls and words, and get the tools' answers back."""
    provider.answers = [CREATE, "**dev** is running.", "It is fine."]
    ask(chat, provider.url, model)
    first = chat.says("mach mir dev")
    assert (first.text, first.exit_code) == ("**dev** is running.", 0)
    assert chat.changes == ["create dev"]
    # The next sentence, in an event loop of its own, as on the command line.
    assert chat.says("und?").text == "It is fine."
    assert provider.refused == []
    returned = next(message for message in provider.asked[1]["messages"] if message["role"] == "tool")
    assert '"state":"done"' in returned["content"]
    assert [message["role"] for message in provider.asked[2]["messages"]] == [
        *("system", "user", "assistant", "tool", "assistant", "user")
    ]
    assert len(provider.asked[0]["tools"]) == sum(len(one.tools) for one in TOOLSETS if one is not files)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_provider_that_refuses_is_stood_in_for(chat: Chat, provider: Provider, status: int) -> None:
    """Whatever a provider answers instead of an answer, the phrasebook does what was asked."""
    provider.answers = [status] * 5
    ask(chat, provider.url)
    finished = chat.says(SENTENCE)
    assert (finished.exit_code, chat.changes) == (0, ["create dev"])
    assert finished.text.endswith(STAND_IN)


def test_a_passing_failure_is_retried_by_the_sdk(chat: Chat, provider: Provider) -> None:
    """One bad answer of a server is not yet the phrasebook's turn."""
    provider.answers = [500, "Hello."]
    ask(chat, provider.url)
    assert chat.says("hi").text == "Hello."


def test_a_wrong_key_and_an_unknown_model_are_stood_in_for(chat: Chat, provider: Provider) -> None:
    """What only the server can know about the settings does not lock anybody out."""
    ask(chat, provider.url, key="sk-wrong")
    assert chat.says("list").text.endswith(STAND_IN)
    ask(chat, provider.url, model="openai:large")
    assert chat.says("list").text.endswith(STAND_IN)
    # Once each: a model that failed is not asked again in the same turn.
    assert len(provider.refused) == 2


def test_a_silent_provider_is_not_waited_for_longer_than_the_setting(chat: Chat, provider: Provider) -> None:
    """model_timeout bounds the wait, retries included."""
    provider.answers = [60.0] * 5
    ask(chat, provider.url, timeout=0.5)
    finished = chat.says(SENTENCE)
    assert (finished.exit_code, chat.changes) == (0, ["create dev"])
    assert finished.text.endswith(STAND_IN)


def test_nobody_there_is_stood_in_for(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not running refuses the connection; the phrasebook answers."""
    monkeypatch.setattr(models, "ALLOW_MODEL_REQUESTS", True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ask(chat, f"http://127.0.0.1:{port}/v1")
    finished = chat.says(SENTENCE)
    assert finished.exit_code == 0
    assert finished.text.endswith(STAND_IN)


@pytest.mark.parametrize("failure", [500, None])
def test_a_provider_that_fails_after_a_call_does_not_have_it_made_twice(
    chat: Chat, provider: Provider, failure: Answer
) -> None:
    """What was done is reported from what the tool answered."""
    provider.answers = [CREATE, *[failure] * 4]
    ask(chat, provider.url)
    finished = chat.says(SENTENCE)
    assert chat.changes == ["create dev"]
    assert "**dev** is running" in finished.text
    assert finished.text.endswith(STAND_IN)
    # The history that is left is one that the server takes.
    provider.answers = ["Welcome back."]
    assert chat.says("and now?").text == "Welcome back."
    assert provider.refused == []


def test_a_stream_that_breaks_off_is_stood_in_for(chat: Chat, provider: Provider) -> None:
    """Half an answer is followed by a whole one, and the conversation goes on."""
    provider.answers = [None] * 4
    ask(chat, provider.url)
    finished = chat.says(SENTENCE)
    assert (finished.exit_code, chat.changes) == (0, ["create dev"])
    assert finished.text.endswith(STAND_IN)


def test_what_the_phrasebook_did_is_history_for_the_model(chat: Chat, provider: Provider) -> None:
    """After an outage the model sees what was said and done meanwhile, in a form that it takes."""
    provider.answers = [400]
    ask(chat, provider.url)
    chat.says(SENTENCE)
    provider.answers = ["You have dev."]
    assert chat.says("what do I have?").text == "You have dev."
    assert provider.refused == []
    assert any(message["role"] == "tool" for message in provider.asked[-1]["messages"])
