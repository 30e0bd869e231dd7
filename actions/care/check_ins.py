"""Daily check-ins: agreed to, answered, paused, ended. The clock's part is in `asking`.

A day has one question. Whoever answers and whoever raises an alarm change its row only while
nobody has answered: an alarm never follows an answer.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from actions import alerts, outbox
from actions.alerts import AlertKind
from actions.care import family
from actions.care.check_in_rules import RULES, Plan, plan_of, window
from actions.care.model import CheckIn, CheckInDay
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import consents, scope
from actions.people.model import Resident
from actions.quiet import quiet_ends
from actions.square import Square

PURPOSE = "check_in"


class Answer(StrEnum):
    """How somebody answers the question of the day."""

    WELL = "well"
    UNWELL = "unwell"
    LATER = "later"  # ask me again
    ALIVE = "alive"  # they wrote about something else


def begin(  # noqa: PLR0913 - one agreement has this many facts
    db: Db,
    square: Square,
    *,
    conversation: Conversation,
    plan: Plan,
    channel: str,
    now: datetime,
    staff_id: int | None = None,
) -> CheckIn:
    """Ask somebody every day from the next time on; the one of the family is told so.

    Raises:
        Refusal: who is to be told does not live with them.
    """
    resident = conversation.resident
    if plan.family_id and plan.family_id not in {one.id for one in family.of(db, resident)}:
        raise Refusal("utter_check_in_not_family")
    consents.give(db, resident.id, PURPOSE, channel=channel, now=now, staff_id=staff_id)
    with scope.unlimited(db):
        area_id = alerts.area_of(db, resident.id)
    found = of(db, resident.id) or CheckIn(resident_id=resident.id)
    before = None if found.ended_at else found.family_id  # knows it already
    found.area_id = area_id
    found.conversation_id, found.family_id = conversation.id, plan.family_id or None
    found.asks_at, found.answer_by = f"{plan.asks_at:%H:%M}", f"{plan.answer_by:%H:%M}"
    found.begun_at, found.ended_at = now, None
    found.paused_from = found.paused_until = None
    found.next_at = next_time(square, found, now)
    db.add(found)
    db.flush()
    if found.family_id and found.family_id != before:
        family.tell(db, square, found, "utter_check_in_family_named", now)
    return found


def end(db: Db, resident_id: str, *, now: datetime) -> bool:
    """Ask no more from this moment; False when nobody was asked."""
    found = _held(db, resident_id)
    consents.withdraw(db, resident_id, PURPOSE, now=now)
    if found is None:
        return False
    found.ended_at, found.next_at = now, None
    outbox.cancel(db, about(resident_id))
    return True


def pause(
    db: Db, square: Square, resident_id: str, days: tuple[date, date], *, now: datetime
) -> CheckIn:
    """Do not ask on these days, the last included.

    Raises:
        Refusal: nobody is asked.
    """
    found = _held(db, resident_id)
    if found is None:
        raise Refusal("utter_check_in_none")
    found.paused_from, found.paused_until = days
    outbox.cancel(db, about(resident_id))
    found.next_at = next_time(square, found, now)
    return found


def answer(db: Db, square: Square, resident_id: str, said: Answer, *, now: datetime) -> bool:
    """Take an answer; all who were alarmed are told. False when nothing was asked today."""
    check_in = _held(db, resident_id)
    if check_in is None:
        return False
    if said is Answer.UNWELL:
        _alarm(db, square, check_in, AlertKind.NOT_WELL, now)
    day = day_of(db, resident_id, today(square, now))
    if day is None:
        return False
    alarmed = _settle(db, check_in, day, said, now)
    if alarmed:
        family.tell(db, square, check_in, "utter_check_in_family_answered", now)
    if said is Answer.LATER and _ask_later(db, square, check_in, day, now):
        return True
    check_in.next_at = next_time(square, check_in, now)
    db.flush()
    return True


def emergency(db: Db, square: Square, resident_id: str, *, now: datetime) -> bool:
    """Alarm family and staff of an emergency somebody writes of; False when nobody asks them.

    It is their answer to the question of the day, too: nobody is alarmed twice.
    """
    check_in = _held(db, resident_id)
    if check_in is None:
        return False
    _alarm(db, square, check_in, AlertKind.EMERGENCY, now)
    day = day_of(db, resident_id, today(square, now))
    if day is not None:
        _settle(db, check_in, day, Answer.UNWELL, now)
        check_in.next_at = next_time(square, check_in, now)
    db.flush()
    return True


# What an answer says of how somebody is; who only writes, or will be asked later, says nothing.
HOW = {Answer.WELL: True, Answer.UNWELL: False}


def of(db: Db, resident_id: str) -> CheckIn | None:
    """Return somebody's check-in, for us alone until the transaction ends."""
    return db.scalar(
        select(CheckIn).where(CheckIn.resident_id == resident_id).with_for_update()
    )


def is_on(db: Db, resident_id: str) -> CheckIn | None:
    """Return the check-in of somebody who is asked at present."""
    found = db.get(CheckIn, resident_id)
    return found if found and found.ended_at is None else None


def day_of(db: Db, resident_id: str, day: date) -> CheckInDay | None:
    """Return a day's question, as it is in the store."""
    return db.scalar(
        select(CheckInDay)
        .where(CheckInDay.resident_id == resident_id, CheckInDay.day == day)
        .execution_options(populate_existing=True)
    )


