"""The flake: every input pinned, every file readable, and workflows that call what is there."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LOCK = json.loads((ROOT / "flake.lock").read_text())
NODES: dict[str, Any] = LOCK["nodes"]
PINNED = sorted(NODES.keys() - {"root"})
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def recipes() -> set[str]:
    """The names of the justfile's recipes."""
    return set(re.findall(r"^([a-z][a-z-]*)[^:=\n]*:(?!=)", (ROOT / "justfile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", PINNED)
def test_an_input_is_pinned_by_revision_and_hash(name: str) -> None:
    """From a public repository; never a path of some machine, nor a name that a registry would look up."""
    locked, original = NODES[name]["locked"], NODES[name]["original"]
    assert (locked["type"], original["type"]) == ("github", "github")
    assert re.fullmatch(r"[0-9a-f]{40}", locked["rev"])
    assert re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", locked["narHash"])
    assert locked["lastModified"] > 0
    assert (locked["owner"], locked["repo"]) == (original["owner"], original["repo"])


def test_every_input_of_the_flake_is_locked_and_nothing_else() -> None:
    """What flake.nix names is what the lock has, and one nixpkgs serves all of them."""
    text = (ROOT / "flake.nix").read_text()
    named = re.findall(r'github:([\w-]+)/([\w.-]+?)(?:/([\w.-]+))?"', text)
    root = NODES[LOCK["root"]]["inputs"]
    assert {(owner, repo) for owner, repo, _ in named} == {
        (NODES[node]["original"]["owner"], NODES[node]["original"]["repo"]) for node in root.values()
    }
    used = {
        node for one in NODES.values() for node in one.get("inputs", {}).values() if isinstance(node, str)
    }
    assert used == set(PINNED)
    for follows in (one.get("inputs", {}).get("nixpkgs") for name, one in NODES.items() if name != "root"):
        assert follows in (None, ["nixpkgs"])


@pytest.mark.skipif(shutil.which("nix-instantiate") is None, reason="no nix on PATH")
def test_every_nix_file_is_nix() -> None:
    """As Nix's own parser sees it."""
    files = [
        ROOT / "flake.nix",
        *sorted((ROOT / "nix").rglob("*.nix")),
        *sorted((ROOT / "tests").rglob("*.nix")),
    ]
    argv = ["nix-instantiate", "--store", "dummy://", "--parse", *map(str, files)]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_runs_what_is_in_the_repository(file: Path) -> None:
    """Its actions are pinned by version, and what it calls of just is a recipe."""
    jobs = yaml.safe_load(file.read_text())["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+\.\d+)?", step["uses"]), step["uses"]
    called = re.findall(r"\bjust ([a-z-]+)", " ".join(step.get("run", "") for step in steps))
    assert called
    assert set(called) <= recipes()
    for script in re.findall(r"\.ci/\w+", file.read_text()):
        assert (ROOT / script).is_file()
