"""Needs posted, looked at by staff, taken on by one neighbour; in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, true, update

from actions import outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import matching
from actions.neighbours.matching import OTHER
from actions.neighbours.model import (
    MOVES,
    WAITING,
    HelpOffer,
    HelpRequest,
    Match,
    MatchStatus,
    Status,
)
from actions.people.model import Resident, Words
from actions.wording import Wording, to_json
from knowledge.pack import HelpKind, Pack, Text


@dataclass(frozen=True)
class Need:
    """What a resident has confirmed: the kind, in which words, and when."""

    kind_id: str
    wanted: tuple[datetime, datetime]
    what: str = ""


@dataclass(frozen=True)
class Square:
    """Where needs are told: the community's rules, and how moments are written."""

    pack: Pack
    wording: Wording

    def kind(self, kind_id: str) -> HelpKind | None:
        """Return the pack's kind, None for anything else."""
        return self.pack.help_kinds.get(kind_id)

    def name(self, kind_id: str) -> Text:
        """Return the name of a kind, or what we call a need of no kind."""
        kind = self.kind(kind_id)
        other = {
            language: self.wording.render("utter_help_other", language=language).text
            for language in ("zh", "en")
        }
        return kind.name if kind else Text(**other)

    @property
    def zone(self) -> ZoneInfo:
        """The community's time zone."""
        return self.pack.zone


def post(
    db: Db, *, square: Square, need: Need, conversation: Conversation, now: datetime
) -> HelpRequest:
    """Tell the neighbours of a need, or first the staff when its kind is to be looked at.

    Raises:
        Refusal: neighbours are never asked for this, or not at this hour, or this resident
            has as many needs open as the community allows.
    """
    kind = square.kind(need.kind_id)
    if matching.forbidden(square.pack, need.what):
        raise Refusal("utter_help_never")
    if matching.within_window(kind, square.zone, need.wanted) is None:
        raise Refusal("utter_help_not_then", **hours(square, need.kind_id))
    # The resident's row is locked, so that two channels at once do not pass the limit.
    resident = db.get_one(Resident, conversation.resident_id, with_for_update=True)
    _require_room(db, square.pack, resident, now)
    policy, review = square.pack.help_policy, matching.needs_review(kind)
    request = HelpRequest(
        kind_id=kind.id if kind else OTHER,
        status=Status.REVIEW if review else Status.OPEN,
        area_id=resident.area_id,
        what=Words(resident_id=resident.id, text=need.what, created_at=now)
        if need.what
        else None,
        wanted_from=need.wanted[0],
        wanted_until=need.wanted[1],
        resident_id=resident.id,
        conversation_id=conversation.id,
        created_at=now,
        opened_at=None if review else now,
        expires_at=min(now + timedelta(hours=policy.expires_after_hours), need.wanted[1]),
    )
    db.add(request)
    db.flush()
    _tell(db, square, request, "utter_help_expired", due_at=request.expires_at)
    return request


def offer(db: Db, *, conversation: Conversation, now: datetime) -> HelpOffer:
    """Remember that a resident is willing to help."""
    known = db.scalar(
        select(HelpOffer).where(HelpOffer.resident_id == conversation.resident_id)
    )
    if known is None:
        resident = db.get_one(Resident, conversation.resident_id)
        known = HelpOffer(resident_id=resident.id, area_id=resident.area_id, created_at=now)
        db.add(known)
    known.conversation_id, known.withdrawn_at = conversation.id, None
    db.flush()
    return known


def within_reach(
    db: Db, *, square: Square, neighbour_id: str, now: datetime, limit: int
) -> list[HelpRequest]:
    """Return the open needs a neighbour may take on now, the most pressing first."""
    neighbour = db.get_one(Resident, neighbour_id)
    open_now = db.scalars(
        select(HelpRequest)
        .where(HelpRequest.status == Status.OPEN, HelpRequest.expires_at > now)
        .order_by(HelpRequest.expires_at, HelpRequest.id)
        .limit(200)
    )
    return [r for r in open_now if _may_take(square, r, neighbour, now)][:limit]


def take(
    db: Db, *, square: Square, request_id: int, helper: Conversation, now: datetime
) -> HelpRequest:
    """Give a need to the first neighbour who takes it; the asker is told, not who it is.

    Raises:
        Refusal: another was faster, or it is not (or no longer) open to this neighbour.
    """
    request = db.get(HelpRequest, request_id)
    neighbour = db.get_one(Resident, helper.resident_id)
    if request is None or not _may_take(square, request, neighbour, now):
        raise Refusal("utter_help_taken")
    _move(db, request, Status.OPEN, Status.MATCHED, now=now, refusal="utter_help_taken")
    match = Match(
        request_id=request.id,
        helper_id=helper.resident_id,
        conversation_id=helper.id,
        status=MatchStatus.ACCEPTED,
        created_at=now,
    )
    db.add(match)
    db.flush()
    outbox.cancel(db, _about(request))
    _tell(db, square, request, "utter_help_found", due_at=now)
    return request


