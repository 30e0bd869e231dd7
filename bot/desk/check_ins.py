"""Daily check-ins of those who only have a phone: enrolled here, asked in the list of calls."""

from collections.abc import Callable
from datetime import time

from sqlalchemy import func, select
from starlette.responses import Response

from actions import callers, conversations, outbox
from actions.care import asking, check_ins
from actions.care.check_in_rules import plan_at
from actions.care.check_ins import Answer
from actions.care.model import CheckIn
from actions.conversations import Author, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.outbox import Notice
from actions.people import scope
from actions.people.model import Caller
from actions.square import Square
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go

Deed = Callable[[Visit, Square, str], None]


def _said(said: Answer) -> Deed:
    def deed(visit: Visit, square: Square, resident_id: str) -> None:
        check_ins.answer(visit.db, square, resident_id, said, now=visit.now)

    return deed


def _nobody(visit: Visit, square: Square, resident_id: str) -> None:
    asking.nobody_answered(visit.db, square, resident_id, now=visit.now)


# What came of a call that asks how somebody is → what is done about it.
OUTCOMES: dict[str, Deed] = {
    "well": _said(Answer.WELL),
    "unwell": _said(Answer.UNWELL),
    "no_answer": _nobody,
}


def see(visit: Visit) -> Response:
    """Show who is asked by phone, and how many are asked in their conversation."""
    found = visit.db.execute(
        select(CheckIn, Caller)
        .join(Caller, Caller.resident_id == CheckIn.resident_id)
        .where(CheckIn.ended_at.is_(None))
        .order_by(CheckIn.asks_at, CheckIn.begun_at)
    ).all()
    for check_in, _ in found:
        visit.note("read_caller", f"resident:{check_in.resident_id}")
    asked = visit.db.scalar(
        select(func.count()).select_from(CheckIn).where(CheckIn.ended_at.is_(None))
    )
    return visit.show(
        "check_ins.html",
        found=found,
        others=(asked or 0) - len(found),
        consent=visit.square.in_both("utter_check_in_consent"),
    )


def enrol(visit: Visit) -> Response:
    """Ask somebody every day on the phone, who said so on the phone or at the counter.

    Raises:
        Refusal: they have not agreed, or name, phone or times cannot be right.
    """
    who = callers.read(visit.sent.get("name", ""), visit.sent.get("phone", ""))
    if visit.sent.get("agreed") != "1":
        raise Refusal("utter_desk_check_in_not_agreed")
    plan = plan_at(_time(visit.sent.get("from", "")), answer_by=_time(visit.sent.get("to", "")))
    with scope.unlimited(visit.db):
        talk = callers.conversation_with(
            visit.db,
            who,
            area_id=visit.staff.area_id,
            key=visit.desk.secret_key,
            now=visit.now,
        )
        check_ins.begin(
            visit.db,
            visit.square,
            conversation=talk,
            plan=plan,
            channel=callers.CHANNEL,
            staff_id=visit.staff.id,
            now=visit.now,
        )
    visit.note("enrolled", f"resident:{talk.resident_id}")
    return go("/alerts/check-ins")


def end(visit: Visit) -> Response:
    """Ask somebody no more, who said so on the phone."""
    found = visit.db.get(CheckIn, visit.path["resident_id"])
    if found is None or visit.db.get(Caller, found.resident_id) is None:
        raise Missing
    check_ins.end(visit.db, found.resident_id, now=visit.now)
    visit.note("ended_check_in", f"resident:{found.resident_id}")
    return go("/alerts/check-ins")


def answered(visit: Visit) -> Response:
    """Note what came of a call: well, not well, or nobody answered.

    Raises:
        Refusal: it is no such call, or it has been made.
    """
    notice = visit.db.get(Notice, identity(visit.path["notice_id"]))
    talk = visit.db.get(Conversation, notice.conversation_id) if notice else None
    if notice is None or talk is None:
        raise Missing
    outcome = visit.sent.get("outcome", "")
    if outcome not in OUTCOMES or not is_question(notice):
        raise Refusal("utter_desk_not_like_that")
    conversations.hold(visit.db, talk.id)  # before the notice, as the worker does
    if not outbox.mark_told(visit.db, notice.id, staff_id=visit.staff.id, now=visit.now):
        raise Refusal("utter_desk_phone_over")
    _write_down(visit.db, visit, notice, talk)
    OUTCOMES[outcome](visit, visit.square, talk.resident_id)
    visit.note(f"told_{outcome}", f"notice:{notice.id}")
    return go("/calls")


def is_question(notice: Notice) -> bool:
    """Whether a call asks how somebody is."""
    return notice.about.startswith("check_in:")


def _write_down(db: Db, visit: Visit, notice: Notice, talk: Conversation) -> None:
    said = visit.desk.wording.render(
        notice.response, language=talk.resident.language, elder=talk.resident.elder
    )
    conversations.say(
        db, talk, said.text, author=Author.STAFF, staff_id=visit.staff.id, now=visit.now
    )


def _time(said: str) -> time:
    try:
        return time.fromisoformat(said)
    except ValueError:
        raise Refusal("utter_desk_not_like_that") from None
