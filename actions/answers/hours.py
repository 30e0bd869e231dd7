"""How opening hours are told: now, then, on a day, over a holiday, in an ordinary week."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from actions.answers import hours_days, telling
from actions.answers.hours_asked import Asked, Aspect
from actions.answers.hours_days import spans_text
from actions.dialogue import Turn
from knowledge import hours
from knowledge.hours import Opening, Span
from knowledge.pack import Facility

SOON = timedelta(minutes=60)  # before closing: the minutes left are told
NOON = 12, 13  # whoever is open from one hour to the other has no noon break

Lines = Iterator[str]


def told(turn: Turn, facility: Facility, asked: Asked) -> list[str]:
    """Return the lines that answer a question about a facility's hours."""
    if facility.moved_to:
        other = turn.ground.pack.facilities[facility.moved_to]
        moved = telling.line(turn, "utter_hours_moved", name=facility.name, other=other.name)
        return [moved, *told(turn, other, asked)]
    if not facility.opening_hours:
        return [
            telling.line(
                turn, "utter_hours_unknown", name=facility.name, phone=_phone(facility)
            )
        ]
    if asked.holiday:
        return list(hours_days.over_holiday(turn, facility, asked.holiday))
    return list(TELLERS[asked.aspect](turn, facility, asked))


def right_now(turn: Turn, facility: Facility) -> list[str]:
    """Return the lines that tell whether a facility is open at this moment."""
    return told(turn, facility, Asked())


def until(turn: Turn, closes_at: datetime) -> str:
    """Write when it closes: of today only the time, today's last midnight too."""
    midnight = closes_at.time() == time()
    if midnight and closes_at.date() == turn.local.date() + timedelta(days=1):
        return "24:00"
    return telling.moment(turn, closes_at)


