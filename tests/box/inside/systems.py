"""Systems in the store for the tests of the second runtime: no NixOS, but booted and switched like one."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from agent.host.node import Node

EXPRESSION = Path(__file__).resolve().parents[2] / "contract/system.nix"
BUSYBOX = "/usr/bin/busybox"
FAKES = EXPRESSION.parents[1] / "box/fakes"


def systems(node: Node, archive: str) -> tuple[str, str, str]:
    """Two systems, and one that cannot be switched to, of the programs in a guest image."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        userland, tools = Path(folder, "userland"), Path(folder, "tools")
        userland.mkdir()
        tools.mkdir()
        shutil.copy2(BUSYBOX, tools)
        unpack = ["tar", "--extract", "--zstd", f"--file={archive}", f"--directory={userland}"]
        node.run([*unpack, "./usr", "./etc"], timeout=120)
        given = ["--argstr", "userland", str(userland), "--argstr", "busybox", str(tools)]
        built = node.run(["nix-build", "--no-out-link", str(EXPRESSION), *given], timeout=300).stdout
    first, second, broken = built.split()
    return first, second, broken


@contextmanager
def extra_container_on_path() -> Generator[None]:
    """What extra-container needs on a machine that is not NixOS, and a stand-in for itself."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{FAKES}:{before}"
    Path("/nix/var/nix/profiles/default").mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        os.environ["PATH"] = before
