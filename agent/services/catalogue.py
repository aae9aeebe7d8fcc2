"""Which modules there are: the product's, and the admin's own."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.core.composition import Composition, compose, refusal, unknown
from agent.core.errors import InvalidSettings
from agent.core.module import Module
from agent.core.workload import ContainerSpec

PACKAGE = Path(__file__).parent.parent
BUILT_IN = (PACKAGE / "nix", PACKAGE.parent / "nix")
"""Where ``lib/``, ``modules/`` and ``catalogue.json`` lie: in an installed package, and in a checkout."""
if TYPE_CHECKING:
    from agent.host.nix import Nix
    from agent.host.node import Node

EVALUATION = 120.0
"""Seconds that describing the modules may take; it takes less than one."""


def nix_folder() -> Path:
    """The folder of everything that is written in Nix and goes with this code."""
    return next((path for path in BUILT_IN if path.is_dir()), BUILT_IN[0])


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int
    modules: dict[str, Module]


class Catalogue:
    """The modules that are described in ``catalogue.json``, which Nix made of ``nix/modules``.

    Args:
        own: what ``voxnix modules refresh`` made of the admin's own modules; it need not be there.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        self._known: tuple[int, Mapping[str, Module]] | None = None

    @property
    def modules(self) -> Mapping[str, Module]:
        """Every module by its name, sorted. The admin's own are read again after a refresh, whoever made it.

        Raises:
            InvalidSettings: a catalogue cannot be read.
        """
        written = self._own.stat().st_mtime_ns if self._own is not None and self._own.exists() else 0
        if self._known is None or self._known[0] != written:
            found = dict(self._built_in)
            if self._own is not None and written:
                found |= _read(self._own)
            self._known = written, dict(sorted(found.items()))
        return self._known[1]

    @cached_property
    def _built_in(self) -> Mapping[str, Module]:
        return _read(nix_folder() / "catalogue.json")

    def all(self) -> list[Module]:
        """Every module, by name."""
        return list(self.modules.values())

    def get(self, name: str) -> Module:
        """A module by its name.

        Raises:
            UnknownModule: with the nearest names.
        """
        if name not in self.modules:
            raise refusal(unknown(name, self.modules))
        return self.modules[name]

    def compose(self, spec: ContainerSpec) -> Composition:
        """What a spec makes of these modules.

        Raises:
            UnknownModule: with the nearest names.
            InvalidSpec: something about modules or options does not go together.
        """
        return compose(spec, self.modules)

    def refresh(self, nix: "Nix", node: "Node", folder: Path | None) -> list[str]:
        """Write down what there is in the admin's own folder of modules.

        Args:
            nix: evaluates it.
            node: where the folder is.
            folder: of modules; None where the settings name none.

        Returns:
            The names of the admin's own modules.

        Raises:
            InvalidSettings: there is no such folder.
            HostFailure: a module there is wrong; the cause names it.
        """
        if folder is None or self._own is None or not node.exists(str(folder)):
            raise InvalidSettings(
                f"There is no folder of modules at {folder}."
                if folder
                else "The setting modules_dir is not set.",
                "It names the folder with the admin's own modules, one folder for each.",
                "Correct it, then refresh again.",
            )
        from agent.host.nix import Attribute  # noqa: PLC0415 - only a refresh evaluates anything

        wanted = Attribute(str(nix_folder() / "lib"), "catalogue", {"own": str(folder)})
        found = _File.model_validate_json(nix.evaluate(wanted, timeout=EVALUATION))
        own = {name: module for name, module in found.modules.items() if name not in self._built_in}
        node.write(
            str(self._own),
            _File(version=found.version, modules=own).model_dump_json(by_alias=True, exclude_none=True),
        )
        return sorted(own)


def _read(file: Path) -> Mapping[str, Module]:
    try:
        return _File.model_validate_json(file.read_bytes()).modules
    except (ValidationError, OSError) as error:
        raise InvalidSettings(
            f"The catalogue of modules in {file} cannot be read.",
            str(error)[:500],
            "Make it anew: voxnix modules refresh",
        ) from None
