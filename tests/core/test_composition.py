import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.composition import SpecProblem, compose, problems, refusal
from agent.core.errors import InvalidName, InvalidSpec, UnknownModule
from agent.core.workload import ContainerSpec
from agent.services.catalogue import Catalogue, nix_folder

MODULES = Catalogue().modules
CASES: list[dict[str, Any]] = json.loads((nix_folder() / "checks" / "problems.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_spec_is_judged_as_nix_judges_it(case: dict[str, Any]) -> None:
    """The same cases as in nix/checks/check.nix, with the same answers."""
    if case.get("code") == "invalid_spec":
        with pytest.raises((ValidationError, InvalidName)):
            ContainerSpec.model_validate(case["spec"])
        return
    spec = ContainerSpec.model_validate(case["spec"])
    if "made" in case:
        assert compose(spec, MODULES).model_dump(mode="json") == case["made"]
        return
    first = problems(spec, MODULES)[0]
    for word in ("code", "module", "option", "accepted"):
        assert case.get(word, getattr(first, word)) == getattr(first, word)


def test_every_kind_of_problem_is_in_the_cases() -> None:
    """A code that no case has is one that the two sides may disagree on."""
    source = Path(compose.__code__.co_filename).read_text()
    codes = {case["code"] for case in CASES if "code" in case}
    assert all(f'"{code}"' in source for code in codes - {"invalid_spec"})
    assert codes >= {
        *("unknown_module", "option_without_module", "unknown_option", "invalid_option"),
        *("conflict", "port_conflict"),
    }


def test_a_module_that_needs_another_says_so() -> None:
    """No module of the product does, so the case is this test's own; nix/checks/check.nix has the same."""
    web = MODULES["git"].model_copy(update={"name": "web", "requires": ("git",)})
    modules = {**MODULES, "web": web}
    assert problems(ContainerSpec(name="dev", modules=("web",)), modules) == [
        SpecProblem("missing_module", "web", "", "git", "The module web needs the module git.")
    ]
    assert problems(ContainerSpec(name="dev", modules=("git", "web")), modules) == []


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            SpecProblem("conflict", "fish", "", "either fish or zsh", "They do not."),
            "Choose either fish or zsh.",
        ),
        (SpecProblem("missing_module", "a", "", "git", "It needs git."), "Add the module git."),
        (SpecProblem("port_conflict", "caddy", "port", "another", "Both."), "Give the option port of caddy"),
        (SpecProblem("port_conflict", "a", "", "another", "Both."), "Leave one of them out."),
        (SpecProblem("unknown_option", "a", "x", "", "No x."), "It has no options."),
    ],
)
def test_a_refusal_says_what_to_do_and_carries_the_same_as_data(problem: SpecProblem, told: str) -> None:
    """A person reads the sentence, a model the data."""
    refused = refusal(problem)
    assert isinstance(refused, InvalidSpec)
    assert told in str(refused)
    assert refused.problem.about["code"] == problem.code
    assert "message" not in refused.problem.about
    assert all(refused.problem.about.values())


def test_an_unknown_module_is_refused_with_the_nearest_whoever_found_it() -> None:
    """Nix says which there are, and no catalogue is needed to say which is near."""
    refused = refusal(SpecProblem("unknown_module", "gti", "", "fish, git", "There is none."))
    assert isinstance(refused, UnknownModule)
    assert "Did you mean git?" in str(refused)


NAMES = st.sampled_from(sorted(MODULES))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(
        st.sampled_from(sorted(MODULES)) | st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True), max_size=6
    ),
    st.dictionaries(NAMES, st.dictionaries(st.text(max_size=8), JSON, max_size=2), max_size=2),
)
def test_any_spec_is_either_made_or_refused_with_a_reason(
    modules: list[str], options: dict[str, dict[str, Any]]
) -> None:
    """Whatever a model makes up, nothing but a refusal comes of it."""
    spec = ContainerSpec(name="dev", modules=tuple(modules), options=options)
    if problems(spec, MODULES):
        with pytest.raises((UnknownModule, InvalidSpec)):
            compose(spec, MODULES)
        return
    made = compose(spec, MODULES)
    assert made.options.keys() == set(made.modules)
    for name, given_options in made.options.items():
        assert given_options.keys() == MODULES[name].options.keys()
        assert all(MODULES[name].options[option].accepts(value) for option, value in given_options.items())
