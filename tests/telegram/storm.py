"""A storm: people write, the bot is killed again and again, and afterwards everything is counted.

``python -m tests.telegram.storm`` runs the large one and prints what came of it.
"""

import argparse
import multiprocessing
import os
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from agent import settings
from agent.app import App
from agent.core.account import CONSOLE, Role
from agent.core.operation import OperationState
from agent.core.owner import Owner
from agent.host.simulated import Pace, SimulatedNode
from agent.settings import Settings
from tests.telegram.client import Telegram, serving
from tests.telegram.people import Talk

TOKEN = "4711:storm"  # noqa: S105 - of a bot that exists nowhere
LONGEST = 120.0
"""Seconds without a single further answer after which it is given up."""
PRELOADED = ["agent.app", "agent.assistant", "agent.channels.telegram.bot", "agent.services.engine"]


@dataclass(frozen=True)
class Load:
    """How much there is of it.

    Attributes:
        chats: people, each in a chat.
        updates: messages of all together.
        kills: how often the bot is killed.
    """

    chats: int
    updates: int
    kills: int


@dataclass(frozen=True)
class Result:
    """What came of it: only ``repeated_answers`` may be more than 0.

    Attributes:
        lost: messages without an answer.
        repeated_answers: answers that were sent more than once.
        repeated_operations: operations more than were asked for.
        missing_operations: operations that were asked for and are not done.
        disordered: chats in which an answer came before one that was asked for earlier.
        kills: how often the bot was killed before all was answered.
    """

    lost: int
    repeated_answers: int
    repeated_operations: int
    missing_operations: int
    disordered: int
    kills: int


def _given(folder: Path, **more: object) -> Settings:
    return settings.load(simulate=True, state_dir=folder, node_name="box", **more)


def serve(url: str, folder: Path) -> None:
    """The bot's process: the product on a simulated node where nothing takes any time."""
    given = _given(folder, telegram_token=TOKEN, telegram_api=url, telegram_rate=0)
    state = given.state_folder / "node.json"
    node = SimulatedNode("box", pool=given.pool, bridge=given.bridge, state=state, pace=Pace.instant())
    app = App(given, node)
    try:
        app.bot().serve()
    finally:
        app.close()


class Bot:
    """The bot as a process that can be killed and started again.

    Args:
        context: starts processes that have imported everything already.
        url: of the fake Telegram.
        folder: for its state.
    """

    def __init__(self, context: ForkServerContext, url: str, folder: Path) -> None:
        self._context = context
        self._arguments = url, folder
        self._process: ForkServerProcess | None = None

    def start(self) -> None:
        """Start it."""
        self._process = self._context.Process(target=serve, args=self._arguments, daemon=True)
        self._process.start()

    def kill(self) -> None:
        """End it as nothing can be prepared for."""
        assert self._process is not None
        self._process.kill()
        self._process.join()


