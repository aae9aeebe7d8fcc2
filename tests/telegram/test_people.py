"""The person on the other side."""

import pytest
from telegram import MessageEntity, ReplyParameters
from telegram.error import BadRequest, Forbidden

from tests.telegram.conftest import Connect, buttons
from tests.telegram.client import Telegram


async def test_a_conversation(server: Telegram, connect: Connect) -> None:
    """A person and a bot read what the other one wrote."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    async with connect(account) as bot:
        said = ann.says("/start now")
        (update,) = await bot.get_updates()
        assert update.message
        assert update.message.text == "/start now"
        assert update.message.entities == (MessageEntity("bot_command", 0, 6),)
        await update.message.reply_text("Hello", do_quote=True, reply_markup=buttons("yes"))
        answer = await ann.hears("Hello")
        assert answer.reply_to == said.id
        tap = ann.taps("yes")
        (update,) = await bot.get_updates(offset=update.update_id + 1)
        assert update.callback_query
        await update.callback_query.answer("Fine")
        assert await ann.answered(tap) == {"text": "Fine", "alert": False}
        await update.callback_query.edit_message_text("Bye")
        changed = await ann.sees("Bye")
        assert (changed.id, changed.edits, changed.buttons) == (answer.id, 1, [])
        ann.edits(said, "/stop")
        (update,) = await bot.get_updates(offset=update.update_id + 1)
        assert update.edited_message
        assert update.edited_message.text == "/stop"
    assert ann.screen() == [("Ann", "/stop"), ("Voxnix", "Bye")]
    assert not server.unknown


async def test_who_did_not_write_first_is_not_written_to(server: Telegram, connect: Connect) -> None:
    """403 is the library's Forbidden: before the first word, after a block, and in foreign groups."""
    account = server.bot()
    person = server.person("Ann")
    async with connect(account) as bot:
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(person.id, "hi")
        ann = person.opens(account)
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(ann.id, "hi")
        ann.says("hi")
        await bot.send_message(ann.id, "hi")
        ann.blocks()
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_message(ann.id, "hi")
        ann.unblocks()
        await bot.send_message(ann.id, "hi")
        kinds = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
        assert [kind.new_chat_member.status for kind in kinds] == ["kicked", "member"]
        with pytest.raises(Forbidden, match="bot is not a member"):
            await bot.send_message(server.group("Team", person).id, "hi")


async def test_a_tap_is_answered_once_and_in_time(server: Telegram, connect: Connect) -> None:
    """The second answer, and one that comes late, are refused."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    async with connect(account) as bot:
        await bot.send_message(ann.id, "sure?", reply_markup=buttons("yes"))
        tap = ann.taps("yes")
        await bot.answer_callback_query(tap.id, "ok", show_alert=True)
        assert await ann.answered(tap) == {"text": "ok", "alert": True}
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_callback_query(tap.id)
        server.rules(query_lifetime=0)
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_callback_query(ann.taps("yes").id)
    with pytest.raises(AssertionError, match="no button “no”"):
        ann.taps("no")


async def test_groups(server: Telegram, connect: Connect) -> None:
    """A bot with privacy gets what is meant for it: commands, mentions and answers; others get everything."""
    account, other = server.bot(), server.bot("Other", "other_bot", privacy=False)
    team = server.group("Team", account, other, topics=["Work"])
    (topic,) = team.topics
    ann = server.person("Ann").enters(team)
    async with connect(account) as bot, connect(other) as curious:
        mine = await bot.send_message(team.id, "Hello all")
        ann.says("just talk")
        ann.says("/list")
        ann.says("/list@other_bot")
        ann.says("@voxnix_bot list")
        ann.says("yes", reply_to=await ann.hears("Hello"))
        ann.here(topic).says("/new here")
        got = [update.message for update in await bot.get_updates()]
        assert [one.text for one in got if one] == ["/list", "@voxnix_bot list", "yes", "/new here"]
        assert got[2]
        assert got[2].reply_to_message
        assert got[2].reply_to_message.message_id == mine.message_id
        assert got[3]
        assert got[3].message_thread_id == topic
        await got[3].reply_text("Done", message_thread_id=topic)
        assert (await ann.here(topic).hears("Done")).thread == topic
        assert len(await curious.get_updates()) == 6
        gone = ReplyParameters(99, allow_sending_without_reply=True)
        await bot.send_message(team.id, "x", reply_parameters=gone)
        member = await bot.get_chat_member(team.id, ann.person.id)
        assert member.user.first_name == "Ann"
        with pytest.raises(BadRequest, match=r"(?i)PARTICIPANT_ID_INVALID"):
            await bot.get_chat_member(team.id, 1)
        assert (await bot.get_chat(team.id)).title == "Team"
