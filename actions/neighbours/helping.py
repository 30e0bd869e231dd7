"""Somebody helps: both are told, may write to one another, and say how it went."""

from datetime import datetime, timedelta

from actions import outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import lapsing, needs, pair, settling, showing, telling
from actions.neighbours.model import HelpRequest, Match, MatchStatus
from actions.neighbours.pair import Pair
from actions.people.model import Resident
from actions.quiet import quiet_ends
from actions.relay import relaying
from actions.square import Square

TALK_ON = timedelta(days=1)  # after the wanted time, the two may still write to one another
EARLIEST = timedelta(hours=3)  # before its time nobody has arrived


def begin(db: Db, square: Square, request: HelpRequest, match: Match, now: datetime) -> None:
    """Bring the two together: who asked learns a nickname and roughly how far, no more."""
    request.look_at = request.wanted_until + settling.SILENCE
    relaying.open_between(
        db,
        db.get_one(Conversation, request.conversation_id),
        db.get_one(Conversation, match.conversation_id),
        about=needs.about(request),
        now=now,
        closes_at=request.wanted_until + TALK_ON,
    )
    telling.tell_asker(
        db,
        square,
        request,
        "utter_help_coming",
        now=now,
        due_at=telling.in_time(square, request, now),
        named=match.helper_id,
        far=telling.distance(square, match.metres) or telling.nothing(),
    )
    asked_at = quiet_ends(request.wanted_until + settling.ASK_AFTER, square.zone)
    _ask_asker(db, square, Pair(request, match), now, due_at=asked_at)
    telling.tell(
        db,
        square,
        request,
        match.conversation_id,
        "utter_help_done_helper",
        now=now,
        due_at=asked_at,
        match=match,
        key=f"help-done:{match.id}:helper",
    )


def arrived(
    db: Db, square: Square, request_id: int, helper: Conversation, *, now: datetime
) -> HelpRequest:
    """Note that a helper is there, and tell who asked to be careful; once.

    Raises:
        Refusal: they do not help, or it is not nearly time.
    """
    found = _underway(pair.for_helper(db, request_id, helper))
    request, match = found.request, found.match
    if now < request.wanted_from - EARLIEST:
        raise Refusal("utter_help_too_early", **telling.described(square, request))
    if match.arrived_at is None:
        match.arrived_at = now
        telling.tell_asker(
            db,
            square,
            request,
            "utter_help_arrived_careful"
            if _be_careful(db, square, request)
            else "utter_help_arrived",
            now=now,
            named=match.helper_id,
        )
    return request


def left(
    db: Db, square: Square, request_id: int, helper: Conversation, *, now: datetime
) -> HelpRequest:
    """Note that a helper has gone; who asked is asked whether it is done, once.

    Raises:
        Refusal: they do not help, or have not come.
    """
    found = _underway(pair.for_helper(db, request_id, helper))
    if found.match.arrived_at is None:
        raise Refusal("utter_help_arrive_first", **telling.described(square, found.request))
    if found.match.left_at is None:
        found.match.left_at = now
        if not found.match.asker_done_at and telling.take_back(db, _asker_key(found.match)):
            _ask_asker(db, square, found, now, due_at=quiet_ends(now, square.zone))
    return found.request


def done(db: Db, square: Square, request_id: int, by: Conversation, *, now: datetime) -> Pair:
    """Take the word of one of the two that it is done; with both it is.

    Raises:
        Refusal: they are neither of the two, or it came to nothing.
    """
    request = pair.hold(db, request_id)
    match = pair.taken(db, request) if request else None
    if request is None or match is None:
        raise Refusal("utter_help_not_yours")
    if match.helper_id == by.resident_id:
        match.helper_done_at = match.helper_done_at or now
        telling.take_back(db, f"help-done:{match.id}:helper")
    elif pair.is_asker(db, request, by):
        match.asker_done_at = match.asker_done_at or now
        telling.take_back(db, _asker_key(match))
    else:
        raise Refusal("utter_help_not_yours")
    if match.status == MatchStatus.ACCEPTED:
        if match.helper_done_at and match.asker_done_at:
            settling.finish(db, request, match)
        else:
            request.look_at = now + settling.ONE_IS_ENOUGH_AFTER
    db.flush()
    return Pair(request, match)


def thank(
    db: Db, square: Square, request_id: int, asker: Conversation, *, now: datetime
) -> HelpRequest:
    """Pass a thank-you on to the helper, once.

    Raises:
        Refusal: it is not their need, or nothing was done.
    """
    found = pair.for_asker(db, request_id, asker)
    request, match = found.request, found.match
    if match.status != MatchStatus.DONE and match.asker_done_at is None:
        raise Refusal("utter_help_not_yours")
    if match.thanked_at is None:
        match.thanked_at = now
        telling.tell(
            db,
            square,
            request,
            match.conversation_id,
            "utter_help_thanked",
            now=now,
            due_at=quiet_ends(now, square.zone),
            named=request.resident_id,
        )
    return request


def need_gone(db: Db, square: Square, request: HelpRequest, now: datetime) -> None:
    """End all there is about a need that was called off; who was to help is told."""
    outbox.cancel(db, needs.about(request))
    lapsing.lapse(db, request, now=now)
    request.look_at = None
    match = pair.taken(db, request, [MatchStatus.ACCEPTED])
    if match is None:
        db.flush()
        return
    match.status, match.answered_at = MatchStatus.LAPSED, now
    outbox.cancel(db, telling.about(match))
    relaying.close(db, needs.about(request), now=now)
    telling.tell(
        db,
        square,
        request,
        match.conversation_id,
        "utter_help_called_off",
        now=now,
        due_at=telling.in_time(square, request, now),
    )


def _underway(found: Pair) -> Pair:
    if found.match.status != MatchStatus.ACCEPTED:
        raise Refusal("utter_help_not_yours")
    return found


def _ask_asker(db: Db, square: Square, found: Pair, now: datetime, *, due_at: datetime) -> None:
    """Ask who asked whether it is done, or move the moment they are asked."""
    outbox.put_once(
        db,
        key=_asker_key(found.match),
        conversation_id=found.request.conversation_id,
        response="utter_help_done_asker",
        due_at=due_at,
        values=telling.in_json(square, found.request),
        about=telling.about(found.match),
    )


def _asker_key(match: Match) -> str:
    return f"help-done:{match.id}:asker"


def _be_careful(db: Db, square: Square, request: HelpRequest) -> bool:
    """Whether somebody is to ask first and open then."""
    kind = showing.kind_in(square, request.kind_id)
    risky = kind is None or kind.risk != "low"
    return risky or bool(request.special) or db.get_one(Resident, request.resident_id).elder