def _state(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    if asked.moment:
        yield from _at(turn, facility, asked.moment)
    elif asked.part_of_day and len(asked.days) == 1:
        yield from _during(turn, facility, *asked.part_of_day)
    elif asked.days in ([], [turn.local.date()]):
        yield from _now(turn, facility)
    else:
        yield from hours_days.on_days(turn, facility, asked.days)


def _now(turn: Turn, facility: Facility) -> Lines:
    found = hours.opening(turn.ground.pack, facility, turn.now)
    yield _open_or_not(turn, found, facility)
    if found.today and not found.always:
        yield telling.line(turn, "utter_hours_today", spans=spans_text(found.today))
    if found.reason:
        yield telling.line(turn, "utter_hours_unusual", reason=found.reason)
    yield from hours_days.unpublished(turn, facility, [turn.local.date()])


def _open_or_not(turn: Turn, found: Opening, facility: Facility) -> str:
    name = facility.name
    if found.always:
        return telling.line(turn, "utter_hours_always", name=name)
    if found.is_open and found.closes_at:
        left = found.closes_at - turn.now
        at = until(turn, found.closes_at)
        if left <= SOON:
            minutes = max(1, round(left.total_seconds() / 60))
            return telling.line(turn, "utter_hours_closing", name=name, at=at, minutes=minutes)
        return telling.line(turn, "utter_hours_open", name=name, at=at)
    if found.opens_at:
        opens = telling.moment(turn, found.opens_at)
        return telling.line(turn, "utter_hours_closed", name=name, at=opens)
    return telling.line(turn, "utter_hours_closed_long", name=name)


def _at(turn: Turn, facility: Facility, moment: datetime) -> Lines:
    """Tell whether it is open at a moment, then that day's hours, or when it opens next."""
    found = hours.opening(turn.ground.pack, facility, moment)
    answer = "utter_hours_then_open" if found.is_open else "utter_hours_then_closed"
    yield telling.line(turn, answer, name=facility.name, at=moment)
    if not found.always:
        yield from hours_days.on_day(turn, facility, moment.date())
    if not found.today and found.opens_at:
        yield telling.line(turn, "utter_hours_next", at=found.opens_at)
    yield from hours_days.unpublished(turn, facility, [moment.date()])


def _during(turn: Turn, facility: Facility, start: datetime, end: datetime) -> Lines:
    """Tell in which part of a stretch of a day it is open, then that day's hours."""
    day = start.date()
    spans = hours.spans_around(turn.ground.pack, facility, day)
    told = {"name": facility.name, "day": day, "during": spans_text([(start, end)])}
    parts = list(hours.clipped(spans, start, end))
    if parts:
        yield telling.line(turn, "utter_hours_part_open", **told, spans=spans_text(parts))
    elif hours.spans_on(turn.ground.pack, facility, day):
        yield telling.line(turn, "utter_hours_part_closed", **told)
    yield from hours_days.on_day(turn, facility, day)
    yield from hours_days.unpublished(turn, facility, [day])


def _opens(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    found = hours.opening(turn.ground.pack, facility, turn.now)
    next_day = (found.opens_at or turn.local).date()
    spans = _spans_meant(turn, facility, asked, next_day)
    if spans:
        at = _spoken(turn, spans[0][0])
        yield telling.line(turn, "utter_hours_opens", name=facility.name, at=at)
        yield from hours_days.on_days(turn, facility, asked.days or [next_day])
    else:
        yield from _state(turn, facility, asked)


def _closes(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    today = turn.local.date()
    spans = _spans_meant(turn, facility, asked, today)
    if spans and (asked.days or turn.local < spans[-1][1]):
        at = _spoken(turn, spans[-1][1])
        yield telling.line(turn, "utter_hours_closes", name=facility.name, at=at)
        yield from hours_days.on_days(turn, facility, asked.days or [today])
    else:
        yield from _state(turn, facility, asked)


def _spans_meant(turn: Turn, facility: Facility, asked: Asked, default: date) -> list[Span]:
    """Return the spans of the one day asked about, of a part of it those that touch it.

    None when it is closed then, never closes, or more days than one are asked about.
    """
    days = asked.days or [default]
    if len(days) > 1 or facility.opening_hours == "24/7":
        return []
    spans = hours.spans_on(turn.ground.pack, facility, days[0])
    if asked.part_of_day is None:
        return spans
    start, end = asked.part_of_day
    return [span for span in spans if span[0] < end and start < span[1]]


def _noon(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    pack, day = turn.ground.pack, (asked.days or [turn.local.date()])[0]
    if not hours.spans_on(pack, facility, day):
        yield from hours_days.on_day(turn, facility, day)
        day = _next_open_day(turn, facility, day) or day
    spans = hours.spans_on(pack, facility, day)
    told = {"name": facility.name, "day": day}
    if gap := hours.noon_break(spans):
        yield telling.line(turn, "utter_hours_noon_break", **told, gap=spans_text([gap]))
    elif _through_noon(spans):
        yield telling.line(turn, "utter_hours_noon_open", **told, spans=spans_text(spans))
    elif spans:
        yield from hours_days.on_day(turn, facility, day)


def _next_open_day(turn: Turn, facility: Facility, day: date) -> date | None:
    midnight = datetime.combine(day, time(), turn.ground.pack.zone)
    opens = hours.opening(turn.ground.pack, facility, midnight).opens_at
    return opens.date() if opens else None


def _through_noon(spans: Sequence[Span]) -> bool:
    start, end = NOON
    return any(
        opens <= opens.replace(hour=start, minute=0)
        and closes >= opens.replace(hour=end, minute=0)
        for opens, closes in spans
    )


def _spoken(turn: Turn, at: datetime) -> str:
    """Write when a day's hours begin or end; its last midnight is that day's 24:00."""
    midnight = at.time() == time()
    day = at.date() - timedelta(days=1) if midnight else at.date()
    clock = "24:00" if midnight else f"{at:%H:%M}"
    if day == turn.local.date():
        return telling.line(turn, "utter_hours_today_at", at=clock)
    return telling.line(turn, "utter_hours_day_at", day=day, at=clock)


def _phone(facility: Facility) -> str:
    return facility.phone or "12345"


def _week(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    if asked.days or facility.opening_hours == "24/7":
        yield from _state(turn, facility, asked)
        return
    yield from hours_days.usual_week(turn, facility)
    yield _open_or_not(turn, hours.opening(turn.ground.pack, facility, turn.now), facility)


def _rest(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    return hours_days.days_of_rest(turn, facility)


def _makeup(turn: Turn, facility: Facility, asked: Asked) -> Lines:
    return hours_days.on_makeup_workdays(turn, facility)


TELLERS: dict[Aspect, Callable[[Turn, Facility, Asked], Lines]] = {
    Aspect.STATE: _state,
    Aspect.SOMEWHERE: _state,
    Aspect.OPENS: _opens,
    Aspect.CLOSES: _closes,
    Aspect.NOON: _noon,
    Aspect.REST: _rest,
    Aspect.WEEK: _week,
    Aspect.MAKEUP: _makeup,
}
