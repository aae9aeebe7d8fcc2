"""Recipes, how far a build is, and why one failed: read from recorded builds."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import BuildFailed, CommandTimedOut, MirrorUnreachable, NoSpace
from agent.core.operation import Progress
from agent.host.mmdebstrap import Follower, Recipe, build, for_suite, transport_options
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.simulated.world import SOURCES

RECORDED = Path(__file__).parent / "recorded"
ARCHIVE = "/cache/a.tar.zst"


def recipe(**changed: object) -> Recipe:
    """A recipe, with something else in it."""
    given: dict[str, object] = {
        "suite": "trixie",
        "packages": ("git", "fish"),
        "setup": (("git", "git config --system init.defaultBranch main"),),
        "sources": SOURCES,
        "name_server": "10.88.0.1",
    }
    return Recipe(**{**given, **changed})  # pyright: ignore[reportArgumentType]


def test_the_digest_tells_images_apart() -> None:
    """All that an image is made of changes it; the order of packages and the place of the mirrors do not."""
    same = recipe().digest
    assert same == recipe(packages=("fish", "git")).digest == recipe(sources="/elsewhere").digest
    assert len(same) == 16
    others = {
        recipe(**changed).digest
        for changed in (
            {"suite": "forky"},
            {"packages": ("git",)},
            {"setup": (("git", "true"),)},
            {"setup": ()},
            {"name_server": "10.89.0.1"},
        )
    }
    assert len(others) == 5
    assert same not in others


def followed(name: str) -> list[Progress]:
    """The progress of a recorded build."""
    follower = Follower()
    lines = (RECORDED / name).read_text(encoding="utf-8").splitlines()
    return [progress for line in lines if (progress := follower.feed(line)) is not None]


def test_the_progress_of_a_real_build() -> None:
    """Each stage is named; packages are counted up to a total that is right in the end."""
    seen = followed("mmdebstrap-setup.txt")
    labels = list(dict.fromkeys(progress.label for progress in seen))
    assert labels == [
        "fetching package lists",
        "downloading packages",
        "unpacking the base system",
        "installing packages",
        "setting up git",
    ]
    installed = [progress for progress in seen if progress.label == "installing packages"]
    assert installed[-1].done == installed[-1].total > 100


@given(
    st.lists(st.sampled_from((RECORDED / "mmdebstrap-setup.txt").read_text(encoding="utf-8").splitlines()))
)
def test_progress_never_passes_its_total(lines: list[str]) -> None:
    """In whatever order lines come."""
    follower = Follower()
    for line in lines:
        progress = follower.feed(line)
        assert progress is None or progress.done <= progress.total


def failing(name: str) -> SimulatedNode:
    """A node whose build says what a real one said, and fails."""
    said = (RECORDED / name).read_text(encoding="utf-8")
    return SimulatedNode(
        "sim", pace=Pace.instant(), faults=[Fault(" mmdebstrap ", returncode=25, stderr=said)]
    )


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [
        ("unknown", BuildFailed, "^E: Unable to locate package no-such-package$"),
        (
            "setup",
            BuildFailed,
            "^The set-up of git failed. It said: about to fail ls: cannot access '/nowhere'",
        ),
        ("unreachable", MirrorUnreachable, "^Could not connect to 127.0.0.1:9"),
        ("resolve", MirrorUnreachable, "^Could not resolve 'nowhere.invalid'$"),
    ],
)
def test_why_a_real_build_failed(name: str, error: type[BuildFailed | MirrorUnreachable], why: str) -> None:
    """The cause in the words of the innermost program, and nothing left that could be used."""
    node = failing(f"mmdebstrap-{name}.txt")
    with pytest.raises(error) as failure:
        list(build(node, recipe(), ARCHIVE, 60))
    assert re.search(why, failure.value.problem.why)
    assert not node.exists(ARCHIVE)
    assert not node.exists(f"{ARCHIVE}.build")


def test_an_unknown_package_fails_the_build_and_leaves_nothing() -> None:
    """As the real one does, which takes too long to be asked each time."""
    node = SimulatedNode("sim", pace=Pace.instant())
    with pytest.raises(BuildFailed, match="no-such-package"):
        list(build(node, recipe(packages=("no-such-package",)), ARCHIVE, 60))
    assert not node.exists(ARCHIVE)


def test_a_full_disk_is_no_space() -> None:
    """The admin can mend it."""
    fault = Fault(
        " mmdebstrap ", stderr="dpkg: error: cannot write: No space left on device\nE: apt-get failed"
    )
    with pytest.raises(NoSpace):
        list(build(SimulatedNode("sim", pace=Pace.instant(), faults=[fault]), recipe(), ARCHIVE, 60))


def test_a_build_that_takes_too_long_leaves_nothing() -> None:
    """Its time is up, and there is no archive."""
    node = SimulatedNode("sim", pace=Pace(build=100), sleep=lambda _: None)
    with pytest.raises(CommandTimedOut):
        list(build(node, recipe(), ARCHIVE, 60))
    assert not node.exists(ARCHIVE)
    assert not node.exists(f"{ARCHIVE}.build")


def test_a_build_parts_nothing_on_the_node() -> None:
    """It makes mounts private, so it runs in a mount namespace of its own."""
    node = SimulatedNode("sim", pace=Pace.instant())
    list(build(node, recipe(), ARCHIVE, 60))
    (argv,) = [one for one in node.commands if "mmdebstrap" in one]
    assert argv[:3] == ("unshare", "--mount", "--propagation=slave")


def test_mirrors_are_asked_for_another_release() -> None:
    """In both formats; the names of folders in addresses stay as they are."""
    deb822 = (
        "Types: deb\nURIs: http://m.invalid/bookworm\nSuites: bookworm bookworm-updates\nComponents: main\n"
    )
    assert for_suite(deb822, "trixie") == deb822.replace(
        "Suites: bookworm bookworm-updates", "Suites: trixie trixie-updates"
    )
    line = "deb [signed-by=/k.gpg] http://m.invalid/bookworm bookworm-security main contrib\n"
    assert for_suite(line, "trixie") == line.replace(" bookworm-security", " trixie-security")
    assert for_suite(deb822, "bookworm") == deb822


def test_only_what_reaches_mirrors_is_carried_over() -> None:
    """A proxy is; the node's languages and indexes are not."""
    dump = (
        'Acquire "";\nAcquire::http::Proxy "http://proxy.invalid:3128";\nAcquire::Languages:: "en";\n'
        'Acquire::IndexTargets::deb::Packages "";\nAcquire::Check-Valid-Until "false";\nAcquire::cdrom "";\n'
    )
    assert transport_options(dump) == (
        'Acquire::http::Proxy "http://proxy.invalid:3128";\nAcquire::Check-Valid-Until "false";\n'
    )
