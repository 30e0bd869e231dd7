"""Photos: those staff may look at, and those that come with their forms."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from starlette.responses import FileResponse, Response

from actions.conversations import Conversation, Upload
from actions.db import Db
from actions.errors import Refusal
from actions.governance.model import Kind, ServiceRequest, Update
from bot.desk.conversation import at_desk
from bot.desk.visit import Missing, Visit
from bot.photos import KEPT_AS, redraw

AHEAD = timedelta(hours=1)  # of the words it belongs to a photo may come
UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True)
class Photo:
    """A photo that came with a form, under the id it is going to have."""

    id: str
    content: bytes


def see(visit: Visit) -> Response:
    """Hand a photo out as a file: no browser may take it for a page."""
    name = visit.path["upload_id"]
    upload = visit.db.get(Upload, name) if UPLOAD_ID.fullmatch(name) else None
    if upload is None or not _belongs_to_visible(visit.db, upload):
        raise Missing
    file = visit.desk.uploads / upload.id
    if upload.content_type not in ENDINGS or not file.is_file():
        raise Missing
    visit.note("read_photo", f"upload:{upload.id}")
    return FileResponse(
        file,
        media_type=upload.content_type,
        filename=f"{upload.id}.{ENDINGS[upload.content_type]}",
        content_disposition_type="attachment",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


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
    talks = db.scalars(
        select(Conversation).where(Conversation.resident_id == upload.resident_id)
    )
    if any(at_desk(talk) for talk in talks):
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
