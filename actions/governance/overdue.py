"""What the clock does to requests: reminds, lets rise what nobody kept, names silence."""

from datetime import datetime

from sqlalchemy import select

from actions.db import Db
from actions.governance import history, moves, questions, telling, workflow
from actions.governance.model import Kind, ServiceRequest, Status
from knowledge.pack import Pack

AT_ONCE = 100


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `look_after` may find something."""
    due = select(ServiceRequest.id).where(ServiceRequest.look_at <= now)
    return db.scalar(due.limit(1)) is not None


def look_after(db: Db, pack: Pack, *, now: datetime) -> int:
    """Do what is due to the requests whose time has come; returns how many there were."""
    due = db.scalars(
        select(ServiceRequest)
        .where(ServiceRequest.look_at <= now)
        .order_by(ServiceRequest.look_at, ServiceRequest.id)
        .limit(AT_ONCE)
        .with_for_update(of=ServiceRequest, skip_locked=True)
    ).all()
    for request in due:
        _look_after(db, pack, request, now)
    db.flush()
    return len(due)


def _look_after(db: Db, pack: Pack, request: ServiceRequest, now: datetime) -> None:
    if request.status == Status.REPLIED:
        _hear_nothing(db, pack, request, now)
    elif request.status not in workflow.UNFINISHED:
        request.look_at = None
    elif request.paused_at is not None:
        _wait_no_longer(db, pack, request, now)
    elif now < request.due_at:
        _nudge(db, pack, request, now)
    else:
        _break_promise(db, pack, request, now)


def _nudge(db: Db, pack: Pack, request: ServiceRequest, now: datetime) -> None:
    request.nudged_at = now
    moves.schedule(pack, request, now)
    made = history.record(db, request, Kind.NUDGED, now=now)
    telling.staff(db, pack, request, made, "utter_staff_nudge", now=now, urgent=False)


def _break_promise(db: Db, pack: Pack, request: ServiceRequest, now: datetime) -> None:
    """It rises, and everybody concerned is told; at the top its staff are reminded again."""
    request.nudged_at = now
    moves.schedule(pack, request, now)
    if moves.rise(db, pack, request, now=now) is None:
        made = history.record(db, request, Kind.NUDGED, now=now)
        telling.staff(db, pack, request, made, "utter_staff_overdue", now=now, urgent=False)


def _wait_no_longer(db: Db, pack: Pack, request: ServiceRequest, now: datetime) -> None:
    """The resident has not answered: it goes on with what is known."""
    moves.resume(pack, request, now)
    questions.take_back(db, request)
    moves.schedule(pack, request, now)
    made = history.record(db, request, Kind.ANSWERED, now=now)
    telling.staff(db, pack, request, made, "utter_staff_no_answer", now=now, urgent=False)


def _hear_nothing(db: Db, pack: Pack, request: ServiceRequest, now: datetime) -> None:
    """Ask once more whether it is solved; afterwards it stands as not confirmed."""
    if request.nudged_at is None:
        request.nudged_at = now
        request.look_at = now + moves.UNCONFIRMED_AFTER - moves.ASK_AGAIN_AFTER
        made = history.record(db, request, Kind.NUDGED, now=now)
        telling.question(db, pack, request, made, now)
        return
    made = moves.change(db, pack, request, Status.UNCONFIRMED, now=now)
    telling.residents(
        db, pack, request, made, "utter_request_unconfirmed", now=now, can_wait=True
    )