def approve(db: Db, *, square: Square, request: HelpRequest, now: datetime) -> None:
    """Staff have looked at a need: from now on neighbours may take it.

    Raises:
        Refusal: it does not wait for staff any more.
    """
    _move(db, request, Status.REVIEW, Status.OPEN, now=now, refusal="utter_help_moved")
    request.opened_at = now
    _tell(db, square, request, "utter_help_approved", due_at=now)


def decline(db: Db, *, square: Square, request: HelpRequest, now: datetime) -> None:
    """Staff turn a need down; the resident is told and pointed to a person.

    Raises:
        Refusal: it does not wait for staff any more.
    """
    _move(db, request, Status.REVIEW, Status.CANCELLED, now=now, refusal="utter_help_moved")
    outbox.cancel(db, _about(request))
    _tell(db, square, request, "utter_help_declined", due_at=now)


def introduced(db: Db, *, request: HelpRequest, now: datetime) -> None:
    """Staff have brought the two together: nobody needs to do anything more.

    Raises:
        Refusal: nobody has taken it, or it is done already.
    """
    _move(db, request, Status.MATCHED, Status.DONE, now=now, refusal="utter_help_moved")
    db.execute(
        update(Match)
        .where(Match.request_id == request.id, Match.status == MatchStatus.ACCEPTED)
        .values(status=MatchStatus.DONE)
    )


def for_staff(db: Db, *, now: datetime, limit: int = 200) -> list[HelpRequest]:
    """Return what waits for staff (in their scope): needs to look at, pairs to introduce."""
    return list(
        db.scalars(
            select(HelpRequest)
            .where(
                (HelpRequest.status == Status.MATCHED)
                | ((HelpRequest.status == Status.REVIEW) & (HelpRequest.expires_at > now))
            )
            .order_by(HelpRequest.expires_at, HelpRequest.id)
            .limit(limit)
        )
    )


def described(square: Square, request: HelpRequest) -> dict[str, Any]:
    """Return the values the responses about a need speak of; no words of residents."""
    return {
        "kind": square.name(request.kind_id),
        "when": shown(square, (request.wanted_from, request.wanted_until)),
    }


def shown(square: Square, wanted: tuple[datetime, datetime]) -> Text:
    """Write a wanted time in both languages: a point, hours of a day, or days."""
    start, end = (moment.astimezone(square.zone) for moment in wanted)
    zh, en = (_written(square.wording, start, end, language) for language in ("zh", "en"))
    return Text(zh=zh, en=en)


def hours(square: Square, kind_id: str) -> dict[str, Any]:
    """Return the hours neighbours may be asked for a kind, as the responses speak of them."""
    begin, end = matching.window(square.kind(kind_id))
    return {"kind": square.name(kind_id), "begin": begin, "end": end}


def _written(wording: Wording, start: datetime, end: datetime, language: str) -> str:
    if start == end:
        return wording.moment(start, language)
    last = end - timedelta(seconds=1)
    if start.date() == last.date():
        closing = "24:00" if end.date() > start.date() else f"{end:%H:%M}"
        return f"{wording.moment(start, language)}–{closing}"
    return f"{wording.day(start.date(), language)} – {wording.day(last.date(), language)}"


def _require_room(db: Db, pack: Pack, resident: Resident, now: datetime) -> None:
    expired = (
        update(HelpRequest)
        .where(HelpRequest.status.in_(WAITING), HelpRequest.expires_at <= now)
        .values(status=Status.EXPIRED)
        .execution_options(synchronize_session=False)
    )
    db.execute(expired)
    waiting = db.scalar(
        select(func.count())
        .select_from(HelpRequest)
        .where(HelpRequest.resident_id == resident.id, HelpRequest.status.in_(WAITING))
    )
    most = pack.help_policy.max_open_per_resident
    if (waiting or 0) >= most:
        raise Refusal("utter_help_too_many", most=most)


def _may_take(square: Square, request: HelpRequest, neighbour: Resident, now: datetime) -> bool:
    """Nobody takes their own need, one that only staff may pass on, or one still far away."""
    kind = square.kind(request.kind_id)
    if request.resident_id == neighbour.id or (kind is not None and kind.restricted):
        return False
    waited = now - (request.opened_at or now)
    return matching.reaches(kind, (request.area_id, neighbour.area_id), waited)


def _move(
    db: Db, request: HelpRequest, since: Status, to: Status, *, now: datetime, refusal: str
) -> None:
    """Move a need, if it still is where it was: of many at once one wins."""
    if to not in MOVES[since]:
        raise ValueError(f"a need never goes from {since} to {to}")
    in_time = HelpRequest.expires_at > now if since in WAITING else true()
    moved = db.execute(
        update(HelpRequest)
        .where(HelpRequest.id == request.id, HelpRequest.status == since, in_time)
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal(refusal)
    db.refresh(request)


def _tell(
    db: Db, square: Square, request: HelpRequest, response: str, *, due_at: datetime
) -> None:
    outbox.put(
        db,
        conversation_id=request.conversation_id,
        response=response,
        due_at=due_at,
        values=to_json(described(square, request)),
        about=_about(request),
    )


def _about(request: HelpRequest) -> str:
    return f"help:{request.id}"
