"""Needs: posted, looked at by staff, changed, taken back; in the caller's transaction.

What comes of a need changes by `move` alone, so that of many at once one wins. A need that is
open is looked after by the worker from `look_at` on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import true, update

from actions import conversations, outbox
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import admitting, details, safety, showing
from actions.neighbours.admitting import Looked
from actions.neighbours.kinds import OTHER
from actions.neighbours.listing import words_of
from actions.neighbours.model import MOVES, WAITING, HelpRequest, Status
from actions.neighbours.need import Need
from actions.neighbours.showing import described
from actions.people.model import Words
from actions.quiet import quiet_ends
from actions.square import Square
from actions.wording import to_json

__all__ = ["Need", "described"]  # beside what is defined here


def post(
    db: Db, *, square: Square, need: Need, conversation: Conversation, now: datetime
) -> HelpRequest:
    """Tell the neighbours of a need, or first the staff when it is to be looked at.

    Raises:
        Refusal: as `admitting.look`; or the resident has not agreed to what neighbours are
            told, is suspended, may not ask for that other, or has asked as often as allowed.
    """
    looked = admitting.look(square, need)
    resident = admitting.hold(db, need.resident_id or conversation.resident_id, conversation)
    admitting.require_may_ask(db, resident.id, conversation, now=now)
    if need.staff_id is None:
        admitting.require_pace(db, square, conversation, now=now)
    admitting.require_room(db, square, resident, now=now)
    review = bool(looked.reasons)
    request = HelpRequest(
        status=Status.REVIEW if review else Status.OPEN,
        area_id=resident.area_id or conversation.area_id,
        resident_id=resident.id,
        conversation_id=conversation.id,
        staff_id=need.staff_id,
        created_at=now,
        opened_at=None if review else now,
    )
    _write(square, request, need, looked, now=now)
    request.look_at = _next_look(request, now)
    db.add(request)
    db.flush()
    _owe_expiry(db, square, request)
    _tell_principal(db, square, request, conversation, now)
    return request


def change(
    db: Db, *, square: Square, request: HelpRequest, need: Need, now: datetime
) -> HelpRequest:
    """Put a need that still waits into other words or at another time; looked at as anew.

    Raises:
        Refusal: as `admitting.look`, or somebody has taken it, or it waits no more.
    """
    need = replace(need, resident_id=request.resident_id, staff_id=request.staff_id)
    looked, before = admitting.look(square, need), Status(request.status)
    after = Status.REVIEW if looked.reasons else Status.OPEN
    if before not in WAITING:
        raise Refusal("utter_help_too_late_to_change")
    move(db, request, before, after, now=now, refusal="utter_help_too_late_to_change")
    _write(square, request, need, looked, now=now)
    request.look_at = _next_look(request, now)
    request.opened_at = request.opened_at or now if after == Status.OPEN else None
    db.flush()
    outbox.cancel(db, about(request))
    _owe_expiry(db, square, request)
    return request


def more_time(db: Db, *, square: Square, request: HelpRequest, now: datetime) -> HelpRequest:
    """Let a need that is for no one moment wait longer: as long as a new one would.

    Raises:
        Refusal: it is for a moment, or waits no more.
    """
    if request.wanted_from == request.wanted_until or request.status not in WAITING:
        raise Refusal("utter_help_too_late_to_change")
    longer = timedelta(hours=square.pack.help_policy.expires_after_hours)
    status = Status(request.status)
    move(db, request, status, status, now=now, refusal="utter_help_too_late_to_change")
    request.wanted_until = request.expires_at = request.wanted_until + longer
    request.look_at = _next_look(request, now)
    db.flush()
    _owe_expiry(db, square, request)
    return request


def cancel(db: Db, *, request: HelpRequest, now: datetime) -> Status:
    """Take a need back, also after somebody has taken it on; returns how far it had come.

    Who was asked or helps is to be told by the caller.

    Raises:
        Refusal: it is over already.
    """
    before = Status(request.status)
    if Status.CANCELLED not in MOVES[before]:
        raise Refusal("utter_help_over")
    move(db, request, before, Status.CANCELLED, now=now, refusal="utter_help_over")
    request.look_at = None
    outbox.cancel(db, about(request))
    db.flush()
    return before


def approve(db: Db, *, square: Square, request: HelpRequest, now: datetime) -> None:
    """Staff have looked at a need: from now on neighbours may take it.

    Raises:
        Refusal: it does not wait for staff any more, or neighbours must not hear of it.
    """
    words = safety.judge(square.pack, words_of(request))
    if words.warned or words.refused:
        raise Refusal("utter_help_never_shown")
    move(db, request, Status.REVIEW, Status.OPEN, now=now, refusal="utter_help_moved")
    request.opened_at = request.look_at = now
    tell(db, square, request, "utter_help_approved", due_at=now)


def decline(db: Db, *, square: Square, request: HelpRequest, now: datetime) -> None:
    """Staff turn a need down; the resident is told and pointed to a person.

    Raises:
        Refusal: it does not wait for staff any more.
    """
    move(db, request, Status.REVIEW, Status.CANCELLED, now=now, refusal="utter_help_moved")
    request.look_at = None
    outbox.cancel(db, about(request))
    tell(db, square, request, "utter_help_declined", due_at=now)


def rewrite(
    db: Db,
    *,
    square: Square,
    request: HelpRequest,
    words: str,
    meaning: bytes | None = None,
    now: datetime,
) -> None:
    """Staff put the words of a need that waits for them right; it still waits for them.

    Raises:
        Refusal: it does not wait for staff any more, or nobody may be asked with these words.
    """
    need = Need(request.kind_id, (request.wanted_from, request.wanted_until), words)
    looked = admitting.look(square, need)
    move(db, request, Status.REVIEW, Status.REVIEW, now=now, refusal="utter_help_moved")
    request.review = list(looked.reasons)
    request.special = details.special(words)
    request.meaning = meaning
    _put_words(request, words, now=now)
    if request.where is not None:
        request.where.text = ""  # they are in the words that were put right
    db.flush()


def move(
    db: Db, request: HelpRequest, since: Status, to: Status, *, now: datetime, refusal: str
) -> None:
    """Move a need, if it still is where it was: of many at once one wins.

    `to` may be where it was: then nobody has moved it meanwhile, and nobody does before this
    transaction ends.
    """
    if to != since and to not in MOVES[since]:
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


def tell(
    db: Db,
    square: Square,
    request: HelpRequest,
    response: str,
    *,
    due_at: datetime,
    choices: Sequence[Choice] = (),
) -> None:
    """Owe who asked a notice about their need; it is taken back with the need."""
    outbox.put(
        db,
        conversation_id=request.conversation_id,
        response=response,
        due_at=due_at,
        values=values_of(square, request),
        choices=choices,
        about=about(request),
    )


def values_of(square: Square, request: HelpRequest) -> dict[str, Any]:
    """Return `described` as a notice keeps it."""
    return to_json(showing.described(square, request))


def about(request: HelpRequest) -> str:
    """Return what the notices about a need are about."""
    return f"help:{request.id}"


def _next_look(request: HelpRequest, now: datetime) -> datetime:
    """Return when the worker looks: now to ask neighbours, else when its time is over."""
    return now if request.status == Status.OPEN else request.expires_at


def _write(
    square: Square, request: HelpRequest, need: Need, looked: Looked, *, now: datetime
) -> None:
    """Write down what is told of a need."""
    request.kind_id = need.kind_id if showing.kind_in(square, need.kind_id) else OTHER
    request.review = list(looked.reasons)
    request.special = list(dict.fromkeys([*details.special(need.words), *need.special]))
    request.place_id, request.minutes, request.meaning = (
        need.place_id,
        need.minutes,
        need.meaning,
    )
    request.wanted_from, request.wanted_until = need.wanted
    request.expires_at = need.wanted[1]
    _put_words(request, need.what, now=now)
    if request.where is not None:
        request.where.text = need.where
    elif need.where:
        request.where = Words(resident_id=request.resident_id, text=need.where, created_at=now)


def _put_words(request: HelpRequest, text: str, *, now: datetime) -> None:
    if request.what is not None:
        request.what.text = text
    elif text:
        request.what = Words(resident_id=request.resident_id, text=text, created_at=now)


def _owe_expiry(db: Db, square: Square, request: HelpRequest) -> None:
    """Owe the news that nobody was found, for when it is; it wakes nobody."""
    outbox.put_once(
        db,
        key=f"{about(request)}:expired",
        conversation_id=request.conversation_id,
        response="utter_help_expired",
        due_at=quiet_ends(request.expires_at, square.zone),
        values=values_of(square, request),
        about=about(request),
    )


def _tell_principal(
    db: Db, square: Square, request: HelpRequest, asked: Conversation, now: datetime
) -> None:
    """Tell somebody that another has asked for them; they may take it back."""
    if request.resident_id == asked.resident_id:
        return
    reached = conversations.of_resident(db, request.resident_id)
    if reached is not None:
        outbox.put(
            db,
            conversation_id=reached.id,
            response="utter_help_asked_for_you",
            due_at=quiet_ends(now, square.zone),
            values=values_of(square, request),
            about=about(request),
        )
