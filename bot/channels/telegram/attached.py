"""What is sent along: files we fetch, places, and what we cannot read."""

from collections.abc import Callable, Mapping

from actions.conversations import Attachment
from bot.channels.telegram.shapes import File, Message
from bot.media import LARGEST

PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})  # that are sent as files


def attached(said: Message) -> tuple[Attachment, ...]:
    """Return what is sent along; of what is forwarded the words are somebody else's."""
    found = next((made for read in READERS if (made := read(said))), None)
    if found is None and said.forward_origin is not None:
        found = Attachment("forwarded")
    return (found,) if found else ()


def _photo(said: Message) -> Attachment | None:
    if not said.photo:
        return None
    fitting = [one for one in said.photo if one.file_size <= LARGEST]
    if not fitting:
        return Attachment("large")
    largest = max(fitting, key=lambda one: (one.width * one.height, one.file_size))
    return Attachment("photo", remote=largest.file_id)


def _voice(said: Message) -> Attachment | None:
    spoken = said.voice or said.audio
    return _file("voice", spoken) if spoken else None


def _document(said: Message) -> Attachment | None:
    """A photo may be sent as a file; an animation comes as one, too."""
    if said.document is None or said.animation is not None:
        return None
    if said.document.mime_type in PHOTOS:
        return _file("photo", said.document)
    return Attachment("document")


def _file(kind: str, file: File) -> Attachment:
    if file.file_size > LARGEST:
        return Attachment("large")
    return Attachment(kind, remote=file.file_id)


def _place(said: Message) -> Attachment | None:
    where = said.venue.location if said.venue else said.location
    return Attachment("location", lat=where.latitude, lon=where.longitude) if where else None


# field → what it is to us; see bot/unread.py
UNREADABLE: Mapping[str, str] = {
    "sticker": "sticker",
    "dice": "sticker",
    "animation": "video",
    "video": "video",
    "video_note": "video",
    "contact": "contact",
    "poll": "poll",
    "story": "forwarded",
    "game": "other",
    "invoice": "other",
    "paid_media": "other",
    "checklist": "other",
}


def _unreadable(said: Message) -> Attachment | None:
    kinds = (kind for name, kind in UNREADABLE.items() if getattr(said, name) is not None)
    return next(map(Attachment, kinds), None)


READERS: tuple[Callable[[Message], Attachment | None], ...] = (
    _photo,
    _voice,
    _document,
    _place,
    _unreadable,
)