@contextmanager
def bot_in(folder: Path, url: str) -> Iterator[Bot]:
    """A bot that is not started yet."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    bot = Bot(context, url, folder)
    try:
        yield bot
    finally:
        bot.kill()


def storm(load: Load, folder: Path, seed: int = 1) -> Result:
    """Let people write and kill the bot meanwhile.

    Args:
        load: how much.
        folder: for the product's state.
        seed: of what is said and when the bot is killed.
    """
    chance = random.Random(seed)  # noqa: S311 - a test's
    with serving(seed=seed) as telegram:
        account = telegram.bot(token=TOKEN)
        people = telegram.people(f"p{number}" for number in range(load.chats))
        talks = [person.opens(account) for person in people]
        _let_in(folder, [person.id for person in people])
        said = [_sentences(chance, chat, load.updates // load.chats) for chat in range(load.chats)]
        with bot_in(folder, telegram.url) as bot:
            bot.start()
            for at in range(load.updates // load.chats):
                for talk, sentences in zip(talks, said, strict=True):
                    talk.says(sentences[at][1])  # all of them at once: they wait in line
            kills = _until_answered(telegram, bot, folder, load, chance)
        return _count(folder, talks, said, kills)


def _let_in(folder: Path, people: list[int]) -> None:
    with App.open(_given(folder)) as app:
        for person in people:
            pairing = app.services.access.knock(f"tg:{person}", "", person)
            app.services.access.approve(CONSOLE, pairing.code, Role.OPERATOR)


def _sentences(chance: random.Random, chat: int, count: int) -> list[tuple[str, str]]:
    """What somebody says: the word by which the answer is known, and the sentence."""
    said: list[tuple[str, str]] = []
    for at in range(count):
        name = f"c{chat}n{at}"
        made = at % 10 == 0 or chance.random() < 0.1  # noqa: PLR2004 - most only look
        said.append((name, f"create a container called {name} with git" if made else f"/status {name}"))
    return said


def _open(folder: Path) -> bool:
    """Whether something that came in is not handled yet."""
    with App.open(_given(folder)) as app:
        return bool(app.services.chats.unhandled(f"tg:{TOKEN.partition(':')[0]}"))


def _until_answered(telegram: Telegram, bot: Bot, folder: Path, load: Load, chance: random.Random) -> int:
    """Kill the bot whenever it has sent some more; how often that was before all was answered."""
    kills, seen, since = 0, 0, time.monotonic()
    after = chance.randint(1, max(2 * load.updates // (load.kills + 1), 1))
    while True:
        counts = telegram.counts()
        sent = counts["calls"].get("sendMessage", 0)
        if sent > seen:
            seen, since = sent, time.monotonic()
        if kills < load.kills and sent >= after:
            bot.kill()
            bot.start()
            kills += 1
            after = sent + chance.randint(0, max(2 * (load.updates - sent) // (load.kills - kills + 1), 1))
        if sent >= load.updates and not counts["pending"] and not _open(folder):
            return kills
        if time.monotonic() - since > LONGEST:
            return kills
        time.sleep(0.005)


def _count(folder: Path, talks: list[Talk], said: list[list[tuple[str, str]]], kills: int) -> Result:
    lost = repeated = disordered = twice = missing = 0
    with App.open(_given(folder)) as app:
        for talk, sentences in zip(talks, said, strict=True):
            operations = app.services.operations.list(Owner(f"tg:{talk.person.id}"), 1000)
            shown = {app.services.chats.sent(f"operation:{one.id}") for one in operations}
            progress = {one.message for one in shown if one is not None}
            talk.refresh()
            texts = [one.text for one in talk.messages if one.by_bot and one.id not in progress]
            # An answer names first what it is about; others of theirs may follow.
            about = [re.search(r"c[0-9]+n[0-9]+", text) for text in texts]
            words = [name for name, _ in sentences]
            places = {
                name: [at for at, found in enumerate(about) if found and found[0] == name] for name in words
            }
            lost += sum(not found for found in places.values())
            repeated += sum(max(len(found) - 1, 0) for found in places.values())
            first = [found[0] for found in places.values() if found]
            disordered += first != sorted(first)
            asked = [name for name, sentence in sentences if sentence.startswith("create")]
            made = Counter(one.workload for one in operations if one.state is OperationState.DONE)
            twice += len(operations) - len({one.workload for one in operations})
            missing += sum(made[name] == 0 for name in asked)
    return Result(lost, repeated, twice, missing, disordered, kills)


def main() -> None:
    """Run a storm and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.telegram.storm")
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="voxnix-storm-") as folder:
        begun = time.monotonic()
        result = storm(Load(given.chats, given.updates, given.kills), Path(folder), given.seed)
        for field in fields(result):
            print(f"{field.name.replace('_', ' ')}: {getattr(result, field.name)}")  # noqa: T201
        print(f"{time.monotonic() - begun:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
