"""What a message holds, by its type: words, photos, and what we cannot read.

https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from actions.conversations import Attachment
from bot.channels.calls import Unreadable
from bot.channels.feishu.shapes import Mention, Message, object_in
from bot.message import clean

LONGEST_TEXT = 10_000
MOST_PHOTOS = 9  # of one message
FILE_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
MENTIONED = re.compile(r"@_user_\d{1,6}")
PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp"})  # that are sent as files
# type → what it is to us; see bot/unread.py
UNREADABLE: Mapping[str, str] = {
    "media": "video",
    "sticker": "sticker",
    "merge_forward": "forwarded",
    "share_chat": "contact",
    "share_user": "contact",
    "vote": "poll",
    "folder": "document",
}


@dataclass(frozen=True)
class Content:
    """The words of a message, without our name, and what came with them."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


def content_of(said: Message, me: str) -> Content:
    """Return what a message holds; `me` is our own id.

    Raises:
        Unreadable: its content is not of the shape Feishu says it has.
    """
    if said.message_type not in READERS:
        kind = UNREADABLE.get(said.message_type, "other")
        return Content(attachments=(Attachment(kind),))
    found = READERS[said.message_type](said, object_in(said.content))
    words = _with_names(found.text, said.mentions, me)
    return Content(clean(words)[:LONGEST_TEXT], found.attachments)


def _text(_said: Message, told: Mapping[str, Any]) -> Content:
    return Content(_word(told, "text"))


def _image(said: Message, told: Mapping[str, Any]) -> Content:
    return Content(attachments=(_file("photo", said, "image", _word(told, "image_key")),))


def _audio(said: Message, told: Mapping[str, Any]) -> Content:
    return Content(attachments=(_file("voice", said, "file", _word(told, "file_key")),))


def _document(said: Message, told: Mapping[str, Any]) -> Content:
    if PurePosixPath(_word(told, "file_name").lower()).suffix not in PHOTOS:
        return Content(attachments=(Attachment("document"),))
    return Content(attachments=(_file("photo", said, "file", _word(told, "file_key")),))


def _post(said: Message, told: Mapping[str, Any]) -> Content:
    """Read a rich text: a title, and paragraphs of words, names, links and pictures."""
    lines, attachments = [_word(told, "title")], list[Attachment]()
    for paragraph in _listed(told.get("content")):
        parts = [part for part in _listed(paragraph) if isinstance(part, dict)]
        lines.append("".join(map(_words_of, parts)))
        attachments += _files_of(said, parts)
    return Content("\n".join(lines), tuple(attachments[:MOST_PHOTOS]))


def _words_of(part: Mapping[str, Any]) -> str:
    return _word(part, "user_id" if part.get("tag") == "at" else "text")


def _files_of(said: Message, parts: list[dict[str, Any]]) -> Iterator[Attachment]:
    for part in parts:
        if part.get("tag") == "img":
            yield _file("photo", said, "image", _word(part, "image_key"))
        elif part.get("tag") == "media":
            yield Attachment("video")


READERS: Mapping[str, Callable[[Message, Mapping[str, Any]], Content]] = {
    "text": _text,
    "post": _post,
    "image": _image,
    "audio": _audio,
    "file": _document,
}


def _file(kind: str, said: Message, type_: str, key: str) -> Attachment:
    """Name a file the way it is asked for: by its message, its type and its key."""
    if not FILE_KEY.fullmatch(key):
        raise Unreadable("file key")
    return Attachment(kind, remote=f"{said.message_id} {type_} {key}")


def _with_names(text: str, mentions: list[Mention], me: str) -> str:
    """Put names where a text has signs for them; ours is left out."""
    names = {one.key: "" if _is(one, me) else _named(one) for one in mentions}
    return MENTIONED.sub(lambda found: names.get(found[0], found[0]), text)


def _is(mention: Mention, me: str) -> bool:
    return bool(me) and mention.id is not None and mention.id.open_id == me


def _named(mention: Mention) -> str:
    return f"@{''.join(mention.name.split())}"


def _word(told: Mapping[str, Any], name: str) -> str:
    said = told.get(name)
    return said if isinstance(said, str) else ""


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []
