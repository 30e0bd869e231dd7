"""Photos and recordings staff may see or hear, and photos that come with their forms."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import String, cast, select
from starlette.responses import Response

from actions.conversations import Conversation, Message, Upload
from actions.db import Db
from actions.errors import Refusal
from actions.governance.model import Kind, ServiceRequest, Update
from bot.desk.conversation import is_at_desk
from bot.desk.visit import Missing, Visit
from bot.kept import handed_out, is_recording
from bot.photos import KEPT_AS, redraw

AHEAD = timedelta(hours=1)  # of the words it belongs to a photo may come
UPLOAD_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Photo:
    """A photo that came with a form, under the id it is going to have."""

    id: str
    content: bytes


def see(visit: Visit) -> Response:
    """Hand a photo or a recording out as a file: no browser may take it for a page."""
    name = visit.path["upload_id"]
    upload = visit.db.get(Upload, name) if UPLOAD_ID.fullmatch(name) else None
    if upload is None or not _belongs_to_visible(visit.db, upload):
        raise Missing
    found = handed_out(upload, visit.desk.uploads)
    if found is None:
        raise Missing
    deed = "heard_recording" if is_recording(upload.content_type) else "read_photo"
    visit.note(deed, f"upload:{upload.id}")
    return found


def brought(visit: Visit) -> list[Photo]:
    """Return the photos that came with a form.

    Raises:
        Refusal: one of them is no photo.
    """
    found = []
    for content in visit.files:
        drawn = redraw(content)
        if drawn is None:
            raise Refusal("utter_desk_no_photo")
        found.append(Photo(secrets.token_hex(16), drawn))
    return found


def keep(visit: Visit, photos: Sequence[Photo]) -> None:
    """Keep photos for good, once nothing refuses the deed they belong to."""
    folder = visit.desk.uploads
    folder.mkdir(parents=True, exist_ok=True)
    for photo in photos:
        visit.db.add(
            Upload(
                id=photo.id,
                staff_id=visit.staff.id,
                content_type=KEPT_AS,
                size=len(photo.content),
                created_at=visit.now,
            )
        )
        (folder / photo.id).write_bytes(photo.content)
    visit.db.flush()


def _belongs_to_visible(db: Db, upload: Upload) -> bool:
    """All is asked within the scope of who looks."""
    if upload.resident_id is None:
        return _is_of_visible_update(db, upload)
    if _is_of_visible_talk(db, upload):
        return True
    requests = db.scalars(
        select(ServiceRequest).where(ServiceRequest.resident_id == upload.resident_id)
    ).all()
    if any(upload.id in request.attachments for request in requests):
        return True
    added = db.scalars(
        select(Update.attachments).where(Update.request_id.in_([one.id for one in requests]))
    )
    return any(upload.id in photos for photos in added)


def _is_of_visible_talk(db: Db, upload: Upload) -> bool:
    """Whether it was said where staff are to answer; what is for a neighbour is not theirs."""
    said = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.resident_id == upload.resident_id,
            is_at_desk(),
            ~Message.for_neighbour,
            cast(Message.attachments, String).contains(upload.id),
        )
    )
    return db.scalar(said.limit(1)) is not None


def _is_of_visible_update(db: Db, upload: Upload) -> bool:
    """Whether staff sent it with an update of a request, or in their chat just before."""
    sent = db.scalars(
        select(Update.attachments)
        .join(ServiceRequest, ServiceRequest.id == Update.request_id)
        .where(
            Update.kind.in_([Kind.MOVED, Kind.TOLD]),
            Update.staff_id == upload.staff_id,
            Update.happened_at.between(upload.created_at, upload.created_at + AHEAD),
        )
    )
    return any(upload.id in photos for photos in sent)
