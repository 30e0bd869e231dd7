"""A photo, for staff who may see the conversation or the request it belongs to."""

import re

from sqlalchemy import select
from starlette.responses import FileResponse, Response

from actions.conversations import Conversation, Upload
from actions.db import Db
from actions.governance.model import Kind, ServiceRequest, Update
from bot.desk.conversation import at_desk
from bot.desk.visit import Missing, Visit

UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


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
    """Whether staff sent it with an update of a request: at that very moment."""
    sent = db.scalars(
        select(Update.attachments)
        .join(ServiceRequest, ServiceRequest.id == Update.request_id)
        .where(
            Update.kind.in_([Kind.MOVED, Kind.TOLD]), Update.happened_at == upload.created_at
        )
    )
    return any(upload.id in photos for photos in sent)
