"""What WeCom's customer service holds for us, as messages.

https://developer.work.weixin.qq.com/document/path/94670
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.tencent.callback import fields
from bot.channels.wechat.reading import Content, place, unread
from bot.message import InboundMessage, clean

NAME = "wecom"
FROM_RESIDENT = 3  # `origin`; others are ours, or the system's
LONGEST_TEXT = 10_000
LONGEST_MARK = 200
ID = re.compile(r"[A-Za-z0-9_@-]{1,60}")
MSG_ID = re.compile(r"[\x21-\x7e]{1,160}")
MEDIA_ID = re.compile(r"[\x21-\x7e]{1,512}")


@dataclass(frozen=True)
class Called:
    """There is something new for an account; `token` lets us ask for it."""

    account: str
    token: str


@dataclass(frozen=True)
class Entered:
    """Somebody has opened the chat; `code` lets us welcome them, for 20 seconds."""

    code: str


@dataclass(frozen=True)
class Page:
    """Some messages in order, the mark behind them, and whether there are more.

    `unread` of them are of no kind that we know.
    """

    items: tuple[InboundMessage | Entered, ...]
    mark: str
    more: bool
    unread: int


def read_call(xml: bytes) -> Called | None:
    """Read what WeCom calls us for; None where it does not concern us.

    Raises:
        Unreadable: WeCom tells nothing of this kind.
    """
    told = fields(xml)
    if told.get("Event") != "kf_msg_or_event":
        return None
    return Called(_matched(ID, told.get("OpenKfId", "")), told.get("Token", ""))


def read_page(answer: Mapping[str, Any]) -> Page:
    """Read a page of messages; what cannot be read is left out, and holds up nothing.

    Raises:
        Unreadable: it is no page, or we could not read on after it.
    """
    told, mark = answer.get("msg_list", []), answer.get("next_cursor", "")
    if not isinstance(told, list) or not isinstance(mark, str) or len(mark) > LONGEST_MARK:
        raise Unreadable("page")
    read = [_item(one) for one in told]
    items = tuple(one for one in read if isinstance(one, InboundMessage | Entered))
    return Page(items, mark, answer.get("has_more") == 1, read.count(False))


def _item(told: Any) -> InboundMessage | Entered | bool | None:
    """Return an item; None for what does not concern us, False for what cannot be read."""
    try:
        if _dug(told, "msgtype") == "event":
            return _entered(told)
        if not isinstance(told, dict) or told.get("origin") != FROM_RESIDENT:
            return None
        return _message(told)
    except (Unreadable, ValueError, OverflowError, OSError):
        return False


def _entered(told: Any) -> Entered | None:
    code = _dug(told, "event", "welcome_code")
    return Entered(code) if code else None


def _message(told: Mapping[str, Any]) -> InboundMessage:
    kind = _dug(told, "msgtype")
    content = KINDS[kind](told) if kind in KINDS else unread(kind)
    if len(content.text) > LONGEST_TEXT:
        raise Unreadable("too long")
    account = _matched(ID, _dug(told, "open_kfid"))
    whom = _matched(ID, _dug(told, "external_userid"))
    return InboundMessage(
        channel=NAME,
        address=f"{account} {whom}",
        update_id=_matched(MSG_ID, _dug(told, "msgid")),
        text=clean(content.text),
        attachments=content.attachments,
        said_at=datetime.fromtimestamp(_number(told.get("send_time")), UTC),
    )


def _text(told: Mapping[str, Any]) -> Content:
    return Content(_dug(told, "text", "content"))


def _voice(told: Mapping[str, Any]) -> Content:
    return _file("voice", _dug(told, "voice", "media_id"))


def _image(told: Mapping[str, Any]) -> Content:
    return _file("photo", _dug(told, "image", "media_id"))


def _file(kind: str, media_id: str) -> Content:
    return Content(attachments=(Attachment(kind, remote=_matched(MEDIA_ID, media_id)),))


def _location(told: Mapping[str, Any]) -> Content:
    where = told.get("location")
    if not isinstance(where, dict):
        return unread()
    return place(_number(where.get("latitude")), _number(where.get("longitude")))


KINDS: Mapping[str, Callable[[Mapping[str, Any]], Content]] = {
    "text": _text,
    "voice": _voice,
    "image": _image,
    "location": _location,
}


def _dug(told: Any, *path: str) -> str:
    """Return the text at the end of a path, empty where there is none."""
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told if isinstance(told, str) else ""


def _number(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise Unreadable("number")
    return float(said)


def _matched(pattern: re.Pattern[str], said: str) -> str:
    if not pattern.fullmatch(said):
        raise Unreadable("field")
    return said
