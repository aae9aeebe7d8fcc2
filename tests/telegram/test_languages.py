"""Everybody is spoken to in their language, as far as it is one of ours."""

import pytest

from agent.channels.telegram.menus import allowed
from agent.core.account import Role
from agent.services.access import CODE_LIFE
from agent.texts import LANGUAGES, texts_for
from tests.assistant.scripts import Script
from tests.telegram.product import Product


@pytest.mark.parametrize("language", LANGUAGES)
async def test_somebody_is_spoken_to_in_the_language_of_their_app(product: Product, language: str) -> None:
    """Greeting, menu, question and refusal; nobody had to say which."""
    person, ann = product.let_in("Ann", language=language)
    product.simulation.made(product.owner(person))
    say = texts_for(language)
    async with product.running():
        ann.says("/start")
        greeting = await ann.hears("Ann")
        assert "!" in greeting.text
        offered = [entry.about for entry in allowed(say, Role.OPERATOR)]
        assert [one["description"] for one in ann.menu()] == offered
        ann.says("/destroy dev")
        question = await ann.sees(lambda seen: bool(seen.buttons))
        assert question.buttons[0][0] == say("Yes, destroy {name}", name="dev")
        ann.taps(question.buttons[0][1], question)
        await ann.sees(lambda seen: seen.id == question.id and not seen.buttons)
        late = await ann.answered(
            ann.forges(question, question.json["reply_markup"]["inline_keyboard"][0][0]["callback_data"])
        )
        assert late["alert"]
        if language != "en":
            assert "cancelled" not in late["text"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_stranger_is_spoken_to_in_theirs(product: Product, language: str) -> None:
    """The admin who is asked, in theirs."""
    _, admin = product.let_in("Ada", Role.ADMIN, language="de")
    eve = product.server.person("Eve", language).opens(product.account)
    admin.says("/start")
    async with product.running():
        await admin.hears("Ada")
        eve.says("?")
        await eve.hears(texts_for(language).span(CODE_LIFE))
        asked = await admin.hears("Eve")
        assert asked.buttons[0] == [texts_for("de")("Viewer")]
        admin.taps(texts_for("de")("Viewer"), asked)
        await eve.hears(texts_for(language)("You may look at containers and their logs."))


async def test_an_unknown_language_is_english(product: Product) -> None:
    """As is one of which only the region is unknown its own."""
    (_, ann), (_, ben) = product.let_in("Ann", language="fi"), product.let_in("Ben", language="es-MX")
    async with product.running():
        ann.says("/start")
        await ann.hears("Hello Ann")
        ben.says("/start")
        await ben.hears("Ben")
        assert not any("Hello" in text for _, text in ben.screen())


async def test_a_language_can_be_chosen(product: Product) -> None:
    """At once, for the menu as well, and for good: whatever the app says."""
    _, ann = product.let_in("Ann", language="es")
    async with product.running():
        ann.says("/language")
        known = await ann.hears("/language de")
        assert all(name in known.text for name in LANGUAGES.values())
        ann.says("/language Deutsch")
        await ann.hears("Deutsch")
        assert ann.menu()[0]["description"] == "deine Container"
        ann.says("/language klingon")
        await ann.hears("/language de")
    async with product.running():
        ann.says("/start")
        await ann.hears("Hallo Ann")


async def test_a_model_is_told_to_answer_in_the_language_it_is_spoken_to(product: Product) -> None:
    """That is in its instructions."""
    script = Script("Hola.")
    product.model = script.model
    _, ann = product.let_in("Ann", language="es")
    async with product.running():
        ann.says("buenos días")
        await ann.hears("Hola.")
    assert "language" in script.told[0]
