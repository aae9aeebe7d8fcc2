"""Commands: what is the chat's own, and what everybody is offered."""

import json

import pytest

from agent.channels.telegram.menus import allowed
from agent.core.account import Role
from agent.texts import texts_for
from tests.assistant.scripts import Script
from tests.telegram.product import Product


@pytest.mark.parametrize("role", Role)
async def test_help_and_menu_are_those_of_the_role(product: Product, role: Role) -> None:
    """With nothing in them that it may not do, and nothing that does not exist."""
    _, ann = product.let_in("Ann", role)
    names = [entry.name for entry in allowed(texts_for("en"), role)]
    async with product.running():
        ann.says("/help")
        told = await ann.hears("These work, too")
        assert [line.split()[1][1:] for line in told.text.splitlines() if " · " in line] == names
        assert [one["command"] for one in ann.menu()] == names


@pytest.mark.parametrize("role", Role)
async def test_each_command_of_a_menu_is_understood(product: Product, role: Role) -> None:
    """By itself each one does something, or asks for what is missing."""
    person, ann = product.let_in("Ann", role)
    product.simulation.app.services.preferences.set_language(f"tg:{person.id}", "en")
    async with product.running():
        for entry in allowed(texts_for("en"), role):
            ann.says(f"/{entry.name}")
            answer = await ann.hears(lambda seen: seen.by_bot)
            assert "did not understand" not in answer.text, entry.name
            assert "went wrong" not in answer.text, entry.name


async def test_a_command_never_costs_a_model(product: Product) -> None:
    """Nor does one that is not known."""
    _, ann = product.let_in("Ann")
    script = Script()
    product.model = script.model
    async with product.running():
        for command, said in (
            ("/list", "no containers"),
            ("/nonsense", "did not understand"),
            ("/HELP", "/list"),
        ):
            ann.says(command)
            await ann.hears(said)
    assert not script.seen


async def test_a_conversation_can_begin_afresh(product: Product) -> None:
    """What was said is forgotten; containers stay."""
    person, ann = product.let_in("Ann")
    async with product.running():
        ann.says("create a container called dev with git")
        await ann.hears("dev is running")
        ann.says("/reset")
        await ann.hears("Forgotten")
        ann.says("stop it")
        await ann.hears("Which")
        ann.says("/list")
        await ann.hears("dev")
    kept = product.simulation.app.conversations.load(product.owner(person), f"tg:{person.id}") or b""
    assert b"create a container" not in kept


async def test_a_person_gets_their_data(product: Product) -> None:
    """All that is theirs, as a file, and nothing of anybody else."""
    (person, ann), (other, ben) = product.let_in("Ann"), product.let_in("Ben")
    async with product.running():
        ben.says("create a container called theirs with git")
        await ben.hears("theirs is running")
        ann.says("create a container called dev with git")
        await ann.hears("dev is running")
        ann.says("/export")
        sent = await ann.hears(lambda seen: "document" in seen.json)
        data = ann.downloads(sent).decode()
    kept = json.loads(data)
    assert sent.json["document"]["file_name"].endswith(".json")
    assert [one["spec"]["name"] for one in kept["containers"]] == ["dev"]
    assert kept["conversations"][f"tg:{person.id}"][0]["person"] == "create a container called dev with git"
    assert (kept["name"], kept["role"]) == ("Ann", "operator")
    assert "theirs" not in data
    assert str(other.id) not in data


async def test_start_greets_and_a_name_starts(product: Product) -> None:
    """Telegram opens every chat with the one; the other one is how people start a container elsewhere."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        ann.says("/start")
        greeting = await ann.hears("Hello Ann!")
        assert "/help" in greeting.text
        ann.says("/stop dev")
        await ann.hears("dev is stopped")
        ann.says("/start dev")
        await ann.hears("dev is running")
