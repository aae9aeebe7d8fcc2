"""The cases of ``nix/checks/*.nix``: Nix as data, evaluated by whatever nix there is.

Each file is ``{ "what is so" = case; … }`` in sentences, where a case is one of

* ``{ expr = …; expected = …; }``: the two are the same;
* ``{ expr = …; error = "…"; }``: it throws, and these words are in the error. Nix cannot catch the words of
  an error, so each of these is evaluated by itself.

Values are what JSON knows; a path would be copied into a store, so write strings.
"""

import json
import re

import pytest

from tests.nix.cases import alone, names, outcomes
from tests.nix.evaluation import why_not


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case, or one that tells why there is none."""
    reason = why_not()
    cases = [pytest.param("", marks=pytest.mark.skip(reason=reason))] if reason else list(names())
    metafunc.parametrize("case", cases)


def test_case(case: str) -> None:
    """What the case's name says is so."""
    outcome = outcomes().get(case)
    if (
        outcome is None
    ):  # some case is broken in a way that Nix cannot catch, so each one has to answer for itself
        broken = alone(case, "error or null")
        assert broken.returncode == 0, broken.stderr
        error = json.loads(broken.stdout)
        outcome = {"error": error} if error else {"expected": json.loads(alone(case, "expected").stdout)}
    if "error" in outcome:
        answer = alone(case, "expr")
        assert answer.returncode != 0, f"no error, but {answer.stdout}"
        # Above it stands the code that threw, with the same words in it.
        assert outcome["error"] in re.split(r"^\s*error: ", answer.stderr, flags=re.MULTILINE)[-1]
        return
    if "value" not in outcome:
        answer = alone(case, "expr")
        assert answer.returncode == 0, answer.stderr
        outcome["value"] = json.loads(answer.stdout)
    assert outcome["value"] == outcome["expected"]
