"""Checks a pack beyond what reading it shows: what refers to what, and what has gone stale."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from dateutil.rrule import rrulestr
from pydantic import ValidationError

from knowledge.article import read_article
from knowledge.content import Lined, Unreadable, at, check_size, line_of, load_yaml
from knowledge.documents import Listed
from knowledge.errors import PackInvalid
from knowledge.golden import FILE as GOLDEN
from knowledge.golden import parse_golden
from knowledge.osm import readable
from knowledge.pack import Activity, Facility, Pack, Sourced, load_pack, misspelt
from knowledge.programme import clashes
from knowledge.transit import FeedInvalid, Timetable, load_timetable
from knowledge.transit.current import NONE, stamp

MODELS: Mapping[str, type[Sourced]] = {"facilities.yml": Facility, "activities.yml": Activity}
A_MONDAY, WEEKS = date(2026, 7, 6), 5  # weeks without a holiday; a pack names weekdays
NEW = Path(__file__).parent / "data" / "new"  # an empty pack: what every community fills in


def check(folder: Path, today: date | None = None) -> tuple[list[str], list[str]]:
    """Return (mistakes, warnings) as sentences that name file, record and mend."""
    try:
        pack = load_pack(folder)
    except PackInvalid as invalid:
        return invalid.mistakes, []
    mistakes = [
        *_references(pack),
        *_hours(pack),
        *_activities(pack),
        *_emergencies(pack),
        *_sections(pack),
        *_timetable(pack),
    ]
    warnings = [*misspelt(pack), *_strays_among_articles(folder)]
    return mistakes, [*warnings, *(stale(pack, today) if today else ())]


def check_part(path: str, text: str, listed: Listed | None = None) -> list[str]:
    """Return what is wrong with one document, or with one record of it, read by itself."""
    try:
        check_size(path, len(text.encode()))
        return list(_part(path, text, listed))
    except Unreadable as broken:
        return [f"{at(path, broken.line)}: {broken}"]


def _part(path: str, text: str, listed: Listed | None) -> Iterator[str]:
    """Yield what is wrong with a text; one that cannot be read at all is Unreadable."""
    if path.endswith(".md"):
        read_article(text)
    elif path == GOLDEN:
        yield from parse_golden(text)[1]
    elif listed:
        yield from _unfit(path, load_yaml(text), MODELS[listed.path])
    else:
        load_yaml(text)


def _unfit(path: str, record: Lined, model: type[Sourced]) -> Iterator[str]:
    """Yield a sentence for each field that does not fit."""
    try:
        model.model_validate(record)
    except ValidationError as invalid:
        for error in invalid.errors():
            field = ".".join(map(str, error["loc"]))
            said = str(error["msg"]).removeprefix("Value error, ")
            yield f"{at(path, line_of(record, error['loc']))}: {field} — {said}; mend it"


def _references(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each id that names nothing."""
    subjects: dict[str, object] = {**pack.facilities, **pack.activities}
    emergencies = {kind.id: kind for kind in pack.never_request}
    standing = {f.id: f for f in pack.facilities.values() if not f.moved_to}
    # file, record, field, value, where it must be
    named: list[tuple[str, str, str, str | None, Mapping[str, object]]] = [
        *(("areas.yml", a.id, "parent", a.parent, pack.areas) for a in pack.areas.values()),
        *(("gazetteer.yml", p.id, "area", p.area, pack.areas) for p in pack.places.values()),
        *(
            ("gazetteer.yml", p.id, "facility", p.facility, pack.facilities)
            for p in pack.places.values()
        ),
        *(
            ("facilities.yml", f.id, "exceptions", f.exceptions, pack.exception_sets)
            for f in pack.facilities.values()
        ),
        *(
            ("activities.yml", a.id, "venue", a.venue, pack.facilities)
            for a in pack.activities.values()
        ),
        *(
            ("categories.yml", c.service_code, "team", c.team, pack.teams)
            for c in pack.categories.values()
        ),
        *(
            ("categories.yml", c.service_code, "questions", choice.emergency, emergencies)
            for c in pack.categories.values()
            for question in c.questions
            for choice in question.choices
        ),
        *(
            ("articles", a.id, "about", subject, subjects)
            for a in pack.articles.values()
            for subject in a.about
        ),
        *(("news.yml", n.id, "area", n.area, pack.areas) for n in pack.news.values()),
        *(("news.yml", n.id, "topic", n.topic, pack.news_topics) for n in pack.news.values()),
        *(
            ("community.yml", "sheet_places", "place", key, pack.facilities)
            for key in pack.sheet_places
        ),
        *(
            ("facilities.yml", f.id, "moved_to", f.moved_to, standing)
            for f in pack.facilities.values()
        ),
    ]
    for file, record, field, value, known in named:
        if value is not None and value not in known:
            at = pack.line(file, record, field)
            yield f"{at}: {field} “{value}” is unknown; name a known one{_meant(value, known)}"


