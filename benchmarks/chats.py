"""The bot in many chats at once, against a fake Telegram in a process of its own.

``python -m benchmarks.chats [NAME…]`` measures, in one run:

* ``turns``: turns per second that are handled durably, with a language model that answers at once;
* ``waiting``: how long ``/list`` takes (95 of 100 people) while one chat waits for a build that never ends,
  against the same without that chat;
* ``memory``: what the bot's process has in memory after 10,000 people have spoken;
* ``start``: the time until the first updates are taken, against that for its imports alone.

It prints a line for people for each, one of JSON, and ends with 1 where a limit is missed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.host.simulated import Pace
from tests.telegram.client import Telegram, connected
from tests.telegram.people import Account, Person
from tests.telegram.process import TOKEN, bot_in, let_in

PEOPLE = 200
ROUNDS = 5
CROWD = 10_000
STARTS = 5


@dataclass(frozen=True)
class Measured:
    """One result.

    Attributes:
        name: what was measured.
        value: the result.
        unit: of the value and the limit.
        limit: what it should be.
        at_least: whether the limit is the least that is wanted, rather than the most.
        detail: what it was made of.
    """

    name: str
    value: float
    unit: str
    limit: float
    at_least: bool
    detail: str

    @property
    def missed(self) -> bool:
        """Whether it is on the wrong side of its limit."""
        return self.value < self.limit if self.at_least else self.value > self.limit


@contextmanager
def telegram(keep: int = 3) -> Generator[Telegram]:
    """A fake Telegram in a process of its own."""
    command = [sys.executable, "-m", "tests.telegram.serve", "--keep", str(keep), "--token", TOKEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None:
            raise RuntimeError("it was started with a pipe")
        try:
            with connected(server.stdout.readline().strip()) as reached:
                yield reached
        finally:
            server.terminate()


def answered(telegram: Telegram, count: int) -> None:
    """Wait until so many messages have come since the last reset."""
    while telegram.counts()["calls"].get("sendMessage", 0) < count:
        time.sleep(0.02)


def crowd(telegram: Telegram, folder: Path, count: int) -> tuple[Account, list[Person]]:
    """A bot, and people who may speak to it and have its chat open."""
    account = telegram.bot(token=TOKEN)
    people = telegram.people(f"p{number}" for number in range(count))
    let_in(folder, [person.id for person in people])
    for person in people:
        person.opens(account)
    return account, people


def turns(folder: Path) -> Measured:
    """Everybody says something, several times, as fast as it is answered."""
    with telegram() as server:
        account, people = crowd(server, folder, PEOPLE)
        with bot_in(folder, server.url, instant=True) as bot:
            bot.start()
            server.say_all(people, account, "hello")
            answered(server, PEOPLE)
            server.reset()
            begun, cpu = time.monotonic(), _cpu(bot.pid)
            for _ in range(ROUNDS):
                server.say_all(people, account, "hello")
            answered(server, PEOPLE * ROUNDS)
            took, used = time.monotonic() - begun, _cpu(bot.pid) - cpu
    rate = PEOPLE * ROUNDS / took
    detail = f"{PEOPLE * ROUNDS} turns of {PEOPLE} people in {took:.1f} s, {used / took:.2f} cores"
    return Measured("turns", rate, "1/s", 100, at_least=True, detail=detail)


def waiting(folder: Path) -> Measured:
    """The same question of everybody, without and with one chat that waits for ever."""
    with telegram() as server:
        account, people = crowd(server, folder, PEOPLE + 1)
        endless, *others = people
        pace = Pace(build=1e6, boot=0, lease=0, stop=0)
        with bot_in(folder, server.url, pace=pace) as bot:
            bot.start()
            server.say_all(others, account, "/list")
            answered(server, PEOPLE)
            waits: list[float] = []
            for busy in (False, True):
                if busy:
                    endless.opens(account).says("create a container called slow with git")
                    while not server.counts()["calls"].get("sendChatAction"):
                        time.sleep(0.02)
                best = min(_round(server, account, others) for _ in range(3))
                waits.append(best)
    detail = f"{waits[1] * 1000:.0f} ms against {waits[0] * 1000:.0f} ms for {PEOPLE} people at once"
    return Measured("waiting", waits[1] / waits[0], "x", 1.5, at_least=False, detail=detail)


def _round(server: Telegram, account: Account, people: list[Person]) -> float:
    """How long 95 of 100 wait at most, in seconds."""
    server.reset()
    server.say_all(people, account, "/list")
    answered(server, len(people))
    return float(server.counts()["waits"]["p95"])


def memory(folder: Path) -> Measured:
    """What is resident after everybody has spoken."""
    with telegram(keep=1) as server:
        account, people = crowd(server, folder, CROWD)
        with bot_in(folder, server.url, instant=True) as bot:
            bot.start()
            server.reset()
            server.say_all(people, account, "hello")
            answered(server, CROWD)
            resident = _resident(bot.pid)
    return Measured("memory", resident / 2**20, "MiB", 250, at_least=False, detail=f"{CROWD} chats")


def start(folder: Path) -> Measured:
    """A fresh interpreter until it asks for updates, in turns with one that only imports."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("VOXNIX_")},
        "VOXNIX_SETTINGS": os.devnull,
        "VOXNIX_SIMULATE": "true",
        "VOXNIX_STATE_DIR": str(folder),
        "VOXNIX_TELEGRAM_TOKEN": TOKEN,
        "PTB_TIMEDELTA": "true",
    }
    imports = "import agent.__main__, agent.app, agent.channels.telegram.bot, agent.voice"
    ratios: list[float] = []
    spent: list[tuple[float, float]] = []
    for _ in range(STARTS):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", imports], check=True, env=environment)
        alone = time.monotonic() - begun
        with telegram() as server:
            # Something waits: the first question for updates is answered at once, and so is counted.
            server.person("Ann").opens(server.bot(token=TOKEN)).says("hello")
            begun = time.monotonic()
            with subprocess.Popen(
                [sys.executable, "-m", "agent", "bot"],
                env=environment | {"VOXNIX_TELEGRAM_API": server.url},
                stderr=subprocess.DEVNULL,
            ) as bot:
                while not server.counts()["calls"].get("getupdates"):
                    time.sleep(0.005)
                whole = time.monotonic() - begun
                bot.terminate()
        spent.append((whole, alone))
        ratios.append(whole / alone)
    whole, alone = sorted(spent)[len(spent) // 2]
    return Measured(
        "start",
        sorted(ratios)[len(ratios) // 2],
        "x",
        1.2,
        at_least=False,
        detail=f"{whole:.2f} s against {alone:.2f} s",
    )


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


MEASURES: dict[str, Callable[[Path], Measured]] = {
    "turns": turns,
    "waiting": waiting,
    "memory": memory,
    "start": start,
}


def main() -> int:
    """Measure what is named, or everything."""
    missed = False
    for name in sys.argv[1:] or MEASURES:
        with tempfile.TemporaryDirectory(prefix="voxnix-bench-") as folder:
            result = MEASURES[name](Path(folder))
        sign = "≥" if result.at_least else "≤"
        verdict = "missed" if result.missed else "met"
        print(  # noqa: T201 - a script
            f"{name}: {result.value:.2f} {result.unit} ({sign} {result.limit:g}: {verdict}); {result.detail}"
        )
        print(json.dumps(asdict(result)))  # noqa: T201
        missed |= result.missed
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
