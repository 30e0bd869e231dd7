"""Every kind of event Feishu sends, one payload a file, and what it is to us."""

import json
from pathlib import Path
from typing import Any

import pytest

from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.feishu import shapes
from bot.channels.feishu.reading import (
    Back,
    Gone,
    Heard,
    Me,
    News,
    answered_in,
    is_of_group,
    read,
)

EVENTS = Path(__file__).parent / "events"
ME = Me("cli_9f5343c580712544", "ou_7d8a6e6df7621556ce0d21922b676706")
WHO, GROUP = "ou_84aad35d084aa403a838cf73ee18467e", "oc_5ce6d572455d361153b7cb51da133945"
OURS = "om_dc13264520392913993dd051dba21dcf"
CARD = "om_574d639e4a44e4dd646eaf628e2c4c97"


def payload(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text("utf-8"))


def event(made: Any) -> shapes.Event | None:
    return shapes.event_of(shapes.call_of(json.dumps(made).encode()))


def heard(name: str, quoted: str | None = None, me: Me = ME) -> News:
    return read(event(payload(name)), me, quoted)


def file(name: str, kind: str, type_: str, key: str) -> Attachment:
    message = payload(name)["event"]["message"]["message_id"]
    return Attachment(kind, remote=f"{message} {type_} {key}")


# What is said alone with us → the words, and what comes with them.
ALONE: dict[str, tuple[str, tuple[Attachment, ...]]] = {
    "text": ("帮助", ()),
    "text_with_markup": ('<at user_id="all"></at> <b>路灯</b> **坏了** 3&4 幢 😀', ()),
    "text_naming_a_colleague": ("备注 0001 @一位同事 在等 @_user_10", ()),
    "text_answering_us": ("接", ()),
    "post": ("回复\n办结 0001 灯换好了\n\n谢谢", ()),
    "post_with_photos": (
        "办结 0001 好了",
        (
            file("post_with_photos", "photo", "image", "img_v3_02a1-b2c3"),
            file("post_with_photos", "photo", "image", "img_v3_02d4"),
        ),
    ),
    "post_with_video": ("看这里", (Attachment("video"),)),
    "image": (
        "",
        (file("image", "photo", "image", "img_v2_041b28e3-5680-48c2-9af2-497ace79333g"),),
    ),
    "photo_as_file": (
        "",
        (
            file(
                "photo_as_file", "photo", "file", "file_v2_0dcdd7d9-fib0-4432-a519-41d25aca542j"
            ),
        ),
    ),
    "document": ("", (Attachment("document"),)),
    "audio": ("", (file("audio", "voice", "file", "75235e0c-4f92-430a-a99b-8446610223cg"),)),
    "media": ("", (Attachment("video"),)),
    "sticker": ("", (Attachment("sticker"),)),
    "merge_forward": ("", (Attachment("forwarded"),)),
    "share_user": ("", (Attachment("contact"),)),
    "share_chat": ("", (Attachment("contact"),)),
    "vote": ("", (Attachment("poll"),)),
    "location": ("", (Attachment("other"),)),
    "interactive": ("", (Attachment("other"),)),
    "kind_of_the_future": ("", (Attachment("other"),)),
    "tap": ("c.AbCdEfGhIj_", ()),
    "tap_on_something_old": ("", (Attachment("tap"),)),
    "tap_without_value": ("", (Attachment("tap"),)),
}
# What is said to us in a group.
TOGETHER: dict[str, tuple[str, tuple[Attachment, ...]]] = {
    "group_mention": ("接 0001", ()),
    "group_mention_alone": ("", ()),
    "group_mention_of_two": ("@一位同事  备注 0001 等拖车", ()),
    "group_post_with_photo": (
        "办结 0001 灯换好了",
        (file("group_post_with_photo", "photo", "image", "img_v3_02a1"),),
    ),
    "group_answer_to_us": ("接", ()),
    "group_photo_answering_us": (
        "",
        (file("group_photo_answering_us", "photo", "image", "img_v3_02a1"),),
    ),
    "tap_in_group": ("c.AbCdEfGhIj_", ()),
}
ANSWERS = {"text_answering_us", "group_answer_to_us", "group_photo_answering_us"}
TAPS = {
    "tap": f"tap:{CARD}:{WHO}:c.AbCdEfGhIj_",
    "tap_in_group": f"tap:{CARD}:{WHO}:c.AbCdEfGhIj_",
    "tap_on_something_old": f"tap:{CARD}:{WHO}:",
    "tap_without_value": f"tap:{CARD}:{WHO}:",
}
# What is nothing to us.
NOTHING = {
    "group_talk",
    "group_mention_of_another",
    "group_mention_of_all",
    "another_robot",
    "message_read",
    "recalled",
    "somebody_joined",
}
CHATS: dict[str, News] = {
    "put_in": Back(GROUP),
    "put_out": Gone(GROUP),
    "disbanded": Gone(GROUP),
}


