"""Whom a resident was brought together with, and what of it may be shown to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import nicknames
from actions.relay.model import Relay
from actions.square import Square
from knowledge.records import Text

WITHIN = timedelta(days=180)  # later nobody remembers whom somebody means
MOST, MOST_ELDER = 6, 3


@dataclass(frozen=True)
class Met:
    """A neighbour a resident was brought together with, by which relay."""

    relay: Relay
    other: Conversation


def met(db: Db, resident_id: str, *, now: datetime) -> list[Met]:
    """Return the neighbours of a resident's relays, each once, the latest first."""
    own = select(Conversation.id).where(Conversation.resident_id == resident_id)
    relays = db.scalars(
        select(Relay)
        .where(
            or_(Relay.one_id.in_(own), Relay.other_id.in_(own)),
            Relay.opened_at > now - WITHIN,
        )
        .order_by(Relay.opened_at.desc(), Relay.id.desc())
    )
    found: dict[str, Met] = {}
    for relay in relays:
        other = _other(db, relay, resident_id)
        found.setdefault(other.resident_id, Met(relay, other))
    found.pop(resident_id, None)
    return list(found.values())


def meant(db: Db, relay_id: str, resident_id: str) -> Met:
    """Return the neighbour a button stands for.

    Raises:
        Refusal: it is no relay of this resident.
    """
    relay = db.get(Relay, int(relay_id)) if relay_id.isascii() and relay_id.isdigit() else None
    if relay is None or resident_id not in _residents(db, relay):
        raise Refusal("utter_old_choice")
    return Met(relay, _other(db, relay, resident_id))


def of_cause(db: Db, about: str, resident_id: str) -> Met:
    """Return the neighbour of a cause ("help:12").

    Raises:
        Refusal: the two were never brought together by it.
    """
    relay = db.scalar(select(Relay).where(Relay.about == about))
    if relay is None:
        raise Refusal("utter_old_choice")
    return meant(db, str(relay.id), resident_id)


def between(db: Db, one_id: str, other_id: str) -> list[Relay]:
    """Return all relays between two residents that are not closed."""
    of_one, of_other = (
        select(Conversation.id).where(Conversation.resident_id == who)
        for who in (one_id, other_id)
    )
    there = Relay.one_id.in_(of_one) & Relay.other_id.in_(of_other)
    back = Relay.one_id.in_(of_other) & Relay.other_id.in_(of_one)
    return list(db.scalars(select(Relay).where(there | back, Relay.closed_at.is_(None))))


def described(db: Db, square: Square, one: Met) -> Text:
    """Name a neighbour by what they let themselves be called, the kind and the day alone."""
    kind = one.relay.about.partition(":")[0]
    response = f"utter_report_met_{kind}" if kind in KINDS else "utter_report_met"
    values = {
        "name": name(db, square, one.other.resident_id),
        "day": one.relay.opened_at.astimezone(square.zone).date(),
    }
    return square.in_both(response, **values)


KINDS = frozenset({"help", "meet"})  # first words of a relay's cause


def name(db: Db, square: Square, resident_id: str) -> Text:
    """Return how neighbours may call a resident, or just that it is a neighbour."""
    called = nicknames.called(db, resident_id)
    return Text(zh=called, en=called) if called else square.in_both("utter_report_a_neighbour")


def listed(lines: Sequence[Text]) -> Text:
    """Number lines, to be chosen from: names stand in what is said, never on a button."""
    zh, en = (
        "\n".join(f"{number}. {line.in_(language)}" for number, line in enumerate(lines, 1))
        for language in ("zh", "en")
    )
    return Text(zh=zh, en=en)


def nth(square: Square, number: int, language: str) -> str:
    """Write what stands on the button of a line."""
    return square.wording.render(
        "utter_report_nth", language=language, values={"number": number}
    ).text


def _residents(db: Db, relay: Relay) -> tuple[str, str]:
    one, other = (db.get_one(Conversation, side) for side in (relay.one_id, relay.other_id))
    return one.resident_id, other.resident_id


def _other(db: Db, relay: Relay, resident_id: str) -> Conversation:
    one, other = (db.get_one(Conversation, side) for side in (relay.one_id, relay.other_id))
    return other if one.resident_id == resident_id else one
