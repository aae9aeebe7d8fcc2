"""A module: one building block of a workload."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

_MODULE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")


def _matches(pattern: re.Pattern[str], what: str, value: str) -> str:
    if not pattern.match(value):
        raise ValueError(f"{value!r} is not {what}")
    return value


ModuleName = Annotated[str, AfterValidator(lambda v: _matches(_MODULE, "a module's name", v))]
PackageName = Annotated[str, AfterValidator(lambda v: _matches(_PACKAGE, "a Debian package's name", v))]


class DebianPart(BaseModel):
    """How the ``debian`` guest builder makes the module.

    Attributes:
        packages: names of Debian packages.
        setup: shell commands, run once as root inside the image while it is built; may be empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    packages: tuple[PackageName, ...] = ()
    setup: str = ""


class Module(BaseModel):
    """A module as ``nix/modules/<name>/module.json`` describes it, for both guest builders.

    Attributes:
        name: what people ask for.
        summary: one line.
        description: what it gives, in a few sentences.
        example: a sentence to say to the assistant.
        debian: its part in the ``debian`` guest builder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ModuleName
    summary: str
    description: str
    example: str
    debian: DebianPart
