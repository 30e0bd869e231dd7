"""What staff do with a request besides moving it: pass it on, ask, note, merge, split."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from actions.db import Db
from actions.errors import Refusal
from actions.governance import (
    categories,
    following,
    history,
    moves,
    questions,
    service,
    telling,
    workflow,
)
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.governance.reference import next_reference
from actions.people.model import Staff
from actions.people.scope import reaches
from knowledge.pack import Pack

PASSED_AROUND = 2  # returned so often, the dispatcher says where it stays


@dataclass(frozen=True)
class By:
    """Which member of staff does it, and when."""

    staff_id: int
    now: datetime


@dataclass(frozen=True)
class Owner:
    """Whose a request is: a team's, or one of its members'."""

    team_id: str
    staff_id: int | None = None


def assign(  # noqa: PLR0913 - to whom, why, by whom
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    *,
    by: By,
    team_id: str,
    staff_id: int | None = None,
    reason: str = "",
) -> Update:
    """Give a request to a team, or to one of its members; what was promised holds.

    Raises:
        Refusal: it is over, there is no such team, or another team is given no reason.
    """
    _refuse_what_is_over(request)
    if team_id not in pack.teams:
        raise Refusal("utter_no_such_team")
    if team_id != request.team_id and not reason.strip():
        raise Refusal("utter_assign_needs_reason")
    if staff_id is not None and not _may_have(db, staff_id, team_id, request):
        raise Refusal("utter_not_of_that_team")
    request.flagged = False
    to = Owner(team_id, staff_id)
    return _pass_on(db, pack, request, Kind.ASSIGNED, to, by=by, reason=reason.strip())


def give_back(
    db: Db, pack: Pack, request: ServiceRequest, *, by: By, team_id: str, reason: str
) -> Update:
    """Return a request that is not for its team to the one it is for.

    One that was returned too often goes to the dispatcher instead: nobody is passed around.

    Raises:
        Refusal: it is over, or it says neither why nor whose it is.
    """
    _refuse_what_is_over(request)
    if not reason.strip():
        raise Refusal("utter_assign_needs_reason")
    if team_id not in pack.teams or team_id == request.team_id:
        raise Refusal("utter_return_needs_owner")
    dispatcher = categories.dispatcher(pack)
    if returns(db, request) + 1 >= PASSED_AROUND and request.team_id != dispatcher:
        team_id = dispatcher
    request.flagged = team_id == dispatcher
    to = Owner(team_id)
    return _pass_on(db, pack, request, Kind.RETURNED, to, by=by, reason=reason.strip())


def returns(db: Db, request: ServiceRequest) -> int:
    """Count how often a request was returned by a team."""
    counted = select(func.count(Update.id)).where(
        Update.request_id == request.id, Update.kind == Kind.RETURNED
    )
    return db.scalar(counted) or 0


def categorise(
    db: Db, pack: Pack, request: ServiceRequest, *, by: By, category_id: str
) -> Update:
    """Put a request into the category it belongs to: its team, promise and who may see it.

    Raises:
        Refusal: it is over, there is no such category, or it is in it already.
    """
    _refuse_what_is_over(request)
    category = pack.categories.get(category_id)
    if category is None or category_id == request.category_id:
        raise Refusal("utter_no_such_category")
    risen = request.tier if _has_risen(db, request) else None
    service.place_in(pack, request, category, by.now)
    request.tier = risen or request.tier
    made = history.record(db, request, Kind.CATEGORISED, now=by.now, staff_id=by.staff_id)
    if request.visibility != following.PUBLIC:
        for party in following.release(db, request):
            telling.let_go(db, pack, request, made, party, by.now)
    telling.residents(db, pack, request, made, "utter_request_categorised", now=by.now)
    telling.staff(db, pack, request, made, "utter_staff_new", now=by.now)
    return made


def note(db: Db, request: ServiceRequest, *, by: By, words: str) -> Update:
    """Write something down among staff.

    Raises:
        Refusal: there are no words.
    """
    return history.record(
        db, request, Kind.NOTED, now=by.now, staff_id=by.staff_id, words=_said(words)
    )


def tell(
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    *,
    by: By,
    words: str,
    photos: Sequence[str] = (),
) -> Update:
    """Say something to everybody concerned without moving the request.

    Raises:
        Refusal: there are no words.
    """
    made = history.record(
        db,
        request,
        Kind.TOLD,
        now=by.now,
        staff_id=by.staff_id,
        words=_said(words),
        photos=photos,
    )
    telling.residents(db, pack, request, made, "utter_request_told", now=by.now)
    return made


def ask(db: Db, pack: Pack, request: ServiceRequest, *, by: By, words: str) -> Update:
    """Ask the reporter something; the promise waits for the answer.

    What they say next in their conversation is the answer, unless they are busy there.

    Raises:
        Refusal: it is over, there are no words, or it has been asked something already.
    """
    _refuse_what_is_over(request)
    if request.paused_at is not None:
        raise Refusal("utter_request_already_asked")
    words = _said(words)
    request.paused_at = by.now
    moves.schedule(pack, request, by.now)
    made = history.record(
        db, request, Kind.ASKED, now=by.now, staff_id=by.staff_id, words=words
    )
    reporter = following.parties(db, request)[0]
    telling.one(db, pack, request, made, "utter_request_question", reporter, due_at=by.now)
    questions.put(db, request, now=by.now)
    return made


def merge(
    db: Db, pack: Pack, request: ServiceRequest, *, into: ServiceRequest, by: By
) -> Update:
    """Make a request part of another: everybody it concerned follows that one.

    Raises:
        Refusal: it is the same, or one of them is over, or one is not for all to see.
    """
    for one in sorted((request, into), key=lambda one: one.id):
        history.alone(db, one)
    open_ones = workflow.may_merge(request.status) and into.status in following.FOLLOWABLE
    if request.id == into.id or not open_ones or request.visibility != into.visibility:
        raise Refusal("utter_cannot_merge")
    if into.visibility != following.PUBLIC and request.resident_id != into.resident_id:
        raise Refusal("utter_cannot_merge")
    request.merged_into_id = into.id
    made = moves.change(
        db,
        pack,
        request,
        Status.MERGED,
        now=by.now,
        staff_id=by.staff_id,
        other_id=into.id,
    )
    telling.residents(
        db,
        pack,
        request,
        made,
        "utter_request_merged",
        now=by.now,
        into=into.reference,
        due=into.due_at,
        team=telling.described(pack, into)["team"],
    )
    following.take_over(db, merged=request, into=into, now=by.now)
    history.record(
        db, into, Kind.FOLLOWED, now=by.now, staff_id=by.staff_id, other_id=request.id
    )
    return made


def split(
    db: Db, pack: Pack, request: ServiceRequest, *, by: By, category_id: str, words: str
) -> ServiceRequest:
    """Make a request of its own of what else a request tells, in the words of staff.

    Raises:
        Refusal: it is over, there are no words, or no such category.
    """
    _refuse_what_is_over(request)
    category = pack.categories.get(category_id)
    if category is None:
        raise Refusal("utter_no_such_category")
    other = ServiceRequest(
        reference=next_reference(db, pack, now=by.now),
        status=Status.RECEIVED,
        what=history.words_of(request.resident_id, _said(words), by.now),
        where_words_id=request.where_words_id,
        area_id=request.area_id,
        place_id=request.place_id,
        lat=request.lat,
        lon=request.lon,
        resident_id=request.resident_id,
        conversation_id=request.conversation_id,
        anonymous=request.anonymous,
        attachments=[],
        created_at=by.now,
    )
    service.enter(db, pack, other, category, now=by.now, staff_id=by.staff_id)
    made = history.record(
        db, request, Kind.SPLIT, now=by.now, staff_id=by.staff_id, other_id=other.id
    )
    reporter = following.parties(db, request)[0]
    telling.one(
        db,
        pack,
        request,
        made,
        "utter_request_split",
        reporter,
        due_at=by.now,
        **{f"other_{name}": shown for name, shown in telling.described(pack, other).items()},
    )
    return other


def _pass_on(  # noqa: PLR0913 - as `assign`
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    kind: Kind,
    to: Owner,
    *,
    by: By,
    reason: str,
) -> Update:
    elsewhere = to.team_id != request.team_id
    request.team_id, request.staff_id = to.team_id, to.staff_id
    made = history.record(db, request, kind, now=by.now, staff_id=by.staff_id, words=reason)
    if elsewhere:
        telling.residents(db, pack, request, made, "utter_request_assigned", now=by.now)
        telling.staff(db, pack, request, made, "utter_staff_assigned", now=by.now)
    return made


def _has_risen(db: Db, request: ServiceRequest) -> bool:
    return any(made.kind == Kind.RAISED for made in history.history(db, request))


def _refuse_what_is_over(request: ServiceRequest) -> None:
    if request.status not in workflow.UNFINISHED:
        raise Refusal("utter_move_not_allowed")


def _may_have(db: Db, staff_id: int, team_id: str, request: ServiceRequest) -> bool:
    """Whether somebody is of the team, or of none, and may look at the request."""
    somebody = db.get(Staff, staff_id)
    if somebody is None or somebody.disabled_at is not None:
        return False
    within = reaches([somebody.area_id], request.area_id)
    return within and somebody.team_id in (team_id, None)


def _said(words: str) -> str:
    if not words.strip():
        raise Refusal("utter_desk_no_words")
    return words.strip()
