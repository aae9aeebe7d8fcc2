"""Which model the settings mean, and what is said where they cannot work."""

import pytest
from pydantic import SecretStr
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel

from agent.assistant.models import language_model
from agent.core.errors import InvalidSettings
from agent.settings import Settings

SERVER = "http://localhost:9/v1"
KEY = SecretStr("sk-verysecret")


@pytest.mark.parametrize(
    ("given", "kind", "name", "base_url"),
    [
        (
            {"model": "openai:gpt-5", "model_api_key": KEY},
            OpenAIResponsesModel,
            "gpt-5",
            "https://api.openai.com/v1/",
        ),
        ({"model": "anthropic:c", "model_api_key": KEY}, AnthropicModel, "c", "https://api.anthropic.com"),
        ({"model": "openai:m", "model_base_url": SERVER}, OpenAIChatModel, "m", SERVER + "/"),
        ({"model": "m", "model_base_url": SERVER}, OpenAIChatModel, "m", SERVER + "/"),
        ({"model": "qwen3:8b", "model_base_url": SERVER}, OpenAIChatModel, "qwen3:8b", SERVER + "/"),
        ({"model": "ollama:qwen3:8b", "model_base_url": SERVER}, OllamaModel, "qwen3:8b", SERVER + "/"),
        ({"model": "ollama:q", "model_base_url": "http://localhost:9"}, OllamaModel, "q", SERVER + "/"),
        ({"model": "ollama:q", "model_base_url": "http://localhost:9/"}, OllamaModel, "q", SERVER + "/"),
    ],
)
def test_a_setting_names_a_model(given: dict[str, str], kind: type, name: str, base_url: str) -> None:
    """Any provider of pydantic-ai, and any OpenAI-compatible server, can be named."""
    model = language_model(Settings.model_validate(given))
    assert type(model) is kind
    assert model is not None
    assert (model.model_name, model.base_url) == (name, base_url)


def test_no_model_is_the_phrasebook() -> None:
    """Without a setting there is nothing to ask."""
    assert language_model(Settings()) is None


def test_a_key_of_the_environment_is_not_sent_to_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI's key in the environment is not for the server that somebody set."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret")
    model = language_model(Settings(model="openai:m", model_base_url=SERVER))
    assert isinstance(model, OpenAIChatModel)
    assert model.client.api_key == "none"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model": "foo:bar"}, "There is no such provider"),
        ({"model": "gpt-5"}, "There is no such provider"),
        ({"model": "foo:bar", "model_api_key": KEY}, "There is no provider foo"),
        ({"model": "openai:"}, "It names no model"),
        ({"model": "test"}, "test double"),
        ({"model": "openai:gpt-5"}, "Set model_api_key, or OPENAI_API_KEY in the environment"),
        ({"model": "anthropic:c"}, "ANTHROPIC_API_KEY"),
        ({"model": "ollama:q"}, "Set model_base_url, such as http://localhost:11434/v1"),
        ({"model": "bedrock:x"}, "not installed"),
        ({"model_base_url": SERVER}, "model_base_url is given without a model"),
    ],
)
def test_a_setting_that_cannot_work_is_named(given: dict[str, object], said: str) -> None:
    """The setting, what it accepts and what to do; no traceback, and no key."""
    with pytest.raises(InvalidSettings, match=said) as caught:
        language_model(Settings.model_validate(given))
    assert "setting model" in str(caught.value)
    assert "verysecret" not in str(caught.value)
