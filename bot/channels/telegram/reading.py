"""Reads updates: what residents say becomes a message, the rest becomes news of a chat."""

from dataclasses import dataclass

from actions.conversations import CHOICE_ID, Attachment
from bot.channels.telegram.addressed import GROUPS, Me, addressed
from bot.channels.telegram.attached import attached
from bot.channels.telegram.shapes import (
    CallbackQuery,
    Chat,
    Membership,
    Message,
    Update,
    User,
)
from bot.message import InboundMessage, clean

NAME = "telegram"
LONGEST_QUOTE = 4096
FORWARDED = (
    Attachment("forwarded"),
)  # its words are kept: an emergency is one, whoever says it


@dataclass(frozen=True)
class Tap:
    """A tap that Telegram wants to have noticed, and whether its buttons may go."""

    callback_id: str
    chat: str = ""
    message_id: int = 0
    is_group: bool = False


@dataclass(frozen=True)
class Heard:
    """Something said to us, by words or by a tap."""

    message: InboundMessage
    tap: Tap | None = None


@dataclass(frozen=True)
class Gone:
    """We were blocked, or put out of a group."""

    address: str


@dataclass(frozen=True)
class Back:
    """We may write again."""

    address: str


@dataclass(frozen=True)
class Moved:
    """A group has become a supergroup, with another id."""

    address: str
    to: str


News = Heard | Gone | Back | Moved | None


def is_of_group(update: Update) -> bool:
    """Whether our name has to be known to read an update."""
    said = update.message or update.edited_message
    return said is not None and said.chat.type in GROUPS


def read(update: Update, me: Me) -> News:
    """Return what an update means to us, None where it is nothing."""
    if update.message:
        return _message(update.message, update, me)
    if update.edited_message:
        return _edited(update.edited_message, me)
    if update.callback_query:
        return _tapped(update.callback_query, update, me)
    return _membership(update.my_chat_member) if update.my_chat_member else None


def _message(said: Message, update: Update, me: Me) -> News:
    if said.migrate_to_chat_id is not None:
        return Moved(str(said.chat.id), str(said.migrate_to_chat_id))
    heard, attachments = addressed(said, me), attached(said)
    if heard is None or not (heard.text or heard.named or attachments):
        return None  # not for us, or news of a group: somebody joined
    of_others = said.forward_origin is not None and attachments != FORWARDED
    return Heard(
        InboundMessage(
            channel=NAME,
            address=str(said.chat.id),
            update_id=str(update.update_id),
            text="" if of_others else heard.text,
            attachments=attachments,
            bot=str(me.id),
            sender=_sender(said.chat, heard.by),
            quoted=_quoted(said),
            area=heard.area,
        )
    )


def _edited(said: Message, me: Me) -> News:
    """An edit is not read; we say so once a message. A place that moves is no edit."""
    heard = addressed(said, me)
    if heard is None or said.location is not None:
        return None
    return Heard(
        InboundMessage(
            channel=NAME,
            address=str(said.chat.id),
            update_id=f"edit:{said.chat.id}:{said.message_id}",
            text="",
            attachments=(Attachment("edit"),),
            bot=str(me.id),
            sender=_sender(said.chat, heard.by),
        )
    )


def _tapped(query: CallbackQuery, update: Update, me: Me) -> News:
    """A tap on one button of a message, by one person, happens once, however often it comes."""
    on = query.message
    if on is None or query.sender.is_bot or on.chat.type not in GROUPS | {"private"}:
        return None
    ours = CHOICE_ID.fullmatch(query.data) is not None
    once = f"tap:{on.chat.id}:{on.message_id}:{query.sender.id}:{query.data}"
    return Heard(
        InboundMessage(
            channel=NAME,
            address=str(on.chat.id),
            update_id=once if ours else str(update.update_id),
            text=query.data if ours else "",
            attachments=() if ours else (Attachment("tap"),),
            bot=str(me.id),
            sender=_sender(on.chat, query.sender),
        ),
        Tap(query.id, str(on.chat.id), on.message_id, on.chat.type in GROUPS),
    )


def _membership(changed: Membership) -> News:
    address = str(changed.chat.id)
    gone = changed.new_chat_member.status in {"kicked", "left"}
    return Gone(address) if gone else Back(address)


def _sender(chat: Chat, by: User) -> str:
    return str(by.id) if chat.type in GROUPS else ""


def _quoted(said: Message) -> str:
    quoted = said.reply_to_message
    return clean(quoted.text or quoted.caption)[:LONGEST_QUOTE] if quoted else ""
