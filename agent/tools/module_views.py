"""What tools answer about modules."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agent.core.module import Module
from agent.tools.view import AnswerView


class ModuleSummary(BaseModel):
    """A module that a container can be made of, in short.

    Attributes:
        name: what to ask for.
        summary: one line.
        example: a sentence that asks for it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    summary: str
    example: str

    @classmethod
    def of(cls, module: Module) -> Self:
        """The summary of a module."""
        return cls(name=module.name, summary=module.summary, example=module.example)


class ModulesView(AnswerView):
    """The modules there are.

    Attributes:
        modules: all of them, by name.
    """

    answer: Literal["modules"] = "modules"
    modules: tuple[ModuleSummary, ...]


class OptionView(BaseModel):
    """An option of a module.

    Attributes:
        description: what it changes.
        accepted: what it accepts, in words.
        default: what it is when nothing is said.
    """

    model_config = ConfigDict(frozen=True)

    description: str
    accepted: str
    default: JsonValue


class ModuleView(AnswerView):
    """All about one module.

    Attributes:
        name: what to ask for.
        summary: one line.
        description: what it gives.
        example: a sentence that asks for it.
        options: what about it can be chosen, by name.
        ports: what it listens on, with these defaults.
        secrets: what it can be given with `voxnix secrets give`, by name; never in a conversation.
        conflicts: modules that it does not go together with.
        requires: modules that it does not work without.
    """

    answer: Literal["module"] = "module"
    name: str
    summary: str
    description: str
    example: str
    options: dict[str, OptionView] = Field(default_factory=dict)
    ports: tuple[str, ...] = ()
    secrets: dict[str, str] = Field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    @classmethod
    def of(cls, module: Module) -> Self:
        """The view of a module."""
        defaults = {name: option.default for name, option in module.options.items()}
        purposes = [one.purpose for one in module.ports]
        return cls(
            name=module.name,
            summary=module.summary,
            description=module.description,
            example=module.example,
            options={
                name: OptionView(
                    description=option.description, accepted=option.accepted, default=option.default
                )
                for name, option in module.options.items()
            },
            ports=tuple(
                f"{port}/{protocol}: {purpose}"
                for (port, protocol, _), purpose in zip(module.listens(defaults), purposes, strict=True)
            ),
            secrets={f"{module.name}.{name}": secret.description for name, secret in module.secrets.items()},
            conflicts=module.conflicts,
            requires=module.requires,
        )
