"""The rules of the daily question: all times and waits, in one table."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from actions.care.model import CheckIn
from actions.errors import Refusal


@dataclass(frozen=True)
class Rules:
    """How long is waited for what.

    `alive_from`: whoever has written to us since that hour of the day is well enough to write:
    they are not asked that day, and no silence of theirs is an alarm; None counts no message.
    """

    asks_at: time = time(9)
    answers_within: timedelta = timedelta(hours=2)
    alive_from: time | None = time(5)
    after_reminder: timedelta = timedelta(minutes=20)  # then family is told
    after_family: timedelta = timedelta(minutes=60)  # then staff are
    later: timedelta = timedelta(minutes=60)  # "ask me again later"
    overslept: timedelta = timedelta(hours=1)  # so late it was our fault: we say so
    earliest: time = time(7)
    latest: time = time(20)  # an answer is waited for until then, never into the night
    shortest: timedelta = timedelta(minutes=30)  # time to answer, at the least


RULES = Rules()
TIMES = (time(7, 30), time(8), time(9), time(10), time(17))  # to choose from


@dataclass(frozen=True)
class Plan:
    """What somebody agrees to: asked when, answered by when, which of the family is told."""

    asks_at: time = RULES.asks_at
    answer_by: time = time(11)
    family_id: str = ""

    @property
    def value(self) -> str:
        """Write it as the value of a choice."""
        return f"{self.asks_at:%H:%M}/{self.answer_by:%H:%M}/{self.family_id}"


def plan_at(asks_at: time, family_id: str = "", *, answer_by: time | None = None) -> Plan:
    """Plan the question for an hour of the day.

    Raises:
        Refusal: nobody is asked, or waited for, at such an hour.
    """
    by = answer_by or _later(asks_at)
    if not RULES.earliest <= asks_at < RULES.latest or by > RULES.latest:
        raise Refusal("utter_check_in_not_then", **_hours())
    if _minutes(by) - _minutes(asks_at) < RULES.shortest.total_seconds() // 60:
        raise Refusal("utter_check_in_too_short", **_hours())
    return Plan(asks_at, by, family_id)


def read_plan(value: str) -> Plan:
    """Read the value of a choice of ours.

    Raises:
        Refusal: it is none.
    """
    asks, _, rest = value.partition("/")
    by, _, family_id = rest.partition("/")
    try:
        return plan_at(time.fromisoformat(asks), family_id, answer_by=time.fromisoformat(by))
    except ValueError:
        raise Refusal("utter_old_choice") from None


def plan_of(check_in: CheckIn) -> Plan:
    """Return what somebody has agreed to."""
    asks, by = (time.fromisoformat(said) for said in (check_in.asks_at, check_in.answer_by))
    return Plan(asks, by, check_in.family_id or "")


def window(check_in: CheckIn) -> timedelta:
    """Return how long the answer to the question is waited for."""
    plan = plan_of(check_in)
    return timedelta(minutes=_minutes(plan.answer_by) - _minutes(plan.asks_at))


def _later(asks_at: time) -> time:
    by = datetime(2000, 1, 1, asks_at.hour, asks_at.minute) + RULES.answers_within  # noqa: DTZ001
    return min(by.time(), RULES.latest)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _hours() -> dict[str, str]:
    return {
        "earliest": f"{RULES.earliest:%H:%M}",
        "latest": f"{RULES.latest:%H:%M}",
        "minutes": str(int(RULES.shortest.total_seconds() // 60)),
    }
