"""Moves of a request's status: staff's, the resident's own word, and the clock's."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update

from actions.db import Db
from actions.errors import Refusal
from actions.governance import categories, history, questions, sla, telling, workflow
from actions.governance.model import Kind, ServiceRequest, Status, Update
from knowledge.pack import Pack

ASK_AGAIN_AFTER = timedelta(days=3)  # of silence on what was replied
UNCONFIRMED_AFTER = timedelta(days=7)
ANSWER_WITHIN = timedelta(days=7)  # a promise waits so long for its resident
AGAIN_AFTER = timedelta(days=1)  # at the top nobody is reminded more often than that


def move(  # noqa: PLR0913 - who made which move of what, when, with which words
    db: Db,
    *,
    pack: Pack,
    request: ServiceRequest,
    to: Status,
    staff_id: int,
    now: datetime,
    words: str = "",
    photos: Sequence[str] = (),
) -> Update:
    """Make a member of staff's move; everybody concerned is told, with the words and photos.

    Raises:
        Refusal: it is not a move of staff from here, it needs words or a photo, or another was
            faster.
    """
    if to not in workflow.moves_of_staff(request.status):
        raise Refusal("utter_move_not_allowed")
    if to in workflow.NEEDS_WORDS and not words.strip():
        raise Refusal("utter_move_needs_words")
    if to == Status.REPLIED and not photos and categories.of(pack, request).photo_on_close:
        raise Refusal("utter_move_needs_photo")
    made = change(
        db, pack, request, to, now=now, staff_id=staff_id, words=words.strip(), photos=photos
    )
    if request.staff_id is None:
        request.staff_id = staff_id
    telling.residents(db, pack, request, made, f"utter_request_{to}", now=now)
    return made


def answer(  # noqa: PLR0913 - whose word on what, when, with which words
    db: Db,
    *,
    pack: Pack,
    request: ServiceRequest,
    solved: bool,
    resident_id: str,
    now: datetime,
    words: str = "",
) -> Update:
    """Take a resident's own word on whether the problem is solved.

    The others it concerns are told. Not solved: it goes back to its team with a new promise,
    the second time to the tier above.

    Raises:
        Refusal: nothing was replied yet, or another was faster.
    """
    to = Status.RESOLVED if solved else Status.REOPENED
    if to not in workflow.MOVES[Status(request.status)]:
        in_hand = request.status in workflow.UNFINISHED
        response = "utter_request_in_hand" if in_hand else "utter_request_over"
        raise Refusal(response, **telling.described(pack, request))
    if solved:
        made = change(db, pack, request, to, now=now, words=words)
        telling.residents(
            db, pack, request, made, "utter_request_resolved_told", now=now, but=resident_id
        )
        return made
    before = sum(one.status == Status.REOPENED for one in _moves(db, request))
    request.due_at = sla.due_at(pack, categories.of(pack, request), now)
    request.nudged_at = None
    made = change(db, pack, request, to, now=now, words=words)
    telling.residents(
        db, pack, request, made, "utter_request_reopened_told", now=now, but=resident_id
    )
    telling.staff(db, pack, request, made, "utter_staff_reopened", now=now)
    if before:
        rise(db, pack, request, now=now)
    return made


def change(  # noqa: PLR0913 - as `move`
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    to: Status,
    *,
    now: datetime,
    staff_id: int | None = None,
    words: str = "",
    photos: Sequence[str] = (),
    other_id: int | None = None,
) -> Update:
    """Change the status in the table, if it is still what it was, and write it down.

    Raises:
        Refusal: another was faster.
    """
    db.flush()
    moved = db.execute(
        update(ServiceRequest)
        .where(ServiceRequest.id == request.id, ServiceRequest.status == request.status)
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal("utter_move_overtaken")
    waited = request.paused_at is not None
    if to in workflow.UNFINISHED:
        resume(pack, request, now)
    request.status, request.paused_at = to, None
    schedule(pack, request, now)
    telling.take_question_back(db, request)
    if waited:
        questions.take_back(db, request)
    return history.record(
        db,
        request,
        Kind.MOVED,
        now=now,
        staff_id=staff_id,
        words=words,
        photos=photos,
        other_id=other_id,
    )


def rise(db: Db, pack: Pack, request: ServiceRequest, *, now: datetime) -> Update | None:
    """Have the tier above stand for a request; None when nobody is above."""
    above = workflow.ABOVE.get(request.tier)
    if above is None:
        return None
    request.tier = above
    made = history.record(db, request, Kind.RAISED, now=now)
    telling.residents(db, pack, request, made, "utter_request_raised", now=now, can_wait=True)
    telling.staff(db, pack, request, made, "utter_staff_raised", now=now, urgent=False)
    return made


def resume(pack: Pack, request: ServiceRequest, now: datetime) -> None:
    """Let the promise run on, if it waited for the resident."""
    if request.paused_at is None:
        return
    request.due_at = sla.resumed(
        pack,
        categories.of(pack, request),
        due=request.due_at,
        paused_at=request.paused_at,
        now=now,
    )
    request.paused_at = None


def schedule(pack: Pack, request: ServiceRequest, now: datetime) -> None:
    """Note when the clock has something to do with a request that was just changed."""
    category = categories.of(pack, request)
    if request.status == Status.REPLIED:
        request.nudged_at, request.look_at = None, now + ASK_AGAIN_AFTER
    elif request.status not in workflow.UNFINISHED:
        request.look_at = None
    elif request.paused_at is not None:
        request.look_at = request.paused_at + ANSWER_WITHIN
    elif request.due_at <= now:
        request.look_at = sla.due_at(pack, category, now)
        if request.tier == workflow.TOPMOST:
            request.look_at = max(request.look_at, now + AGAIN_AFTER)
    elif request.nudged_at is None:
        request.look_at = sla.nudge_at(pack, category, now=now, due=request.due_at)
    else:
        request.look_at = request.due_at


def _moves(db: Db, request: ServiceRequest) -> list[Update]:
    return [made for made in history.history(db, request) if made.kind == Kind.MOVED]
