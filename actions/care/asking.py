"""The clock's part of daily check-ins: ask, remind, tell the family, tell staff, each once.

One step at a time, each from when the one before was really told: a worker that slept, or a
clock that was put forward, makes nobody's silence longer than it was.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from actions import alerts, outbox
from actions.alerts import AlertKind
from actions.care import check_ins, family
from actions.care.check_in_rules import RULES, window
from actions.care.check_in_words import read_answer
from actions.care.check_ins import Answer
from actions.care.model import CheckIn, CheckInDay
from actions.conversations import Author, Choice, Conversation, Message
from actions.db import Db
from actions.outbox import Notice, NoticeState
from actions.people import consents
from actions.square import Square

AT_ONCE = 100  # looked after in one transaction
STALE_AFTER = timedelta(hours=3)  # a reminder that never got out is none any more


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `look_after` may find something."""
    return db.scalar(select(CheckIn.resident_id).where(*_due(now)).limit(1)) is not None


def look_after(db: Db, square: Square, *, now: datetime) -> int:
    """Do the next step of every check-in that is due; returns how many were."""
    due = db.scalars(
        select(CheckIn)
        .where(*_due(now))
        .order_by(CheckIn.next_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for check_in in due:
        _step(db, square, check_in, now)
    db.flush()
    return len(due)


def nobody_answered(db: Db, square: Square, resident_id: str, *, now: datetime) -> None:
    """Staff phoned and nobody picked up: once more in a while, then somebody has to look."""
    check_in = check_ins.of(db, resident_id)
    day = check_ins.day_of(db, resident_id, check_ins.today(square, now))
    if check_in is None or check_in.ended_at or day is None or not check_ins.is_open(day):
        return
    if day.reminded_at is not None:
        _tell_staff(db, square, check_in, day, now)
        return
    again = now + RULES.after_reminder
    if check_ins.change_open(db, day, reminded_at=again):
        _put_reminder(db, check_in, day, again)
        check_in.next_at = again + RULES.after_reminder
        db.flush()


def _step(db: Db, square: Square, check_in: CheckIn, now: datetime) -> None:
    if not consents.is_given(db, check_in.resident_id, check_ins.PURPOSE):
        check_ins.end(db, check_in.resident_id, now=now)
        return
    today = check_ins.today(square, now)
    day = check_ins.day_of(db, check_in.resident_id, today)
    if day is None:
        _go_on_with_yesterday(db, square, check_in, now)
        _begin_day(db, square, check_in, now)
    elif check_ins.is_open(day) and day.staff_told_at is None:
        _chase(db, square, check_in, day, now)
    else:
        check_in.next_at = check_ins.next_time(square, check_in, now)


def _begin_day(db: Db, square: Square, check_in: CheckIn, now: datetime) -> None:
    """Put the question of today, if it still is to be put."""
    today = check_ins.today(square, now)
    asks_at = check_ins.moment(square, check_in, today)
    was_late = now - (check_in.next_at or now) > RULES.overslept
    at = max(now, asks_at)
    latest = datetime.combine(today, RULES.latest, square.zone)
    alive = _wrote_since(db, check_in.resident_id, _morning(square, now))
    if check_ins.is_paused(check_in, today) or alive or at + RULES.shortest > latest:
        check_in.next_at = check_ins.next_time(square, check_in, now)
        return
    if now < asks_at and not was_late:
        check_in.next_at = asks_at
        return
    day = CheckInDay(resident_id=check_in.resident_id, day=today, asked_at=at)
    db.add(day)
    db.flush()
    response = "utter_check_in_ask_late" if was_late else "utter_check_in_ask"
    check_ins.put(db, square, check_in, day, response)
    check_in.next_at = min(at + window(check_in), latest)


def _chase(db: Db, square: Square, check_in: CheckIn, day: CheckInDay, now: datetime) -> None:
    """Nobody has answered in time: the next of the steps."""
    if wrote := _written_since(db, check_in.resident_id, _counts_from(day)):
        unwell = any(read_answer(text) is Answer.UNWELL for text in wrote)
        said = Answer.UNWELL if unwell else Answer.ALIVE
        check_ins.answer(db, square, check_in.resident_id, said, now=now)
        return
    asked_at = _told_at(db, check_ins.key_of(day, "question"))
    waits_until = _waits_until(db, check_in, day, asked_at)
    if waits_until is not None and waits_until > now:
        check_in.next_at = waits_until
    elif day.reminded_at is None:
        _remind(db, check_in, day, asked_at is not None, now)
    elif day.family_told_at is None and asked_at is not None:
        _tell_family(db, square, check_in, day, now)
    else:
        _tell_staff(db, square, check_in, day, now)


def _waits_until(
    db: Db, check_in: CheckIn, day: CheckInDay, asked_at: datetime | None
) -> datetime | None:
    """Return until when an answer is waited for; None where there is nothing to wait for."""
    if day.family_told_at is not None:
        return day.family_told_at + RULES.after_family
    if day.reminded_at is not None:
        reminded_at = _told_at(db, check_ins.key_of(day, "reminder"))
        return (reminded_at or day.reminded_at) + RULES.after_reminder
    return asked_at + window(check_in) if asked_at else None


def _remind(db: Db, check_in: CheckIn, day: CheckInDay, was_asked: bool, now: datetime) -> None:
    """Remind gently, once. A question that never reached them is for staff to bring."""
    if not check_ins.change_open(db, day, reminded_at=now):
        return
    check_in.next_at = now + RULES.after_reminder
    if was_asked:
        _put_reminder(db, check_in, day, now)
        return
    for chat in alerts.chats(db, check_in.area_id):
        outbox.put_once(
            db,
            key=check_ins.key_of(day, f"unasked:{chat.id}"),
            conversation_id=chat.conversation_id,
            response="utter_staff_check_in_unasked",
            due_at=now,
            about=f"check_in_unasked:{check_in.resident_id}",
        )


def _put_reminder(db: Db, check_in: CheckIn, day: CheckInDay, due_at: datetime) -> None:
    outbox.put_once(
        db,
        key=check_ins.key_of(day, "reminder"),
        conversation_id=check_in.conversation_id,
        response="utter_check_in_remind",
        due_at=due_at,
        stale_at=due_at + STALE_AFTER,
        choices=_choices(_notice(db, check_ins.key_of(day, "question"))),
        about=check_ins.about(check_in.resident_id),
    )


def _tell_family(
    db: Db, square: Square, check_in: CheckIn, day: CheckInDay, now: datetime
) -> None:
    if family.reached(db, check_in) is None:
        _tell_staff(db, square, check_in, day, now)
        return
    if check_ins.change_open(db, day, family_told_at=now):
        family.tell(db, square, check_in, "utter_check_in_family_silent", now)
        check_in.next_at = now + RULES.after_family


def _tell_staff(
    db: Db, square: Square, check_in: CheckIn, day: CheckInDay, now: datetime
) -> None:
    check_in.next_at = check_ins.next_time(square, check_in, now)
    if check_ins.change_open(db, day, staff_told_at=now):
        alerts.raise_once(
            db,
            AlertKind.NO_ANSWER,
            check_in.resident_id,
            about="check_in",
            key=check_ins.key_of(day, "silent"),
            now=now,
        )


def _go_on_with_yesterday(db: Db, square: Square, check_in: CheckIn, now: datetime) -> None:
    """Tell staff of a silence the family was told of, had we not fallen asleep then.

    All else of yesterday is let go: nobody is alarmed by what we have not asked, or not waited
    for. Today's question says that it was our fault.
    """
    if check_in.next_at is None or now - check_in.next_at <= RULES.overslept:
        return
    last = check_ins.day_of(db, check_in.resident_id, check_ins.today(square, check_in.next_at))
    if last is None or not check_ins.is_open(last) or last.family_told_at is None:
        return
    if last.staff_told_at is None and not _wrote_since(
        db, check_in.resident_id, last.family_told_at
    ):
        due = check_in.next_at
        _tell_staff(db, square, check_in, last, now)
        check_in.next_at = due


def _counts_from(day: CheckInDay) -> datetime | None:
    """Return since when a message shows that they are there, once they were asked."""
    return day.asked_at if RULES.alive_from else None


def _morning(square: Square, now: datetime) -> datetime | None:
    if RULES.alive_from is None:
        return None
    return datetime.combine(check_ins.today(square, now), RULES.alive_from, square.zone)


def _wrote_since(db: Db, resident_id: str, since: datetime | None) -> bool:
    return bool(_written_since(db, resident_id, since))


def _written_since(db: Db, resident_id: str, since: datetime | None) -> list[str]:
    """Return what somebody has written since; what cried for help was answered elsewhere."""
    if since is None:
        return []
    wrote = (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.resident_id == resident_id,
            Message.author == Author.RESIDENT,
            Message.created_at >= since,
        )
    )
    return [message.text for message in db.scalars(wrote.order_by(Message.id).limit(20))]


def _notice(db: Db, key: str) -> Notice | None:
    return db.scalar(select(Notice).where(Notice.key == key))


def _told_at(db: Db, key: str) -> datetime | None:
    """Return when a notice really reached them; None when it has not."""
    found = _notice(db, key)
    return found.sent_at if found and found.state == NoticeState.SENT else None


def _choices(notice: Notice | None) -> list[Choice]:
    return [Choice(**choice) for choice in notice.choices] if notice else []


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (CheckIn.ended_at.is_(None), CheckIn.next_at <= now)
