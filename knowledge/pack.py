"""The community pack: everything a community says about itself, read from one folder.

Every record says where it comes from: `level` (official, report or sample), `source`, `as_of`.
"""

from datetime import date as day
from datetime import time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator

from knowledge.article import Article, read_articles
from knowledge.errors import PackInvalid
from knowledge.records import Record, Sourced, Text

__all__ = ["Pack", "Record", "Sourced", "Text", "load_pack"]

KEPT = 8  # packs in memory: the files' own, and the editions a process has lately shown

# YAML reads 09:00 as a number of minutes and "24:00" is nobody's time of day.
Clock = Annotated[time, BeforeValidator(lambda value: value if value != "24:00" else "23:59")]


class Area(Sourced):
    """A town, village or grid; ids are paths ending in "/"."""

    id: str
    tier: str
    name: Text
    aliases: tuple[str, ...] = ()
    parent: str | None = None


class Place(Sourced):
    """Somewhere residents speak of, with the nicknames and misspellings they use."""

    id: str
    kind: str
    name: Text
    aliases: tuple[str, ...] = ()
    area: str | None = None
    facility: str | None = None
    stop: str | None = None
    lat: float | None = None
    lon: float | None = None


class Facility(Sourced):
    """A counter, library, gym …; `opening_hours` is OSM syntax, None when not known."""

    id: str
    kind: str
    name: Text
    aliases: tuple[str, ...] = ()
    place: str | None = None
    floor: str | None = None
    area: str | None = None
    phone: str | None = None
    opening_hours: str | None = None
    exceptions: str = "none"
    what: Text
    fees: str | None = None
    note: str = ""


class ExceptionDay(Record):
    """Days with other hours than usual ("off" or OSM hours), both ends included."""

    date: day
    to: day
    hours: str
    reason: str


class ExceptionSet(Record):
    """Exceptions several facilities share, and what a 调休 working weekend day means there."""

    makeup_workdays: Literal["as-weekday", "as-calendar-day"]
    dates: tuple[ExceptionDay, ...] = ()


class MakeupWorkday(Record):
    """A Saturday or Sunday that is worked (调休)."""

    date: day
    reason: str


class First(Record):
    """The first occurrence: a weekday, and how many weeks after this one."""

    weekday: Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    week_offset: int


class Ages(Record):
    """Youngest and oldest age admitted; None is no limit."""

    min: int | None = None
    max: int | None = None


class Activity(Sourced):
    """A club, class, event, volunteer task or visit, on local wall-clock time."""

    id: str
    kind: Literal[
        "club", "class", "public_class", "culture", "sport", "volunteer_task", "visit"
    ]
    name: Text
    aliases: tuple[str, ...] = ()
    first: First
    rrule: str
    start: Clock
    end: Clock
    venue: str
    room: str = ""
    places: int = Field(ge=1)
    waitlist: bool = False
    age: Ages = Ages()
    fee: str = ""
    bring: str = ""
    elder_friendly: bool = False
    draw: bool = False
    about: Text | None = None


class ActivityRules(Record):
    """What holds for all activities."""

    cancel_free_hours: int
    waitlist_offer_minutes: int


class Promise(Record):
    """How long a request may take, in calendar or working hours."""

    hours: int
    clock: Literal["calendar", "working"]


class Category(Sourced):
    """A kind of service request (Open311's word), who gets it and by when."""

    service_code: str
    group: str
    name: Text
    keywords: tuple[str, ...]
    team: str
    tier: str
    promise: Promise
    restricted: bool = False
    visibility: str = "public"
    anonymous_allowed: bool = True
    photo_on_close: bool = False
    emergency_notice: Text | None = None


class NeverRequest(Sourced):
    """An emergency: never a request; the number is told first.

    `keywords` nearly say it alone, `signs` only make it worth asking what a message means.
    `examples` tell of one, `near_misses` only sound like it; the safety gate learns from both.
    """

    id: str
    name: Text
    keywords: tuple[str, ...]
    signs: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    number: str
    also: tuple[str, ...] = ()
    first_sentence: Text


class DistanceStep(Record):
    """How far a need has travelled so many minutes after it was posted."""

    scope: Literal["building", "village", "town"]
    after_minutes: int


class HelpKind(Sourced):
    """Something neighbours may ask for, and how carefully; no steps reach the whole town."""

    id: str
    name: Text
    keywords: tuple[str, ...]
    risk: Literal["low", "medium", "high"]
    who_may_help: str
    time_window: str
    staff_review: bool
    restricted: bool = False
    distance_steps: tuple[DistanceStep, ...] = ()
    safety: Text


class HelpPolicy(Record):
    """What holds for all neighbour help; `never` names what no neighbour is asked to do."""

    max_open_per_resident: int
    expires_after_hours: int
    never: tuple[str, ...] = ()


class QuickLink(Sourced):
    """A number to call or a thing to start, reachable from any state; at most eight."""

    id: str
    label: Text
    kind: Literal["phone", "intent"]
    value: str


class Team(Record):
    """Who works on requests."""

    id: str
    tier: str
    name: Text


class Bot(Record):
    """The assistant's name and how it greets here."""

    name: Text
    aliases: tuple[str, ...] = ()
    greeting: Text
    elder_greeting: Text
    person_words: tuple[str, ...] = ()


