"""Menus of commands."""

import pytest
from telegram import (
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import BadRequest

from tests.telegram.client import Telegram
from tests.telegram.conftest import Connect
from tests.telegram.people import Talk


def offered(talk: Talk) -> list[str]:
    """The commands that somebody sees."""
    return [command["command"] for command in talk.menu()]


async def test_a_person_sees_the_narrowest_menu_in_their_language(server: Telegram, connect: Connect) -> None:
    """A scope wins over a language, as on the real server."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    uli = server.person("Uli", "de").opens(account)
    team = server.group("Team", account)
    member = server.person("Mia").enters(team)
    admin = server.person("Abe").enters(team, status="administrator")
    async with connect(account) as bot:
        assert offered(ann) == []
        await bot.set_my_commands([("all", "x")])
        await bot.set_my_commands([("alle", "x")], language_code="de")
        assert (offered(ann), offered(uli), offered(member)) == (["all"], ["alle"], ["all"])
        await bot.set_my_commands([("private", "x")], BotCommandScopeAllPrivateChats())
        await bot.set_my_commands([("privat", "x")], BotCommandScopeAllPrivateChats(), "de")
        await bot.set_my_commands([("group", "x")], BotCommandScopeAllGroupChats())
        await bot.set_my_commands([("admin", "x")], BotCommandScopeAllChatAdministrators())
        assert (offered(ann), offered(uli)) == (["private"], ["privat"])
        assert (offered(member), offered(admin)) == (["group"], ["admin"])
        await bot.set_my_commands([("ann", "x")], BotCommandScopeChat(ann.id))
        assert (offered(ann), offered(uli)) == (["ann"], ["privat"])
        assert [one.command for one in await bot.get_my_commands(BotCommandScopeChat(ann.id))] == ["ann"]
        assert await bot.get_my_commands(BotCommandScopeChat(uli.id)) == ()
        await bot.delete_my_commands(BotCommandScopeChat(ann.id))
        assert offered(ann) == ["private"]


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"commands": [{"command": "List", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "list", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": [{"command": "list", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [], "scope": {"type": "everybody"}}, "unsupported type"),
        ({"commands": [], "scope": {"type": "chat"}}, "chat_id is empty"),
        ({"commands": [], "language_code": "deu"}, "invalid language code"),
    ],
)
async def test_a_wrong_menu_is_refused(
    server: Telegram, connect: Connect, params: dict[str, object], description: str
) -> None:
    """400, and the menus stay as they were."""
    account = server.bot()
    async with connect(account) as bot:
        with pytest.raises(BadRequest, match=f"(?i){description}"):
            await bot.do_api_request("setmycommands", api_kwargs=params)
    assert server.menus(account) == {}
