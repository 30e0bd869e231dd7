"""What happened to a request: appended, never edited; and the words that go with it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from actions import happenings
from actions.db import Db
from actions.errors import Refusal
from actions.governance import workflow
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.happenings import What
from actions.people.model import Words


def record(  # noqa: PLR0913 - one row has this many facts
    db: Db,
    request: ServiceRequest,
    kind: Kind,
    *,
    now: datetime,
    staff_id: int | None = None,
    words: str = "",
    photos: Sequence[str] = (),
    other_id: int | None = None,
) -> Update:
    """Write down what has just been done to a request; it stands as it was made."""
    made = Update(
        request_id=request.id,
        kind=kind,
        status=request.status,
        team_id=request.team_id,
        tier=request.tier,
        staff_id=staff_id,
        other_id=other_id,
        words=words_of(request.resident_id, words, now) if words else None,
        attachments=list(photos),
        happened_at=now,
    )
    db.add(made)
    db.flush()
    if what := _announced(made):
        _announce(db, request, what, now)
    return made


ANNOUNCED = {
    Kind.MOVED: What.REQUEST_MOVED,
    Kind.ASSIGNED: What.REQUEST_ASSIGNED,
    Kind.RETURNED: What.REQUEST_ASSIGNED,
    Kind.CATEGORISED: What.REQUEST_CATEGORISED,
    Kind.RAISED: What.REQUEST_RAISED,
}


def _announced(made: Update) -> What | None:
    """Return as what the town's systems hear of an update; None where they do not."""
    if made.kind == Kind.MOVED and made.status == Status.RECEIVED:
        return What.REQUEST_FILED
    return ANNOUNCED.get(Kind(made.kind))


def _announce(db: Db, request: ServiceRequest, what: What, now: datetime) -> None:
    facts = {
        "reference": request.reference,
        "status": str(request.status),
        "category": request.category_id,
        "team": request.team_id,
        "tier": request.tier,
        "due_at": request.due_at.isoformat(),
    }
    subject = f"request/{request.id}"
    happenings.note(db, what, subject, area_id=request.area_id, facts=facts, now=now)


def history(db: Db, request: ServiceRequest) -> list[Update]:
    """Return everything that happened to a request, oldest first."""
    return list(
        db.scalars(select(Update).where(Update.request_id == request.id).order_by(Update.id))
    )


def public_history(db: Db, request: ServiceRequest) -> list[Update]:
    """Return what those who reported or follow a request see of it, oldest first."""
    return [made for made in history(db, request) if made.kind in workflow.PUBLIC]


def question_of(db: Db, request: ServiceRequest) -> str:
    """Return what staff have asked the reporter and wait for; empty when nothing."""
    if request.paused_at is None:
        return ""
    asked = [made for made in history(db, request) if made.kind == Kind.ASKED]
    return asked[-1].words.text if asked and asked[-1].words else ""


def last_id(db: Db, request: ServiceRequest) -> int:
    """Return the id of the last update: what somebody has seen who looks at it now."""
    return last_ids(db, [request]).get(request.id, 0)


def last_ids(db: Db, requests: Sequence[ServiceRequest]) -> dict[int, int]:
    """Return by request the last update: what somebody has seen who looks at the list."""
    newest = (
        select(Update.request_id, func.max(Update.id))
        .where(Update.request_id.in_([request.id for request in requests]))
        .group_by(Update.request_id)
    )
    return {number: last for number, last in db.execute(newest)}


def alone(db: Db, request: ServiceRequest, *, seen: int | None = None) -> None:
    """Let nobody else touch a request until this transaction ends.

    Raises:
        Refusal: something happened since the update `seen`; look at it first.
    """
    db.flush()
    # Its words come along by an outer join, which PostgreSQL does not lock.
    db.refresh(request, with_for_update={"of": ServiceRequest, "key_share": True})
    if seen is not None and last_id(db, request) > seen:
        raise Refusal("utter_move_overtaken")


def words_of(resident_id: str, text: str, now: datetime) -> Words:
    """Make words that are erased with the resident's."""
    return Words(resident_id=resident_id, text=text, created_at=now)
