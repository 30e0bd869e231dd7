"""The parts of Telegram's updates that we read, as https://core.telegram.org/bots/api has them.

Checked strictly where they arrive, for whatever passes is used without another look. The
library's own reader is not used here: it takes any type for any field.
"""

import json
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.channels.calls import Unreadable

LARGEST_ID = 2**53
LONE = re.compile("[\ud800-\udfff]")


def _whole(said: object) -> object:
    """Put a sign in place of halves of characters, which keeps offsets what they are."""
    return LONE.sub("\ufffd", said) if isinstance(said, str) else said


Id = Annotated[int, Field(ge=-LARGEST_ID, le=LARGEST_ID)]
Words = Annotated[str, BeforeValidator(_whole), Field(max_length=10_000)]
Name = Annotated[str, BeforeValidator(_whole), Field(max_length=300)]
Size = Annotated[int, Field(ge=0, le=LARGEST_ID)]
Place = Annotated[int, Field(ge=0, le=100_000)]


class Shape(BaseModel):
    """What Telegram sends besides is not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class User(Shape):
    """Somebody, or a bot."""

    id: Id
    is_bot: bool = False
    language_code: Name = ""


class Chat(Shape):
    """Where something is said: private, group, supergroup or channel."""

    id: Id
    type: Name


class Entity(Shape):
    """A part of a text that means something; counted in UTF-16 units."""

    type: Name
    offset: Place
    length: Place
    user: User | None = None


class File(Shape):
    """A file that Telegram holds for us; pictures have a size of their own."""

    file_id: Name
    file_size: Size = 0
    mime_type: Name = ""
    width: Size = 0
    height: Size = 0


class Location(Shape):
    """A place in WGS-84 degrees; one that moves is live for so many seconds."""

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class Venue(Shape):
    """A place with a name."""

    location: Location
    title: Words
    address: Words = ""


class Quoted(Shape):
    """What a message answers."""

    sender: User | None = Field(default=None, alias="from")
    text: Words = ""
    caption: Words = ""


class Message(Shape):
    """Something said. What we cannot read is only known to be there."""

    message_id: Id
    sender: User | None = Field(default=None, alias="from")
    chat: Chat
    text: Words = ""
    caption: Words = ""
    entities: Annotated[list[Entity], Field(max_length=500)] = []
    caption_entities: Annotated[list[Entity], Field(max_length=500)] = []
    reply_to_message: Quoted | None = None
    forward_origin: object = None
    is_automatic_forward: bool = False
    migrate_to_chat_id: Id | None = None
    photo: Annotated[list[File], Field(max_length=50)] = []
    voice: File | None = None
    audio: File | None = None
    document: File | None = None
    location: Location | None = None
    venue: Venue | None = None
    sticker: object = None
    dice: object = None
    animation: object = None
    video: object = None
    video_note: object = None
    contact: object = None
    poll: object = None
    story: object = None
    game: object = None
    invoice: object = None
    paid_media: object = None
    checklist: object = None


class Tapped(Shape):
    """The message whose button was tapped; all else of it may be gone."""

    message_id: Id
    chat: Chat


class CallbackQuery(Shape):
    """A tap on a button."""

    id: Name
    sender: User = Field(alias="from")
    message: Tapped | None = None
    data: Name = ""


class Member(Shape):
    """What we are in a chat now."""

    status: Name


class Membership(Shape):
    """We were let in, put out or blocked."""

    chat: Chat
    new_chat_member: Member


class Update(Shape):
    """One thing that happened; at most one of its parts is there."""

    update_id: Annotated[int, Field(ge=0, le=LARGEST_ID)]
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: Membership | None = None


def parse(content: bytes) -> Update:
    """Read an update.

    Raises:
        Unreadable: it is none, or not of the shape Telegram says it has.
    """
    try:
        return check(json.loads(content))
    except (ValueError, RecursionError):
        raise Unreadable("not an update") from None


def check(update: object) -> Update:
    """Check what JSON said.

    Raises:
        Unreadable: as `parse`.
    """
    try:
        return Update.model_validate(update)
    except (ValidationError, RecursionError):
        raise Unreadable("not an update") from None
