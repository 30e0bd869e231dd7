"""The worker's part: asks a few neighbours at a time, in stages, by day, nobody twice.

But for those who need not answer any more when another took it, and that one cannot come.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from actions import alerts, outbox
from actions.alerts import AlertKind
from actions.db import Db
from actions.neighbours import candidates, lapsing, needs, settling, showing, stages, telling
from actions.neighbours.candidates import Candidate
from actions.neighbours.lapsing import ANSWER_WITHIN
from actions.neighbours.model import WAITING, HelpRequest, Match, MatchStatus, Status
from actions.neighbours.stages import Stage
from actions.people import blocks
from actions.quiet import is_quiet, quiet_begins, quiet_ends
from actions.square import Square

AT_ONCE = 3  # neighbours asked about a need at a time, in each stage
MOST_ASKED = 24  # neighbours hear of one need
LOOK_AGAIN = timedelta(hours=1)  # when nobody is left: somebody new may be there
NEARLY_UP = timedelta(hours=2)  # before its end a need nobody took is told to who asked
BEFORE_NIGHT = timedelta(minutes=30)  # what would fall into the night is told so much earlier
NEEDS = 20  # looked at in one transaction


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `look_after` may find something."""
    due = select(HelpRequest.id).where(HelpRequest.look_at <= now)
    return db.scalar(due.limit(1)) is not None


def look_after(db: Db, square: Square, *, now: datetime) -> int:
    """Do what is due to the needs whose time has come; returns how many there were."""
    due = db.scalars(
        select(HelpRequest)
        .where(HelpRequest.look_at <= now)
        .order_by(HelpRequest.look_at, HelpRequest.id)
        .limit(NEEDS)
        .with_for_update(of=HelpRequest, skip_locked=True)
    ).all()
    return sum([_look_after(db, square, request, now) for request in due])


def _look_after(db: Db, square: Square, request: HelpRequest, now: datetime) -> bool:
    if not _take_up(db, request):
        return False
    if request.status == Status.MATCHED:
        settling.settle(db, request, now=now)
    elif request.status not in WAITING:
        lapsing.lapse(db, request, now=now)
    elif request.expires_at <= now:
        request.status = Status.EXPIRED
        lapsing.lapse(db, request, now=now)
    elif request.status == Status.REVIEW:
        request.look_at = request.expires_at
    elif not _is_for_staff_alone(db, square, request, now):
        _ask_on(db, square, request, now)
    db.flush()
    return True


def _take_up(db: Db, request: HelpRequest) -> bool:
    """Make its look ours; False when another worker has."""
    taken = db.execute(
        update(HelpRequest)
        .where(HelpRequest.id == request.id, HelpRequest.look_at == request.look_at)
        .values(look_at=None)
        .execution_options(synchronize_session=False)
    )
    db.refresh(request)
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def _is_for_staff_alone(db: Db, square: Square, request: HelpRequest, now: datetime) -> bool:
    """Whether no neighbour is asked: for what, or for whom."""
    kind = showing.kind_in(square, request.kind_id)
    restricted = kind is not None and kind.restricted
    return restricted or blocks.is_suspended(db, request.resident_id, now=now)


def _ask_on(db: Db, square: Square, request: HelpRequest, now: datetime) -> None:
    """Ask the next few, say so when there are none, and note when to look again."""
    if is_quiet(now, square.zone):
        request.look_at = min(quiet_ends(now, square.zone), request.expires_at)
        return
    all_stages, asked = stages.of(square, request), _asked(db, request)
    stage = stages.reached(all_stages, [match.step for match in asked], now)
    later = all_stages[stage + 1 :]
    unanswered = _ask_next(db, square, request, asked, all_stages[stage].step, now)
    left = sum(match.status == MatchStatus.WITHDRAWN for match in asked)
    is_late = now >= _nearly_up(square, request)
    # Whose helper has withdrawn knows that it gets late: they hear of it when nobody is left.
    is_bad = not (unanswered or later) or (is_late and not left)
    if is_bad:
        _tell_nobody(db, square, request, now, key=f"nobody:{request.id}:{left}")
    if is_bad and is_late:
        _raise(db, square, request, now)
    moments = [_nearly_up(square, request), _next_look(unanswered, later, now)]
    at = min([request.expires_at, *(at for at in moments if at > now)])
    request.look_at = min(quiet_ends(at, square.zone), request.expires_at)


