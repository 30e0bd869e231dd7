"""Reads what is said to our robot: who said it, in which chat, to what."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.dingtalk.shapes import Brought, brought
from bot.message import InboundMessage, clean

NAME = "dingtalk"
GROUP = "2"
LONGEST_TEXT = 10_000
LONGEST_QUOTE = 4096
MOST_PARTS = 200  # of a rich text
MOST_PHOTOS = 10
CODE = re.compile(r"[\x21-\x7e]{1,2048}")
MOMENT = re.compile(r"[0-9]{1,14}")  # milliseconds
# DingTalk cuts our name out of a text, not out of a rich one.
CALLED = re.compile(r"^(?:\s*@\S+(?:\s+|$))+")


@dataclass(frozen=True)
class Heard:
    """A message to us; `of_ours` is the id of the message of ours that it quotes."""

    message: InboundMessage
    of_ours: str = ""


@dataclass(frozen=True)
class Content:
    """What was said."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


def read(data: str | bytes) -> Heard | None:
    """Read a message; None where it is not for us.

    Raises:
        Unreadable: it is none, or nobody can be told from it.
    """
    told = brought(data)
    in_group = told.conversation_type == GROUP
    if in_group and told.is_in_at_list is False:
        return None
    content = KINDS.get(told.msgtype, _unread)(told)
    text = clean(content.text)
    if len(text) > LONGEST_TEXT:
        raise Unreadable("too long")
    return Heard(
        InboundMessage(
            channel=NAME,
            address=told.conversation_id if in_group else _member(told),
            update_id=told.msg_id,
            text=clean(CALLED.sub("", text)) if in_group else text,
            attachments=content.attachments,
            sender=_member(told) if in_group else "",
            quoted=clean(_quoted(told))[:LONGEST_QUOTE],
            said_at=_moment(told),
        ),
        _dug(told.original_process_query_key),
    )


def _member(told: Brought) -> str:
    """Return the id of who speaks: in our organisation their own, else one of this robot's.

    Organisations give out their members' ids themselves: another's may be like one of ours.
    """
    corps = {told.sender_corp_id, told.chatbot_corp_id} - {""}
    whose = told.sender_staff_id if len(corps) <= 1 else ""
    if whom := whose or told.sender_id:
        return whom
    raise Unreadable("nobody")


def _moment(told: Brought) -> datetime | None:
    said = str(told.create_at)
    if not MOMENT.fullmatch(said):
        return None
    return datetime.fromtimestamp(int(said) / 1000, UTC)


def _words(told: Brought) -> Content:
    return Content(_dug(told.text, "content"))


def _picture(told: Brought) -> Content:
    return Content(attachments=(_file("photo", told.content),))


def _rich(told: Brought) -> Content:
    """Words and photos in one message, as a bar to write in makes them."""
    parts = list(_parts(told.content))
    photos = [_file("photo", one) for one in parts if _code(one)]
    return Content("".join(_dug(one, "text") for one in parts), tuple(photos[:MOST_PHOTOS]))


def _audio(told: Brought) -> Content:
    """Take DingTalk's own transcript where there is one: then the voice is not needed."""
    if said := clean(_dug(told.content, "recognition")):
        return Content(said)
    return Content(attachments=(_file("voice", told.content),))


# What cannot be read → its kind in bot/unread.py; whatever is new is "other".
UNREAD: Mapping[str, str] = {"video": "video", "file": "document"}


def _unread(told: Brought) -> Content:
    return Content(attachments=(Attachment(UNREAD.get(told.msgtype, "other")),))


KINDS: Mapping[str, Callable[[Brought], Content]] = {
    "text": _words,
    "picture": _picture,
    "richText": _rich,
    "audio": _audio,
}


def _quoted(told: Brought) -> str:
    """Return the words a message answers, as far as DingTalk tells them.

    It does beside the words of a text and inside every other content:
    https://github.com/QwenLM/qwen-code/issues/9536 has the shapes.
    """
    for said in (told.text, told.content):
        replied = said.get("repliedMsg") if isinstance(said, dict) else None
        content = replied.get("content") if isinstance(replied, dict) else None
        rich = "".join(_dug(one, "text") or _dug(one, "content") for one in _parts(content))
        words = _dug(content) or _dug(content, "text") or _dug(content, "content") or rich
        if words:
            return words
    return ""


def _parts(content: object) -> Iterator[Any]:
    listed = content.get("richText") if isinstance(content, dict) else None
    yield from listed[:MOST_PARTS] if isinstance(listed, list) else ()


def _file(kind: str, content: object) -> Attachment:
    code = _code(content)
    return Attachment(kind, remote=code) if code else Attachment("other")


def _code(content: object) -> str:
    """Return what a file is fetched by; some pictures have the one code, some the other."""
    codes = (_dug(content, name) for name in ("downloadCode", "pictureDownloadCode"))
    return next((code for code in codes if CODE.fullmatch(code)), "")


def _dug(told: object, *path: str) -> str:
    """Return the text at the end of a path, empty where there is none."""
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told if isinstance(told, str) else ""
