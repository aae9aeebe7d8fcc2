"""A storm: people write, the bot is killed again and again, and afterwards everything is counted.

``python -m tests.telegram.storm`` runs the large one and prints what came of it.
"""

import argparse
import random
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path

from agent.app import App
from agent.core.operation import OperationState
from agent.core.owner import Owner
from tests.telegram.client import Telegram, serving
from tests.telegram.people import Talk
from tests.telegram.process import TOKEN, Bot, bot_in, given, let_in

LONGEST = 120.0
"""Seconds without a single further answer after which it is given up."""


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
        let_in(folder, [person.id for person in people])
        said = [_sentences(chance, chat, load.updates // load.chats) for chat in range(load.chats)]
        with bot_in(folder, telegram.url) as bot:
            bot.start()
            for at in range(load.updates // load.chats):
                for talk, sentences in zip(talks, said, strict=True):
                    talk.says(sentences[at][1])  # all of them at once: they wait in line
            kills = _until_answered(telegram, bot, folder, load, chance)
        return _count(folder, talks, said, kills)


def _sentences(chance: random.Random, chat: int, count: int) -> list[tuple[str, str]]:
    """What somebody says: the word by which the answer is known, and the sentence."""
    said: list[tuple[str, str]] = []
    for at in range(count):
        name = f"c{chat}n{at}"
        made = at % 10 == 0 or chance.random() < 0.1  # most only look
        said.append((name, f"create a container called {name} with git" if made else f"/status {name}"))
    return said


def _open(folder: Path) -> bool:
    """Whether something that came in is not handled yet."""
    with App.open(given(folder)) as app:
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
    with App.open(given(folder)) as app:
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
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="voxnix-storm-") as folder:
        begun = time.monotonic()
        result = storm(Load(wanted.chats, wanted.updates, wanted.kills), Path(folder), wanted.seed)
        for field in fields(result):
            print(f"{field.name.replace('_', ' ')}: {getattr(result, field.name)}")  # noqa: T201
        print(f"{time.monotonic() - begun:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
