"""What WeChat tells us in XML, as messages: words, voices, photos, places, taps, comings.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
"""

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from actions.channels import Heard
from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.tencent.callback import fields
from bot.channels.tencent.gcj02 import to_wgs84
from bot.channels.wechat.menu import GREETING, MEANINGS
from bot.message import InboundMessage, clean

NAME = "wechat"
LONGEST_TEXT = 10_000
ID = re.compile(r"[A-Za-z0-9_@-]{1,64}")
MOMENT = re.compile(r"[0-9]{1,10}")
QR_PREFIX = "qrscene_"
# What WeChat writes for stickers of its shop, red packets, contact cards.
NOT_SHOWN = re.compile(r"[\[【]收到不支持的消息类型，暂无法显示[\]】]")


@dataclass(frozen=True)
class Said:
    """A resident said something, or did something that we answer."""

    account: str  # the account's own id, as whom the answer comes
    message: InboundMessage


@dataclass(frozen=True)
class Left:
    """A resident follows us no more."""

    openid: str
    at: datetime


@dataclass(frozen=True)
class Nothing:
    """Nothing that concerns us."""


Update = Said | Left | Nothing
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Content:
    """What was said."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


def read(xml: bytes) -> Update:
    """Read what WeChat tells.

    Raises:
        Unreadable: WeChat tells nothing of this kind.
    """
    told = fields(xml)
    kind = told.get("MsgType", "").lower()
    if kind == "event":
        return _event(told)
    content = KINDS[kind](told) if kind in KINDS else unread(kind)
    return _said(told, content, update_id=_matched(ID, told.get("MsgId", "")))


def _said(
    told: Fields,
    content: Content,
    *,
    update_id: str,
    heard: Heard = Heard.WORDS,
    area: str = "",
) -> Said:
    message = InboundMessage(
        channel=NAME,
        address=_openid(told),
        update_id=update_id,
        text=_bounded(clean(content.text)),
        attachments=content.attachments,
        heard=heard,
        said_at=_moment(told),
        area=area,
    )
    return Said(_matched(ID, told.get("ToUserName", "")), message)


def _text(told: Fields) -> Content:
    words = told.get("Content", "")
    return unread() if NOT_SHOWN.fullmatch(words.strip()) else Content(words)


def _voice(told: Fields) -> Content:
    """Take WeChat's own transcript where there is one: then the voice is not needed."""
    if heard := clean(told.get("Recognition", "")):
        return Content(heard)
    return _file("voice", told)


def _image(told: Fields) -> Content:
    return _file("photo", told)


def _file(kind: str, told: Fields) -> Content:
    return Content(attachments=(Attachment(kind, remote=_media_id(told)),))


def _location(told: Fields) -> Content:
    try:
        lat, lon = float(told.get("Location_X", "")), float(told.get("Location_Y", ""))
    except ValueError:
        return unread()
    return place(lat, lon)


def place(lat: float, lon: float) -> Content:
    """Return a place of a Chinese map."""
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return unread()
    lat, lon = to_wgs84(lat, lon)
    return Content(attachments=(Attachment("location", lat=round(lat, 6), lon=round(lon, 6)),))


# What cannot be read → its kind in bot/unread.py; links and whatever is new are "other".
UNREAD: Mapping[str, str] = {
    "video": "video",
    "shortvideo": "video",
    "file": "document",
    "business_card": "contact",
}


def unread(kind: str = "") -> Content:
    """Return what is said to be unreadable: films, links, cards."""
    return Content(attachments=(Attachment(UNREAD.get(kind, "other")),))


KINDS: Mapping[str, Callable[[Fields], Content]] = {
    "text": _text,
    "voice": _voice,
    "image": _image,
    "location": _location,
}


def _event(told: Fields) -> Update:
    return EVENTS.get(told.get("Event", "").lower(), _ignored)(told)


def _followed(told: Fields) -> Update:
    scene = told.get("EventKey", "").removeprefix(QR_PREFIX)
    return _tapped(told, GREETING, area=_area(scene))


def _scanned(told: Fields) -> Update:
    return _tapped(told, GREETING, area=_area(told.get("EventKey", "")))


def _clicked(told: Fields) -> Update:
    meaning = MEANINGS.get(told.get("EventKey", ""))
    return _tapped(told, meaning) if meaning else Nothing()


def _left(told: Fields) -> Update:
    return Left(_openid(told), _moment(told))


def _ignored(_told: Fields) -> Update:
    return Nothing()


EVENTS: Mapping[str, Callable[[Fields], Update]] = {
    "subscribe": _followed,
    "unsubscribe": _left,
    "scan": _scanned,
    "click": _clicked,
}


def _tapped(told: Fields, meaning: str, *, area: str = "") -> Said:
    return _said(told, Content(meaning), update_id=_event_id(told), heard=Heard.TAP, area=area)


def _event_id(told: Fields) -> str:
    """Return what an event is known again by: WeChat gives it no number."""
    parts = (told.get(name, "") for name in ("FromUserName", "CreateTime", "Event", "EventKey"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _area(scene: str) -> str:
    """Return the village a code stands for: its scene is the village's path."""
    scene = clean(scene).strip("/")
    return f"{scene}/" if scene else ""


def _openid(told: Fields) -> str:
    return _matched(ID, told.get("FromUserName", ""))


def _media_id(told: Fields) -> str:
    return _matched(re.compile(r"[\x21-\x7e]{1,512}"), told.get("MediaId", ""))


def _moment(told: Fields) -> datetime:
    said = _matched(MOMENT, told.get("CreateTime", ""))
    return datetime.fromtimestamp(int(said), UTC)


def _matched(pattern: re.Pattern[str], said: str) -> str:
    if not pattern.fullmatch(said):
        raise Unreadable("field")
    return said


def _bounded(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise Unreadable("too long")
    return text
