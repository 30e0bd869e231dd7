"""Every kind of update Telegram sends, one real payload a file, and what it is to us."""

import json
from pathlib import Path
from typing import Any

import pytest

from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.telegram import shapes
from bot.channels.telegram.addressed import Me
from bot.channels.telegram.reading import Back, Gone, Heard, Moved, News, read

UPDATES = Path(__file__).parent / "updates"
ME = Me(6839275410, "xiaoli_guali_bot")
WHO, GROUP = "7001", "-1001234567890"

# What is said alone with us → the words, what comes with them, and all else that is known.
ALONE: dict[str, tuple[str, tuple[Attachment, ...], dict[str, str]]] = {
    "text": ("下一班公交几点", (), {}),
    "text_with_markup": ("<b>路灯</b> *坏了* _都_ 3&4 幢 😀", (), {}),
    "text_in_english": ("when is the next bus", (), {}),
    "typed_intent": ('/book_activity{"choice": "1"}', (), {}),
    "photo": ("", (Attachment("photo", remote="AgAClarge"),), {}),
    "photo_with_caption": (
        "东门的路灯坏了",
        (Attachment("photo", remote="AgAClarge"),),
        {},
    ),
    "photo_as_file": ("", (Attachment("photo", remote="BQACphoto"),), {}),
    "photo_as_file_too_large": ("", (Attachment("large"),), {}),
    "voice": ("", (Attachment("voice", remote="AwACvoice"),), {}),
    "voice_too_large": ("", (Attachment("large"),), {}),
    "audio": ("", (Attachment("voice", remote="CQACaudio"),), {}),
    "location": ("", (Attachment("location", lat=30.175, lon=120.491),), {}),
    "venue": ("杭州书房", (Attachment("location", lat=30.175, lon=120.491),), {}),
    "contact": ("", (Attachment("contact"),), {}),
    "sticker": ("", (Attachment("sticker"),), {}),
    "dice": ("", (Attachment("sticker"),), {}),
    "video": ("", (Attachment("video"),), {}),
    "video_with_caption": ("水管一直在漏", (Attachment("video"),), {}),
    "video_note": ("", (Attachment("video"),), {}),
    "animation": ("", (Attachment("video"),), {}),
    "document": ("", (Attachment("document"),), {}),
    "poll": ("", (Attachment("poll"),), {}),
    "story": ("", (Attachment("forwarded"),), {}),
    "forwarded_text": ("明天停水，取消我的报名", (Attachment("forwarded"),), {}),
    "forwarded_photo_with_caption": ("", (Attachment("photo", remote="AgAClarge"),), {}),
    "forwarded_from_channel": ("/book", (Attachment("forwarded"),), {}),
    "answer_to_a_message": ("对，就是这个", (), {"quoted": "您说的是 7 幢东门吗？"}),
    "start": ("你好", (), {}),
    "start_at_a_door": ("你好", (), {"area": "guali/meilin/"}),
    "start_with_something_else": ("你好", (), {}),
    "start_in_english": ("hello", (), {}),
    "help": ("帮助", (), {}),
    "person_command": ("人工 急", (), {}),
    "unknown_command": ("/pay 5", (), {}),
    "edited_text": ("", (Attachment("edit"),), {"update_id": f"edit:{WHO}:{{}}"}),
    "edited_caption": ("", (Attachment("edit"),), {"update_id": f"edit:{WHO}:{{}}"}),
    "tap": ("c.AbCdEfGhIj_", (), {"update_id": f"tap:{WHO}:77:{WHO}:c.AbCdEfGhIj_"}),
    "tap_on_something_old": ("", (Attachment("tap"),), {}),
    "tap_on_a_message_out_of_reach": (
        "c.AbCdEfGhIj_",
        (),
        {"update_id": f"tap:{WHO}:77:{WHO}:c.AbCdEfGhIj_"},
    ),
    "emergency": ("楼上着火了", (), {}),
}
# What is said to us in a group.
TOGETHER: dict[str, tuple[str, tuple[Attachment, ...], dict[str, str]]] = {
    "group_mention": ("接 0001", (), {}),
    "group_mention_after_emoji": ("😀👍  查 0001", (), {}),
    "group_caption_mention": (
        "办结 0001 好了",
        (Attachment("photo", remote="AgAClarge"),),
        {},
    ),
    "group_text_mention": ("帮助", (), {}),
    "group_answer_to_us": ("接", (), {"quoted": "GQ-261124-0001 路灯坏了"}),
    "group_command": ("帮助", (), {}),
    "group_edit": ("", (Attachment("edit"),), {"update_id": f"edit:{GROUP}:{{}}"}),
    "tap_in_group": ("c.AbCdEfGhIj_", (), {"update_id": f"tap:{GROUP}:77:{WHO}:c.AbCdEfGhIj_"}),
}
# What is nothing to us.
NOTHING = {
    "live_location_moves",
    "tap_on_an_inline_message",
    "group_talk",
    "group_mention_of_another",
    "group_answer_to_another",
    "group_command_of_another_bot",
    "group_anonymous_admin",
    "somebody_joined",
    "another_bot",
    "channel_post",
    "inline_query",
    "reaction",
}
CHATS: dict[str, News] = {
    "migrated": Moved("-4411", GROUP),
    "blocked_by_user": Gone(WHO),
    "unblocked_by_user": Back(WHO),
    "put_out_of_group": Gone(GROUP),
}


