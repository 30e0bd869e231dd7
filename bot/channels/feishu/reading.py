"""Reads events: what staff say becomes a message, the rest becomes news of a group.

A message is known again by its `message_id`, not by the event's: the page of
im.message.receive_v1 says "如有幂等需求请使用 message_id 去重，不要依赖 event_id".
Alone with us an address is somebody's `open_id`, by which they are known in groups, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from actions.conversations import CHOICE_ID, Attachment
from bot.channels.feishu.contents import content_of
from bot.channels.feishu.shapes import Event, Message, PutIn, PutOut, Said, Tapped
from bot.message import InboundMessage

NAME = "feishu"
ALONE, GROUPS = "p2p", frozenset({"group", "topic_group"})
USER = "user"


@dataclass(frozen=True)
class Me:
    """Our app, and its robot's own id as far as it was asked for."""

    app_id: str
    open_id: str = ""


@dataclass(frozen=True)
class Heard:
    """Something said to us, by words or by a tap."""

    message: InboundMessage
    tapped: bool = False


@dataclass(frozen=True)
class Gone:
    """We were put out of a group, or it is no more."""

    address: str


@dataclass(frozen=True)
class Back:
    """We may write there again."""

    address: str


News = Heard | Gone | Back | None


def is_of_group(event: Event | None) -> bool:
    """Whether our own id has to be known to read an event."""
    return isinstance(event, Said) and event.message.chat_type in GROUPS


def answered_in(event: Event | None) -> tuple[str, str] | None:
    """Return the address and the id there of the message that an event answers, if any."""
    if not isinstance(event, Said) or not event.message.parent_id:
        return None
    whom = event.sender.sender_id.open_id if event.sender.sender_id else ""
    said = event.message
    return (whom if said.chat_type == ALONE else said.chat_id), said.parent_id


def read(event: Event | None, me: Me, quoted: str | None = None) -> News:
    """Return what an event means to us, None where it is nothing.

    `quoted` is what it answers, None where that is not ours.

    Raises:
        Unreadable: it is not of the shape Feishu says it has.
    """
    match event:
        case Said():
            return _said(event, me, quoted)
        case Tapped():
            return _tapped(event, me)
        case PutOut():
            return Gone(event.chat_id)
        case PutIn():
            return Back(event.chat_id)
    return None


def _said(event: Said, me: Me, quoted: str | None) -> News:
    said, sender = event.message, event.sender
    whom = sender.sender_id.open_id if sender.sender_id else ""
    if sender.sender_type != USER or not whom or said.chat_type not in {ALONE, *GROUPS}:
        return None
    group, named = said.chat_type in GROUPS, _names(said, me)
    if group and not named and quoted is None:
        return None
    content = content_of(said, me.open_id)
    if not (content.text or content.attachments or named):
        return None
    return Heard(
        InboundMessage(
            channel=NAME,
            address=said.chat_id if group else whom,
            update_id=said.message_id,
            text=content.text,
            attachments=content.attachments,
            bot=me.app_id,
            sender=whom if group else "",
            quoted=quoted or "",
            said_at=_moment(said.create_time),
        )
    )


def _tapped(event: Tapped, me: Me) -> News:
    """A tap on one button of a card, by one person, happens once, however often it comes.

    Feishu does not say whether others see the card; its button does.
    """
    whom, on = event.operator.open_id, event.context
    if not whom:
        return None
    value = event.action.value if isinstance(event.action.value, Mapping) else {}
    choice, group = value.get("choice"), value.get("group") is True
    ours = isinstance(choice, str) and CHOICE_ID.fullmatch(choice) is not None
    return Heard(
        InboundMessage(
            channel=NAME,
            address=on.open_chat_id if group else whom,
            update_id=f"tap:{on.open_message_id}:{whom}:{choice if ours else ''}",
            text=str(choice) if ours else "",
            attachments=() if ours else (Attachment("tap"),),
            bot=me.app_id,
            sender=whom if group else "",
        ),
        tapped=True,
    )


def _names(said: Message, me: Me) -> bool:
    ids = (one.id.open_id for one in said.mentions if one.id)
    return bool(me.open_id) and me.open_id in ids


def _moment(milliseconds: str) -> datetime | None:
    if not (milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) <= 14):
        return None
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