def test_every_payload_has_its_meaning_here() -> None:
    known = ALONE.keys() | TOGETHER.keys() | NOTHING | CHATS.keys()
    assert {file.stem for file in EVENTS.glob("*.json")} == known


@pytest.mark.parametrize("name", ALONE | TOGETHER)
def test_what_is_said_becomes_a_message(name: str) -> None:
    text, attachments = (ALONE | TOGETHER)[name]
    found = heard(name, "GQ-261124-0001 路灯坏了" if name in ANSWERS else None)
    assert isinstance(found, Heard)
    said = found.message
    assert (said.channel, said.bot) == ("feishu", ME.app_id)
    assert (said.address, said.sender) == ((WHO, "") if name in ALONE else (GROUP, WHO))
    assert (said.text, said.attachments) == (text, attachments)
    assert said.quoted == ("GQ-261124-0001 路灯坏了" if name in ANSWERS else "")
    assert found.tapped == (name in TAPS)
    once = TAPS.get(name) or payload(name)["event"]["message"]["message_id"]
    assert said.update_id == once


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_what_is_not_for_us_is_nothing(name: str) -> None:
    assert heard(name) is None


@pytest.mark.parametrize("name", CHATS)
def test_news_of_a_group_is_no_message(name: str) -> None:
    assert heard(name) == CHATS[name]


@pytest.mark.parametrize("name", ["group_mention", "group_answer_to_us"])
def test_in_a_group_without_our_name_and_without_our_words_nothing_is_heard(name: str) -> None:
    """Negative control of the name, and of what is ours."""
    assert heard(name, None, Me(ME.app_id)) is None
    assert heard(name, "ours", Me(ME.app_id)) is not None


def test_the_same_message_in_another_event_is_the_same_message() -> None:
    again = payload("group_mention")
    again["header"]["event_id"] = "f" * 32
    assert read(event(again), ME) == heard("group_mention")


def test_what_an_event_answers_is_looked_for_where_it_was_said() -> None:
    assert answered_in(event(payload("group_answer_to_us"))) == (GROUP, OURS)
    assert answered_in(event(payload("text_answering_us"))) == (WHO, OURS)
    assert answered_in(event(payload("group_mention"))) is None
    assert answered_in(event(payload("tap"))) is None


def test_our_own_id_is_asked_for_groups_alone() -> None:
    assert is_of_group(event(payload("group_talk")))
    assert not any(is_of_group(event(payload(name))) for name in ("text", "tap", "put_out"))


def test_somebody_our_app_may_not_know_is_not_heard() -> None:
    for wrong in (None, {"open_id": None}, {"open_id": ""}):
        made = payload("text")
        made["event"]["sender"]["sender_id"] = wrong
        assert read(event(made), ME) is None


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("event",), []),
        (("event", "message"), None),
        (("event", "message", "message_id"), "om_../../im"),
        (("event", "message", "message_id"), "om_1\n"),
        (("event", "message", "chat_id"), "oc_" + "x" * 100),
        (("event", "message", "content"), "{"),
        (("event", "message", "content"), '["text"]'),
        (("event", "message", "content"), "[" * 100_000),
        (("event", "message", "content"), 7),
        (("event", "message", "mentions"), [{"key": "@_user_1", "id": "ou_1"}]),
        (("event", "sender", "sender_id", "open_id"), "on_1"),
    ],
)
def test_what_feishu_would_not_send_is_unreadable(where: tuple[str, ...], wrong: Any) -> None:
    made = payload("group_mention")
    inside = made
    for name in where[:-1]:
        inside = inside[name]
    inside[where[-1]] = wrong
    with pytest.raises(Unreadable):
        read(event(made), ME)


def test_a_file_is_asked_for_by_a_key_and_never_by_a_path() -> None:
    made = payload("image")
    made["event"]["message"]["content"] = '{"image_key": "../../v3/info"}'
    with pytest.raises(Unreadable):
        read(event(made), ME)


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"[]", b"null", b"\xff\xfe", b'{"header": 1}', b"[" * 100_000],
)
def test_what_is_no_call_is_unreadable_and_no_error(content: bytes) -> None:
    with pytest.raises(Unreadable):
        shapes.call_of(content)


def test_halves_of_characters_and_control_characters_are_left_out() -> None:
    made = payload("text")
    made["event"]["message"]["content"] = '{"text": "\\u0000帮\\ud83d助"}'
    found = read(event(made), ME)
    assert isinstance(found, Heard)
    assert found.message.text == "帮助"


def test_a_text_without_end_is_cut() -> None:
    made = payload("text")
    made["event"]["message"]["content"] = json.dumps({"text": "长" * 50_000})
    found = read(event(made), ME)
    assert isinstance(found, Heard)
    assert len(found.message.text) == 10_000