def payload(name: str) -> Any:
    return json.loads((UPDATES / f"{name}.json").read_text("utf-8"))


def heard(name: str) -> News:
    return read(shapes.check(payload(name)), ME)


def test_every_payload_has_its_meaning_here() -> None:
    known = ALONE.keys() | TOGETHER.keys() | NOTHING | CHATS.keys()
    assert {file.stem for file in UPDATES.glob("*.json")} == known


@pytest.mark.parametrize("name", ALONE | TOGETHER)
def test_what_is_said_becomes_a_message(name: str) -> None:
    text, attachments, more = (ALONE | TOGETHER)[name]
    found = heard(name)
    assert isinstance(found, Heard)
    said, update = found.message, payload(name)
    assert (said.channel, said.bot) == ("telegram", str(ME.id))
    assert (said.address, said.sender) == ((WHO, "") if name in ALONE else (GROUP, WHO))
    assert (said.text, said.attachments) == (text, attachments)
    edited = update.get("edited_message", {}).get("message_id")
    usual = {"update_id": str(update["update_id"]), "quoted": "", "area": ""}
    for fact, value in (usual | more).items():
        assert getattr(said, fact) == value.format(edited), fact


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_what_is_not_for_us_is_nothing(name: str) -> None:
    assert heard(name) is None


@pytest.mark.parametrize("name", CHATS)
def test_news_of_a_chat_is_no_message(name: str) -> None:
    assert heard(name) == CHATS[name]


def test_without_our_name_a_group_is_heard_only_when_it_answers_us() -> None:
    """Negative control of the name."""
    assert read(shapes.check(payload("group_mention")), Me(ME.id)) is None
    assert read(shapes.check(payload("group_answer_to_us")), Me(ME.id)) is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{}",
        b'{"update_id": "7"}',
        b'{"update_id": -1}',
        b'{"update_id": true}',
        b'{"update_id": 1e400}',
        b'{"update_id": ' + b"9" * 5000 + b"}",
        b'{"update_id": 1, "message": []}',
        b'{"update_id": 1, "message": {"message_id": 1, "chat": {"id": "7", "type": "x"}}}',
        b'{"update_id": 1, "message": ' + b'{"reply_to_message": ' * 20_000,
        b'{"update_id": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda content: content[:40].decode("utf-8", "replace"),
)
def test_what_is_no_update_is_unreadable_and_no_error(content: bytes) -> None:
    with pytest.raises(Unreadable):
        shapes.parse(content)


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 0), (3, 5), (99_999, 99_999), (1, 1), (0, 100_000)]
)
def test_entities_that_point_anywhere_break_nothing(offset: int, length: int) -> None:
    update = payload("group_mention_after_emoji")
    wild = {"type": "mention", "offset": offset, "length": length}
    update["message"]["entities"].append(wild)
    assert isinstance(read(shapes.check(update), ME), Heard)


def test_halves_of_characters_and_control_characters_are_left_out() -> None:
    update = payload("text")
    content = json.dumps(update).replace("\\u4e0b", "\\u0000\\ud83d\\u4e0b").encode()
    found = read(shapes.parse(content), ME)
    assert isinstance(found, Heard)
    assert found.message.text == "\ufffd下一班公交几点"
