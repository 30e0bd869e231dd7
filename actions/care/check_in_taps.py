"""Daily check-ins by taps: agreed to, changed, paused, ended, and answered."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from actions import consenting, conversations
from actions.care import awaiting, check_in_words, check_ins, family, whom
from actions.care.check_in_rules import TIMES, Plan, plan_at, plan_of, read_plan
from actions.care.check_ins import Answer
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import consents, nicknames
from actions.people.model import Resident
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap
from knowledge.records import Text

BEGIN, PLAN, PAUSE = "begin_check_in", "plan_check_in", "pause_check_in"
ANSWERS = {f"check_in_{said}": said for said in Answer}
PAUSES = (1, 3, 7, 30)  # days to choose from
MOST_FAMILY, MOST_FAMILY_ELDER = 5, 2


def talk_of_it(
    db: Db, square: Square, conversation: Conversation, text: str, *, now: datetime
) -> Done:
    """Answer a wish about the daily question that changes nothing yet: read back, or offer."""
    local = now.astimezone(square.zone)
    said_time = check_in_words.read_time(text, local)
    current = check_ins.is_on(db, conversation.resident_id)
    if current is not None and said_time is None:
        return _now_it_is(db, square, conversation, plan_of(current))
    kept = plan_of(current).family_id if current else _only_one(db, conversation.resident)
    return propose(db, square, conversation, plan_at(said_time or TIMES[2], kept))


def changes(
    db: Db, square: Square, conversation: Conversation, text: str, *, now: datetime
) -> Done | None:
    """Pause or end it, where the words say so; None when they say neither.

    Raises:
        Refusal: nobody is asked.
    """
    resident_id = conversation.resident_id
    if not is_change(text):
        return None
    if check_ins.is_on(db, resident_id) is None:
        raise Refusal("utter_check_in_none")
    days = check_in_words.read_pause(text, now.astimezone(square.zone))
    if days is not None:
        return _paused(db, square, resident_id, days, now)
    if check_in_words.wants_end(text):
        check_ins.end(db, resident_id, now=now)
        return Done("utter_check_in_ended")
    return _how_long(square, conversation.resident)


def is_change(text: str) -> bool:
    """Whether the words ask for a pause, or an end."""
    return check_in_words.wants_pause(text) or check_in_words.wants_end(text)


def propose(db: Db, square: Square, conversation: Conversation, plan: Plan) -> Done:
    """Read an agreement back before it is one."""
    told = _told(db, square, plan)
    response = "utter_check_in_plan" if plan.family_id else "utter_check_in_plan_alone"
    return Done(response, told)


def begin(db: Db, square: Square, tap: Tap) -> Done:
    """Agree: from the next time on they are asked."""
    plan = read_plan(tap.value)
    made = check_ins.begin(
        db,
        square,
        conversation=tap.conversation,
        plan=plan,
        channel=conversations.channel_of(db, tap.conversation),
        now=tap.now,
    )
    first = made.next_at.astimezone(square.zone).date() if made.next_at else None
    done = Done("utter_check_in_begun", _told(db, square, plan) | {"first": first})
    if consents.is_given(db, made.resident_id, "care"):
        return done
    language = tap.conversation.resident.language
    label = square.wording.render("utter_care_consent_label", language=language).text
    return Done(done.response, done.values, [Choice(label, "agree_to_care", "")])


def agree_to_care(db: Db, square: Square, tap: Tap) -> Done:
    """Ask whether staff may know who it is when a neighbour worries about them."""
    return consenting.ask("care")


def plan(db: Db, square: Square, tap: Tap) -> Done:
    """Read a changed plan back."""
    return propose(db, square, tap.conversation, read_plan(tap.value))


def other_time(db: Db, square: Square, tap: Tap) -> Done:
    """Offer other hours; one may be said in words, too."""
    family_id = read_plan(tap.value).family_id
    resident = tap.conversation.resident
    times = TIMES[1:4] if resident.elder else TIMES
    return Done(
        "utter_check_in_when",
        choices=[Choice(f"{at:%H:%M}", PLAN, plan_at(at, family_id).value) for at in times],
    )


def other_family(db: Db, square: Square, tap: Tap) -> Done:
    """Offer those they live with; names stand in what is said, not on the buttons."""
    now, resident = read_plan(tap.value), tap.conversation.resident
    most = MOST_FAMILY_ELDER if resident.elder else MOST_FAMILY
    household = family.of(db, resident)[:most]
    if not household:
        return Done("utter_check_in_no_family", _told(db, square, now))
    lines = [_named(db, square, one) for one in household]
    language = resident.language
    nobody = square.wording.render("utter_check_in_nobody", language=language).text
    choices = [
        Choice(whom.nth(square, number, language), PLAN, _with(now, one.id).value)
        for number, one in enumerate(household, 1)
    ]
    return Done(
        "utter_check_in_whom",
        {"family": whom.listed(lines)},
        [*choices, Choice(nobody, PLAN, _with(now, "").value)],
    )


def end(db: Db, square: Square, tap: Tap) -> Done:
    """Ask no more; one message, and no question why."""
    gone = check_ins.end(db, tap.conversation.resident_id, now=tap.now)
    return Done("utter_check_in_ended" if gone else "utter_check_in_none")


def ask_how_long(db: Db, square: Square, tap: Tap) -> Done:
    """Ask for how long they do not want to be asked."""
    return _how_long(square, tap.conversation.resident)


def pause(db: Db, square: Square, tap: Tap) -> Done:
    """Do not ask for some days, today included. The value is how many."""
    today = check_ins.today(square, tap.now)
    last = today + timedelta(days=int(tap.value) - 1)
    return _paused(db, square, tap.conversation.resident_id, (today, last), tap.now)


def leave(db: Db, square: Square, tap: Tap) -> Done:
    """Change nothing."""
    return Done("utter_check_in_left")


def not_me(db: Db, square: Square, tap: Tap) -> Done:
    """One of the family does not want to be told: the other side hears it, and may choose."""
    check_in = check_ins.of(db, tap.value)
    if check_in is None or check_in.family_id != tap.conversation.resident_id:
        return Done("utter_check_in_not_me")
    check_in.family_id = None
    if check_in.ended_at is None:
        check_ins.tell(db, square, check_in, "utter_check_in_family_declined", tap.now)
    return Done("utter_check_in_not_me")


def answered(db: Db, square: Square, tap: Tap, *, said: Answer) -> Done:
    """Take an answer; a button of another day counts for today."""
    resident_id = tap.conversation.resident_id
    if said is Answer.UNWELL and check_ins.is_on(db, resident_id) is None:
        return Done("utter_check_in_unwell_alone")
    check_ins.answer(db, square, resident_id, said, now=tap.now)
    return Done(f"utter_check_in_{said}")


def take_answer(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take words that answer the question; any other message shows that they are there."""
    resident_id = spoken.conversation.resident_id
    day = check_ins.day_of(db, resident_id, check_ins.today(square, spoken.now))
    if not check_ins.is_open(day) or not spoken.text.strip():
        return _take_plan(db, square, spoken)
    asked = awaiting.offered(
        db, spoken.conversation.id, ANSWERS, now=spoken.now, longest_ago=timedelta(hours=16)
    )
    said = check_in_words.read_answer(spoken.text) if asked else None
    check_ins.answer(db, square, resident_id, said or Answer.ALIVE, now=spoken.now)
    return Done(f"utter_check_in_{said}") if said else None


