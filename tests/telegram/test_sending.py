"""What a bot sends and changes; the library begins Telegram's sentences with a capital letter."""

import httpx
import pytest
from telegram.error import BadRequest, NetworkError

from tests.telegram.conftest import Connect, buttons
from tests.telegram.client import Telegram


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "hi", "parse_mode": "LaTeX"}, "unsupported parse_mode"),
        ({"text": "hi", "chat_id": 5}, "chat not found"),
        ({"text": "hi", "chat_id": ""}, "chat_id is empty"),
        ({"text": "hi", "entities": [{"type": "bold", "offset": 0, "length": 3}]}, "ends after the end"),
        ({"text": "hi", "entities": [{"type": "bold", "offset": 3, "length": 1}]}, "begins after the end"),
        ({"text": "hi", "entities": [{"type": "bold", "offset": -1, "length": 1}]}, "incorrect offset -1"),
        ({"text": "hi", "entities": [{"type": "loud", "offset": 0, "length": 1}]}, "unsupported type"),
        ({"text": "hi", "entities": [{"type": "bold", "offset": 0}]}, 'find field "length"'),
        ({"text": "😀", "entities": [{"type": "bold", "offset": 1, "length": 1}]}, "begins in a middle"),
        ({"text": "😀", "entities": [{"type": "bold", "offset": 0, "length": 1}]}, "ends in a middle"),
        ({"text": "hi", "reply_markup": buttons("x" * 65)}, "BUTTON_DATA_INVALID"),
        ({"text": "hi", "reply_markup": buttons("ä" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "hi", "reply_markup": buttons(*map(str, range(101)))}, "reply markup is too long"),
        ({"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}}, "are unallowed"),
        ({"text": "hi", "reply_markup": {"inline_keyboard": [{"text": "x"}]}}, "Array of Arrays"),
        ({"text": "hi", "reply_markup": "x"}, "can't parse reply keyboard markup"),
        ({"text": "hi", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "hi", "message_thread_id": 99}, "message thread not found"),
    ],
)
async def test_a_wrong_message_is_refused(
    server: Telegram, connect: Connect, params: dict[str, object], description: str
) -> None:
    """400 is the library's BadRequest with Telegram's sentence, and nothing is shown."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    async with connect(account) as bot:
        with pytest.raises(BadRequest, match=f"(?i){description}"):
            await bot.do_api_request("sendmessage", api_kwargs={"chat_id": ann.id} | params)
    assert ann.screen() == [("Ann", "hi")]


async def test_edits(server: Telegram, connect: Connect) -> None:
    """Only an own message that is there can be changed, and only into something else."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    theirs = ann.says("hi")
    async with connect(account) as bot:
        mine = await bot.send_message(ann.id, "one", reply_markup=buttons("a"))
        with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
            await mine.edit_text("one", reply_markup=buttons("a"))
        with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
            await bot.edit_message_text("two", ann.id, 99)
        with pytest.raises(BadRequest, match=r"(?i)message can't be edited"):
            await bot.edit_message_text("two", ann.id, theirs.id)
        with pytest.raises(BadRequest, match=r"(?i)message is too long"):
            await mine.edit_text("x" * 4097)
        await mine.edit_reply_markup(buttons("b"))
        assert (await ann.hears("one")).buttons == [["b"]]
        await mine.edit_text("two")
        assert (await ann.sees("two")).edits == 2
        await mine.delete()
        with pytest.raises(BadRequest, match=r"(?i)message to delete not found"):
            await mine.delete()
    assert ann.screen() == [("Ann", "hi")]


async def test_files_go_both_ways_byte_for_byte(server: Telegram, connect: Connect) -> None:
    """What is uploaded is what is downloaded, of each kind."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    content = bytes(range(256)) * 1000
    ann.sends_document(content, "a b.bin", "look")
    ann.sends_photo(content)
    ann.sends_voice(content, 3)
    async with connect(account) as bot:
        document, photo, voice = [update.message for update in await bot.get_updates()]
        assert document
        assert document.document
        assert (document.document.file_name, document.caption) == ("a b.bin", "look")
        assert photo
        assert voice
        assert voice.voice
        for sent in (document.document, photo.photo[-1], voice.voice):
            file = await sent.get_file()
            assert await file.download_as_bytearray() == content
        await bot.send_document(ann.id, content, filename="back.bin", caption="there")
        await bot.send_photo(ann.id, content)
        await bot.send_voice(ann.id, content)
        await bot.send_document(ann.id, document.document.file_id)
        heard = [await ann.hears(lambda _: True) for _ in range(4)]
        kinds = ("document", "photo", "voice", "document")
        assert all(kind in message.json for kind, message in zip(kinds, heard, strict=True))
        assert {ann.downloads(message) for message in heard} == {content}
        assert heard[0].json["document"]["file_name"] == "back.bin"
        assert heard[0].text == "there"


async def test_files_that_are_refused(server: Telegram, connect: Connect) -> None:
    """Too large, empty, unknown, or with too much below it."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    large = ann.sends_document(bytes(20 * 2**20 + 1), "large").json["document"]["file_id"]
    async with connect(account) as bot:
        with pytest.raises(BadRequest, match=r"(?i)caption is too long"):
            await bot.send_document(ann.id, b"x", caption="x" * 1025)
        with pytest.raises(BadRequest, match=r"(?i)must be non-empty"):
            await bot.send_document(ann.id, b"")
        with pytest.raises(BadRequest, match=r"(?i)wrong file identifier"):
            await bot.send_document(ann.id, "nothing")
        with pytest.raises(BadRequest, match=r"(?i)file is too big"):
            await bot.get_file(large)
        with pytest.raises(BadRequest, match=r"(?i)invalid file_id"):
            await bot.get_file("nothing")
        with pytest.raises(NetworkError, match="Request Entity Too Large"):
            await bot.send_document(ann.id, bytes(50 * 2**20 + 1))
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{server.base_file_url}{account.token}/files/{large}")).status_code == 404
        assert (await client.get(f"{server.base_file_url}1:wrong/files/{large}")).status_code == 401
    assert ann.screen() == [("Ann", "hi"), ("Ann", "")]


async def test_drafts(server: Telegram, connect: Connect) -> None:
    """A draft has a number, is private, and is over when the message comes."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    team = server.group("Team", account)
    async with connect(account) as bot:
        await bot.send_message_draft(ann.id, 7, "I thi")
        await bot.send_message_draft(ann.id, 7, "I think")
        assert await ann.reads("I thi") == "I think"
        with pytest.raises(BadRequest, match=r"(?i)RANDOM_ID_INVALID"):
            await bot.send_message_draft(ann.id, 0, "I")
        with pytest.raises(BadRequest, match=r"(?i)private"):
            await bot.send_message_draft(team.id, 7, "I")
        await bot.send_message(ann.id, "I think so")
    ann.refresh()
    assert not ann.drafts
