"""Reports about neighbours: who reports is protected, and staff decide by one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from actions import alerts, conversations, outbox, quiet
from actions.care.model import NeighbourReport
from actions.care.whom import Met
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import blocks, scope
from actions.people.model import Resident, StaffChat, Words
from actions.square import Square
from actions.wording import to_json

LONGEST_WORDS = 2000


@dataclass(frozen=True)
class Outcome:
    """What staff may decide: what the reported resident is told, and what follows.

    `team`: the police post is told that there is something to read.
    """

    tells: str | None = None
    suspends: bool = False
    team: str | None = None


OUTCOMES: Mapping[str, Outcome] = {
    "dismissed": Outcome(),
    "warned": Outcome(tells="utter_care_warned"),
    "suspended": Outcome(tells="utter_care_suspended", suspends=True),
    "police": Outcome(team="police-post"),
}
DAYS = (7, 30, 90)  # of a suspension, to choose from


@dataclass(frozen=True)
class ByItself:
    """When somebody is suspended before staff have looked.

    A session of the page costs nothing, a household does: reports of residents of no household
    are read by staff and count for nothing here.
    """

    households: int
    within: timedelta
    lasts: timedelta


BY_ITSELF = ByItself(households=3, within=timedelta(days=30), lasts=timedelta(days=14))


def report(
    db: Db, square: Square, *, reporter: Conversation, met: Met, words: str, now: datetime
) -> NeighbourReport:
    """Write down what is said against a neighbour, and have staff look; of a pair once."""
    other_id = met.other.resident_id
    alone_about(db, other_id)
    known = open_of_pair(db, reporter.resident_id, other_id)
    if known is None:
        known = _make(db, reporter, met, now)
        _tell_staff(db, known, "utter_staff_report", now)
    add_words(db, known, words, now=now)
    _suspend_in_time(db, square, known, now)
    return known


def add_words(db: Db, report: NeighbourReport, words: str, *, now: datetime) -> None:
    """Add to what a report says."""
    words = words.strip()
    if not words:
        return
    if report.words is None:
        report.words = Words(resident_id=report.reporter_id, text="", created_at=now)
    report.words.text = f"{report.words.text}\n{words}".strip()[:LONGEST_WORDS]
    db.flush()


def open_of_pair(db: Db, reporter_id: str, other_id: str) -> NeighbourReport | None:
    """Return what a resident has reported about another and nobody has decided yet."""
    return db.scalar(
        select(NeighbourReport).where(
            NeighbourReport.reporter_id == reporter_id,
            NeighbourReport.reported_id == other_id,
            NeighbourReport.closed_at.is_(None),
        )
    )


def for_staff(db: Db, limit: int = 200) -> list[NeighbourReport]:
    """Return the reports of the scope, open ones first, the oldest of them first."""
    return list(
        db.scalars(
            select(NeighbourReport)
            .order_by(NeighbourReport.closed_at.is_not(None), NeighbourReport.id)
            .limit(limit)
        )
    )


def undecided(db: Db) -> int:
    """Count the open reports of the scope."""
    waiting = select(func.count()).select_from(NeighbourReport)
    return db.scalar(waiting.where(NeighbourReport.closed_at.is_(None))) or 0


def earlier(db: Db, report: NeighbourReport) -> dict[str, int]:
    """Count the other reports about the same resident by what came of them; wherever made."""
    with scope.unlimited(db):
        counted = db.execute(
            select(func.coalesce(NeighbourReport.outcome, "open"), func.count())
            .where(
                NeighbourReport.reported_id == report.reported_id,
                NeighbourReport.id != report.id,
            )
            .group_by(NeighbourReport.outcome)
        )
        return {outcome: count for outcome, count in counted}


def decide(  # noqa: PLR0913 - one decision has this many facts
    db: Db,
    square: Square,
    report: NeighbourReport,
    outcome: str,
    *,
    staff_id: int,
    now: datetime,
    days: int = 0,
) -> None:
    """Close a report: both sides are told what is theirs to know, and not more.

    Raises:
        Refusal: there is no such outcome, or somebody else has decided.
    """
    row = OUTCOMES.get(outcome)
    if row is None or (row.suspends and days not in DAYS):
        raise Refusal("utter_desk_not_like_that")
    alone_about(db, report.reported_id)
    _close(db, report, outcome, staff_id, now)
    until = now + timedelta(days=days)
    if row.suspends:
        cause = f"report:{report.id}"
        blocks.suspend(
            db, report.reported_id, cause=cause, until=until, now=now, staff_id=staff_id
        )
    if row.suspends or not _open_about(db, report.reported_id):
        blocks.lift_what_came_by_itself(db, report.reported_id, now=now)
    if row.tells:
        _tell(db, square, report.reported_id, row.tells, now, until=until)
    if row.team:
        _tell_staff(db, report, "utter_staff_report_handed", now, team_id=row.team)
    _tell_back(db, square, report, now)


def alone_about(db: Db, resident_id: str) -> None:
    """Let nobody else report, or decide about, this resident until the transaction ends."""
    db.execute(
        select(Resident.id).where(Resident.id == resident_id).with_for_update(key_share=True)
    )


def police_chats(db: Db, report: NeighbourReport) -> list[StaffChat]:
    """Return where the police post is told; empty: it has to be phoned."""
    return alerts.chats(db, report.area_id, team_id=OUTCOMES["police"].team)


def _make(db: Db, reporter: Conversation, met: Met, now: datetime) -> NeighbourReport:
    made = NeighbourReport(
        reporter_id=reporter.resident_id,
        conversation_id=reporter.id,
        reported_id=met.other.resident_id,
        relay_id=met.relay.id,
        area_id=alerts.area_of(db, reporter.resident_id),
        made_at=now,
    )
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except IntegrityError:  # the same, on another channel, at this moment
        found = open_of_pair(db, reporter.resident_id, met.other.resident_id)
        if found is None:
            raise
        return found
    return made


def _suspend_in_time(db: Db, square: Square, last: NeighbourReport, now: datetime) -> None:
    """Suspend somebody whom several households have reported, until staff have looked."""
    if blocks.is_suspended(db, last.reported_id, now=now):
        return
    if _households(db, last.reported_id, now) < BY_ITSELF.households:
        return
    until, cause = now + BY_ITSELF.lasts, f"report:{last.id}"
    blocks.suspend(db, last.reported_id, cause=cause, until=until, now=now)
    _tell(db, square, last.reported_id, "utter_care_suspended", now, until=until)
    _tell_staff(db, last, "utter_staff_report_suspended", now)


def _households(db: Db, reported_id: str, now: datetime) -> int:
    """Count the households that reported somebody lately, and nobody has decided about it."""
    with scope.unlimited(db):
        counted = db.scalar(
            select(func.count(func.distinct(Resident.household_id)))
            .select_from(NeighbourReport)
            .join(Resident, Resident.id == NeighbourReport.reporter_id)
            .where(
                NeighbourReport.reported_id == reported_id,
                NeighbourReport.closed_at.is_(None),
                NeighbourReport.made_at > now - BY_ITSELF.within,
            )
        )
    return counted or 0


def _open_about(db: Db, resident_id: str) -> bool:
    with scope.unlimited(db):
        still = select(NeighbourReport.id).where(
            NeighbourReport.reported_id == resident_id, NeighbourReport.closed_at.is_(None)
        )
        return db.scalar(still.limit(1)) is not None


def _close(db: Db, report: NeighbourReport, outcome: str, staff_id: int, now: datetime) -> None:
    closed = db.execute(
        update(NeighbourReport)
        .where(NeighbourReport.id == report.id, NeighbourReport.closed_at.is_(None))
        .values(outcome=outcome, staff_id=staff_id, closed_at=now)
        .execution_options(synchronize_session=False)
    )
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal("utter_desk_report_decided")
    db.refresh(report)


def _tell(
    db: Db, square: Square, resident_id: str, response: str, now: datetime, *, until: datetime
) -> None:
    """Tell the reported resident, by day: nothing in it is about who or what it came from."""
    with scope.unlimited(db):
        talk = conversations.of_resident(db, resident_id)
    if talk is None:
        return
    outbox.put(
        db,
        conversation_id=talk.id,
        response=response,
        due_at=quiet.quiet_ends(now, square.zone),
        values=to_json({"until": until.astimezone(square.zone).date()}),
        about=f"care:{resident_id}",
    )


def _tell_back(db: Db, square: Square, report: NeighbourReport, now: datetime) -> None:
    outbox.put(
        db,
        conversation_id=report.conversation_id,
        response="utter_report_dealt_with",
        due_at=quiet.quiet_ends(now, square.zone),
        about=f"report:{report.id}",
    )


def _tell_staff(
    db: Db, report: NeighbourReport, response: str, now: datetime, team_id: str | None = None
) -> None:
    for chat in alerts.chats(db, report.area_id, team_id=team_id):
        outbox.put_once(
            db,
            key=f"report:{report.id}:{response}:{chat.conversation_id}",
            conversation_id=chat.conversation_id,
            response=response,
            due_at=now,
            values={"id": report.id},
            about=f"report:{report.id}:staff",
        )