class Outside(Record):
    """A place that is not ours, and what to say of it."""

    name: str
    say: Text


class EmergencyNumber(Record):
    """A number everybody may call."""

    number: str
    name: Text


class Community(Record):
    """The community itself."""

    id: str
    name: Text
    full_name: Text
    aliases: tuple[str, ...] = ()


class Pack(Record):
    """Everything read from one folder; records are found by id in the dictionaries."""

    folder: Path
    community: Community
    time_zone: str
    bot: Bot
    quick_links: tuple[QuickLink, ...] = Field(max_length=8)
    emergency_numbers: tuple[EmergencyNumber, ...]
    outside: tuple[Outside, ...] = ()
    teams: dict[str, Team]
    areas: dict[str, Area]
    places: dict[str, Place]
    facilities: dict[str, Facility]
    exception_sets: dict[str, ExceptionSet]
    makeup_workdays: tuple[MakeupWorkday, ...] = ()
    activity_rules: ActivityRules
    activities: dict[str, Activity]
    never_request: tuple[NeverRequest, ...]
    categories: dict[str, Category]
    help_policy: HelpPolicy
    help_kinds: dict[str, HelpKind]
    articles: dict[str, Article]

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError):
            raise ValueError(f"“{name}” is no time zone; write like Asia/Shanghai") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The community's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def gtfs(self) -> Path:
        """The folder of the timetable, in GTFS; editions of the same files share it."""
        return (self.folder / "gtfs").resolve()


@lru_cache(maxsize=KEPT)
def load_pack(folder: Path) -> Pack:
    """Read a pack; the last few folders are kept, and not read again.

    Raises:
        PackInvalid: a file is missing or a record has not the fields it needs; each sentence
            names file, record and field.
    """
    reader = _Files(folder)
    community = reader.mapping("community.yml")
    facilities, activities = reader.mapping("facilities.yml"), reader.mapping("activities.yml")
    categories, helps = reader.mapping("categories.yml"), reader.mapping("help.yml")
    articles, mistakes = read_articles(folder / "articles")
    content = {
        "folder": folder,
        "community": community.get("community"),
        "time_zone": community.get("time_zone"),
        "bot": community.get("bot"),
        "quick_links": community.get("quick_links", ()),
        "emergency_numbers": community.get("emergency_numbers", ()),
        "outside": (community.get("service_area") or {}).get("outside", ()),
        "teams": reader.by_id(community, "community.yml", "teams"),
        "areas": reader.by_id(reader.mapping("areas.yml"), "areas.yml", "areas"),
        "places": reader.by_id(reader.mapping("gazetteer.yml"), "gazetteer.yml", "places"),
        "facilities": reader.by_id(facilities, "facilities.yml", "facilities"),
        "exception_sets": facilities.get("exception_sets", {}),
        "makeup_workdays": facilities.get("makeup_workdays", ()),
        "activity_rules": activities.get("rules"),
        "activities": reader.by_id(activities, "activities.yml", "activities"),
        "never_request": categories.get("never_request", ()),
        "categories": reader.by_id(
            categories, "categories.yml", "categories", key="service_code"
        ),
        "help_policy": helps.get("policy"),
        "help_kinds": reader.by_id(helps, "help.yml", "kinds"),
        "articles": articles,
    }
    if reader.mistakes or mistakes:
        raise PackInvalid([*reader.mistakes, *mistakes])
    try:
        return Pack.model_validate(content)
    except ValidationError as invalid:
        raise PackInvalid([_sentence(error) for error in invalid.errors()]) from None


# field of Pack → file it comes from, for the sentences about mistakes
FILES = {
    "facilities": "facilities.yml",
    "exception_sets": "facilities.yml",
    "makeup_workdays": "facilities.yml",
    "activities": "activities.yml",
    "activity_rules": "activities.yml",
    "areas": "areas.yml",
    "places": "gazetteer.yml",
    "categories": "categories.yml",
    "never_request": "categories.yml",
    "help_kinds": "help.yml",
    "help_policy": "help.yml",
    "articles": "articles",
}


def _sentence(error: Any) -> str:
    field, *path = (str(part) for part in error["loc"])
    file = FILES.get(field, "community.yml")
    record = f", record {path[0]}" if path else ""
    place = ".".join(path[1:]) or field
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{file}{record}: {place} — {said}; mend it and run the check again"


class _Files:
    """Reads the pack's YAML files and collects what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[str] = []

    def mapping(self, name: str) -> dict[str, Any]:
        file = self.folder / name
        if not file.is_file():
            self.mistakes.append(f"{name} is missing in {self.folder}; every pack has one")
            return {}
        try:
            text = file.read_text(encoding="utf-8")
            content = yaml.load(text, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as broken:
            where = getattr(getattr(broken, "problem_mark", None), "line", 0) + 1
            self.mistakes.append(f"{name}, line {where}: not readable YAML; mend that line")
            return {}
        return content if isinstance(content, dict) else {}

    def by_id(
        self, content: dict[str, Any], file: str, field: str, key: str = "id"
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, record in enumerate(content.get(field) or (), start=1):
            if not isinstance(record, dict) or not record.get(key):
                self.mistakes.append(f"{file}, {field} number {number}: give it an {key}")
            elif record[key] in found:
                self.mistakes.append(f"{file}, record {record[key]}: the {key} is used twice")
            else:
                found[str(record[key])] = record
        return found
