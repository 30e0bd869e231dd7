"""The parts of DingTalk's frames and messages that we read, checked where they arrive.

The frames are of https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol, the
messages of https://open.dingtalk.com/document/orgapp/receive-message. What a message says is
left as it came for `reading`, which takes what it can: nothing in a quoted message, say, may
lose the one that quotes it.
"""

import json
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from bot.channels.calls import Unreadable

LARGEST = 256 * 1024  # characters of a frame; real ones have a few thousand


def _there(said: object) -> object:
    return "" if said is None else said


Id = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]
MaybeId = Annotated[str, BeforeValidator(_there), Field(pattern=r"^[\x21-\x7e]{0,128}$")]
Name = Annotated[str, Field(max_length=200)]


class Shape(BaseModel):
    """What DingTalk sends besides is not looked at."""

    model_config = ConfigDict(
        extra="ignore", strict=True, frozen=True, alias_generator=to_camel
    )


S = TypeVar("S", bound=Shape)


class Headers(Shape):
    """What a frame is about, and the number under which it is acknowledged."""

    topic: Name
    message_id: MaybeId = ""


class Frame(Shape):
    """One thing DingTalk pushes; `data` is JSON of its own."""

    type: Name
    headers: Headers
    data: str = ""


class Brought(Shape):
    """A message to our robot: `conversation_type` 1 is alone with us, 2 a group."""

    msg_id: Id
    msgtype: Annotated[str, Field(max_length=200, alias="msgtype")]
    conversation_type: Literal["1", "2"]
    conversation_id: Id
    sender_id: MaybeId = ""
    sender_staff_id: MaybeId = ""
    sender_corp_id: MaybeId = ""
    chatbot_corp_id: MaybeId = ""
    is_in_at_list: bool | None = None
    create_at: int | str | None = None
    original_process_query_key: object = None
    text: object = None
    content: object = None


def frame(raw: str | bytes) -> Frame:
    """Read a frame.

    Raises:
        Unreadable: it is none, or larger than any.
    """
    if len(raw) > LARGEST:
        raise Unreadable("too large")
    return _checked(Frame, raw)


def brought(data: str | bytes) -> Brought:
    """Read what a frame says of a message.

    Raises:
        Unreadable: as `frame`.
    """
    return _checked(Brought, data)


def _checked(shape: type[S], raw: str | bytes) -> S:
    try:
        return shape.model_validate(json.loads(raw))
    except (ValueError, ValidationError, RecursionError):
        raise Unreadable(shape.__name__) from None