def _ask_next(
    db: Db,
    square: Square,
    request: HelpRequest,
    asked: Sequence[Match],
    step: str,
    now: datetime,
) -> list[Match]:
    """Ask as many as there is room for; returns all whose answer is waited for."""
    unanswered = [one for one in asked if _may_answer_still(one, step, now)]
    room = min(AT_ONCE - len(unanswered), MOST_ASKED - len(asked))
    if room <= 0:
        return unanswered
    found = candidates.best(db, square, request, step=step, now=now, limit=room)
    return unanswered + [propose(db, square, request, one, step=step, now=now) for one in found]


def propose(
    db: Db, square: Square, request: HelpRequest, to: Candidate, *, step: str, now: datetime
) -> Match:
    """Ask a neighbour whether they can help; they learn what, when and roughly how far."""
    metres = None if to.metres is None else telling.rough(to.metres)
    match = _lapsed(db, request, to) or Match(request_id=request.id, helper_id=to.resident_id)
    match.status, match.step, match.asked_at = MatchStatus.PROPOSED, step, now
    match.conversation_id, match.answered_at = to.conversation_id, None
    match.score, match.metres = to.score, metres
    db.add(match)
    db.flush()
    telling.tell(
        db,
        square,
        request,
        to.conversation_id,
        "utter_help_asked",
        now=now,
        stale_at=request.expires_at,
        match=match,
        key=lapsing.key_of(match),
        named=request.resident_id,
        details=telling.details(square, request, metres),
    )
    return match


def _lapsed(db: Db, request: HelpRequest, to: Candidate) -> Match | None:
    """Return what they were asked before another had it, who cannot come."""
    return db.scalar(
        select(Match).where(Match.request_id == request.id, Match.helper_id == to.resident_id)
    )


def _asked(db: Db, request: HelpRequest) -> Sequence[Match]:
    of_request = select(Match).where(Match.request_id == request.id).order_by(Match.id)
    return db.scalars(of_request.execution_options(populate_existing=True)).all()


def _may_answer_still(match: Match, step: str, now: datetime) -> bool:
    waits = match.status == MatchStatus.PROPOSED and match.step == step
    return waits and match.asked_at > now - ANSWER_WITHIN


def _next_look(unanswered: Sequence[Match], later: Sequence[Stage], now: datetime) -> datetime:
    answers = [match.asked_at + ANSWER_WITHIN for match in unanswered]
    begins = [stage.begins_at for stage in later if stage.begins_at > now]
    return min([*answers, *begins], default=now + LOOK_AGAIN)


def _nearly_up(square: Square, request: HelpRequest) -> datetime:
    """Return when it gets late: some time before the end, by day, and not in the first half."""
    late = request.expires_at - NEARLY_UP
    if is_quiet(late, square.zone):
        late = quiet_begins(late - timedelta(hours=12), square.zone) - BEFORE_NIGHT
    opened_at = request.opened_at or request.created_at
    half = stages.awake(opened_at, request.expires_at, square.zone) / 2
    return max(late, stages.after(opened_at, half, square.zone))


def _tell_nobody(
    db: Db, square: Square, request: HelpRequest, now: datetime, *, key: str
) -> None:
    """Tell once who asked that nobody was found so far: to wait on, a person, or no more."""
    outbox.put_once(
        db,
        key=key,
        conversation_id=request.conversation_id,
        response="utter_help_nobody_yet",
        due_at=now,
        values=telling.in_json(square, request),
        about=needs.about(request),
    )


def _raise(db: Db, square: Square, request: HelpRequest, now: datetime) -> None:
    """Have staff see to a need that is not harmless and gets late."""
    kind = showing.kind_in(square, request.kind_id)
    if kind is None or kind.risk != "low":
        alerts.raise_once(
            db,
            AlertKind.NOBODY_FOUND,
            request.resident_id,
            about=needs.about(request),
            key=f"nobody:{request.id}",
            now=now,
        )
