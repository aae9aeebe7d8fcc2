"""Every module and every example becomes a system, by the real NixOS; nothing is built.

They are evaluated a few at a time: a process shares what they have in common, and grows with each.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluation import value

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.parent.name for path in (ROOT / "nix/modules").glob("*/default.nix"))
SPECS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "examples/specs").glob("*.json"))}
OWN = ROOT / "examples/modules"
AT_ONCE = 6
"""Guests that one process evaluates: it takes about 2.5 seconds and 150 MB for each."""

Spec = Mapping[str, Any]

LAB = SPECS["python-lab"]
ALIKE: dict[str, Spec] = {
    "other name": LAB | {"name": "other"},
    "other order": LAB | {"modules": [*reversed(LAB["modules"]), LAB["modules"][0]]},
    "other option": LAB | {"options": {"fish": {"greeting": "Hello"}}},
}
WANTED: dict[str, Spec] = {
    **{f"module {name}": {"name": "x", "modules": [name]} for name in MODULES},
    **{f"example {name}": spec for name, spec in SPECS.items()},
    **ALIKE,
    "module of one's own": {"name": "x", "modules": ["hello"], "options": {"hello": {"expose": False}}},
}


def _catalogue() -> dict[str, Any]:
    return value(f"(import {ROOT}/nix/lib {{ }}).catalogue.modules")


def _systems(specs: Mapping[str, Spec], nixpkgs: str, folder: Path, *options: str, own: Path = OWN) -> Any:  # noqa: ANN401 - of JSON
    """The derivation of each guest."""
    file = folder / f"{next(iter(specs))}.json"
    file.write_text(json.dumps(specs))
    given = {"nixpkgs": nixpkgs, "specs": str(file), "own": str(own)}
    return value(
        f"import {ROOT}/tests/nix/systems.nix (builtins.fromJSON {json.dumps(json.dumps(given))})", *options
    )


def _batches() -> Iterator[dict[str, Spec]]:
    wanted = list(WANTED.items())
    for begin in range(0, len(wanted), AT_ONCE):
        yield dict(wanted[begin : begin + AT_ONCE])


@pytest.fixture(scope="module")
def systems(nix: str, nixpkgs: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The derivation of each guest, or what nix said of it."""
    assert nix
    folder = tmp_path_factory.mktemp("specs")

    def several(specs: dict[str, Spec]) -> dict[str, str]:
        try:
            return _systems(specs, nixpkgs, folder)
        except AssertionError as error:
            if len(specs) == 1:
                return dict.fromkeys(specs, str(error))
            # One of them is wrong, so each one has to answer for itself.
            return {name: several({name: spec})[name] for name, spec in specs.items()}

    with ThreadPoolExecutor(2) as pool:
        found = pool.map(several, _batches())
        return {name: system for some in found for name, system in some.items()}


@pytest.mark.parametrize("name", [name for name in WANTED if name not in ALIKE])
def test_it_becomes_a_system(systems: Mapping[str, str], name: str) -> None:
    """A derivation that could be built."""
    assert systems[name].endswith(".drv"), systems[name]


def test_name_and_order_change_nothing(systems: Mapping[str, str]) -> None:
    """Whoever wants the same things shares one system, and whoever wants another option does not."""
    same = {systems[name] for name in ("example python-lab", "other name", "other order")}
    assert len(same) == 1, same
    assert systems["other option"].endswith(".drv"), systems["other option"]
    assert systems["other option"] not in same


@pytest.mark.usefixtures("nix")
def test_everything_is_all_that_goes_together() -> None:
    """What the example leaves out does not go together with something in it."""
    catalogue = _catalogue()
    chosen = set(SPECS["everything"]["modules"])
    assert [
        name
        for name in catalogue.keys() - chosen
        if not any(
            name in catalogue[one]["conflicts"] or one in catalogue[name]["conflicts"] for one in chosen
        )
    ] == []


@pytest.mark.usefixtures("nix")
def test_no_secret_is_in_a_derivation(nixpkgs: str, tmp_path: Path) -> None:
    """With every secret in its place, no file that comes of the guest with all modules has one in it."""
    planted = "correct-horse-battery-staple"
    for folder in ("secrets", "own/leaky"):
        (tmp_path / folder).mkdir(parents=True)
    for name, module in _catalogue().items():
        for secret in module["secrets"]:
            (tmp_path / f"secrets/{name}.{secret}").write_text(planted)
    assert (tmp_path / "secrets/env-vars.environment").exists()
    (tmp_path / "own/leaky/default.nix").write_text("""{
      summary = "Reads a secret"; description = "While it is evaluated."; example = "leaky";
      nixos = { ... }: { environment.etc.word.text = builtins.readFile ../../secrets/env-vars.environment; };
    }""")

    def leaks(name: str, spec: Spec) -> list[str]:
        store = tmp_path / name
        options = ("--store", str(store), "--read-write-mode")
        system = _systems({name: spec}, nixpkgs, tmp_path, *options, own=tmp_path / "own")[name]
        files = [
            file for file in (store / "nix/store").rglob("*") if file.is_file() and not file.is_symlink()
        ]
        assert Path(system).name in {file.name for file in files}
        return [file.name for file in files if planted.encode() in file.read_bytes()]

    assert leaks("clean", SPECS["everything"]) == []
    # The same search finds a variable that is no secret, and a module that reads its secret too early.
    variables = {"env-vars": {"variables": {"WORD": planted}}}
    assert leaks("plain", {"name": "x", "modules": ["env-vars"], "options": variables})
    assert leaks("leaky", {"name": "x", "modules": ["leaky"]})
