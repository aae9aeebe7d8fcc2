"""What only the real nix can show: builds that succeed, fail and are ended, and what it keeps."""

import os
import re
import signal
import subprocess
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from agent.core.errors import BuildFailed, CommandTimedOut, InvalidSpec
from agent.host.nix import Attribute, Nix
from agent.host.nix_log import BuildProgress, Phase
from agent.host.nix_store import NixStore
from agent.host.node import LocalNode
from agent.host.presence import Presence
from tests.contract.place import until

FILE = str(Path(__file__).with_name("builds.nix"))
STORE = NixStore(LocalNode("box"))


@pytest.fixture
def nix() -> Nix:
    """Evaluations of at most a gigabyte, one at a time."""
    return Nix(LocalNode("box"), memory="1G", evaluations=1)


@pytest.fixture
def salt() -> str:
    """Makes a test's builds other than those of all others: digits."""
    return str(uuid.uuid4().int)[:12]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder of links that keep results; it is not there yet."""
    return tmp_path / "guests" / "roots"


def attribute(name: str, **arguments: str) -> Attribute:
    """One of the test's own file."""
    return Attribute(FILE, name, arguments)


def built(build: Generator[BuildProgress, None, str]) -> tuple[list[BuildProgress], str]:
    """What a build told, and its result."""
    seen: list[BuildProgress] = []
    while True:
        try:
            seen.append(next(build))
        except StopIteration as ended:
            return seen, ended.value


def sleepers(salt: str) -> list[int]:
    """Processes of the box that sleep for the test."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    asleep = re.compile(rf"\s*(\d+) \S+/busybox sleep 1{salt}\d*")
    return [int(match[1]) for line in listed.splitlines() if (match := asleep.fullmatch(line))]


def test_an_evaluation_gives_json(nix: Nix) -> None:
    """Arguments arrive as they are, and nothing gets into the store."""
    text = "a \"b\" ${c} \\n 'd' ''e'' é\n--option"
    assert nix.evaluate(attribute("plain", text=text), timeout=20) == (
        '{"one":1,"text":"a \\"b\\" ${c} \\\\n \'d\' \'\'e\'\' é\\n--option"}\n'
    )


def test_what_our_nix_code_refuses_is_a_refusal_with_its_data(nix: Nix, kept: Path, tmp_path: Path) -> None:
    """In an evaluation and in a build, with characters that nix colours, quotes or escapes."""
    text = "\x1b[31mred\x1b[0m 'quoted' \"\\ voxnix: {"
    refused = attribute("thrown", text=text)
    with pytest.raises(InvalidSpec) as refusal:
        nix.evaluate(refused, timeout=20)
    assert refusal.value.problem.about == {
        "code": "conflict",
        "module": "gti",
        "accepted": 'git, "fish" or ${nothing}',
    }
    assert refusal.value.problem.what == f"There is no module called 100 %1% “gti”.\n{text}"
    with pytest.raises(InvalidSpec, match="no module called"):
        built(nix.build(refused, root=str(kept / "a"), log=str(tmp_path / "log"), timeout=20))


def test_an_evaluation_is_bounded_in_memory_and_time(nix: Nix) -> None:
    """And says which of both it was."""
    small = Nix(LocalNode("box"), memory="300M", evaluations=1)
    with pytest.raises(BuildFailed, match="needed more memory"):
        small.evaluate(attribute("hungry"), timeout=20)
    with pytest.raises(CommandTimedOut):
        nix.evaluate(attribute("long"), timeout=0.5)


@pytest.mark.parametrize("memory", ["300M", "900M"])
def test_a_build_whose_evaluation_takes_too_much_memory_fails(
    memory: str, kept: Path, tmp_path: Path
) -> None:
    """Whether nix notices it, or its runtime ends it."""
    small = Nix(LocalNode("box"), memory=memory, evaluations=1)
    build = small.build(attribute("hungry"), root=str(kept / "a"), log=str(tmp_path / "log"), timeout=20)
    with pytest.raises(BuildFailed, match="needed more memory"):
        built(build)


def test_an_evaluation_builds_nothing(nix: Nix, salt: str) -> None:
    """Code that wants something built to go on with it fails."""
    with pytest.raises(BuildFailed, match="imported"):
        nix.evaluate(attribute("imported", salt=salt), timeout=20)


def test_a_build_tells_how_far_it_is(nix: Nix, salt: str, kept: Path, tmp_path: Path) -> None:
    """Each derivation by name and in turn, its builder's words, and the path in the end."""
    root, log = kept / "a", tmp_path / "log"
    seen, path = built(nix.build(attribute("good", salt=salt), root=str(root), log=str(log), timeout=20))
    assert path.startswith("/nix/store/")
    assert path.endswith("-top")
    assert seen[0].phase is Phase.EVALUATING
    names = dict.fromkeys(progress.derivation for progress in seen if progress.derivation)
    assert sorted(names) == ["leaf-0", "leaf-1", "leaf-2", "top"]
    assert list(names)[-1] == "top"
    assert ("making leaf 0",) in [progress.said for progress in seen]
    assert (seen[-1].built, seen[-1].to_build) == (4, 4)
    assert "leaf-1> making leaf 1" in log.read_text()
    assert [link.name for link in kept.iterdir()] == ["a"]
    again, same = built(nix.build(attribute("good", salt=salt), root=str(root), log=str(log), timeout=20))
    assert same == path
    assert [progress.built for progress in again if progress.built] == []


