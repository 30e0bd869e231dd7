"""Deeds of one tap on what a neighbour offers, and the hours they say after such a tap."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from actions.conversations import Author, Choice, Message
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import offer_words, offers, showing, weekly_words
from actions.neighbours.model import HelpOffer
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap

PAUSES = {"week": timedelta(days=6), "month": timedelta(days=29), "open": timedelta(days=3650)}
SHOWN_KINDS, SHOWN_KINDS_ELDER = 6, 3
HOURS = "hours:"


def show(db: Db, square: Square, tap: Tap) -> Done:
    """Show what they offer."""
    offer = offers.require(db, tap.conversation.resident_id)
    return _shown(db, square, offer, offers.shown_as(offer, _today(square, tap)))


def pause(db: Db, square: Square, tap: Tap) -> Done:
    """Ask them for nothing for a while; the value is one of `PAUSES`, nothing asks how long."""
    offer = offers.require(db, tap.conversation.resident_id)
    if tap.value not in PAUSES:
        return Done("utter_offer_how_long")
    until = _today(square, tap) + PAUSES[tap.value]
    offers.pause(db, offer, until)
    response = "utter_offer_paused_open" if tap.value == "open" else "utter_offer_paused"
    return Done(response, {"until": until})


def resume(db: Db, square: Square, tap: Tap) -> Done:
    """Ask them again."""
    offer = offers.require(db, tap.conversation.resident_id)
    offers.resume(db, offer)
    return _shown(db, square, offer, "utter_offer_resumed")


def stop(db: Db, square: Square, tap: Tap) -> Done:
    """Take the offer back; the value "yes" says that they are sure."""
    offer = offers.require(db, tap.conversation.resident_id)
    if tap.value != "yes":
        return Done("utter_offer_stop_sure")
    offers.stop(db, offer, now=tap.now)
    return Done("utter_offer_stopped")


def change(db: Db, square: Square, tap: Tap) -> Done:
    """Ask for what is to be changed: the value is a key of `QUESTIONS`."""
    offer = offers.require(db, tap.conversation.resident_id)
    if tap.value == "kinds":
        return _ask_kinds(db, square, tap, offer)
    if tap.value == "never":
        return _ask_never(db, square, tap, offer)
    if tap.value not in QUESTIONS:
        raise Refusal("utter_old_choice")
    return Done(QUESTIONS[tap.value], _values(db, square, offer))


QUESTIONS = {
    "hours": "utter_offer_change_hours",
    "reach": "utter_offer_change_reach",
    "limit": "utter_offer_change_limit",
    "more": "utter_offer_more",
}


def set_to(db: Db, square: Square, tap: Tap) -> Done:
    """Change one thing: the value is `hours:weekend`, `reach:village`, `limit:1`, `kind:…`."""
    offer = offers.require(db, tap.conversation.resident_id)
    what, _, value = tap.value.partition(":")
    if what not in SETTERS or not SETTERS[what](db, square, offer, value):
        raise Refusal("utter_old_choice")
    db.flush()
    return _shown(db, square, offer, "utter_offer_changed")


def never(db: Db, square: Square, tap: Tap) -> Done:
    """Never ask them for a kind again; the value is its id."""
    offer = offers.require(db, tap.conversation.resident_id)
    if not offer_words.may_be_offered(square.pack, tap.value):
        raise Refusal("utter_old_choice")
    offers.never(db, offer, tap.value)
    kind = showing.name_of(square, tap.value)
    return Done("utter_offer_never", {"kind": kind, "kind_id": tap.value})


TAPS: Mapping[str, Deed] = {
    "show_offer": show,
    "pause_offer": pause,
    "resume_offer": resume,
    "stop_offer": stop,
    "change_offer": change,
    "set_offer": set_to,
    "never_offer": never,
}


def take_hours(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take the hours somebody says when they were just asked which."""
    hours = weekly_words.read(spoken.text)
    if hours is None or not _asked_hours(db, spoken):
        return None
    offer = offers.of(db, spoken.conversation.resident_id)
    if offer is None:
        return None
    offer.hours = list(hours)
    db.flush()
    return _shown(db, square, offer, "utter_offer_changed")


