"""A module: one building block of a workload, as ``nix/catalogue.json`` describes it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

_MODULE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")


def _matches(pattern: re.Pattern[str], what: str, value: str) -> str:
    if not pattern.match(value):
        raise ValueError(f"{value!r} is not {what}")
    return value


ModuleName = Annotated[str, AfterValidator(lambda v: _matches(_MODULE, "a module's name", v))]
PackageName = Annotated[str, AfterValidator(lambda v: _matches(_PACKAGE, "a Debian package's name", v))]


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Described):
    """An option of a module. What it accepts is a subset of JSON Schema, the one of ``nix/lib/schema.nix``.

    Attributes:
        type: of the value.
        description: what it changes.
        accepted: what it accepts, in words.
        default: what it is when nothing is said.
        enum: the only values, where there are only some.
        minimum: of an integer.
        maximum: of an integer.
        pattern: what a whole text matches, anchored.
        max_length: of a text, in bytes of UTF-8.
        items: the schema of each item of a list.
        additional_properties: the schema of each value of an object.
        property_names: the pattern of its names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    type: Literal["boolean", "integer", "string", "array", "object"]
    description: str
    accepted: str
    default: JsonValue
    enum: list[JsonValue] | None = None
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    max_length: int | None = Field(default=None, alias="maxLength")
    items: dict[str, JsonValue] | None = None
    additional_properties: dict[str, JsonValue] | None = Field(default=None, alias="additionalProperties")
    property_names: dict[str, JsonValue] | None = Field(default=None, alias="propertyNames")

    def accepts(self, value: JsonValue) -> bool:
        """Whether it may have this value."""
        try:
            _adapter(self.model_dump(by_alias=True, exclude_none=True)).validate_python(value, strict=True)
        except ValidationError:
            return False
        return self.enum is None or any(value == one and type(value) is type(one) for one in self.enum)


def _adapter(schema: Mapping[str, Any]) -> TypeAdapter[Any]:
    return TypeAdapter(_type(schema))


def _type(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type that is made at run time
    match schema["type"]:
        case "boolean":
            return StrictBool
        case "integer":
            return Annotated[StrictInt, Field(ge=schema.get("minimum"), le=schema.get("maximum"))]
        case "string":
            longest = schema.get("maxLength")
            return Annotated[
                StrictStr,
                StringConstraints(pattern=schema.get("pattern")),
                AfterValidator(lambda text: _fitting(text, longest)),
            ]
        case "array":
            return list[_type(schema["items"])] if "items" in schema else list[JsonValue]
        case _:
            names = schema.get("propertyNames", {}).get("pattern")
            values = schema.get("additionalProperties")
            name = Annotated[str, StringConstraints(pattern=names)]
            return dict[name, _type(values) if values else JsonValue]


def _fitting(text: str, longest: int | None) -> str:
    """The text, if Nix can hold it: it counts in bytes, and has no NUL."""
    if "\0" in text or (longest is not None and len(text.encode()) > longest):
        raise ValueError("too long, or with a NUL in it")
    return text


class Port(_Described):
    """A port that a module listens on.

    Attributes:
        port: its number; None where an option has it.
        option: the option that has the number; empty where it is always the same.
        open: the option that opens it to others, where there is one; otherwise it always is.
        protocol: ``tcp`` or ``udp``.
        purpose: what is there.
    """

    port: int | None = None
    option: str = ""
    open: str = ""
    protocol: Literal["tcp", "udp"] = "tcp"
    purpose: str


class Secret(_Described):
    """Something that a module can be given and that nobody else may see.

    Attributes:
        description: what it is for, and what happens without it.
        when: options, and the values that they must have for a container to get it.
    """

    description: str
    when: dict[str, JsonValue] = {}


class DebianPart(_Described):
    """How the ``debian`` guest builder makes the module.

    Attributes:
        packages: names of Debian packages.
        setup: shell commands, run once as root inside the image while it is built; may be empty.
        options: those of the module that the set-up heeds, as ``OPTION_<NAME>``; others keep their defaults.
    """

    packages: tuple[PackageName, ...] = ()
    setup: str = ""
    options: tuple[str, ...] = ()


class Module(_Described):
    """A module, for both guest builders. ``nix/modules/<name>/`` is where it comes from.

    Attributes:
        name: what people ask for.
        summary: one line.
        description: what it gives, in a few sentences.
        example: a sentence to say to the assistant.
        options: what about it can be chosen, by name.
        ports: what it listens on.
        secrets: what it can be given, by name. In a guest the credential is called ``<module>.<secret>``.
        conflicts: modules that it does not go together with.
        requires: modules that it does not work without.
        devices: device nodes of the host that its container gets.
        farewell: the command that is run in the guest before it is destroyed; empty where there is none.
        debian: its part in the ``debian`` guest builder; None where Debian has nothing like it.
    """

    name: ModuleName
    summary: str
    description: str
    example: str
    options: dict[str, Option] = {}
    ports: tuple[Port, ...] = ()
    secrets: dict[str, Secret] = {}
    conflicts: tuple[ModuleName, ...] = ()
    requires: tuple[ModuleName, ...] = ()
    devices: tuple[str, ...] = ()
    farewell: tuple[str, ...] = ()
    debian: DebianPart | None = None

    def wants(self, secret: str, options: Mapping[str, JsonValue]) -> bool:
        """Whether it has a use for one of its secrets with these options: nobody is given more."""
        return all(options[option] == value for option, value in self.secrets[secret].when.items())

    def listens(self, options: Mapping[str, JsonValue]) -> list[tuple[int, str, str]]:
        """What it listens on with these options: port, protocol, and the option that has the port."""
        found: list[tuple[int, str, str]] = []
        for one in self.ports:
            number = options[one.option] if one.option else one.port
            if isinstance(number, int):
                found.append((number, one.protocol, one.option))
        return found
