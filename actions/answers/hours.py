"""How opening hours are told: now, then, on a day, over a holiday, in an ordinary week."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from actions.answers import hours_days, telling
from actions.answers.hours_asked import Asked, Aspect
from actions.answers.hours_days import spans_text
from actions.answers.telling import Reader
from knowledge import hours
from knowledge.hours import Opening, Span
from knowledge.pack import Facility

SOON = timedelta(minutes=60)  # before closing: the minutes left are told
NOON = 12, 13  # whoever is open from one hour to the other has no noon break

Lines = Iterator[str]


def told(reader: Reader, facility: Facility, asked: Asked) -> list[str]:
    """Return the lines that answer a question about a facility's hours."""
    if facility.moved_to:
        other = reader.pack.facilities[facility.moved_to]
        moved = telling.line(reader, "utter_hours_moved", name=facility.name, other=other.name)
        return [moved, *told(reader, other, asked)]
    if not facility.opening_hours:
        return [
            telling.line(
                reader, "utter_hours_unknown", name=facility.name, phone=_phone(facility)
            )
        ]
    if asked.holiday:
        return list(hours_days.over_holiday(reader, facility, asked.holiday))
    return list(TELLERS[asked.aspect](reader, facility, asked))


def right_now(reader: Reader, facility: Facility) -> list[str]:
    """Return the lines that tell whether a facility is open at this moment."""
    return told(reader, facility, Asked())


def until(reader: Reader, closes_at: datetime) -> str:
    """Write when it closes: of today only the time, today's last midnight too."""
    midnight = closes_at.time() == time()
    if midnight and closes_at.date() == reader.local.date() + timedelta(days=1):
        return "24:00"
    return telling.moment(reader, closes_at)


