"""How an answer comes: while it is written, in pieces that Telegram takes, and looking as it was meant."""

import itertools
import json

from tests.assistant.scripts import Script
from tests.telegram.product import Product

NAME = "@voxnix_bot "
LINES = "\n\n".join(f"Paragraph {number} says " + "something worth reading. " * 12 for number in range(30))
"""Some 9,000 letters: three messages."""


async def test_in_private_an_answer_is_seen_while_it_is_written(product: Product) -> None:
    """As a draft, which is gone when the answer is there; meanwhile the bot is seen to type."""
    _, ann = product.let_in("Ann")
    product.model = Script(["I am **looking**", product.stop, " at it."]).model
    async with product.running():
        ann.says("what is going on?")
        draft = await ann.reads("looking")
        assert "*" not in draft
        await ann.sees_action("typing")
        product.go_on()
        answer = await ann.hears("I am looking at it.")
        assert [one["type"] for one in answer.entities] == ["bold"]
        ann.refresh()
        assert not ann.drafts


async def test_in_a_group_one_message_grows(product: Product) -> None:
    """It is edited, at most once a second, until the answer is whole; there are no drafts in groups."""
    person, _ = product.let_in("Ann")
    ann = person.enters(product.server.group("Team", product.account))
    product.model = Script([("One. " * 5), product.stop, *(["Two. ", "Three. "] * 50)]).model
    async with product.running():
        ann.says(NAME + "count")
        growing = await ann.sees("One.")
        product.go_on()
        await ann.sees(lambda seen: seen.id == growing.id and seen.text.endswith("Three."))
        ann.refresh()
        assert len([one for one in ann.messages if one.by_bot]) == 1
    edits = [call["at"] for call in product.server.calls("editMessageText")]
    assert all(later - before > 1 for before, later in itertools.pairwise(edits[:-1]))
    assert len(edits) <= 3
    assert not product.server.calls("sendMessageDraft")


async def test_a_long_answer_comes_in_several_messages(product: Product) -> None:
    """Each within what Telegram takes, in order, cut between paragraphs; none is refused."""
    _, ann = product.let_in("Ann")
    product.model = Script(LINES).model
    async with product.running():
        ann.says("tell me everything")
        await ann.hears("Paragraph 29")
        ann.refresh()
        texts = [one.text for one in ann.messages if one.by_bot]
    assert len(texts) == 3
    assert all(text.startswith("Paragraph") for text in texts)
    assert "".join("\n\n".join(texts).split()) == "".join(LINES.split())
    assert not [call for call in product.server.calls() if call["refused"]]


async def test_a_very_long_answer_is_a_file(product: Product) -> None:
    """With a few lines of it under the file: logs are not scrolled through in a chat."""
    _, ann = product.let_in("Ann")
    log = "\n".join(f"line {number} of the log" for number in range(2000))
    product.model = Script(f"```\n{log}\n```").model
    async with product.running():
        ann.says("show me the logs")
        sent = await ann.hears("lines")
        assert b"line 777 of the log" in ann.downloads(sent)
        assert "line 1999" in sent.text
        assert "line 777" not in sent.text


async def test_an_answer_looks_as_it_was_meant(product: Product) -> None:
    """Code can be copied, a table is read on a phone, and what is no Markdown is text."""
    _, ann = product.let_in("Ann")
    answer = "**Done**: `git --version`\n\n```sh\nls -l\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    answer += "broken **bold _and"
    product.model = Script(answer).model
    async with product.running():
        ann.says("what did you do?")
        shown = await ann.hears("Done")
    kinds = {
        (one["type"], shown.text.encode("utf-16-le")[2 * one["offset"] : 2 * (one["offset"] + one["length"])])
        for one in shown.entities
    }
    assert ("code", "git --version".encode("utf-16-le")) in kinds
    assert ("pre", "ls -l".encode("utf-16-le")) in kinds
    assert "a  b\n─  ─\n1  2" in shown.text
    assert "broken **bold _and" in shown.text


async def test_no_address_is_fetched_for_a_preview(product: Product) -> None:
    """A model can be made to write one that says something to whoever serves it."""
    _, ann = product.let_in("Ann")
    product.model = Script("Look at https://evil.example/?stolen").model
    async with product.running():
        ann.says("where?")
        await ann.hears("evil.example")
    (sent,) = product.server.calls("sendMessage")
    assert json.loads(sent["params"]["link_preview_options"]) == {"is_disabled": True}