def test_a_failing_builder_is_named_and_quoted(nix: Nix, salt: str, kept: Path, tmp_path: Path) -> None:
    """Also where it is not what was asked for; the hint is where the whole log is."""
    log = tmp_path / "log"
    build = nix.build(attribute("failing", salt=salt), root=str(kept / "a"), log=str(log), timeout=20)
    with pytest.raises(BuildFailed) as failure:
        built(build)
    assert failure.value.problem.why == (
        "The builder of bad-part failed with exit code 3. It said: first words giving up: no reason"
    )
    assert str(log) in failure.value.problem.hint
    assert "bad-part> first words" in log.read_text()
    assert list(kept.iterdir()) == []


def test_a_build_that_cannot_be_has_a_short_cause(nix: Nix, salt: str, kept: Path, tmp_path: Path) -> None:
    """No such attribute, and a source that is another than was specified."""
    root, log = str(kept / "a"), str(tmp_path / "log")
    with pytest.raises(BuildFailed, match="There is no attribute no-such"):
        built(nix.build(attribute("no-such"), root=root, log=log, timeout=20))
    with pytest.raises(BuildFailed, match=r"The hash of fixed is sha256-WJG1tS\S+, and not sha256-AAA"):
        built(nix.build(attribute("mismatch", salt=salt), root=root, log=log, timeout=20))


def until_it_sleeps(build: Generator[BuildProgress, None, str], salt: str) -> None:
    """Go on with a build until its builder sleeps."""
    while "sleeping" not in next(build).said:
        pass
    until(lambda: sleepers(salt))


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Nix with other settings than those of the box."""
    settings = tmp_path / "home" / ".config" / "nix" / "nix.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"{request.param}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("configured", ["sandbox = true", "sandbox = false"], indirect=True)
@pytest.mark.usefixtures("configured")
def test_a_closed_build_leaves_no_process(nix: Nix, salt: str, kept: Path, tmp_path: Path) -> None:
    """Builders and their children end with it, in a sandbox and without; its log and no link stays."""
    log = tmp_path / "log"
    slow = attribute("slow", salt=salt)
    with closing(nix.build(slow, root=str(kept / "a"), log=str(log), timeout=60)) as build:
        until_it_sleeps(build, salt)
    until(lambda: not sleepers(salt))
    assert "slow> sleeping" in log.read_text()
    assert list(kept.iterdir()) == []


def test_a_build_that_takes_too_long_leaves_no_process(
    nix: Nix, salt: str, kept: Path, tmp_path: Path
) -> None:
    """And tells what it was at."""
    build = nix.build(
        attribute("slow", salt=salt), root=str(kept / "a"), log=str(tmp_path / "log"), timeout=1.5
    )
    with pytest.raises(CommandTimedOut, match="the last was: building slow"):
        built(build)
    until(lambda: not sleepers(salt))


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A nix daemon, which nix uses."""
    socket = tmp_path / "socket"
    settings = tmp_path / "home" / ".config" / "nix" / "nix.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"store = unix://{socket}\n")
    serving = subprocess.Popen(
        ["nix-daemon"], env={"PATH": "/usr/bin:/bin", "NIX_DAEMON_SOCKET_PATH": str(socket)}
    )
    until(socket.exists)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    yield
    serving.terminate()
    serving.wait(10)


