"""Alerts: a resident staff have to look after. Chats of staff are told that, never who or why.

An alert is raised once for one cause, and told to the nearest tier of staff. One of them takes
it, and sees the rest at the desk; what nobody takes is told once more, to the tier above.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions import conversations, outbox
from actions.db import Base, Db, UtcDateTime
from actions.errors import Refusal
from actions.outbox import Notice
from actions.people.model import Household, Resident, Staff, StaffChat, Words
from actions.people.roles import Work
from actions.people.scope import Scoped
from actions.quiet import is_quiet


class AlertKind(StrEnum):
    """Why staff have to look after somebody."""

    NO_ANSWER = "no_answer"  # to the daily question
    NOT_WELL = "not_well"  # they said so themselves
    EMERGENCY = "emergency"  # who is asked every day wrote of one, and was given the number
    WORRIED = "worried"  # a neighbour who helped says so
    LATE_WITHDRAWAL = "late_withdrawal"  # a helper left a need shortly before its time
    HELPER_MISSED = "helper_missed"  # a helper did not come
    NOBODY_FOUND = "nobody_found"  # no neighbour could be found in time
    TOO_MANY_NEEDS = "too_many_needs"  # somebody asks the neighbours again and again


@dataclass(frozen=True)
class Rise:
    """How long nobody may have taken an alert until the tier above is told; `by_day` alone?"""

    after: timedelta
    by_day: bool = True


HALF_AN_HOUR = Rise(timedelta(minutes=30))
AT_ANY_HOUR = Rise(timedelta(minutes=10), by_day=False)
RISES = {
    AlertKind.NO_ANSWER: AT_ANY_HOUR,
    AlertKind.NOT_WELL: AT_ANY_HOUR,
    AlertKind.EMERGENCY: AT_ANY_HOUR,
    AlertKind.WORRIED: HALF_AN_HOUR,
    AlertKind.LATE_WITHDRAWAL: HALF_AN_HOUR,
    AlertKind.HELPER_MISSED: HALF_AN_HOUR,
    AlertKind.NOBODY_FOUND: HALF_AN_HOUR,
    AlertKind.TOO_MANY_NEEDS: HALF_AN_HOUR,
}


class Alert(Scoped, Base):
    """Something staff have to see to, about one resident; taken by one of them, then closed."""

    __tablename__ = "alerts"
    work = Work.TALKS
    __table_args__ = (Index("ix_alerts_open", "closed_at", "raised_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)  # the same cause raises one
    kind: Mapped[str] = mapped_column(String(16))
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    about: Mapped[str] = mapped_column(String(40))  # "help:12", "check_in"
    words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    risen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # told to the tier above
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # who sees to it
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note_id: Mapped[int | None] = mapped_column(
        ForeignKey("words.id"), index=True
    )  # what came of it
    words: Mapped[Words | None] = relationship(foreign_keys=[words_id], lazy="joined")
    note: Mapped[Words | None] = relationship(foreign_keys=[note_id], lazy="joined")


def raise_once(  # noqa: PLR0913 - one row has this many facts
    db: Db,
    kind: AlertKind,
    resident_id: str,
    *,
    about: str,
    key: str,
    now: datetime,
    words_id: int | None = None,
) -> Alert | None:
    """Raise an alert and tell the nearest chats of staff; None when it was raised before."""
    alert = Alert(
        key=key,
        kind=kind,
        resident_id=resident_id,
        about=about,
        area_id=area_of(db, resident_id),
        words_id=words_id,
        raised_at=now,
    )
    try:
        with db.begin_nested():
            db.add(alert)
            db.flush()
    except IntegrityError:
        return None
    for chat in chats(db, alert.area_id):
        _tell(db, alert, chat.conversation_id, f"utter_staff_alert_{kind}", "raised", now)
    return alert


def raise_anew(
    db: Db, kind: AlertKind, resident_id: str, *, about: str, key: str, now: datetime
) -> tuple[Alert, bool]:
    """Raise an alert unless one of this key is open; those that are closed do not count.

    Returns the open one, and whether it was raised now.
    """
    family = or_(Alert.key == key, Alert.key.startswith(f"{key}#", autoescape=True))
    closed = db.scalar(select(func.count()).where(family, Alert.closed_at.is_not(None))) or 0
    name = f"{key}#{closed}" if closed else key
    raised = raise_once(db, kind, resident_id, about=about, key=name, now=now)
    return raised or db.scalars(select(Alert).where(Alert.key == name)).one(), bool(raised)


def area_of(db: Db, resident_id: str) -> str | None:
    """Return where a resident belongs: the own area, the household's, or the conversation's."""
    resident = db.get_one(Resident, resident_id)
    home = db.get(Household, resident.household_id) if resident.household_id else None
    talk = conversations.of_resident(db, resident_id)
    known = (resident.area_id, home and home.area_id, talk and talk.area_id)
    return next((area for area in known if area), None)


def chats(
    db: Db, area_id: str | None, *, team_id: str | None = None, above: bool = False
) -> list[StaffChat]:
    """Return the chats of the nearest tier around an area that has any, or of the one `above`.

    Those of all staff, or of a team. Where there is none above, the nearest hear it again; of
    no area, all do.
    """
    found = db.scalars(
        select(StaffChat)
        .where(StaffChat.ended_at.is_(None), StaffChat.team_id.is_not_distinct_from(team_id))
        .order_by(StaffChat.id)
    ).all()
    if area_id is None:
        return list(found)
    around = [chat for chat in found if area_id.startswith(chat.area_id)]
    tiers = sorted({chat.area_id for chat in around}, key=len, reverse=True)
    told = (tiers[1:] or tiers)[:1] if above else tiers[:1]
    return [chat for chat in around if chat.area_id in told]


def take(db: Db, alert: Alert, *, staff_id: int, now: datetime) -> None:
    """Let one of the staff see to an alert; of many at once, one does.

    Raises:
        Refusal: somebody else sees to it, or nobody needs to any more.
    """
    free = update(Alert).where(
        Alert.id == alert.id, Alert.staff_id.is_(None), Alert.closed_at.is_(None)
    )
    taken = db.execute(
        free.values(staff_id=staff_id, taken_at=now).execution_options(
            synchronize_session=False
        )
    )
    db.refresh(alert)
    if taken.rowcount != 1 and alert.staff_id != staff_id:  # type: ignore[attr-defined]
        who = db.get(Staff, alert.staff_id) if alert.staff_id else None
        raise Refusal("utter_desk_alert_taken", name=who.username if who else "—")


def close(db: Db, alert: Alert, *, staff_id: int, note: str, now: datetime) -> None:
    """Somebody has seen to it; `note` says what came of it, and may be erased.

    Raises:
        Refusal: it is closed.
    """
    if not _close(db, alert, now):
        raise Refusal("utter_desk_alert_closed")
    alert.staff_id = alert.staff_id or staff_id
    if note:
        alert.note = Words(resident_id=alert.resident_id, text=note, created_at=now)
    outbox.cancel(db, _about(alert))
    db.flush()


def settle(db: Db, key: str, *, now: datetime) -> bool:
    """Its cause is gone: close an alert, and tell all who were told; whether it was open."""
    alert = db.scalar(select(Alert).where(Alert.key == key))
    if alert is None or not _close(db, alert, now):
        return False
    told = db.scalars(
        select(Notice.conversation_id).where(Notice.about == _about(alert)).distinct()
    ).all()
    outbox.cancel(db, _about(alert))
    for conversation_id in told:
        _tell(db, alert, conversation_id, "utter_staff_alert_settled", "settled", now)
    return True


def untaken(db: Db) -> int:
    """Count what nobody of the scope sees to yet."""
    waiting = select(func.count()).select_from(Alert)
    return db.scalar(waiting.where(Alert.closed_at.is_(None), Alert.staff_id.is_(None))) or 0


def is_any_due(db: Db, zone: tzinfo, *, now: datetime) -> bool:
    """Whether `rise_due` may find something."""
    return any(_is_to_rise(alert, zone, now) for alert in _untaken(db, now))


def rise_due(db: Db, zone: tzinfo, *, now: datetime) -> int:
    """Tell the tier above, once, of what nobody has taken in time; returns how many."""
    due = [alert for alert in _untaken(db, now) if _is_to_rise(alert, zone, now)]
    for alert in due:
        alert.risen_at = now
        for chat in chats(db, alert.area_id, above=True):
            _tell(db, alert, chat.conversation_id, "utter_staff_alert_risen", "risen", now)
    db.flush()
    return len(due)


def _untaken(db: Db, now: datetime) -> list[Alert]:
    soonest = min(rise.after for rise in RISES.values())
    return list(
        db.scalars(
            select(Alert)
            .where(
                Alert.closed_at.is_(None),
                Alert.staff_id.is_(None),
                Alert.risen_at.is_(None),
                Alert.raised_at <= now - soonest,
            )
            .order_by(Alert.id)
        )
    )


def _is_to_rise(alert: Alert, zone: tzinfo, now: datetime) -> bool:
    rise = RISES[AlertKind(alert.kind)]
    return alert.raised_at <= now - rise.after and not (rise.by_day and is_quiet(now, zone))


def _close(db: Db, alert: Alert, now: datetime) -> bool:
    closed = db.execute(
        update(Alert)
        .where(Alert.id == alert.id, Alert.closed_at.is_(None))
        .values(closed_at=now)
        .execution_options(synchronize_session=False)
    )
    db.refresh(alert)
    return bool(closed.rowcount == 1)  # type: ignore[attr-defined]


def _tell(
    db: Db, alert: Alert, conversation_id: str, response: str, what: str, now: datetime
) -> None:
    outbox.put_once(
        db,
        key=f"alert:{alert.id}:{what}:{conversation_id}",
        conversation_id=conversation_id,
        response=response,
        due_at=now,
        values={"id": alert.id},
        about=_about(alert),
    )


def _about(alert: Alert) -> str:
    return f"alert:{alert.id}"
