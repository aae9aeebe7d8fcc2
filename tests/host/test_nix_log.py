"""How far nix is, read from what nix 2.26 said, and from what nobody would say."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.operation import Progress
from agent.host.nix_log import COMPLAINTS, KEPT, SAID, BuildProgress, Complaint, NixLog, Phase, name_of

RECORDED = Path(__file__).parent / "recorded"
LINES = [
    line
    for file in sorted(RECORDED.glob("nix-*.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]


def read(name: str) -> tuple[NixLog, list[BuildProgress]]:
    """A recorded build, and what it told."""
    log = NixLog()
    log.realising()
    lines = (RECORDED / f"nix-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return log, [progress for line in lines if (progress := log.feed(line)) is not None]


def test_a_build_of_several_derivations() -> None:
    """Each is named while it is built, and counted when it is; the total is known from the beginning."""
    log, seen = read("good")
    names = list(dict.fromkeys(progress.derivation for progress in seen if progress.derivation))
    assert names == ["leaf-0", "leaf-1", "leaf-2", "leaf-3", "top"]
    building = [progress for progress in seen if progress.derivation]
    assert {progress.to_build for progress in building} == {5}
    assert [progress.built for progress in building] == sorted(progress.built for progress in building)
    assert building[-1].said == ("gathering", "gathered")
    assert building[3].progress() == Progress(label="building leaf-1", done=1, total=5)
    assert (seen[-1].built, log.complaints) == (5, [])


def test_a_download() -> None:
    """Paths and bytes are counted up to totals that are right in the end."""
    _, seen = read("downloading")
    downloading = [progress for progress in seen if progress.phase is Phase.DOWNLOADING]
    assert {progress.to_copy for progress in downloading} == {4}
    copied = [progress.bytes_copied >> 20 for progress in downloading]
    assert copied == sorted(copied)
    assert len(set(copied)) > 3
    assert (seen[-1].copied, seen[-1].bytes_to_copy) == (4, 6292056)
    labels = [progress.progress().label for progress in downloading]
    assert labels[-1] == "downloading (6 of 6 MiB)"
    assert len(seen) < 40, "not a step per block"


def test_before_and_after_an_evaluation() -> None:
    """It is one until it is told to be a build."""
    log = NixLog()
    assert log.told.progress() == Progress(label="evaluating")
    log.realising()
    log.feed('@nix {"action":"msg","level":3,"msg":"this derivation will be built:"}')
    assert log.told.progress() == Progress(label="building", total=1)


@pytest.mark.parametrize(
    ("name", "complaints"),
    [
        ("good", []),
        ("no-attribute", [Complaint("attribute 'nope' in selection path 'nope' not found")]),
        ("interrupted", [Complaint("interrupted by the user")]),
        ("killed", []),
    ],
)
def test_complaints_are_plain(name: str, complaints: list[Complaint]) -> None:
    """Without colours, and without the trace."""
    log, _ = read(name)
    assert log.complaints == complaints


def test_a_complaint_names_its_place() -> None:
    """Where nix does."""
    log = NixLog()
    log.feed('@nix {"action":"msg","level":0,"msg":"error: x","raw_msg":"x","file":"/a.nix:1:7"}')
    assert log.complaints == [Complaint("x", "/a.nix:1:7")]


def test_the_log_reads_well() -> None:
    """Builders' lines have the name of theirs, errors their trace, and nothing a terminal would act on."""
    log, _ = read("failing")
    text = "\n".join(log.text)
    assert "bad-part> some trouble\nbad-part> giving up: no reason\nerror: builder for" in text
    assert "\x1b" not in text
    assert "@nix" not in text
    thrown, _ = read("thrown")
    assert "while calling the 'throw' builtin" in "\n".join(thrown.text)


def start(number: int, derivation: str) -> str:
    """A builder begins."""
    return "@nix " + json.dumps(
        {"action": "start", "id": number, "level": 3, "type": 105, "fields": [derivation], "text": ""}
    )


def says(number: int, text: str) -> str:
    """A builder says something."""
    return "@nix " + json.dumps({"action": "result", "id": number, "type": 101, "fields": [text]})


def test_what_is_kept_is_bounded() -> None:
    """Of the log, of a builder's lines, and of a line."""
    log = NixLog()
    log.feed(start(1, "/nix/store/h-a.drv"))
    for _ in range(SAID + 10):
        log.feed(says(1, "x" * 1000))
    for _ in range(KEPT):
        log.feed("no entry")
    assert len(log.text) == KEPT
    said = log.said("/nix/store/h-a.drv")
    assert len(said) == SAID
    assert max(map(len, said)) <= 200
    for number in range(2, 80):
        log.feed(start(number, f"/nix/store/h-{number}.drv"))
        log.feed(says(number, "x"))
    assert log.said("/nix/store/h-a.drv") == ()
    assert log.said("/nix/store/h-79.drv") == ("x",)
    for number in range(COMPLAINTS + 10):
        log.feed(f'@nix {{"action":"msg","level":0,"msg":"error: {number}"}}')
    assert len(log.complaints) == COMPLAINTS
    assert log.complaints[0] == Complaint("0")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/nix/store/zjkw2bz3bf4ppgr02jkgv83cd5pp5yac-leaf-0.drv", "leaf-0"),
        ("/nix/store/zjkw2bz3bf4ppgr02jkgv83cd5pp5yac-fish-4.0", "fish-4.0"),
        ("", ""),
    ],
)
def test_names_in_store_paths(path: str, name: str) -> None:
    """Without the hash."""
    assert name_of(path) == name


def holds(progress: BuildProgress) -> bool:
    """What is done never passes its total, where there is one; nothing is negative."""
    told = progress.progress()
    return (
        0 <= progress.built <= progress.to_build
        and 0 <= progress.copied <= progress.to_copy
        and 0 <= progress.bytes_copied <= progress.bytes_to_copy
        and told.done <= told.total
    )


@given(st.lists(st.sampled_from(LINES)))
def test_progress_never_passes_its_total(lines: list[str]) -> None:
    """In whatever order lines of whichever builds come."""
    log = NixLog()
    log.realising()
    assert all(holds(progress) for line in lines if (progress := log.feed(line)) is not None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["start", "stop", "result", "msg", "later"]),
        "id": st.integers(0, 3) | JSON,
        "type": st.sampled_from([0, 100, 101, 103, 104, 105, 106, 108, 999]) | JSON,
        "level": st.integers(0, 7) | JSON,
        "text": st.text() | JSON,
        "msg": st.sampled_from(
            ["these 3 derivations will be built:", f"these {'9' * 5000} paths will be fetched"]
        )
        | st.text()
        | JSON,
        "fields": st.lists(st.integers(-5, 10**12) | st.text() | JSON, max_size=5) | JSON,
    },
)


@given(st.lists(ENTRY.map(lambda entry: f"@nix {json.dumps(entry)}") | st.text()))
def test_nothing_that_is_said_breaks_it(lines: list[str]) -> None:
    """Unknown actions, kinds and types of fields, and text that is no log at all."""
    log = NixLog()
    log.realising()
    for line in lines:
        progress = log.feed(line)
        assert progress is None or holds(progress)
