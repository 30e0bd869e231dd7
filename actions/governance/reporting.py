"""What residents may do with a request of theirs: add, put right, withdraw, rate."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError

from actions import behalf
from actions.db import Db
from actions.errors import Refusal
from actions.governance import categories, following, history, moves, telling, workflow
from actions.governance.model import (
    Follower,
    Kind,
    Rating,
    ServiceRequest,
    Status,
    Update,
)
from actions.governance.service import Where, area_of
from knowledge.pack import Pack

MOST_PHOTOS = 12  # on one request, all its updates together
LATELY = timedelta(days=3)  # a photo sent alone may belong to what was filed since then
ADDABLE = workflow.UNFINISHED | {Status.REPLIED, Status.UNCONFIRMED}


def concerning(db: Db, *, resident_id: str, limit: int = 50) -> list[ServiceRequest]:
    """Return the requests a resident reported or follows, newest first."""
    newest = select(ServiceRequest).where(_concerns(resident_id))
    return list(db.scalars(newest.order_by(ServiceRequest.id.desc()).limit(limit)))


def filed_lately(db: Db, *, resident_id: str, now: datetime) -> ServiceRequest | None:
    """Return the one request somebody has reported of late that may be added to.

    None when there is none, or several.
    """
    found = db.scalars(
        select(ServiceRequest)
        .where(ServiceRequest.resident_id == resident_id)
        .where(ServiceRequest.status.in_(workflow.UNFINISHED))
        .where(ServiceRequest.created_at > now - LATELY)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def own(db: Db, *, reference: str, resident_id: str) -> ServiceRequest:
    """Return a request that concerns a resident, or somebody they act for.

    Raises:
        Refusal: there is none, or it is somebody else's; both look the same.
    """
    whose = (resident_id, *behalf.principals_of(db, resident_id))
    request = db.scalar(
        select(ServiceRequest).where(
            ServiceRequest.reference == reference, or_(*map(_concerns, whose))
        )
    )
    if request is None:
        raise Refusal("utter_request_unknown", reference=reference)
    return request


def add(  # noqa: PLR0913 - who adds what, when
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    *,
    resident_id: str,
    words: str,
    photos: Sequence[str] = (),
    now: datetime,
) -> Update:
    """Add words or photos of the reporter; an answer to a question lets the promise run on.

    Raises:
        Refusal: it is over or not theirs, nothing is added, or there are too many photos.
    """
    _refuse_others(db, request, resident_id)
    if request.status not in ADDABLE:
        raise Refusal("utter_request_over", reference=request.reference)
    if not words.strip() and not photos:
        raise Refusal("utter_nothing_to_add")
    if len(_photos(db, request)) + len(photos) > MOST_PHOTOS:
        raise Refusal("utter_too_many_photos", most=MOST_PHOTOS)
    was_asked = request.paused_at is not None
    if was_asked:
        moves.resume(pack, request, now)
        moves.schedule(pack, request, now)
    made = history.record(
        db,
        request,
        Kind.ANSWERED if was_asked else Kind.ADDED,
        now=now,
        words=words.strip(),
        photos=photos,
    )
    response = "utter_staff_answered" if was_asked else "utter_staff_added"
    telling.staff(db, pack, request, made, response, now=now, urgent=False)
    return made


def has_photos(db: Db, request: ServiceRequest, photos: Sequence[str]) -> bool:
    """Whether these photos are with a request already."""
    return set(photos) <= set(_photos(db, request))


def put_right(
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    *,
    resident_id: str,
    where: Where,
    now: datetime,
) -> Update:
    """Correct where it is, while it is being dealt with.

    Raises:
        Refusal: it is over or not theirs.
    """
    _refuse_others(db, request, resident_id)
    if request.status not in workflow.UNFINISHED:
        raise Refusal("utter_request_over", reference=request.reference)
    request.place_id, request.lat, request.lon = where.place_id, where.lat, where.lon
    request.area_id = area_of(pack, where) or request.area_id
    request.where = history.words_of(resident_id, where.words, now) if where.words else None
    made = history.record(db, request, Kind.PLACED, now=now, words=where.words)
    telling.staff(db, pack, request, made, "utter_staff_placed", now=now, urgent=False)
    return made


def withdraw(
    db: Db, pack: Pack, request: ServiceRequest, *, resident_id: str, now: datetime
) -> Update:
    """Take a request back that nobody has taken on. One that others follow stays for them.

    Raises:
        Refusal: it is not theirs, it was taken on, or others follow it.
    """
    _refuse_others(db, request, resident_id)
    if Status.WITHDRAWN not in workflow.MOVES[Status(request.status)]:
        raise Refusal("utter_request_taken_on", **telling.described(pack, request))
    if following.followers(db, request):
        raise Refusal("utter_request_followed_by_others", reference=request.reference)
    made = moves.change(db, pack, request, Status.WITHDRAWN, now=now)
    response = "utter_theirs_withdrawn"  # to whom it was reported for, or who did that
    telling.residents(db, pack, request, made, response, now=now, but=resident_id)
    telling.staff(db, pack, request, made, "utter_staff_withdrawn", now=now, urgent=False)
    return made


def leave(db: Db, request: ServiceRequest, *, resident_id: str) -> bool:
    """Follow a request no more; False when they did not."""
    whose = following.as_whom(db, request, resident_id)
    follower = db.scalar(
        select(Follower).where(Follower.request_id == request.id, Follower.resident_id == whose)
    )
    if follower is None:
        return False
    db.delete(follower)
    db.flush()
    return True


def rate(
    db: Db, request: ServiceRequest, *, resident_id: str, rating: int, now: datetime
) -> Rating:
    """Take a resident's rating, from 1 (badly) to 3 (well), once.

    Raises:
        Refusal: nothing was done yet that could be rated, or they have rated it.
    """
    if not 1 <= rating <= 3 or request.status not in following.SAID_DONE:
        raise Refusal("utter_cannot_rate")
    given = Rating(request_id=request.id, resident_id=resident_id, rating=rating, given_at=now)
    try:
        with db.begin_nested():
            db.add(given)
            db.flush()
    except IntegrityError:
        raise Refusal("utter_rated_already") from None
    history.record(db, request, Kind.RATED, now=now)
    return given


def reroute(
    db: Db, pack: Pack, request: ServiceRequest, *, resident_id: str, now: datetime
) -> Update:
    """Have the dispatcher look where a request belongs, as its reporter says it went wrong.

    Raises:
        Refusal: it is over or not theirs.
    """
    _refuse_others(db, request, resident_id)
    if request.status not in workflow.UNFINISHED:
        raise Refusal("utter_request_over", reference=request.reference)
    request.team_id, request.flagged = categories.dispatcher(pack), True
    request.staff_id = None
    made = history.record(db, request, Kind.ASSIGNED, now=now)
    telling.residents(
        db, pack, request, made, "utter_request_assigned", now=now, but=resident_id
    )
    telling.staff(db, pack, request, made, "utter_staff_misrouted", now=now)
    return made


def _concerns(resident_id: str) -> ColumnElement[bool]:
    follows = select(Follower.request_id).where(Follower.resident_id == resident_id)
    return or_(ServiceRequest.resident_id == resident_id, ServiceRequest.id.in_(follows))


def _photos(db: Db, request: ServiceRequest) -> list[str]:
    added = (one.attachments for one in history.history(db, request))
    return [*request.attachments, *(photo for photos in added for photo in photos)]


def _refuse_others(db: Db, request: ServiceRequest, resident_id: str) -> None:
    """Refuse who did not report it; who follows it is told that this is why."""
    if behalf.may(db, resident_id, request.resident_id):
        return
    follows = following.as_whom(db, request, resident_id) is not None
    response = "utter_request_of_neighbour" if follows else "utter_request_unknown"
    raise Refusal(response, reference=request.reference)
