"""A fake Telegram, and the real library connected to it."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from tests.telegram.client import Telegram, serving
from tests.telegram.people import Account

Connect = Callable[[Account], AbstractAsyncContextManager[telegram.Bot]]


@pytest.fixture(autouse=True)
def _durations(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without it the library warns on every 429 that `retry_after` is going to be a timedelta.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    """A server without limits and faults."""
    with serving() as running:
        yield running


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
