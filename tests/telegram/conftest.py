"""A fake Telegram, and the real library connected to it, or the whole product."""

import itertools
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from tests.simulation import Simulation, simulation_in
from tests.telegram.client import Telegram, serving
from tests.telegram.people import Account
from tests.telegram.product import Product

SEEDS = itertools.count(1)
Connect = Callable[[Account], AbstractAsyncContextManager[telegram.Bot]]


@pytest.fixture(autouse=True)
def _durations(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without it the library warns on every 429 that `retry_after` is going to be a timedelta.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    """A server without limits and faults, whose people are not those of another test."""
    with serving(seed=next(SEEDS)) as running:
        yield running


@pytest.fixture(scope="package")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The product below the channel. Starting it takes seconds: tests share it, each with its own people."""
    with simulation_in(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def product(simulation: Simulation, server: Telegram) -> Product:
    """The bot, with the phrasebook. It sees all messages of its groups, and chooses what is for it."""
    return Product(simulation, server, server.bot(privacy=False))


@pytest.fixture
def connect(server: Telegram) -> Connect:
    """Makes the real library's bot for an account."""

    @asynccontextmanager
    async def connected(account: Account) -> AsyncGenerator[telegram.Bot]:
        bot = telegram.Bot(account.token, base_url=server.base_url, base_file_url=server.base_file_url)
        async with bot:
            yield bot

    return connected


def buttons(*data: str) -> InlineKeyboardMarkup:
    """A column of buttons that are labelled with their data."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(one[:20] or "-", callback_data=one)] for one in data])
