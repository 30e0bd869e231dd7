"""A need written down for somebody at the counter or on the phone, who has no page."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from starlette.responses import Response

from actions import callers
from actions.callers import Told
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.neighbours import details, listing, meaning, needs, showing
from actions.neighbours.kinds import OTHER
from actions.neighbours.model import WAITING, HelpRequest
from actions.neighbours.need import Need
from actions.people import consents, nicknames, scope
from actions.people.model import Staff
from actions.relay import naming
from bot.desk.sessions import day_of
from bot.desk.visit import LONGEST_WORDS, Desk, Visit, go
from bot.message import clean
from knowledge.sorting import Sorter

CHANNEL = callers.CHANNEL


def understand(desk: Desk, _who: Staff, sent: Mapping[str, str]) -> bytes | None:
    """Return what the words of a need mean: neighbours are compared with it."""
    words = clean(sent.get("words", ""))[:LONGEST_WORDS]
    return meaning.vector_of(Sorter(desk.embedder), words)


def see(visit: Visit) -> Response:
    """Show the form for somebody who asks by voice."""
    square = visit.square
    return visit.show(
        "help_new.html",
        kinds=visit.pack.help_kinds.values(),
        other=OTHER,
        special={name: showing.special(square, [name]) for name in details.SPECIAL},
        called=nicknames.LONGEST,
    )


def write_down(visit: Visit) -> Response:
    """Write a need down for somebody; what they are owed is told them on the phone.

    Raises:
        Refusal: a rule of `needs.post`, or name, phone, nickname or time cannot be right, or
            they have not said that they agree to what neighbours are told.
    """
    who = callers.read(visit.sent.get("name", ""), visit.sent.get("phone", ""))
    need, name = _need(visit), _nickname(visit)
    if not visit.sent.get("agreed"):
        raise Refusal("utter_desk_help_no_consent")
    with scope.unlimited(visit.db):
        talk = _talk_with(visit, who)
        known = _written_before(visit, talk, need)
        made = known or _post(visit, talk, need, name)
    if known is None:
        visit.note("wrote_help_for_caller", f"help:{made.id}")
    return go(f"/help/{made.id}")


def _talk_with(visit: Visit, who: Told) -> Conversation:
    return callers.conversation_with(
        visit.db, who, area_id=visit.staff.area_id, key=visit.desk.secret_key, now=visit.now
    )


def _post(visit: Visit, talk: Conversation, need: Need, name: str) -> HelpRequest:
    consents.give(
        visit.db,
        talk.resident_id,
        "help",
        channel=CHANNEL,
        staff_id=visit.staff.id,
        now=visit.now,
    )
    if name:
        nicknames.call(visit.db, talk.resident_id, name, now=visit.now)
    return needs.post(
        visit.db, square=visit.square, need=need, conversation=talk, now=visit.now
    )


def _written_before(visit: Visit, talk: Conversation, need: Need) -> HelpRequest | None:
    """Return the same need of the same caller that waits already: a double click."""
    theirs = listing.of_resident(visit.db, talk.resident_id, since=visit.now, limit=10)
    return next(
        (
            one
            for one in theirs
            if one.status in WAITING
            and one.kind_id == need.kind_id
            and (one.wanted_from, one.wanted_until) == need.wanted
        ),
        None,
    )


def _need(visit: Visit) -> Need:
    kind = visit.sent.get("kind", "")
    words = visit.words().strip()
    place = details.place(visit.pack, words)
    if kind not in {*visit.pack.help_kinds, OTHER} or (kind == OTHER and len(words) < 2):
        raise Refusal("utter_desk_help_no_kind")
    return Need(
        kind_id=kind,
        wanted=_wanted(visit),
        what=words,
        place_id=place.id if place else None,
        minutes=details.minutes(words),
        special=tuple(name for name in details.SPECIAL if visit.sent.get(f"special-{name}")),
        staff_id=visit.staff.id,
        meaning=visit.prepared,
    )


def _wanted(visit: Visit) -> tuple[datetime, datetime]:
    """Read when it is wanted: a time of a day, a stretch of it, or as soon as anybody can."""
    hours = visit.pack.help_policy.expires_after_hours
    if visit.sent.get("any_time"):
        return visit.now, visit.now + timedelta(hours=hours)
    on = day_of(visit.sent.get("on", ""))
    try:
        begins = time.fromisoformat(visit.sent.get("from", ""))
        ends = time.fromisoformat(visit.sent.get("to", "") or visit.sent.get("from", ""))
    except ValueError:
        raise Refusal("utter_desk_no_time") from None
    if on is None or ends < begins:
        raise Refusal("utter_desk_no_time")
    zone = visit.pack.zone
    wanted = datetime.combine(on, begins, zone), datetime.combine(on, ends, zone)
    if wanted[1] <= visit.now:
        raise Refusal("utter_help_past", when=showing.shown(visit.square, wanted))
    return wanted


def _nickname(visit: Visit) -> str:
    said = clean(visit.sent.get("nickname", "")).strip()
    return (naming.read(said) or "") if said else ""
