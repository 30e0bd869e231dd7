"""What is taken for a recording, by its bytes alone, and what becomes of it."""

import io
import wave

import pytest
from sqlalchemy import select

from actions.conversations import Message, Upload
from bot.voice.recordings import LARGEST_RECORDING, recorded_as
from tests.bot.conftest import Bot, photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

OGG = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01" + bytes(40)
WEBM = (
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\x82\x84webmB\x87\x81\x04A_OPUS"
)
FILM = WEBM.replace(b"A_OPUS", b"V_VP8\x00")
MP4 = b"\x00\x00\x00\x1cftypM4A \x00\x00\x02\x00" + bytes(40)
HEIC = b"\x00\x00\x00\x1cftypheic\x00\x00\x02\x00" + bytes(40)


def wav() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(800))
    return written.getvalue()


KINDS = {
    "audio/ogg": OGG,
    "audio/webm": WEBM,
    "audio/wav": wav(),
    "audio/mp4": MP4,
    "audio/amr": b"#!AMR\n" + bytes(40),
    "audio/amr-wb": b"#!AMR-WB\n" + bytes(40),
}
NO_RECORDINGS = {
    "a photo": photo(),
    "a film in webm": FILM,
    "a film in mp4": MP4 + b"hdlr" + bytes(8) + b"vide\x00",
    "a photo in a film's box": HEIC,
    "a picture in a wave's box": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "words": "#!AMR 语音".encode(),
    "a page": b"<html>OggS</html>",
    "nothing": b"",
}


async def voice(bot: Bot, content: bytes, session: str = "") -> dict[str, str]:
    uploaded = await bot.upload(content, session=session, name="a.html")
    assert uploaded.status_code == 200, uploaded.text
    return {"kind": "voice", "upload_id": uploaded.json()["upload_id"]}


async def test_a_recording_is_known_by_its_bytes_and_kept_as_it_is(bot: Bot) -> None:
    for kind, content in KINDS.items():
        upload_id = (await voice(bot, content))["upload_id"]
        assert (bot.parts.webchat.uploads / upload_id).read_bytes() == content
        with bot.parts.database.reading() as db:
            upload = db.get_one(Upload, upload_id)
        assert (upload.content_type, upload.size) == (kind, len(content))


async def test_what_is_no_recording_is_not_taken_for_one(bot: Bot) -> None:
    for what, content in NO_RECORDINGS.items():
        assert recorded_as(content) is None, what
        taken = (await bot.upload(content)).status_code == 200
        assert taken == (what == "a photo"), what


async def test_a_recording_may_be_larger_than_a_photo_but_not_endless(bot: Bot) -> None:
    assert (await bot.upload(OGG.ljust(LARGEST_RECORDING, b"\x00"))).status_code == 200
    too_large = await bot.upload(OGG.ljust(LARGEST_RECORDING + 1, b"\x00"))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")


async def test_a_recording_alone_is_answered_in_a_sentence_and_not_understood(bot: Bot) -> None:
    answer = await bot.post("", attachments=[await voice(bot, OGG)])
    said = bot.parts.wording.render("utter_voice_no_ears").text
    assert answer.json()["replies"][-1]["text"] == said
    assert bot.assistant.heard == []
    with bot.parts.database.reading() as db:
        kept = db.scalars(select(Message).order_by(Message.id)).first()
    assert kept
    assert kept.attachments[0]["kind"] == "voice"


async def test_words_that_come_with_a_recording_are_understood(bot: Bot) -> None:
    assert await bot.say("约课", attachments=[await voice(bot, OGG)])
    assert bot.assistant.heard[-1][1] == "约课"


async def test_only_ones_own_recording_can_be_sent_and_only_as_what_it_is(bot: Bot) -> None:
    await bot.say("你好")
    theirs = await voice(bot, OGG, session="t" * 32)
    picture = (await bot.upload(photo())).json()["upload_id"]
    as_photo = (await voice(bot, OGG)) | {"kind": "photo"}
    for attachment in (theirs, as_photo, {"kind": "voice", "upload_id": picture}):
        answer = await bot.post("", attachments=[attachment])
        assert (answer.status_code, answer.json()["code"]) == (422, "no_upload")


async def test_the_sender_hears_it_again_and_nobody_else(bot: Bot) -> None:
    said = await voice(bot, OGG)
    await bot.post("", attachments=[said])
    address = f"/api/chat/uploads/{said['upload_id']}"
    mine = await bot.client.get(address, headers={"X-Session": bot.session})
    assert (mine.content, mine.headers["content-type"]) == (OGG, "audio/ogg")
    assert mine.headers["content-disposition"] == "attachment"
    anothers = await bot.client.get(address, headers={"X-Session": "t" * 32})
    assert anothers.status_code == 404
