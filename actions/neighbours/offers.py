"""What neighbours offer: written down, changed, paused, taken back, verified by staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select, update

from actions import conversations, outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import showing, weekly
from actions.neighbours.candidates import Who, who_may_help
from actions.neighbours.model import HelpOffer, Match, MatchStatus, OfferedKind
from actions.people import consents, nicknames
from actions.people.model import Resident, Staff, Words
from actions.square import Square
from knowledge.pack import Text

PURPOSE = "help"
MOST_PER_WEEK = 14
PER_WEEK = 2  # until they say otherwise
ALL: tuple[str, ...] = ()  # kinds: whatever there is


@dataclass(frozen=True)
class Terms:
    """With what somebody helps, when, how far, how often; `kinds` none is whatever there is."""

    kinds: tuple[str, ...] = ALL
    hours: weekly.Hours = weekly.ANY_TIME
    reach: str = "village"
    languages: tuple[str, ...] = ()
    skills: str = ""
    per_week: int = PER_WEEK
    meaning: bytes = b""  # of their skills


def with_meaning(terms: Terms, vector: Any) -> Terms:
    """Return terms with the vector of their skills, as it is kept."""
    return replace(terms, meaning=np.asarray(vector, np.float16).tobytes())


def of(db: Db, resident_id: str) -> HelpOffer | None:
    """Return what a resident offers; None when nothing, or no more."""
    return db.scalar(
        select(HelpOffer).where(
            HelpOffer.resident_id == resident_id, HelpOffer.withdrawn_at.is_(None)
        )
    )


def require(db: Db, resident_id: str) -> HelpOffer:
    """Return what a resident offers.

    Raises:
        Refusal: they offer nothing.
    """
    offer = of(db, resident_id)
    if offer is None:
        raise Refusal("utter_offer_none")
    return offer


def write(
    db: Db, *, conversation: Conversation, terms: Terms, name: str = "", now: datetime
) -> HelpOffer:
    """Write an offer down, or the new terms of one, with the consent given to the read-back.

    `name` is how neighbours may call them, when it was asked. Who was verified stays so.
    """
    resident = db.get_one(Resident, conversation.resident_id, with_for_update=True)
    offer = db.scalar(select(HelpOffer).where(HelpOffer.resident_id == resident.id))
    if offer is None:
        offer = HelpOffer(resident_id=resident.id, created_at=now)
        db.add(offer)
    offer.area_id, offer.conversation_id = resident.area_id, conversation.id
    offer.withdrawn_at = offer.paused_until = None
    offer.hours, offer.reach = list(terms.hours), terms.reach
    offer.languages, offer.per_week = list(terms.languages), terms.per_week
    _tell_skills(db, offer, terms, now)
    db.flush()
    set_kinds(db, offer, terms.kinds)
    channel = conversations.channel_of(db, conversation)
    consents.give(db, resident.id, PURPOSE, channel=channel, now=now)
    if name:
        nicknames.call(db, resident.id, name, now=now)
    return offer


def _tell_skills(db: Db, offer: HelpOffer, terms: Terms, now: datetime) -> None:
    before = offer.skills
    offer.meaning = terms.meaning or None
    offer.skills = (
        Words(resident_id=offer.resident_id, text=terms.skills, created_at=now)
        if terms.skills
        else None
    )
    db.flush()
    if before is not None:
        db.delete(before)


def set_kinds(db: Db, offer: HelpOffer, kinds: Iterable[str]) -> None:
    """Give these kinds and no others; those never to be asked for stay so, unless named now."""
    wanted = set(kinds)
    gone = delete(OfferedKind).where(
        OfferedKind.offer_id == offer.id,
        OfferedKind.never.is_(False) | OfferedKind.kind_id.in_(wanted),
    )
    db.execute(gone.execution_options(synchronize_session="fetch"))
    db.add_all(OfferedKind(offer_id=offer.id, kind_id=one, never=False) for one in wanted)
    db.flush()


def never(db: Db, offer: HelpOffer, kind_id: str) -> None:
    """Do not ask somebody for this kind again."""
    known = db.get(OfferedKind, (offer.id, kind_id))
    if known is None:
        db.add(OfferedKind(offer_id=offer.id, kind_id=kind_id, never=True))
    else:
        known.never = True
    db.flush()


def again(db: Db, offer: HelpOffer, kind_id: str) -> None:
    """Take back that somebody is not to be asked for a kind; who names kinds gives it again."""
    known = db.get(OfferedKind, (offer.id, kind_id))
    if known is None or not known.never:
        return
    if given(db, offer):
        known.never = False
    else:
        db.delete(known)
    db.flush()


def given(db: Db, offer: HelpOffer) -> list[str]:
    """Return the kinds somebody named; none: whatever there is."""
    return _kinds(db, offer, never=False)


def refused(db: Db, offer: HelpOffer) -> list[str]:
    """Return the kinds somebody is never to be asked for."""
    return _kinds(db, offer, never=True)


def _kinds(db: Db, offer: HelpOffer, *, never: bool) -> list[str]:
    return list(
        db.scalars(
            select(OfferedKind.kind_id)
            .where(OfferedKind.offer_id == offer.id, OfferedKind.never.is_(never))
            .order_by(OfferedKind.kind_id)
        )
    )


def pause(db: Db, offer: HelpOffer, until: date) -> None:
    """Ask somebody for nothing up to and including a day."""
    offer.paused_until = until
    db.flush()


def resume(db: Db, offer: HelpOffer) -> None:
    """Ask again from now on."""
    offer.paused_until = None
    db.flush()


def is_paused(offer: HelpOffer, today: date) -> bool:
    """Whether somebody is not to be asked on a day."""
    return offer.paused_until is not None and offer.paused_until >= today


def stop(db: Db, offer: HelpOffer, *, now: datetime) -> None:
    """Take an offer back. What is promised already is another matter."""
    offer.withdrawn_at, offer.paused_until = now, None
    db.flush()


def follow_homes(db: Db) -> None:
    """Let offers lie where their residents live now: who moves is asked by new neighbours."""
    lives = select(Resident.area_id).where(Resident.id == HelpOffer.resident_id)
    moved = update(HelpOffer).where(HelpOffer.area_id.is_distinct_from(lives.scalar_subquery()))
    db.execute(
        moved.values(area_id=lives.scalar_subquery()).execution_options(
            synchronize_session=False
        )
    )


def may_give(db: Db, square: Square, resident_id: str, kind_id: str) -> bool:
    """Whether a resident may help with a kind, as the pack says who may."""
    who = who_may_help(square.pack.help_kinds.get(kind_id))
    if who is Who.ANYBODY:
        return True
    offer = of(db, resident_id) if who is Who.VERIFIED else None
    return offer is not None and offer.verified_at is not None


def waits_for_staff(db: Db, square: Square, offer: HelpOffer) -> bool:
    """Whether something of an offer takes only who is verified, and they are not yet."""
    kinds = given(db, offer) or list(square.pack.help_kinds)
    wanted = {who_may_help(square.pack.help_kinds.get(one)) for one in kinds}
    return offer.verified_at is None and Who.VERIFIED in wanted


def verify(db: Db, offer: HelpOffer, staff: Staff, *, now: datetime) -> None:
    """Staff know who this is; the helper is told.

    Raises:
        Refusal: they are verified already, or offer nothing any more.
    """
    if offer.verified_at is not None or offer.withdrawn_at is not None:
        raise Refusal("utter_offer_moved")
    offer.verified_at, offer.verified_by = now, staff.id
    _tell(db, offer, "utter_offer_verified", now)


def unverify(db: Db, offer: HelpOffer, *, now: datetime) -> None:
    """Staff take it back; the helper is told.

    Raises:
        Refusal: they are not verified.
    """
    if offer.verified_at is None:
        raise Refusal("utter_offer_moved")
    offer.verified_at = offer.verified_by = None
    _tell(db, offer, "utter_offer_unverified", now)


def for_staff(db: Db, *, limit: int = 200) -> list[HelpOffer]:
    """Return who offers help (in the scope of who looks), those not verified first."""
    return list(
        db.scalars(
            select(HelpOffer)
            .where(HelpOffer.withdrawn_at.is_(None))
            .order_by(HelpOffer.verified_at.is_not(None), HelpOffer.created_at, HelpOffer.id)
            .limit(limit)
        )
    )


def times_helped(db: Db, resident_id: str) -> int:
    """Count what somebody has done for neighbours."""
    done = select(func.count(Match.id)).where(
        Match.helper_id == resident_id, Match.status == MatchStatus.DONE
    )
    return db.scalar(done) or 0


def described(db: Db, square: Square, offer: HelpOffer) -> dict[str, Any]:
    """Return the values the responses about an offer speak of; no words of residents."""
    terms = Terms(
        kinds=tuple(given(db, offer)),
        hours=tuple(offer.hours),
        reach=offer.reach,
        languages=tuple(offer.languages),
        per_week=offer.per_week,
    )
    return shown(square, terms) | {"times": times_helped(db, offer.resident_id)}


def shown(square: Square, terms: Terms) -> dict[str, Any]:
    """Return terms as the responses speak of them."""
    return {
        "kinds": names_of(square, terms.kinds),
        "hours": weekly.shown(square.wording, terms.hours),
        "reach": square.in_both(f"utter_reach_{terms.reach}"),
        "languages": _joined(
            [square.in_both(f"utter_speaks_{one}") for one in terms.languages]
        ),
        "per_week": terms.per_week,
    }


def shown_as(offer: HelpOffer, today: date) -> str:
    """Return the response an offer is shown with."""
    return "utter_offer_shown_paused" if is_paused(offer, today) else "utter_offer_shown"


def names_of(square: Square, kinds: Iterable[str]) -> Text:
    """Write kinds of help in both languages; none: whatever there is."""
    names = [showing.name_of(square, one) for one in kinds]
    return _joined(names) if names else square.in_both("utter_offer_all_kinds")


def _joined(texts: list[Text]) -> Text:
    return Text(
        zh=weekly.JOINT["zh"].join(text.zh for text in texts),
        en=weekly.JOINT["en"].join(text.en for text in texts),
    )


def _tell(db: Db, offer: HelpOffer, response: str, now: datetime) -> None:
    db.flush()
    outbox.put(
        db,
        conversation_id=offer.conversation_id,
        response=response,
        due_at=now,
        about=f"offer:{offer.id}",
    )


# What a tap may set, and to what: hours by their name in the domain.
WINDOWS: Mapping[str, weekly.Hours] = MappingProxyType(
    {
        "any": weekly.ANY_TIME,
        "weekend": weekly.written(weekly.WEEKEND, [weekly.WHOLE_DAY]),
        "evenings": weekly.written(weekly.WORKDAYS, [(18 * 60, 22 * 60)]),
        "workdays": weekly.written(weekly.WORKDAYS, [(8 * 60, 18 * 60)]),
    }
)