def _meant(value: str, known: Mapping[str, object]) -> str:
    return "".join(f" (is it {near}?)" for near in get_close_matches(value, known, n=1))


def _hours(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each opening hours nobody can read."""
    written = [
        (
            pack.line("facilities.yml", facility.id, "opening_hours"),
            "opening_hours",
            facility.opening_hours,
        )
        for facility in pack.facilities.values()
    ] + [
        (f"facilities.yml, exception set {name}", f"hours of {exception.date}", exception.hours)
        for name, exceptions in pack.exception_sets.items()
        for exception in exceptions.dates
    ]
    for record, field, hours in written:
        if hours and hours != "off" and not readable(hours):
            yield (
                f"{record}: {field} “{hours}” is not OSM syntax; write like Mo-Fr 08:30-17:00"
            )


def _activities(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each activity or exception that cannot take place."""
    for activity in pack.activities.values():
        at, file = pack.line, "activities.yml"
        if activity.end <= activity.start:
            yield (
                f"{at(file, activity.id, 'end')}: end {activity.end:%H:%M} is not after its "
                "start; mend one of them"
            )
        try:
            rrulestr(activity.rrule)
        except ValueError:
            yield (
                f"{at(file, activity.id, 'rrule')}: rrule “{activity.rrule}” cannot be read; "
                "write like FREQ=WEEKLY;BYDAY=TU"
            )
    yield from _rooms(pack)
    for name, exceptions in pack.exception_sets.items():
        for exception in exceptions.dates:
            if exception.to < exception.date:
                yield (
                    f"facilities.yml, exception set {name}: {exception.date} ends before it "
                    "begins; mend date or to"
                )


def _rooms(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each two activities that are in one room at the same time."""
    try:
        found = list(clashes(pack, loaded_on=A_MONDAY, weeks=WEEKS))
    except ValueError:  # a rule that cannot be read: said already
        return
    for one, other in found:
        at = pack.line("activities.yml", other.activity.id, "room")
        yield (
            f"{at}: “{one.activity.id}” is in {one.activity.venue} {one.activity.room} at that "
            f"time too ({other.starts_at:%A %H:%M}); mend time or room of one"
        )


def _strays_among_articles(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file that is in the folder of articles and is not read."""
    for file in sorted((folder / "articles").glob("*")):
        if file.suffix != ".md" and not file.name.startswith("."):
            yield (
                f"articles/{file.name} is not read: an article is a text file that ends in "
                ".md; write it as one, or take it away"
            )


def _emergencies(pack: Pack) -> Iterator[str]:
    for kind in pack.never_request:
        record = pack.line("categories.yml", kind.id)
        if not kind.keywords:
            yield f"{record}: without keywords nobody is warned; add some"
        if not kind.number.isdigit():
            yield f"{record}: number “{kind.number}” is no number; mend it"


def _sections(pack: Pack) -> Iterator[str]:
    for article in pack.articles.values():
        if not article.questions.zh:
            at = pack.line("articles", article.id, "questions")
            yield f"{at}: nobody asks it; add questions in zh"


def unknown_stops(pack: Pack, timetable: Timetable) -> Iterator[str]:
    """Yield a sentence for each place said to be at a stop the timetable does not have."""
    for place in pack.places.values():
        if place.stop and timetable.stop(place.stop) is None:
            yield f"gazetteer.yml, record {place.id}: stop {place.stop} is not in the timetable"


def _timetable(pack: Pack) -> Iterator[str]:
    """Yield what is wrong with the feed; a community may have none yet."""
    if not stamp(pack.gtfs):
        yield from unknown_stops(pack, Timetable(NONE))
        return
    try:
        timetable = load_timetable(pack.gtfs)
    except FeedInvalid as invalid:
        yield from (f"gtfs/{sentence}" for sentence in invalid.mistakes)
    else:
        yield from unknown_stops(pack, timetable)


def stale(pack: Pack, today: date) -> Iterator[str]:
    """Yield, for each record whose time is over, where that is said."""
    records: dict[str, Mapping[str, Sourced]] = {
        "articles": pack.articles,
        "facilities.yml": pack.facilities,
        "activities.yml": pack.activities,
    }
    for file, found in records.items():
        for key, record in found.items():
            if record.valid_until and record.valid_until < today:
                at = pack.line(file, key, "valid_until")
                yield f"{at}: valid until {record.valid_until}; look again"


def write_new(folder: Path) -> None:
    """Write an empty, valid pack.

    Raises:
        PackInvalid: the folder has something in it already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PackInvalid([f"{folder} is not empty; name a new folder"])
    shutil.copytree(NEW, folder, dirs_exist_ok=True)
    for place in ("articles", "gtfs"):
        (folder / place).mkdir()
