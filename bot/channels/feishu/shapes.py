"""The parts of Feishu's events that we read, checked strictly where they arrive.

https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/events/receive
https://open.feishu.cn/document/feishu-cards/card-callback-communication
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.channels.calls import Unreadable

LONE = re.compile("[\ud800-\udfff]")


def _whole(said: object) -> object:
    """Put a sign in place of halves of characters; what is null was not said."""
    if said is None:
        return ""
    return LONE.sub("\ufffd", said) if isinstance(said, str) else said


def _listed(said: object) -> object:
    return [] if said is None else said


Name = Annotated[str, BeforeValidator(_whole), Field(max_length=300)]
Words = Annotated[str, BeforeValidator(_whole), Field(max_length=500_000)]
ChatId = Annotated[str, Field(pattern=r"^oc_[A-Za-z0-9_-]{1,60}$")]
MessageId = Annotated[str, Field(pattern=r"^om_[A-Za-z0-9_-]{1,60}$")]


class Shape(BaseModel):
    """What Feishu sends besides is not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Who(Shape):
    """Somebody, as our app knows them; apps may have no such id."""

    open_id: Annotated[
        str, BeforeValidator(_whole), Field(pattern=r"^(ou_[A-Za-z0-9_-]{1,60})?$")
    ] = ""


class Sender(Shape):
    """Who said something: a user, an app, a system."""

    sender_id: Who | None = None
    sender_type: Name = ""


class Mention(Shape):
    """Whom `key` stands for in a text, such as `@_user_1`."""

    key: Name
    id: Who | None = None
    name: Name = ""


class Message(Shape):
    """Something said. Its content is JSON in a text, of a shape for each type."""

    message_id: MessageId
    parent_id: Name = ""
    create_time: Name = ""
    chat_id: ChatId
    chat_type: Name
    message_type: Name
    content: Words = ""
    mentions: Annotated[list[Mention], BeforeValidator(_listed), Field(max_length=500)] = []


class Said(Shape):
    """A message, im.message.receive_v1."""

    sender: Sender
    message: Message


class Action(Shape):
    """What was tapped: `value` is what we gave it."""

    value: object = None


class Context(Shape):
    """The card that was tapped."""

    open_message_id: MessageId
    open_chat_id: ChatId


class Tapped(Shape):
    """A tap on a card, card.action.trigger."""

    operator: Who
    action: Action
    context: Context


class Put(Shape):
    """What became of our place in a group."""

    chat_id: ChatId


class PutIn(Put):
    """We were put in, im.chat.member.bot.added_v1."""


class PutOut(Put):
    """We were put out, or all are: im.chat.member.bot.deleted_v1, im.chat.disbanded_v1."""


Event = Said | Tapped | PutIn | PutOut
EVENTS: Mapping[str, type[Event]] = {
    "im.message.receive_v1": Said,
    "card.action.trigger": Tapped,
    "im.chat.member.bot.added_v1": PutIn,
    "im.chat.member.bot.deleted_v1": PutOut,
    "im.chat.disbanded_v1": PutOut,
}


class Header(Shape):
    """What is told, of which app, and the token that proves it."""

    event_type: Name
    token: Name
    app_id: Name


class Call(Shape):
    """A call of Feishu's: an event, or the question whether the address is ours."""

    type: Name = ""
    token: Name = ""
    challenge: Name = ""
    header: Header | None = None
    event: object = None


def call_of(content: bytes) -> Call:
    """Read a call.

    Raises:
        Unreadable: it is none.
    """
    try:
        return Call.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError):
        raise Unreadable("call") from None


def event_of(call: Call) -> Event | None:
    """Return the event a call tells of, None for those that are nothing to us.

    Raises:
        Unreadable: it is not of the shape Feishu says it has.
    """
    shape = EVENTS.get(call.header.event_type) if call.header else None
    if shape is None:
        return None
    try:
        return shape.model_validate(call.event)
    except (ValidationError, RecursionError):
        raise Unreadable("event") from None


def sealed_in(body: bytes) -> str:
    """Return the sealed text of a body.

    Raises:
        Unreadable: there is none; what is not encrypted is not taken.
    """
    sealed = object_in(body).get("encrypt")
    if not isinstance(sealed, str) or not sealed:
        raise Unreadable("not encrypted")
    return sealed


def object_in(said: bytes | str) -> Mapping[str, Any]:
    """Read a JSON object.

    Raises:
        Unreadable: it is none.
    """
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        raise Unreadable("JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("JSON")
    return found