def _take_plan(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take an hour said in words, where hours were offered."""
    offered = awaiting.offered(db, spoken.conversation.id, {BEGIN, PLAN}, now=spoken.now)
    if offered is None:
        return None
    local = spoken.now.astimezone(square.zone)
    said = check_in_words.read_time(spoken.text, local)
    if said is None or len(spoken.text) > check_in_words.LONGEST_ANSWER:
        return None
    plan_now = read_plan(offered.value)
    return propose(db, square, spoken.conversation, plan_at(said, plan_now.family_id))


def _now_it_is(db: Db, square: Square, conversation: Conversation, plan: Plan) -> Done:
    response = "utter_check_in_is" if plan.family_id else "utter_check_in_is_alone"
    return Done(response, _told(db, square, plan))


def _how_long(square: Square, resident: Resident) -> Done:
    days = PAUSES[:3] if resident.elder else PAUSES
    return Done(
        "utter_check_in_how_long",
        choices=[
            Choice(
                square.wording.render(
                    "utter_check_in_days", language=resident.language, values={"days": count}
                ).text,
                PAUSE,
                str(count),
            )
            for count in days
        ],
    )


def _paused(
    db: Db, square: Square, resident_id: str, days: tuple[date, date], now: datetime
) -> Done:
    found = check_ins.pause(db, square, resident_id, days, now=now)
    again = found.next_at.astimezone(square.zone).date() if found.next_at else days[1]
    return Done("utter_check_in_paused", {"first": days[0], "last": days[1], "again": again})


def _told(db: Db, square: Square, plan: Plan) -> dict[str, Any]:
    return {
        "asks": f"{plan.asks_at:%H:%M}",
        "by": f"{plan.answer_by:%H:%M}",
        "plan": plan.value,
        "family": _family(db, square, plan.family_id),
    }


def _family(db: Db, square: Square, family_id: str) -> Text:
    found = db.get(Resident, family_id) if family_id else None
    return _named(db, square, found) if found else square.in_both("utter_check_in_staff")


def _named(db: Db, square: Square, one: Resident) -> Text:
    called = nicknames.called(db, one.id)
    if called:
        return Text(zh=called, en=called)
    return square.in_both("utter_check_in_one_of_family")


def _with(plan: Plan, family_id: str) -> Plan:
    return Plan(plan.asks_at, plan.answer_by, family_id)


def _only_one(db: Db, resident: Resident) -> str:
    """Propose to tell the one they live with; of several they choose."""
    household = family.of(db, resident)
    return household[0].id if len(household) == 1 else ""


TAPS: Mapping[str, Deed] = {
    BEGIN: begin,
    PLAN: plan,
    "time_check_in": other_time,
    "family_check_in": other_family,
    "end_check_in": end,
    "ask_pause_check_in": ask_how_long,
    PAUSE: pause,
    "leave_check_in": leave,
    "not_me_check_in": not_me,
    "agree_to_care": agree_to_care,
    **{
        intent: partial(answered, said=said)
        for intent, said in ANSWERS.items()
        if said is not Answer.ALIVE
    },
}
