"""How the hours of whole days are told: one by one, in runs, over a holiday, in a week."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from actions.answers import telling
from actions.answers.telling import Reader
from actions.wording import WEEKDAYS
from knowledge import hours
from knowledge.calendar import next_makeup_workday
from knowledge.dates import Holiday
from knowledge.hours import Span, Usual
from knowledge.pack import Facility, Text

APART = 3  # days asked for that are told one by one; more are told in runs
MOST_DAYS = 31  # of a longer time only the first days are told
AHEAD = timedelta(days=60)  # how far exceptions to the usual week are told

Lines = Iterator[str]


def on_days(reader: Reader, facility: Facility, days: Sequence[date]) -> Lines:
    """Yield the hours of some days, one by one where they are few."""
    told = days[:MOST_DAYS]
    if len(told) > APART:
        yield telling.line(reader, "utter_hours_of", name=facility.name)
        yield from _runs(reader, facility, told)
    else:
        for day in told:
            yield from on_day(reader, facility, day)
    yield from unpublished(reader, facility, told)


def on_day(reader: Reader, facility: Facility, day: date) -> Lines:
    """Yield the hours of one day, and why they are not as usual."""
    spans = hours.spans_on(reader.pack, facility, day)
    told = {"name": facility.name, "day": day}
    if spans:
        yield _line(reader, "utter_hours_day", **told, spans=spans_text(spans))
    else:
        yield _line(reader, "utter_hours_day_off", **told)
    reason = hours.reason_on(reader.pack, facility, day)
    if reason:
        yield _line(reader, "utter_hours_day_unusual", day=day, reason=reason)


def over_holiday(reader: Reader, facility: Facility, holiday: Holiday) -> Lines:
    """Yield the hours of a statutory holiday, and that its days are not published yet."""
    yield _line(reader, "utter_hours_holiday", name=facility.name, holiday=holiday.name)
    yield from _runs(reader, facility, holiday.days)
    if not holiday.published:
        year = holiday.days[-1].year
        yield _line(
            reader, "utter_hours_holiday_not_published", holiday=holiday.name, year=year
        )


def usual_week(reader: Reader, facility: Facility) -> Lines:
    """Yield the ordinary week, public holidays, and the exceptions that come soon."""
    pack = reader.pack
    yield _line(reader, "utter_hours_of", name=facility.name)
    for group in hours.usual_week(pack, facility):
        yield _usual(reader, _weekdays(reader, group), group.spans)
    on_holidays = hours.on_holidays(pack, facility)
    if on_holidays is not None:
        yield _usual(reader, _line(reader, "utter_hours_public_holidays"), on_holidays)
    yield from _exceptions(reader, facility)


def days_of_rest(reader: Reader, facility: Facility) -> Lines:
    """Yield the weekdays a facility is closed, and the days it is closed soon."""
    pack, name = reader.pack, facility.name
    closed = [group for group in hours.usual_week(pack, facility) if not group.spans]
    if closed:
        days = (
            Text(zh="、", en=", ")
            .in_(reader.language)
            .join(_weekdays(reader, g) for g in closed)
        )
        yield _line(reader, "utter_hours_rest", name=name, days=days)
    else:
        yield _line(reader, "utter_hours_no_rest", name=name)
    if hours.on_holidays(pack, facility) == ():
        yield _line(reader, "utter_hours_rest_holidays")
    yield from _exceptions(reader, facility)


def on_makeup_workdays(reader: Reader, facility: Facility) -> Lines:
    """Yield what a weekend day that is worked (调休) means here, and the next one known of."""
    pack = reader.pack
    worked = pack.exception_sets[facility.exceptions].makeup_workdays == "as-weekday"
    rule = "utter_hours_makeup_weekday" if worked else "utter_hours_makeup_calendar"
    yield _line(reader, rule, name=facility.name)
    day = next_makeup_workday(pack, reader.local.date())
    if day:
        yield from on_day(reader, facility, day)
    else:
        yield _line(reader, "utter_hours_makeup_not_published")


def unpublished(reader: Reader, facility: Facility, days: Iterable[date]) -> Lines:
    """Yield that a day may yet become a holiday, if so."""
    if any(hours.uncertain(reader.pack, facility, day) for day in days):
        yield _line(reader, "utter_hours_not_published")


def spans_text(spans: Iterable[Span]) -> str:
    """Write hours as 08:30–12:00, 13:30–17:30."""
    return ", ".join(f"{start:%H:%M}–{_end(start, end)}" for start, end in spans)


def _runs(reader: Reader, facility: Facility, days: Sequence[date]) -> Lines:
    """Tell days that follow one another with the same hours in one line."""
    for (spans, usual), run in itertools.groupby(days, lambda on: _kind(reader, facility, on)):
        in_run = list(run)
        response = "utter_hours_run_usual" if usual else "utter_hours_run"
        yield _line(
            reader,
            response if spans else "utter_hours_run_off",
            days=_from_to(reader, in_run[0], in_run[-1]),
            spans=spans,
        )


def _kind(reader: Reader, facility: Facility, on: date) -> tuple[str, bool]:
    pack = reader.pack
    spans = hours.spans_on(pack, facility, on)
    usual = spans == hours.usually_on(pack, facility, on)
    return spans_text(spans), bool(spans) and usual


def _usual(reader: Reader, days: Any, spans: Sequence[Span]) -> str:
    response = "utter_hours_run" if spans else "utter_hours_run_off"
    return _line(reader, response, days=days, spans=spans_text(spans))


def _exceptions(reader: Reader, facility: Facility) -> Lines:
    """Yield the exceptions that begin soon, each with its reason."""
    today = reader.local.date()
    for exception in hours.exceptions_after(reader.pack, facility, today, today + AHEAD):
        length = (exception.to - exception.date).days + 1
        days = [exception.date + timedelta(days=n) for n in range(length)]
        for line in _runs(reader, facility, days):
            yield _line(reader, "utter_hours_because", line=line, reason=exception.reason)


def _from_to(reader: Reader, first: date, last: date) -> str:
    if first == last:
        return reader.wording.day(first, reader.language)
    return _line(reader, "utter_hours_from_to", first=first, last=last)


def _weekdays(reader: Reader, group: Usual) -> str:
    if (group.first, group.last) == (0, 6):
        return _line(reader, "utter_hours_every_day")
    first, last = (Text(zh=zh, en=en) for zh, en in map(_names, (group.first, group.last)))
    if group.first == group.last:
        return _line(reader, "utter_hours_weekday", day=first)
    return _line(reader, "utter_hours_weekdays", first=first, last=last)


def _names(weekday: int) -> tuple[str, str]:
    return WEEKDAYS["zh"][weekday], WEEKDAYS["en"][weekday]


def _end(start: datetime, end: datetime) -> str:
    midnight = end.date() > start.date() and f"{end:%H:%M}" == "00:00"
    return "24:00" if midnight else f"{end:%H:%M}"


_line = telling.line
