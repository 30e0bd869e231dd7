"""What a record answers: an article, a facility or an activity, told to one reader."""

from collections.abc import Iterator

from actions.answers import hours, telling
from actions.answers.telling import Reader
from actions.wording import WEEKDAYS, Said
from knowledge import conflicts
from knowledge.article import Article
from knowledge.pack import Activity, Answering, Facility, Sourced, Text
from knowledge.records import RecordKey


def answer(reader: Reader, key: RecordKey) -> Said:
    """Return the whole answer as a reader gets it who asks for a record."""
    record, told = asked(reader, key)
    return reader.wording.render(
        "utter_answer",
        language=reader.language,
        elder=reader.elder,
        values=telling.values(reader, told, record),
    )


def asked(reader: Reader, key: RecordKey) -> tuple[Answering, list[str]]:
    """Return the record that is told when one is asked for, and what it answers, line by line.

    Of two that disagree it is the one to believe, and the last line says that they do.

    Raises:
        LookupError: the pack has no such record.
    """
    conflict = conflicts.concerning(reader.pack, key)
    record = reader.pack.record(conflict.believed if conflict else key)
    if record is None:
        raise LookupError(f"No record {key} in this pack")
    disputed = [telling.line(reader, "utter_answer_disputed")] if conflict else []
    return record, [*lines(reader, record), *disputed]


def lines(reader: Reader, record: Sourced) -> list[str]:
    """Return what a record answers, a line each.

    Raises:
        TypeError: it is no record that answers.
    """
    match record:
        case Article():
            return [record.body.in_(reader.language)]
        case Facility():
            return list(_facility(reader, record))
        case Activity():
            return list(_activity(reader, record))
    raise TypeError(f"{type(record).__name__} is no record that answers")


def _facility(reader: Reader, facility: Facility) -> Iterator[str]:
    yield telling.line(reader, "utter_facility", name=facility.name, what=facility.what)
    if facility.place:
        floor = f" {facility.floor}" if facility.floor else ""
        yield telling.line(reader, "utter_facility_place", place=facility.place + floor)
    yield from hours.right_now(reader, facility)
    if facility.fees:
        yield telling.line(reader, "utter_facility_fees", fees=facility.fees)
    if facility.phone:
        yield telling.line(reader, "utter_facility_phone", phone=facility.phone)


def _activity(reader: Reader, activity: Activity) -> Iterator[str]:
    about = activity.about.in_(reader.language) if activity.about else ""
    yield telling.line(reader, "utter_activity", name=activity.name, about=about)
    venue = reader.pack.facilities.get(activity.venue)
    room = f" {activity.room}" if activity.room else ""
    yield telling.line(
        reader,
        "utter_activity_when" if _weekdays(activity, "zh") else "utter_activity_once",
        weekdays=Text(zh=_weekdays(activity, "zh"), en=_weekdays(activity, "en")),
        start=f"{activity.start:%H:%M}",
        end=f"{activity.end:%H:%M}",
        venue=(venue.name.in_(reader.language) if venue else activity.venue) + room,
    )
    if activity.fee.zh:
        yield telling.line(reader, "utter_activity_fee", fee=activity.fee)
    if activity.bring.zh:
        yield telling.line(reader, "utter_activity_bring", bring=activity.bring)
    yield telling.line(reader, "utter_activity_book", name=activity.name)


def _weekdays(activity: Activity, language: str) -> str:
    """Return the weekdays of a weekly activity; empty for one that is not weekly."""
    names = [WEEKDAYS[language][day] for day in activity.weekdays]
    return ("、" if language == "zh" else ", ").join(names)
