"""Every kind of message, as DingTalk brings it to a robot."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.dingtalk import shapes
from bot.channels.dingtalk.reading import Heard, read
from bot.channels.dingtalk.shapes import LARGEST

HERE = Path(__file__).parent
MESSAGES = sorted(file.stem for file in (HERE / "messages").glob("*.json"))
FRAMES = sorted(file.stem for file in (HERE / "frames").glob("*.json"))
CODE = "mIofN681YE3f/+m+NntqpTtest0FakeDownloadCode=="
OTHER_CODE = "1lOlaJWGsEAMhw0Fake=="
NOTICE = "新的诉求 GL-261124-0001"
MEMBER, OUTSIDER = "0123456789", "$:LWCP_v1:$U0VOREVSMQ=="


def payload(name: str, folder: str = "messages", **said: Any) -> str:
    told = json.loads((HERE / folder / f"{name}.json").read_text("utf-8"))
    return json.dumps(told | said)


def heard(name: str, **said: Any) -> Heard:
    found = read(payload(name, **said))
    assert found
    return found


def photo(code: str = CODE) -> Attachment:
    return Attachment("photo", remote=code)


# payload → the words, what comes with them, what is quoted
READ: dict[str, tuple[str, tuple[Attachment, ...], str]] = {
    "text_alone": ("绑定 ACD-EFG-HJK", (), ""),
    "text_in_group": ("接 0001", (), ""),
    "called_and_nothing_said": ("", (), ""),
    "without_a_moment": ("接 0001", (), ""),
    "picture_alone": ("", (photo(),), ""),
    "picture_with_the_other_code": ("", (photo(OTHER_CODE),), ""),
    "picture_without_a_code": ("", (Attachment("other"),), ""),
    "rich_text_in_group": ("办结 0001 灯换好了", (photo(),), ""),
    "rich_text_of_a_photo": ("", (photo(),), ""),
    "rich_text_alone": ("第七号楼楼道灯", (photo(), photo(f"{CODE}2")), ""),
    "audio_with_transcript": ("查超时", (), ""),
    "audio": ("", (Attachment("voice", remote=CODE),), ""),
    "video": ("", (Attachment("video"),), ""),
    "file": ("", (Attachment("document"),), ""),
    "unknown_kind": ("", (Attachment("other"),), ""),
    "quoted_text": ("接", (), NOTICE),
    "quoted_text_under_its_other_name": ("接", (), NOTICE),
    "quoted_rich_text": ("接", (), NOTICE),
    "quoted_picture": ("接", (), ""),
    "quoted_ours": ("接", (), ""),
    "quoted_in_a_picture": ("", (photo(),), NOTICE),
    "from_another_organisation": ("接 0001", (), ""),
    "from_nobody_of_ours": ("接 0001", (), ""),
}
NOT_TO_US = {"text_in_group_to_others"}


def test_every_payload_is_looked_at() -> None:
    assert READ.keys() | NOT_TO_US == set(MESSAGES)


@pytest.mark.parametrize("name", sorted(READ))
def test_what_is_said_is_read(name: str) -> None:
    said = heard(name).message
    assert (said.text, said.attachments, said.quoted) == READ[name]
    assert (said.channel, said.update_id) == ("dingtalk", "msgT0ZGSUNFMQ+abc/1w==")


@pytest.mark.parametrize("name", sorted(NOT_TO_US))
def test_what_is_not_said_to_us_is_nothing(name: str) -> None:
    assert read(payload(name)) is None


def test_in_a_group_the_address_is_the_groups_and_alone_it_is_the_members() -> None:
    group, alone = heard("text_in_group").message, heard("text_alone").message
    assert (group.address, group.sender) == ("cidQ2xTb0dVYVh3Zz09RkFLRQ==", MEMBER)
    assert (alone.address, alone.sender) == (MEMBER, "")


@pytest.mark.parametrize("name", ["from_another_organisation", "from_nobody_of_ours"])
def test_whoever_is_of_another_organisation_is_never_taken_for_a_member(name: str) -> None:
    """Its ids may be those of ours: each organisation gives them out itself."""
    assert heard(name).message.sender == OUTSIDER


def test_a_quote_of_ours_names_what_dingtalk_calls_it() -> None:
    assert heard("quoted_ours").of_ours == "T1VSU0ZBS0VLRVk="
    assert heard("quoted_text").of_ours == ""


def test_when_it_was_said_is_known_where_it_is_told() -> None:
    at = datetime.fromtimestamp(1795485600.123, UTC)
    assert heard("text_alone").message.said_at == at
    assert heard("text_alone", createAt="1795485600123").message.said_at == at
    for wrong in (None, "soon", -1, 10**20, "１２３"):
        assert heard("text_alone", createAt=wrong).message.said_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"msgId": ""},
        {"msgId": "x" * 200},
        {"msgId": 7},
        {"conversationType": "3"},
        {"conversationType": 1},
        {"conversationId": "a group"},
        {"senderStaffId": None, "senderId": None},
        {"senderStaffId": "nobody\n"},
        {"msgtype": []},
        {"isInAtList": "yes"},
        {"text": {"content": "长" * 10_001}},
    ],
)
def test_what_cannot_be_read_says_so(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read(payload("text_alone", **wrong))


@pytest.mark.parametrize(
    "replied",
    [None, "x", [], {"content": 7}, {"content": {"richText": [None, 7, {"text": []}]}}],
)
def test_nothing_in_a_quote_loses_the_words(replied: object) -> None:
    said = heard("quoted_text", text={"content": "接", "repliedMsg": replied}).message
    assert (said.text, said.quoted) == ("接", "")


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_read(name: str) -> None:
    frame = shapes.frame(payload(name, "frames"))
    assert frame.type in {"CALLBACK", "SYSTEM", "EVENT"}
    assert json.loads(frame.data)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "7",
        "null",
        "[]",
        "{",
        '{"type": 1}',
        b"\xff\xfe",
        "[" * 100_000,
        " " * (LARGEST + 1),
    ],
)
def test_what_is_no_frame_says_so(raw: str | bytes) -> None:
    with pytest.raises(Unreadable):
        shapes.frame(raw)