def is_open(day: CheckInDay | None) -> bool:
    """Whether a question was put that nobody has answered."""
    return day is not None and day.answered_at is None


def change_open(db: Db, day: CheckInDay, **values: Any) -> bool:
    """Change a day's row while nobody has answered; False when somebody has."""
    changed = db.execute(
        update(CheckInDay)
        .where(CheckInDay.id == day.id, CheckInDay.answered_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.refresh(day)
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def next_time(square: Square, check_in: CheckIn, now: datetime) -> datetime:
    """Return when somebody is asked next: the next time of day, on a day that is not paused."""
    day = today(square, now)
    if now >= moment(square, check_in, day):
        day += timedelta(days=1)
    while is_paused(check_in, day):
        day += timedelta(days=1)
    return moment(square, check_in, day)


def is_paused(check_in: CheckIn, day: date) -> bool:
    """Whether they wanted not to be asked on a day."""
    until = check_in.paused_until
    return until is not None and (check_in.paused_from or day) <= day <= until


def moment(square: Square, check_in: CheckIn, day: date) -> datetime:
    """Return when they are asked on a day."""
    return datetime.combine(day, plan_of(check_in).asks_at, square.zone)


def today(square: Square, now: datetime) -> date:
    """Return the day it is in the community."""
    return now.astimezone(square.zone).date()


def choices(square: Square, check_in: CheckIn, language: str, day: date) -> list[Choice]:
    """Return what may be answered, on buttons or by number."""
    return [
        Choice(
            square.wording.render(f"utter_check_in_say_{said}", language=language).text,
            f"check_in_{said}",
            day.isoformat(),
        )
        for said in (Answer.WELL, Answer.UNWELL, Answer.LATER)
    ]


def about(resident_id: str) -> str:
    """Name what is owed to somebody who is asked."""
    return f"check_in:{resident_id}"


def key_of(day: CheckInDay, what: str) -> str:
    """Name something that happens once for a question: put, reminded of, told."""
    return f"check_in:{day.id}:{what}:{int(day.asked_at.timestamp())}"


def _held(db: Db, resident_id: str) -> CheckIn | None:
    found = of(db, resident_id)
    return found if found and found.ended_at is None else None


def _settle(db: Db, check_in: CheckIn, day: CheckInDay, said: Answer, now: datetime) -> bool:
    """Note that somebody has answered; whether the family was alarmed by their silence."""
    well = HOW.get(said)
    if not change_open(db, day, answered_at=now, well=well):
        day.well = day.well if well is None else well
        return False
    outbox.cancel(db, about(check_in.resident_id))
    alerts.settle(db, key_of(day, "silent"), now=now)
    if said is Answer.UNWELL:  # they have just been told of that instead
        return False
    untold = outbox.cancel(db, family.about(check_in))
    return day.family_told_at is not None and not untold


# What they said themselves → how the alert's key begins, and what their family is told.
ALARMS = {
    AlertKind.NOT_WELL: ("unwell", "utter_check_in_family_unwell"),
    AlertKind.EMERGENCY: ("emergency", "utter_check_in_family_emergency"),
}


def _alarm(db: Db, square: Square, check_in: CheckIn, kind: AlertKind, now: datetime) -> None:
    """They said so themselves: family and staff hear it at once, by day and by night."""
    name, response = ALARMS[kind]
    with scope.unlimited(db):
        _, is_new = alerts.raise_anew(
            db,
            kind,
            check_in.resident_id,
            about="check_in",
            key=f"{name}:{check_in.resident_id}",
            now=now,
        )
    if is_new:
        outbox.cancel(db, family.about(check_in))
        family.tell(db, square, check_in, response, now)


def _ask_later(
    db: Db, square: Square, check_in: CheckIn, day: CheckInDay, now: datetime
) -> bool:
    """Put the question again in a while; not when that would be too late in the day."""
    at = now + RULES.later
    latest = datetime.combine(today(square, now), RULES.latest, square.zone)
    if at + window(check_in) > latest:
        return False
    day.asked_at, day.answered_at, day.well = at, None, None
    day.reminded_at = day.family_told_at = day.staff_told_at = None
    db.flush()
    put(db, square, check_in, day, "utter_check_in_ask")
    check_in.next_at = at + window(check_in)
    db.flush()
    return True


def put(db: Db, square: Square, check_in: CheckIn, day: CheckInDay, response: str) -> None:
    """Owe somebody the question, for this day alone."""
    night = datetime.combine(day.day, RULES.latest, square.zone) + timedelta(hours=1)
    resident = db.get_one(Resident, check_in.resident_id)
    outbox.put_once(
        db,
        key=key_of(day, "question"),
        conversation_id=check_in.conversation_id,
        response=response,
        due_at=day.asked_at,
        stale_at=night,
        choices=choices(square, check_in, resident.language, day.day),
        about=about(check_in.resident_id),
    )


def tell(db: Db, square: Square, check_in: CheckIn, response: str, now: datetime) -> None:
    """Tell who is asked something that is no question, and can wait for the morning."""
    outbox.put(
        db,
        conversation_id=check_in.conversation_id,
        response=response,
        due_at=quiet_ends(now, square.zone),
        about=f"check_in_told:{check_in.resident_id}",
    )
