"""A voice in a conversation: what is heard is said, and read back where it is not sure."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.conversations import Attachment, Message, Upload
from actions.people.model import Words
from bot.channels.platform import Letter, Refused
from bot.media import LARGEST
from bot.message import InboundMessage
from bot.voice.audio import Unheard
from bot.voice.booth import Booth
from bot.voice.recordings import recorded_as
from bot.voice.transcriber import Expected, Heard
from tests.bot.conftest import Bot
from tests.bot.voice.test_audio import as_wav, encoded, tone

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
RECORDING = as_wav(tone(1))


@dataclass
class Ears:
    """Hears what the test says was said."""

    hears: Heard | Unheard | Exception = field(default=Heard("图书馆几点关门", sure=True))
    listened: int = 0
    expected: Expected | None = None

    async def hear(self, content: bytes, expected: Expected) -> Heard:
        self.listened += 1
        self.expected = expected
        if isinstance(self.hears, Exception):
            raise self.hears
        return self.hears


@dataclass
class Files:
    """A platform that holds recordings."""

    name: str = "telegram"
    holds: dict[str, bytes] = field(default_factory=lambda: {"v": RECORDING})

    async def send(self, letter: Letter) -> str:
        return ""

    async def fetch(self, remote: str, most: int) -> bytes:
        assert most == LARGEST
        if remote not in self.holds:
            raise Refused("gone")
        return self.holds[remote]


@dataclass
class Talk:
    """Somebody who speaks to us on Telegram."""

    bot: Bot
    ears: Ears
    platform: Files
    said: int = 0

    async def speak(self, remote: str = "v", kind: str = "voice") -> list[str]:
        return await self._receive("", (Attachment(kind, remote=remote),))

    async def write(self, text: str) -> list[str]:
        return await self._receive(text, ())

    async def _receive(self, text: str, attachments: tuple[Attachment, ...]) -> list[str]:
        self.said += 1
        answered = await self.bot.parts.gateway.receive(
            InboundMessage("telegram", "7", f"u{self.said}", text, attachments)
        )
        return [reply.text for reply in answered.replies if "小沥" not in reply.text]


@pytest.fixture
def talk(bot: Bot) -> Talk:
    ears, platform = Ears(), Files()
    media = bot.parts.gateway.ground.media
    object.__setattr__(media, "transcriber", ears)
    object.__setattr__(media, "platforms", {"telegram": platform})
    return Talk(bot, ears, platform)


def understood(bot: Bot) -> list[str]:
    """What the assistant was asked."""
    return [text for _, text in bot.assistant.heard]


async def test_what_was_said_is_shown_and_answered_like_what_is_written(talk: Talk) -> None:
    first, *rest = await talk.speak()
    assert first == "我听到：“图书馆几点关门”"
    assert rest
    assert understood(talk.bot)[-1] == "图书馆几点关门"


async def test_what_was_heard_unsurely_is_read_back_before_anything_is_done(talk: Talk) -> None:
    talk.ears.hears = Heard("图书馆及点官媒", sure=False)
    before = len(understood(talk.bot))
    assert await talk.speak() == ["我听到的是：“图书馆及点官媒”，对吗？"]
    assert len(understood(talk.bot)) == before
    await talk.write("1")
    assert understood(talk.bot)[-1] == "图书馆及点官媒"


async def test_whoever_was_misheard_says_it_again(talk: Talk) -> None:
    talk.ears.hears = Heard("图书馆及点官媒", sure=False)
    await talk.speak()
    (again,) = await talk.write("2")
    assert "再说一遍" in again
    talk.ears.hears = Heard("图书馆几点关门", sure=True)
    await talk.speak()
    assert understood(talk.bot)[-1] == "图书馆几点关门"


async def test_one_of_our_choices_is_clear_however_it_was_heard(talk: Talk) -> None:
    talk.ears.hears = Heard("报名", sure=False)
    await talk.speak()
    await talk.write("1")
    talk.ears.hears = Heard("第一个", sure=False)
    assert (await talk.speak())[0] == "我听到：“第一个”"
    assert understood(talk.bot)[-1] == '/choose{"choice": "yes"}'


async def test_the_answers_that_wait_are_listened_for(talk: Talk) -> None:
    await talk.speak()
    assert talk.ears.expected == Expected("zh")
    await talk.write("报名")
    await talk.speak()
    assert talk.ears.expected
    answers = talk.ears.expected.answers
    assert answers["第一个"] != answers["第二个"]
    assert {"第一个", "第二个", "算了"} <= answers.keys()


@pytest.mark.parametrize(
    "hears", [Heard("意", sure=False), Heard("yep", sure=False), Unheard("silent")]
)
async def test_a_short_word_that_was_misheard_is_asked_for_by_number(
    talk: Talk, hears: Heard | Unheard
) -> None:
    (question,) = (await talk.write("报名"))[-1:]
    before = len(understood(talk.bot))
    talk.ears.hears = hears
    sentence, again = await talk.speak()
    assert "按数字" in sentence
    assert again == question
    assert len(understood(talk.bot)) == before
    await talk.write("1")
    assert understood(talk.bot)[-1] == '/choose{"choice": "yes"}'


async def test_a_recording_that_is_too_long_leaves_the_question_waiting(talk: Talk) -> None:
    (question,) = (await talk.write("报名"))[-1:]
    talk.ears.hears = Unheard("too_long")
    sentence, again = await talk.speak()
    assert "太长" in sentence
    assert again == question
    await talk.write("2")
    assert understood(talk.bot)[-1] == '/choose{"choice": "no"}'


async def test_a_short_word_without_a_question_is_read_back_as_any_other(talk: Talk) -> None:
    talk.ears.hears = Heard("一", sure=False)
    assert await talk.speak() == ["我听到的是：“一”，对吗？"]


async def test_a_short_cry_is_a_danger_before_it_is_misheard(talk: Talk) -> None:
    await talk.write("报名")
    talk.ears.hears = Heard("着火", sure=False)
    (reply,) = await talk.speak()
    assert "119" in reply


async def test_a_danger_that_is_spoken_is_answered_with_the_number_at_once(talk: Talk) -> None:
    for sure in (True, False):
        talk.ears.hears = Heard("着火了", sure=sure)
        (reply,) = await talk.speak()
        assert "119" in reply
    assert "着火了" not in understood(talk.bot)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("silent", "没听到"),
        ("unclear", "听不清楚"),
        ("too_long", "太长"),
        ("unreadable", "打不开"),
    ],
)
async def test_where_nothing_can_be_heard_a_kind_sentence_says_why(
    talk: Talk, why: str, words: str
) -> None:
    talk.ears.hears = Unheard(why)
    (reply,) = await talk.speak()
    assert words in reply


async def test_a_recording_the_platform_no_longer_has_is_said_to_be_unreadable(
    talk: Talk,
) -> None:
    (reply,) = await talk.speak("gone")
    assert "打不开" in reply
    assert talk.ears.listened == 0


async def test_a_recogniser_that_breaks_costs_one_sentence_and_not_the_next_message(
    talk: Talk,
) -> None:
    talk.ears.hears = MemoryError()
    (reply,) = await talk.speak()
    assert "打不开" in reply
    assert await talk.write("你好")


async def test_without_a_recogniser_residents_are_told_so(talk: Talk) -> None:
    object.__setattr__(talk.bot.parts.gateway.ground.media, "transcriber", None)
    (reply,) = await talk.speak()
    assert "听不了语音" in reply


async def test_the_recording_is_kept_and_the_words_are_the_residents_own(talk: Talk) -> None:
    await talk.speak()
    with talk.bot.parts.database.reading() as db:
        spoken = db.scalars(select(Message).where(Message.author == "resident")).one()
        words = db.get_one(Words, spoken.words_id)
    (attached,) = spoken.attachments
    assert (attached["kind"], attached["heard"], attached["remote"]) == ("voice", "sure", "")
    kept: Path = talk.bot.parts.settings.uploads_dir / attached["upload_id"]
    assert kept.read_bytes() == RECORDING
    assert words.text == "图书馆几点关门"


@pytest.mark.parametrize(
    ("recording", "kept_as"),
    [
        (encoded(tone(2), "amr", "libopencore_amrnb", 8000), "audio/ogg"),
        (b"#!AMR\n" + bytes(range(200)), "audio/amr"),  # broken: it stays as it came
        (RECORDING, "audio/wav"),
    ],
)
async def test_what_no_browser_plays_is_kept_as_one_that_does(
    talk: Talk, recording: bytes, kept_as: str
) -> None:
    media, booth = talk.bot.parts.gateway.ground.media, Booth()
    object.__setattr__(media, "booth", booth)
    talk.platform.holds["v"] = recording
    try:
        await talk.speak()
    finally:
        booth.close()
    with talk.bot.parts.database.reading() as db:
        upload = db.scalars(select(Upload)).one()
    content = (talk.bot.parts.settings.uploads_dir / upload.id).read_bytes()
    assert (upload.content_type, recorded_as(content), upload.size) == (
        kept_as,
        kept_as,
        len(content),
    )
