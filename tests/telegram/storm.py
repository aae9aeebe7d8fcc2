"""A storm: people write, the bot is killed again and again, and afterwards everything is counted.

``python -m tests.telegram.storm`` runs the large one and prints what came of it.
"""

import argparse
import json
import random
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

from agent.app import App
from agent.core.chat import Incoming
from tests.telegram.client import Telegram, serving
from tests.telegram.people import Talk
from tests.telegram.process import TOKEN, Bot, bot_in, given, let_in
from tests.telegram.tally import Death, Result, Sentence, Tally

LONGEST = 120.0
"""Seconds without a single further answer after which it is given up."""
FROM_HERE_ON = 10
"""Every so manieth sentence makes a container at least, so that each chat has some."""


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
        said: list[tuple[Talk, list[Sentence]]] = [(talk, []) for talk in talks]
        for at in range(load.updates // load.chats):
            for chat, (talk, sentences) in enumerate(said):
                sentences.append(_says(talk, f"c{chat}n{at}", makes=_makes(chance, at)))
        with bot_in(folder, telegram.url) as bot:
            bot.start()
            deaths = _until_answered(telegram, bot, folder, load, chance)
        return Tally(telegram, folder, deaths).count(said)


def _makes(chance: random.Random, at: int) -> bool:
    return at % FROM_HERE_ON == 0 or chance.random() < 1 / FROM_HERE_ON


def _says(talk: Talk, name: str, *, makes: bool) -> Sentence:
    text = f"create a container called {name} with git" if makes else f"/status {name}"
    return Sentence(name, makes, talk.says(text).id)


def unhandled(folder: Path) -> list[Incoming]:
    """What came in and is not handled yet."""
    with App.open(given(folder)) as app:
        return app.services.chats.unhandled(f"tg:{TOKEN.partition(':')[0]}")


def under_way(folder: Path) -> int:
    """How many operations have not ended: answers do not wait for the long ones."""
    with App.open(given(folder)) as app:
        return len(app.services.operations.open_from("telegram"))


def _death(folder: Path) -> Death:
    messages = [json.loads(one.payload)["message"] for one in unhandled(folder)]
    which = frozenset((one["chat"]["id"], one["message_id"]) for one in messages)
    return Death(time.monotonic(), which)


def _until_answered(
    telegram: Telegram, bot: Bot, folder: Path, load: Load, chance: random.Random
) -> list[Death]:
    """Kill the bot whenever it has sent some more, until all was answered."""
    deaths: list[Death] = []
    seen, open_, since = 0, 0, time.monotonic()
    after = chance.randint(1, max(2 * load.updates // (load.kills + 1), 1))
    while True:
        counts = telegram.counts()
        sent = counts["calls"].get("sendMessage", 0)
        if sent > seen:
            seen, since = sent, time.monotonic()
        if len(deaths) < load.kills and sent >= after:
            bot.kill()
            deaths.append(_death(folder))
            bot.start()
            left = load.kills - len(deaths)
            after = sent + chance.randint(0, max(2 * (load.updates - sent) // (left + 1), 1))
        if sent >= load.updates and not counts["pending"] and not unhandled(folder):
            left_over = under_way(folder)
            if not left_over:
                return deaths
            if left_over != open_:
                open_, since = left_over, time.monotonic()
        if time.monotonic() - since > LONGEST:
            return deaths
        time.sleep(0.005)


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
