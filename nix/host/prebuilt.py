"""Lists prebuilt guests as ``voxnix`` knows them: by a digest of what they are made of, settings included.

Nix runs it with the package's own Python: ``VOXNIX_SETTINGS=FILE prebuilt.py GUESTS``,
where GUESTS is a JSON list of modules, options and the system that was made of them.
"""

# ruff: noqa: INP001 - no package: Nix runs this file

import json
import sys
from pathlib import Path

from agent.core.workload import ContainerSpec
from agent.host.nix import Nix
from agent.host.node import LocalNode
from agent.services.catalogue import Catalogue
from agent.services.guests.nix import NAME, NixGuests
from agent.settings import load


def main(file: str) -> None:
    """Print the list."""
    settings = load()
    node = LocalNode(settings.node_name)
    guests = NixGuests(settings, node, Nix(node, memory=settings.evaluation_memory, evaluations=1))
    catalogue = Catalogue()
    known: list[dict[str, str]] = []
    for guest in json.loads(Path(file).read_text()):
        spec = ContainerSpec(name=NAME, modules=tuple(guest["modules"]), options=guest["options"])
        known.append({"digest": guests.digest(catalogue.compose(spec)), "system": guest["system"]})
    sys.stdout.write(json.dumps(known))


if __name__ == "__main__":
    main(sys.argv[1])