def _state(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    if asked.moment:
        yield from _at(reader, facility, asked.moment)
        if asked.other:
            yield _open_then(reader, facility, asked.other)
    elif asked.part_of_day and len(asked.days) == 1:
        yield from _during(reader, facility, *asked.part_of_day)
    elif asked.days in ([], [reader.local.date()]):
        yield from _now(reader, facility)
    else:
        yield from hours_days.on_days(reader, facility, asked.days)


def _now(reader: Reader, facility: Facility) -> Lines:
    found = hours.opening(reader.pack, facility, reader.now)
    yield _open_or_not(reader, found, facility)
    if found.today and not found.always:
        yield telling.line(reader, "utter_hours_today", spans=spans_text(found.today))
    if found.reason:
        yield telling.line(reader, "utter_hours_unusual", reason=found.reason)
    yield from hours_days.unpublished(reader, facility, [reader.local.date()])


def _open_or_not(reader: Reader, found: Opening, facility: Facility) -> str:
    name = facility.name
    if found.always:
        return telling.line(reader, "utter_hours_always", name=name)
    if found.is_open and found.closes_at:
        left = found.closes_at - reader.now
        at = until(reader, found.closes_at)
        if left <= SOON:
            minutes = max(1, round(left.total_seconds() / 60))
            return telling.line(
                reader, "utter_hours_closing", name=name, at=at, minutes=minutes
            )
        return telling.line(reader, "utter_hours_open", name=name, at=at)
    if found.opens_at:
        opens = telling.moment(reader, found.opens_at)
        return telling.line(reader, "utter_hours_closed", name=name, at=opens)
    return telling.line(reader, "utter_hours_closed_long", name=name)


def _open_then(reader: Reader, facility: Facility, moment: datetime) -> str:
    then = hours.opening(reader.pack, facility, moment)
    answer = "utter_hours_then_open" if then.is_open else "utter_hours_then_closed"
    return telling.line(reader, answer, name=facility.name, at=moment)


def _at(reader: Reader, facility: Facility, moment: datetime) -> Lines:
    """Tell whether it is open at a moment, then that day's hours, or when it opens next."""
    found = hours.opening(reader.pack, facility, moment)
    yield _open_then(reader, facility, moment)
    if not found.always:
        yield from hours_days.on_day(reader, facility, moment.date())
    if not found.today and found.opens_at:
        yield telling.line(reader, "utter_hours_next", at=found.opens_at)
    yield from hours_days.unpublished(reader, facility, [moment.date()])


def _during(reader: Reader, facility: Facility, start: datetime, end: datetime) -> Lines:
    """Tell in which part of a stretch of a day it is open, then that day's hours."""
    day = start.date()
    spans = hours.spans_around(reader.pack, facility, day)
    told = {"name": facility.name, "day": day, "during": spans_text([(start, end)])}
    parts = list(hours.clipped(spans, start, end))
    if parts:
        yield telling.line(reader, "utter_hours_part_open", **told, spans=spans_text(parts))
    elif hours.spans_on(reader.pack, facility, day):
        yield telling.line(reader, "utter_hours_part_closed", **told)
    yield from hours_days.on_day(reader, facility, day)
    yield from hours_days.unpublished(reader, facility, [day])


def _opens(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    found = hours.opening(reader.pack, facility, reader.now)
    next_day = (found.opens_at or reader.local).date()
    spans = _spans_meant(reader, facility, asked, next_day)
    if spans:
        at = _spoken(reader, spans[0][0])
        yield telling.line(reader, "utter_hours_opens", name=facility.name, at=at)
        yield from hours_days.on_days(reader, facility, asked.days or [next_day])
    else:
        yield from _state(reader, facility, asked)


def _closes(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    today = reader.local.date()
    spans = _spans_meant(reader, facility, asked, today)
    if spans and (asked.days or reader.local < spans[-1][1]):
        at = _spoken(reader, spans[-1][1])
        yield telling.line(reader, "utter_hours_closes", name=facility.name, at=at)
        yield from hours_days.on_days(reader, facility, asked.days or [today])
    else:
        yield from _state(reader, facility, asked)


def _spans_meant(reader: Reader, facility: Facility, asked: Asked, default: date) -> list[Span]:
    """Return the spans of the one day asked about, of a part of it those that touch it.

    None when it is closed then, never closes, or more days than one are asked about.
    """
    days = asked.days or [default]
    if len(days) > 1 or facility.opening_hours == "24/7":
        return []
    spans = hours.spans_on(reader.pack, facility, days[0])
    if asked.part_of_day is None:
        return spans
    start, end = asked.part_of_day
    return [span for span in spans if span[0] < end and start < span[1]]


def _noon(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    pack, day = reader.pack, (asked.days or [reader.local.date()])[0]
    if not hours.spans_on(pack, facility, day):
        yield from hours_days.on_day(reader, facility, day)
        day = _next_open_day(reader, facility, day) or day
    spans = hours.spans_on(pack, facility, day)
    told = {"name": facility.name, "day": day}
    if gap := hours.noon_break(spans):
        yield telling.line(reader, "utter_hours_noon_break", **told, gap=spans_text([gap]))
    elif _through_noon(spans):
        yield telling.line(reader, "utter_hours_noon_open", **told, spans=spans_text(spans))
    elif spans:
        yield from hours_days.on_day(reader, facility, day)


def _next_open_day(reader: Reader, facility: Facility, day: date) -> date | None:
    midnight = datetime.combine(day, time(), reader.pack.zone)
    opens = hours.opening(reader.pack, facility, midnight).opens_at
    return opens.date() if opens else None


def _through_noon(spans: Sequence[Span]) -> bool:
    start, end = NOON
    return any(
        opens <= opens.replace(hour=start, minute=0)
        and closes >= opens.replace(hour=end, minute=0)
        for opens, closes in spans
    )


def _spoken(reader: Reader, at: datetime) -> str:
    """Write when a day's hours begin or end; its last midnight is that day's 24:00."""
    midnight = at.time() == time()
    day = at.date() - timedelta(days=1) if midnight else at.date()
    clock = "24:00" if midnight else f"{at:%H:%M}"
    if day == reader.local.date():
        return telling.line(reader, "utter_hours_today_at", at=clock)
    return telling.line(reader, "utter_hours_day_at", day=day, at=clock)


def _phone(facility: Facility) -> str:
    return facility.phone or "12345"


def _week(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    if asked.days or facility.opening_hours == "24/7":
        yield from _state(reader, facility, asked)
        return
    yield from hours_days.usual_week(reader, facility)
    yield _open_or_not(reader, hours.opening(reader.pack, facility, reader.now), facility)


def _rest(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    return hours_days.days_of_rest(reader, facility)


def _makeup(reader: Reader, facility: Facility, asked: Asked) -> Lines:
    return hours_days.on_makeup_workdays(reader, facility)


TELLERS: dict[Aspect, Callable[[Reader, Facility, Asked], Lines]] = {
    Aspect.STATE: _state,
    Aspect.SOMEWHERE: _state,
    Aspect.OPENS: _opens,
    Aspect.CLOSES: _closes,
    Aspect.NOON: _noon,
    Aspect.REST: _rest,
    Aspect.WEEK: _week,
    Aspect.MAKEUP: _makeup,
}
