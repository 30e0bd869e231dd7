"""The corrected answer as a notice tells it: in both languages, true all day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from actions.wording import Wording
from knowledge.article import Article
from knowledge.hours import spans_on
from knowledge.pack import Activity, Answering, Facility, Pack, Text, title_of
from knowledge.transit import RECORD as TIMETABLE
from knowledge.transit import open_timetable

DAYS = 3  # whose opening hours are told, from the day the notice arrives
TOWN_LINE = "12345"  # answers for everybody


@dataclass(frozen=True)
class Correction:
    """A record as it is right now: its key and version, its title, and what it tells.

    `response` is the notice that brings it.
    """

    kind: str
    record_id: str
    version: str
    title: Text
    answer: Text
    response: str = "utter_recall"


@dataclass(frozen=True)
class Known:
    """What a record is called, and its version right now."""

    title: Text
    version: str


@dataclass(frozen=True)
class _Speaker:
    """Says lines of the domain in one language."""

    pack: Pack
    wording: Wording
    language: str

    def line(self, response: str, **values: Any) -> str:
        return self.wording.render(response, language=self.language, values=values).text


def know(pack: Pack, wording: Wording, kind: str, record_id: str) -> Known | None:
    """Return what is known of a record, or of the timetable; None when there is none such."""
    if (kind, record_id) == TIMETABLE:
        timetable = open_timetable(pack)
        title = _both(pack, wording, "utter_timetable_title")
        return Known(title, timetable.version) if timetable.stops else None
    record = pack.record((kind, record_id))
    return Known(title_of(record), record.fingerprint) if record else None


def correct(
    pack: Pack, wording: Wording, kind: str, record_id: str, *, on: date
) -> Correction | None:
    """Write the answer as it is to be told on a day; None when there is no such record.

    Of a timetable it tells only that it was corrected: who asked for what is not kept.
    """
    known = know(pack, wording, kind, record_id)
    if known is None:
        return None
    record = pack.record((kind, record_id))
    if record is None:
        answer = _both(pack, wording, "utter_timetable_corrected")
        response = "utter_recall_timetable"
        return Correction(kind, record_id, known.version, known.title, answer, response)
    zh, en = (
        "\n".join(_lines(_Speaker(pack, wording, language), record, on))
        for language in ("zh", "en")
    )
    return Correction(kind, record_id, known.version, known.title, Text(zh=zh, en=en))


def _both(pack: Pack, wording: Wording, response: str) -> Text:
    zh, en = (_Speaker(pack, wording, language).line(response) for language in ("zh", "en"))
    return Text(zh=zh, en=en)


def _lines(speaker: _Speaker, record: Answering, on: date) -> Iterator[str]:
    match record:
        case Article():
            yield record.body.in_(speaker.language)
        case Facility():
            yield from _facility(speaker, record, on)
        case Activity():
            yield from _activity(speaker, record)
    origin = f"utter_origin_{record.level}"
    yield speaker.line(origin, source=record.source, day=str(record.as_of), owner="")
    if record.valid_until is not None and record.valid_until < on:
        yield speaker.line("utter_origin_stale", day=str(record.valid_until), phone=TOWN_LINE)


def _facility(speaker: _Speaker, facility: Facility, on: date) -> Iterator[str]:
    yield speaker.line("utter_facility", name=facility.name, what=facility.what)
    if facility.place:
        floor = f" {facility.floor}" if facility.floor else ""
        yield speaker.line("utter_facility_place", place=facility.place + floor)
    if facility.opening_hours:
        yield from (
            _day(speaker, facility, on + timedelta(days=ahead)) for ahead in range(DAYS)
        )
    if facility.fees:
        yield speaker.line("utter_facility_fees", fees=facility.fees)
    if facility.phone:
        yield speaker.line("utter_facility_phone", phone=facility.phone)


def _day(speaker: _Speaker, facility: Facility, day: date) -> str:
    spans = spans_on(speaker.pack, facility, day)
    if not spans:
        return speaker.line("utter_hours_day_off", name=facility.name, day=day)
    told = ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in spans)
    return speaker.line("utter_hours_day", name=facility.name, day=day, spans=told)


def _activity(speaker: _Speaker, activity: Activity) -> Iterator[str]:
    about = activity.about.in_(speaker.language) if activity.about else ""
    yield speaker.line("utter_activity", name=activity.name, about=about)
    venue = speaker.pack.facilities.get(activity.venue)
    yield speaker.line(
        "utter_recall_activity",
        start=f"{activity.start:%H:%M}",
        end=f"{activity.end:%H:%M}",
        venue=venue.name.in_(speaker.language) if venue else activity.venue,
    )
    if activity.fee.zh:
        yield speaker.line("utter_activity_fee", fee=activity.fee)
    if activity.bring.zh:
        yield speaker.line("utter_activity_bring", bring=activity.bring)
