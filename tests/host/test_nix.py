"""How nix is run: its words, its bounds, its turns, and what is left; with programs that stand in for it."""

import os
import threading
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from agent.core.errors import BuildFailed, CommandFailed, CommandTimedOut, InvalidSpec, NoSpace
from agent.host.nix import Attribute, Nix
from agent.host.nix_log import BuildProgress, Phase
from agent.host.node import LocalNode

RECORDED = Path(__file__).parent / "recorded"
GUEST = Attribute("/lib/default.nix", "guest", {"spec": '{"a": "b c"}', "own": ""})


class Programs:
    """Stand-ins for nix's programs, in a folder that is on PATH."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.root = folder / "roots" / "a"
        self.log = folder / "log"
        self.asked = folder / "asked"

    def put(self, name: str, script: str) -> None:
        """A program that notes what it was asked, and then does what the script says."""
        program = self._folder / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "${{0##*/}}" "$@" >>{self.asked}\n{script}\n')
        program.chmod(0o755)

    def say(self, name: str, recorded: str, code: int = 0) -> None:
        """A program that says what a real one said."""
        link = f"mkdir -p {self.root.parent}; ln -sf /nix/store/h-a {self.root}"
        self.put(name, f"cat {RECORDED / recorded} >&2; {'false' if code else link}; exit {code}")

    def build(self, nix: Nix, timeout: float = 20) -> Generator[BuildProgress, None, str]:
        """A build by them."""
        return nix.build(GUEST, root=str(self.root), log=str(self.log), timeout=timeout)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Stand-ins; a namespace of processes is one where the real one would need root."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    programs = Programs(tmp_path)
    programs.put("nix-instantiate", "exit 0")
    programs.say("nix-store", "nix-good.jsonl")
    (tmp_path / "unshare").write_text('#!/bin/sh\nwhile [ "$1" != sh ]; do shift; done; shift 4; exec "$@"\n')
    (tmp_path / "unshare").chmod(0o755)
    return programs


@pytest.fixture
def nix() -> Nix:
    """Two gigabytes, one evaluation at a time."""
    return Nix(LocalNode("here"), memory="2G", evaluations=1)


def ended(build: Generator[BuildProgress, None, str]) -> str:
    """What a build returns."""
    while True:
        try:
            next(build)
        except StopIteration as stop:
            return stop.value


def test_an_evaluation_is_asked_for_word_by_word(nix: Nix, programs: Programs) -> None:
    """Its answer is what was printed, and not what was said beside it."""
    programs.put("nix-instantiate", "echo '{}'; echo warning >&2")
    assert nix.evaluate(GUEST, timeout=20) == "{}\n"
    asked = programs.asked.read_text().splitlines()
    assert asked[:4] == ["nix-instantiate", "--eval", "--strict", "--json"]
    assert asked[-9:] == [
        *("/lib/default.nix", "--attr", "guest", "--argstr", "spec", '{"a": "b c"}'),
        *("--argstr", "own", ""),
    ]


@pytest.mark.parametrize(("memory", "kilobytes"), [("64M", 64 << 10), ("2G", 2 << 20), ("1T", 1 << 30)])
def test_an_evaluation_is_bounded_as_it_is_set(memory: str, kilobytes: int, programs: Programs) -> None:
    """What it runs under is the limit of its address space; a build has none."""
    programs.put("nix-instantiate", f"ulimit -v >>{programs.asked}; echo 1")
    programs.put(
        "nix-store", f"ulimit -v >>{programs.asked}; mkdir {programs.root.parent}; ln -s x {programs.root}"
    )
    nix = Nix(LocalNode("here"), memory=memory, evaluations=1)
    nix.evaluate(GUEST, timeout=20)
    assert programs.asked.read_text().splitlines()[-1] == str(kilobytes)
    ended(programs.build(nix))
    lines = programs.asked.read_text().splitlines()
    assert lines.count(str(kilobytes)) == 2
    assert lines[-1] == "unlimited"


def test_an_evaluation_that_fails_tells_why(nix: Nix, programs: Programs) -> None:
    """A slow one, too."""
    programs.say("nix-instantiate", "nix-no-attribute.jsonl", 1)
    with pytest.raises(BuildFailed, match=r"^guest could not be evaluated\. There is no attribute nope\.$"):
        nix.evaluate(GUEST, timeout=20)
    programs.put("nix-instantiate", "sleep 60")
    with pytest.raises(CommandTimedOut):
        nix.evaluate(GUEST, timeout=0.2)


def test_a_build_plans_then_realises_and_leaves_the_link(nix: Nix, programs: Programs) -> None:
    """The plan is kept while it is needed; the log has all that was said."""
    programs.put(
        "nix-instantiate", f"mkdir -p {programs.root.parent}; touch {programs.root}.drv; echo planned"
    )
    assert ended(programs.build(nix)) == "/nix/store/h-a"
    asked = programs.asked.read_text().splitlines()
    assert f"{programs.root}.drv" in asked[: asked.index("nix-store")]
    realise = asked[asked.index("nix-store") :]
    assert realise[:5] == [
        *("nix-store", "--realise", f"{programs.root}.drv!out", "--add-root", str(programs.root))
    ]
    assert [link.name for link in programs.root.parent.iterdir()] == ["a"]
    text = programs.log.read_text()
    assert text.startswith("planned\n")
    assert "top> gathered\n" in text


@pytest.mark.parametrize("program", ["nix-instantiate", "nix-store"])
def test_a_build_that_fails_names_its_log(program: str, nix: Nix, programs: Programs) -> None:
    """Whichever part of it did, and the next one has its turn."""
    programs.say(program, "nix-full.jsonl", 1)
    for _ in range(2):
        with pytest.raises(NoSpace, match="No space left on device") as failure:
            ended(programs.build(nix))
        assert str(programs.log) in failure.value.problem.hint
        assert "No space left on device" in programs.log.read_text()


def test_a_log_that_cannot_be_written_hides_no_failure(nix: Nix, programs: Programs) -> None:
    """It is not named then."""
    programs.say("nix-store", "nix-full.jsonl", 1)
    programs.log.mkdir()
    with pytest.raises(NoSpace) as failure:
        ended(programs.build(nix))
    assert str(programs.log) not in str(failure.value)


def test_a_refused_spec_is_a_refusal_of_the_build(nix: Nix, programs: Programs) -> None:
    """Nothing is built."""
    thrown = (
        r"voxnix: {\"code\":\"c\",\"module\":\"m\",\"option\":\"\",\"accepted\":\"\",\"message\":\"No.\"}"
    )
    message = f'@nix {{"action":"msg","level":0,"msg":"x","raw_msg":"{thrown}"}}'
    programs.put("nix-instantiate", f"cat >&2 <<'END'\n{message}\nEND\nexit 1")
    with pytest.raises(InvalidSpec, match=r"^No\.$") as refusal:
        ended(programs.build(nix))
    assert refusal.value.problem.about["module"] == "m"
    assert "nix-store" not in programs.asked.read_text()


def test_a_slow_build_is_ended(nix: Nix, programs: Programs) -> None:
    """And its time is that of both of its parts."""
    programs.put("nix-instantiate", "sleep 0.6")
    programs.put("nix-store", "sleep 60")
    begun = time.monotonic()
    with pytest.raises(CommandTimedOut, match=r"longer than 2 seconds; the last was: building\.") as failure:
        ended(programs.build(nix, timeout=1.8))
    assert time.monotonic() - begun < 2.5
    assert str(programs.log) in failure.value.problem.hint


def test_a_missing_program_is_said_to_be(nix: Nix, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As everywhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandFailed, match="not installed"):
        ended(nix.build(GUEST, root=str(tmp_path / "a"), log=str(tmp_path / "log"), timeout=5))


def test_evaluations_wait_for_their_turn(nix: Nix, programs: Programs) -> None:
    """A build says that it waits; one that is closed while it evaluates gives its turn away."""
    programs.put("nix-instantiate", "echo x; sleep 60")
    with closing(programs.build(nix)) as first, closing(programs.build(nix)) as second:
        assert next(first).phase is Phase.EVALUATING
        assert next(second).phase is Phase.WAITING
        assert next(second).phase is Phase.WAITING
        first.close()
        assert next(second).phase is Phase.EVALUATING
        second.close()
    programs.put("nix-instantiate", "echo 1")
    assert nix.evaluate(GUEST, timeout=20) == "1\n"


def test_so_many_evaluations_run_at_a_time(programs: Programs) -> None:
    """As were allowed, and no more; builds are none."""
    counted = 'cd "${0%/*}"; touch "now-$$"; ls | grep -c now- >>counts; sleep 0.2; rm "now-$$"; echo 1'
    programs.put("nix-instantiate", counted)
    nix = Nix(LocalNode("here"), memory="2G", evaluations=2)
    threads = [threading.Thread(target=nix.evaluate, args=[GUEST], kwargs={"timeout": 20}) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = {int(count) for count in (programs.log.parent / "counts").read_text().split()}
    assert max(counts) == 2
