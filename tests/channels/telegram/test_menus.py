"""What Telegram offers to whom while they type."""

from collections.abc import AsyncIterator, Iterator

import pytest
import telegram

from agent.channels.telegram.chat import Chat, Person, Talk
from agent.channels.telegram.menus import Menus, allowed, entries
from agent.core.account import Role
from agent.core.owner import Owner
from agent.texts import LANGUAGES, texts_for
from tests.telegram.client import Telegram, serving
from tests.telegram.people import Account


@pytest.fixture
def server() -> Iterator[Telegram]:
    """A Telegram without people."""
    with serving() as running:
        yield running


@pytest.fixture
def account(server: Telegram) -> Account:
    """A bot there."""
    return server.bot()


@pytest.fixture
async def bot(server: Telegram, account: Account) -> AsyncIterator[telegram.Bot]:
    """The real library's, connected to it."""
    made = telegram.Bot(account.token, base_url=server.base_url, base_file_url=server.base_file_url)
    async with made:
        yield made


def talk(role: Role | None, chat: int = 5, language: str = "en") -> Talk:
    """Somebody who speaks."""
    return Talk("tg:9:1", Chat(chat), Person("tg:5", "Ann", role, texts_for(language)), Owner("tg:5"))


def names(menu: list[dict[str, str]]) -> list[str]:
    """The commands of a menu as Telegram has it."""
    return [one["command"] for one in menu]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_is_described_in_few_words(language: str) -> None:
    """Telegram takes 256 characters, and a phone shows about 40 of them."""
    described = entries(texts_for(language))
    assert len({one.name for one in described}) == len(described)
    assert [one.about for one in described if not 1 <= len(one.about) <= 48] == []


def test_a_role_has_the_commands_of_those_below_it() -> None:
    """A viewer changes nothing, and only an admin says who may use the server."""
    say = texts_for("en")
    viewer, operator, admin = ({one.name for one in allowed(say, role)} for role in Role)
    assert viewer < operator < admin
    assert not viewer & {"new", "start_", "stop", "restart", "exec", "send"}
    assert admin - operator == {"access"}


async def test_strangers_are_offered_nothing_but_the_way_in(
    server: Telegram, account: Account, bot: telegram.Bot
) -> None:
    """In their language, where it is one of ours."""
    await Menus(bot).show_to_strangers()
    menus = server.menus(account)
    assert {name: names(menu) for name, menu in menus.items()} == {
        "default": ["start"],
        "default en": ["start"],
        "default de": ["start"],
        "default es": ["start"],
    }
    assert menus["default de"][0]["description"] == "um Zugang bitten"


async def test_somebody_is_offered_what_their_role_allows(
    server: Telegram, account: Account, bot: telegram.Bot
) -> None:
    """In their private chat; in a group it is theirs alone. A new role or language is another menu."""
    menus = Menus(bot)
    await menus.show(talk(Role.VIEWER))
    await menus.show(talk(Role.ADMIN, -100))
    shown = server.menus(account)
    assert names(shown["chat:5"]) == [one.name for one in allowed(texts_for("en"), Role.VIEWER)]
    assert "access" in names(shown["chat_member:-100:5"])
    await menus.show(talk(Role.OPERATOR), texts_for("es"))
    assert server.menus(account)["chat:5"][0] == {"command": "list", "description": "tus contenedores"}


async def test_a_menu_that_is_shown_already_is_not_sent_again(
    server: Telegram, account: Account, bot: telegram.Bot
) -> None:
    """Telegram counts requests."""
    menus = Menus(bot)
    await menus.show(talk(Role.VIEWER))
    await menus.show(talk(Role.VIEWER))
    assert len(server.calls("setMyCommands")) == 1
    await menus.hide(5)
    assert not server.menus(account)
    await menus.show(talk(Role.VIEWER))
    assert len(server.calls("setMyCommands")) == 2


async def test_who_is_not_let_in_is_offered_nothing(server: Telegram, bot: telegram.Bot) -> None:
    """A chat's menu would say what there is."""
    await Menus(bot).show(talk(None))
    assert not server.calls("setMyCommands")


async def test_a_menu_that_telegram_does_not_take_stops_nothing(
    server: Telegram, account: Account, bot: telegram.Bot
) -> None:
    """It is tried again the next time."""
    menus = Menus(bot)
    server.outage(3600)
    await menus.show(talk(Role.VIEWER))
    await menus.hide(5)
    server.outage(0)
    await menus.show(talk(Role.VIEWER))
    assert "chat:5" in server.menus(account)