def _asked_hours(db: Db, spoken: Spoken) -> bool:
    """Whether the last thing we said was the question for hours."""
    last = db.scalars(
        select(Message)
        .where(
            Message.conversation_id == spoken.conversation.id,
            Message.author != Author.RESIDENT,
        )
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    offered = last.offered if last else []
    return any(one.intent == "set_offer" and one.value.startswith(HOURS) for one in offered)


def _set_hours(_db: Db, _square: Square, offer: HelpOffer, value: str) -> bool:
    if value in offers.WINDOWS:
        offer.hours = list(offers.WINDOWS[value])
    return value in offers.WINDOWS


def _set_reach(_db: Db, _square: Square, offer: HelpOffer, value: str) -> bool:
    if value in offer_words.REACHES:
        offer.reach = value
    return value in offer_words.REACHES


def _set_limit(_db: Db, _square: Square, offer: HelpOffer, value: str) -> bool:
    fits = value.isascii() and value.isdigit() and 1 <= int(value) <= offers.MOST_PER_WEEK
    if fits:
        offer.per_week = int(value)
    return fits


def _set_kind(db: Db, square: Square, offer: HelpOffer, value: str) -> bool:
    """Give one more kind, or everything."""
    if value == offer_words.EVERYTHING:
        offers.set_kinds(db, offer, offers.ALL)
        return True
    if not offer_words.may_be_offered(square.pack, value):
        return False
    offers.set_kinds(db, offer, [*offers.given(db, offer), value])
    return True


def _drop_kind(db: Db, _square: Square, offer: HelpOffer, value: str) -> bool:
    """Give a kind no more, while others are left."""
    left = [one for one in offers.given(db, offer) if one != value]
    if left:
        offers.set_kinds(db, offer, left)
    return bool(left)


def _again(db: Db, _square: Square, offer: HelpOffer, value: str) -> bool:
    offers.again(db, offer, value)
    return True


SETTERS: Mapping[str, Callable[[Db, Square, HelpOffer, str], bool]] = {
    "hours": _set_hours,
    "reach": _set_reach,
    "limit": _set_limit,
    "kind": _set_kind,
    "drop": _drop_kind,
    "again": _again,
}


def _ask_kinds(db: Db, square: Square, tap: Tap, offer: HelpOffer) -> Done:
    given = offers.given(db, offer)
    language = tap.conversation.resident.language
    others = [
        Choice(kind.name.in_(language), "set_offer", f"kind:{kind.id}")
        for kind in square.pack.help_kinds.values()
        if kind.id not in given and offer_words.may_be_offered(square.pack, kind.id)
    ]
    return Done(
        "utter_offer_change_kinds", _values(db, square, offer), others[: _most(tap) - 1]
    )


def _ask_never(db: Db, square: Square, tap: Tap, offer: HelpOffer) -> Done:
    """Show what they are never asked for, each to be taken back by a tap."""
    refused, language = offers.refused(db, offer), tap.conversation.resident.language
    if not refused:
        return Done("utter_offer_never_none")
    choices = [
        Choice(showing.name_of(square, one).in_(language), "set_offer", f"again:{one}")
        for one in refused
    ]
    return Done("utter_offer_never_list", choices=choices[: _most(tap)])


def _most(tap: Tap) -> int:
    return SHOWN_KINDS_ELDER if tap.conversation.resident.elder else SHOWN_KINDS


def _shown(db: Db, square: Square, offer: HelpOffer, response: str) -> Done:
    return Done(response, _values(db, square, offer))


def _values(db: Db, square: Square, offer: HelpOffer) -> dict[str, Any]:
    return offers.described(db, square, offer) | {"until": offer.paused_until or date.min}


def _today(square: Square, tap: Tap) -> date:
    return tap.now.astimezone(square.zone).date()
