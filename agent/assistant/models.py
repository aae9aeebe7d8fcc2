"""The language model that the settings name, as pydantic-ai has it."""

import inspect
import re
from collections.abc import Callable
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model, parse_model_id
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class

from agent.core.errors import InvalidSettings
from agent.settings import Settings

ACCEPTED = (
    "It is a provider and a model, such as anthropic:claude-sonnet-4-5, openai:gpt-5 or ollama:qwen3;"
    " empty means the phrasebook."
)
_VARIABLE = re.compile(r"`([A-Z][A-Z0-9_]*_API_KEY)`")
_PREFERRED = "openai-chat"
"""Every OpenAI-compatible server speaks Chat Completions; hardly any speaks OpenAI's newer Responses."""


def language_model(settings: Settings) -> Model | None:
    """The model of the settings, not yet asked anything; None where the phrasebook is all there is.

    Raises:
        InvalidSettings: naming the setting, and what it accepts.
    """
    name, base_url = settings.model.strip(), settings.model_base_url
    if not name:
        if base_url:
            raise InvalidSettings(
                "The setting model_base_url is given without a model.",
                ACCEPTED,
                "Set model, such as ollama:qwen3.",
            )
        return None
    provider, model = parse_model_id(name)
    if base_url:
        if provider is None or not _known(provider):  # a bare name, or one such as qwen3:8b
            provider, model = _PREFERRED, name
        name = f"{_PREFERRED if provider == 'openai' else provider}:{model}"
    if name == "test" or not model:
        raise _wrong(
            settings, "It names no model." if name != "test" else "It is pydantic-ai's own test double."
        )
    try:
        return infer_model(name, _factory(settings))
    except ImportError as error:
        raise _wrong(
            settings, f"Its provider is not installed ({error.name or 'a package is missing'})."
        ) from None
    except ValueError:
        raise _wrong(
            settings, f"There is no provider {provider}." if provider else "It names no provider."
        ) from None
    except UserError as error:
        raise _unusable(settings, error) from None


def _known(provider: str) -> bool:
    try:
        infer_provider_class(provider)
    except ValueError:
        return False
    except ImportError:
        return True
    return True


def _factory(settings: Settings) -> Callable[[str], Provider[Any]]:
    key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
    base_url = settings.model_base_url or None
    if not key and not base_url:
        return infer_provider

    def make(name: str) -> Provider[Any]:
        provider = infer_provider_class(name)
        accepted = inspect.signature(provider).parameters
        given: dict[str, str] = {}
        if base_url:
            if "base_url" not in accepted:
                raise InvalidSettings(
                    f"The setting model_base_url cannot be used with {name}.",
                    "It is for OpenAI-compatible servers.",
                    "Set model to openai:NAME or ollama:NAME, or leave model_base_url empty.",
                )
            given["base_url"] = _completed(name, base_url)
        if key or (base_url and name in {"openai", "openai-chat", "openai-responses"}):
            # A server of one's own mostly needs no key, but the OpenAI client insists on one.
            given["api_key"] = key or "none"
        return provider(**given)

    return make


def _completed(provider: str, base_url: str) -> str:
    """Ollama's OpenAI-compatible part lives under /v1, which people leave out."""
    bare = base_url.rstrip("/")
    return f"{bare}/v1" if provider == "ollama" and bare.count("/") == 2 else base_url  # noqa: PLR2004 - http://host


def _unusable(settings: Settings, error: UserError) -> InvalidSettings:
    variable = _VARIABLE.search(str(error))
    if variable:
        return InvalidSettings(
            f"The setting model is {settings.model}, but there is no key for it.",
            "A model that is not your own needs one.",
            f"Set model_api_key, or {variable[1]} in the environment.",
        )
    if "OLLAMA_BASE_URL" in str(error):
        return InvalidSettings(
            f"The setting model is {settings.model}, but not where Ollama runs.",
            "Ollama has no fixed address.",
            "Set model_base_url, such as http://localhost:11434/v1.",
        )
    unknown = str(error).startswith("Unknown model")
    return _wrong(settings, "There is no such provider." if unknown else str(error).split(" To try ")[0])


def _wrong(settings: Settings, why: str) -> InvalidSettings:
    return InvalidSettings(
        f"The setting model is wrong: {settings.model!r}. {why}", ACCEPTED, "Correct or empty it."
    )
