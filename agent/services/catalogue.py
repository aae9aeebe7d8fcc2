"""Which modules there are."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from agent.core.errors import InvalidSettings, UnknownModule
from agent.core.module import Module

PACKAGE = Path(__file__).parent.parent
BUILT_IN = (PACKAGE / "modules", PACKAGE.parent / "nix" / "modules")
"""Where modules lie: in an installed package, and in a checkout."""


class Catalogue:
    """The modules of a folder: ``<folder>/<name>/module.json``, with an optional ``debian.sh`` beside it.

    Args:
        folder: None for the modules that come with the product.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or next((path for path in BUILT_IN if path.is_dir()), BUILT_IN[0])

    @cached_property
    def _modules(self) -> dict[str, Module]:
        if not self._folder.is_dir():
            raise InvalidSettings(
                f"There is no folder of modules at {self._folder}.", hint="Correct the setting modules_dir."
            )
        return {file.parent.name: _read(file) for file in sorted(self._folder.glob("*/module.json"))}

    def all(self) -> list[Module]:
        """Every module, by name."""
        return list(self._modules.values())

    def get(self, name: str) -> Module:
        """A module by its name.

        Raises:
            UnknownModule: with the nearest names.
        """
        self.check([name])
        return self._modules[name]

    def check(self, names: Iterable[str]) -> None:
        """Raise unless all of these are modules.

        Raises:
            UnknownModule: with the nearest names.
        """
        unknown = [name for name in names if name not in self._modules]
        if not unknown:
            return
        near = [
            match
            for name in unknown
            for match in get_close_matches(name.lower(), self._modules, n=2, cutoff=0.5)
        ]
        raise UnknownModule(
            f"There is no module called {' or '.join(name[:40] for name in unknown[:3])}.",
            f"Did you mean {' or '.join(dict.fromkeys(near))}?" if near else "",
            f"The modules are: {', '.join(self._modules)}.",
        )


def _read(file: Path) -> Module:
    setup = file.with_name("debian.sh")
    try:
        module = Module.model_validate_json(file.read_bytes())
    except (ValidationError, OSError) as error:
        raise InvalidSettings(
            f"The module in {file} cannot be read.", str(error), "Correct the file."
        ) from None
    if module.name != file.parent.name:
        raise InvalidSettings(
            f"The module in {file} calls itself {module.name}.", hint="Name the folder like it."
        )
    if not setup.exists():
        return module
    return module.model_copy(update={"debian": module.debian.model_copy(update={"setup": setup.read_text()})})