@pytest.mark.usefixtures("daemon")
def test_a_build_by_the_daemon_tells_and_ends_alike(nix: Nix, salt: str, kept: Path, tmp_path: Path) -> None:
    """Progress comes through it, failures too, and it ends builders when their build is closed."""
    log = str(tmp_path / "log")
    seen, path = built(nix.build(attribute("good", salt=salt), root=str(kept / "a"), log=log, timeout=20))
    assert seen[-1].built == 4
    assert ("gathering",) in [progress.said for progress in seen]
    assert STORE.roots(str(kept)) == {"a": path}
    with pytest.raises(BuildFailed, match=r"bad-part failed with exit code 3\. It said: first"):
        built(nix.build(attribute("failing", salt=salt), root=str(kept / "b"), log=log, timeout=20))
    slow = attribute("slow", salt=salt)
    with closing(nix.build(slow, root=str(kept / "b"), log=log, timeout=60)) as build:
        until_it_sleeps(build, salt)
    until(lambda: not sleepers(salt))


def test_garbage_collection_takes_what_no_link_keeps(nix: Nix, salt: str, kept: Path, tmp_path: Path) -> None:
    """And nothing else: what a link keeps stays with all that it needs."""
    log = str(tmp_path / "log")
    _, good = built(nix.build(attribute("good", salt=salt), root=str(kept / "good"), log=log, timeout=20))
    _, big = built(nix.build(attribute("big", salt=salt), root=str(kept / "big"), log=log, timeout=20))
    needed = set(STORE.closure(good)) - {good}
    assert len(needed) == 3
    assert 8 << 20 < STORE.closure_size(big) < 9 << 20
    assert STORE.roots(str(kept)) == {"big": big, "good": good}
    LocalNode("box").run(["nix-store", "--add-root", str(kept / "other"), "--realise", big])
    STORE.remove_root(str(kept / "big"))
    STORE.collect_garbage()
    assert STORE.presence(big) is Presence.PRESENT
    STORE.remove_root(str(kept / "other"))
    assert STORE.collect_garbage() >= 8 << 20
    assert STORE.presence(big) is Presence.ABSENT
    assert [STORE.presence(path) for path in (good, *needed)] == [Presence.PRESENT] * 4
    assert STORE.roots(str(kept)) == {"good": good}


def test_garbage_collection_beside_builds_takes_nothing_of_theirs(
    nix: Nix, salt: str, kept: Path, tmp_path: Path
) -> None:
    """Two builds at a time, which are no roots yet, keep what they have built so far."""
    with ExitStack() as stack:
        builds: list[Generator[BuildProgress, None, str]] = []
        for name in "ab":
            resting = attribute("resting", salt=f"{salt}{len(builds)}")
            build = nix.build(resting, root=str(kept / name), log=str(tmp_path / name), timeout=60)
            builds.append(stack.enter_context(closing(build)))
            while "resting" not in next(build).said:
                pass
            until(lambda: len(sleepers(salt)) >= len(builds))
        STORE.collect_garbage(timeout=20)
        for asleep in sleepers(salt):
            os.kill(asleep, signal.SIGKILL)
        paths = [built(build)[1] for build in builds]
    leaves = [leaf for path in paths for leaf in STORE.closure(path) if leaf != path]
    assert [STORE.presence(path) for path in leaves] == [Presence.PRESENT] * 6
