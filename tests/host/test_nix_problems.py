"""Why nix failed, read from what nix 2.26 said when it did."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.composition import SpecProblem
from agent.core.errors import (
    BuildFailed,
    CommandTimedOut,
    MirrorUnreachable,
    NoSpace,
    UnknownModule,
    VoxnixError,
)
from agent.host.nix_log import NixLog
from agent.host.nix_problems import explained, spec_problem, too_slow

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> NixLog:
    """What a run that failed had said."""
    log = NixLog()
    for line in (RECORDED / f"nix-{name}.jsonl").read_text(encoding="utf-8").splitlines():
        log.feed(line)
    return log


BAD_PART = (
    r"^The builder of bad-part failed with exit code 3\. "
    r"It said: first words some trouble giving up: no reason$"
)


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [
        (
            "failing",
            BuildFailed,
            BAD_PART,
        ),
        (
            "failing-daemon",
            BuildFailed,
            BAD_PART,
        ),
        (
            "no-output",
            BuildFailed,
            "^The builder of no-output failed to produce output path .* It said: nothing made$",
        ),
        (
            "mismatch",
            BuildFailed,
            r"^The hash of fixed is sha256-WJG1\S+, and not sha256-AAAA\S+ as was spec",
        ),
        ("no-attribute", BuildFailed, "^There is no attribute nope.$"),
        ("wrong-system", BuildFailed, "^a 'armv7l-linux' with features {} is required to build"),
        ("memory", BuildFailed, "^Nix needed more memory than the setting evaluation_memory allows.$"),
        ("interrupted", BuildFailed, "^interrupted by the user$"),
        ("killed", BuildFailed, "^Nix gave no reason; its exit code was -9.$"),
        ("full", NoSpace, "^writing to file: No space left on device$"),
        ("full-evaluating", NoSpace, "^writing to file: No space left on device$"),
        (
            "unreachable",
            MirrorUnreachable,
            "unable to download 'http://127.0.0.1:9/nothing-here.tar.gz': Could",
        ),
        ("no-cache", MirrorUnreachable, "^unable to download 'http://127.0.0.1:8099/.*narinfo': Could not"),
        ("timeout", CommandTimedOut, "slow.drv.* timed out after 1 seconds$"),
    ],
)
def test_why_a_real_run_failed(name: str, error: type[VoxnixError], why: str) -> None:
    """One short cause, and where the rest is."""
    failure = explained(recorded(name), -9, "It failed.", "/log")
    assert type(failure) is error
    assert re.search(why, failure.problem.why)
    assert failure.problem.hint.endswith("All that was said is in /log on the node.")


def test_no_log_is_named_where_there_is_none() -> None:
    """An evaluation keeps none."""
    assert explained(recorded("failing"), 1, "It failed.", "").problem.hint == ""


def test_what_a_fetcher_of_nixpkgs_says_is_a_network_that_fails() -> None:
    """Its builder is one like others, and says what curl says."""
    log = recorded("failing")
    text = (RECORDED / "nix-failing.jsonl").read_text(encoding="utf-8")
    log = NixLog()
    for line in text.replace("some trouble", "curl: (6) Could not resolve host: x.invalid").splitlines():
        log.feed(line)
    failure = explained(log, 1, "It failed.", "")
    assert isinstance(failure, MirrorUnreachable)
    assert failure.problem.why == "curl: (6) Could not resolve host: x.invalid"


def test_what_was_thrown_is_a_refusal() -> None:
    """With its data; found in what nix makes of it."""
    text = (RECORDED / "nix-thrown.jsonl").read_text(encoding="utf-8")
    ours = {
        "code": "unknown_module",
        "module": "gti",
        "option": "",
        "accepted": "git",
        "message": "No “gti”.",
    }
    before = re.search(r'raw_msg":"(voxnix: .*)"}', text)
    assert before is not None
    log = NixLog()
    for line in text.replace(before[1], json.dumps(f"voxnix: {json.dumps(ours)}")[1:-1]).splitlines():
        log.feed(line)
    failure = explained(log, 1, "It failed.", "/log")
    assert isinstance(failure, UnknownModule)
    assert failure.problem.about == {"code": "unknown_module", "module": "gti", "accepted": "git"}
    assert "Did you mean git?" in str(failure)


WORDS = st.fixed_dictionaries(
    {name: st.text() for name in ("code", "module", "option", "accepted", "message")}
)


@given(WORDS, st.text().filter(lambda text: "voxnix: {" not in text), st.text())
def test_a_problem_is_found_anywhere(words: dict[str, str], before: str, after: str) -> None:
    """Whatever is around it, and whatever is in it."""
    found = spec_problem(f"{before}voxnix: {json.dumps(words)}{after}")
    assert found == SpecProblem(**words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "voxnix: ",
        "voxnix: {",
        "voxnix: {}",
        'voxnix: {"code":"a","module":"","option":"","accepted":"","message":1}',
        'voxnix: {"code":"a","module":null,"option":"","accepted":"","message":""}',
        'voxnix: {"code":"a","module":"","option":"","accepted":"","message":"","more":""}',
        "voxnix: " + '{"a":' * 100_000,
    ],
)
def test_what_is_no_problem_of_ours_is_none(text: str) -> None:
    """It is never guessed at."""
    assert spec_problem(text) is None


def test_a_run_that_was_too_slow_tells_what_it_was_at() -> None:
    """The last thing that it did."""
    log = NixLog()
    log.realising()
    for line in (RECORDED / "nix-killed.jsonl").read_text(encoding="utf-8").splitlines():
        log.feed(line)
    assert str(too_slow(log, 60, "It failed.", "/log")) == (
        "It failed. It took longer than 60 seconds; the last was: building slow. "
        "All that was said is in /log on the node."
    )
