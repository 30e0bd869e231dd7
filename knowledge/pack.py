"""The community pack: everything a community says about itself, read from one folder.

Every record says where it comes from: `level` (official, report or sample), `source`, `as_of`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date as day
from datetime import time
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from knowledge.article import Article, read_articles
from knowledge.boards import Board, RoundTable
from knowledge.content import Lines, at, line_of
from knowledge.errors import PackInvalid
from knowledge.folder import Files
from knowledge.golden import FILE as GOLDEN
from knowledge.golden import Golden, read_golden
from knowledge.news import FILE as NEWS
from knowledge.news import NewsSample, NewsTopic
from knowledge.records import Questions, Record, RecordKey, ShortText, Sourced, Text

__all__ = ["Pack", "Record", "Sourced", "Text", "load_pack"]

REPLIES = "replies.yml"
KEPT = 8  # packs in memory: the files' own, and the editions a process has lately shown
HOUR_AND_MINUTE = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")


def _clock(value: object) -> object:
    """Read a time of day; 24:00 is the last minute of the day."""
    written = "23:59" if value == "24:00" else value
    if isinstance(written, time):
        return written
    if not (isinstance(written, str) and HOUR_AND_MINUTE.fullmatch(written)):
        raise ValueError("no time of day; write like 09:00")
    return written.zfill(5)


Clock = Annotated[time, BeforeValidator(_clock)]


IN_BRACES = re.compile(r"\{([^{}]*)\}")
REPLY_VALUES = ("reference", "category", "team", "place", "due")
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


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
    """A counter, library, gym …; `opening_hours` is OSM syntax, None when not known.

    `aliases` are nicknames in both languages: those in Latin letters are the English ones.
    `moved_to` is the facility that took its place; this one is closed for good.
    """

    id: str
    kind: str
    name: Text
    aliases: tuple[str, ...] = ()
    questions: Questions = Questions()
    place: str | None = None
    floor: str | None = None
    area: str | None = None
    phone: str | None = None
    opening_hours: str | None = None
    exceptions: str = "none"
    moved_to: str | None = None
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


NOT_SAID = Text(zh="", en="")
NOTHING = frozenset({"", "无"})


class Activity(Sourced):
    """A club, class, event, volunteer task or visit, on local wall-clock time.

    Not on `except_days`, nor on statutory holidays unless `on_holidays`; on `extra_days` too.
    """

    id: str
    kind: Literal[
        "club", "class", "public_class", "culture", "sport", "volunteer_task", "visit"
    ]
    name: Text
    aliases: tuple[str, ...] = ()
    questions: Questions = Questions()
    first: First
    rrule: str
    except_days: tuple[day, ...] = ()
    extra_days: tuple[day, ...] = ()
    on_holidays: bool = True
    start: Clock
    end: Clock
    venue: str
    room: str = ""
    places: int = Field(ge=1)
    waitlist: bool = False
    age: Ages = Ages()
    fee: ShortText = NOT_SAID
    bring: ShortText = NOT_SAID
    elder_friendly: bool = False
    draw: bool = False
    about: Text | None = None

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to pay, as far as the pack says."""
        return self.fee.zh in NOTHING | {"免费"}

    @property
    def needs_nothing(self) -> bool:
        """Whether there is nothing to bring."""
        return self.bring.zh in NOTHING

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The weekdays it is on every week, Monday is 0; none when it is not weekly."""
        rule = dict(part.split("=", 1) for part in self.rrule.split(";"))
        if rule.get("FREQ") != "WEEKLY" or rule.get("COUNT") == "1":
            return ()
        days = rule.get("BYDAY", self.first.weekday).split(",")
        return tuple(BYDAY.index(day) for day in days)


Answering = Article | Facility | Activity  # a record that answers questions


def key_of(record: Sourced) -> RecordKey | None:
    """Return the kind and id a record that answers is known by; None for other records."""
    match record:
        case Article():
            return "article", record.id
        case Facility():
            return "facility", record.id
        case Activity():
            return "activity", record.id
    return None


def title_of(record: Answering) -> Text:
    """Return what an answer is called when it is spoken of."""
    return record.title if isinstance(record, Article) else record.name


class ActivityRules(Record):
    """What holds for all activities.

    Of those that are drawn: how many days before a session its draw opens and closes (at noon,
    it is drawn then), how much of the places is kept for who phones or walks in, and from how
    many hours before the session on these are free to all. A group that visits asks so many
    working days ahead.
    """

    cancel_free_hours: int
    waitlist_offer_minutes: int
    draw_opens_days: int = Field(default=7, ge=2)
    draw_closes_days: int = Field(default=2, ge=1)
    draw_kept_percent: int = Field(default=20, ge=0, le=90)
    draw_kept_until_hours: int = Field(default=24, ge=0)
    visit_heads: int = 30
    visit_days_ahead: int = 3

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.draw_opens_days <= self.draw_closes_days:
            raise ValueError("a draw opens more days before the session than it closes")
        return self


class Promise(Record):
    """How long a request may take, in calendar or working hours."""

    hours: int
    clock: Literal["calendar", "working"]


class SameWithin(Record):
    """How near, and how many days after, a second report may tell of the same problem.

    0 metres: where it is makes no difference.
    """

    metres: int = Field(default=50, ge=0)
    days: int = Field(default=14, ge=0)


class QuestionChoice(Text):
    """An answer to tap; `emergency` is the kind it tells of, whose number is told at once."""

    emergency: str | None = None


class CategoryQuestion(Record):
    """Something worth knowing of a report; not asked of who has used a word in `said`.

    Residents may always skip it; who files for others has to answer what is `required`.
    """

    id: str
    ask: Text
    choices: tuple[QuestionChoice, ...] = ()
    said: tuple[str, ...] = ()
    required: bool = False


class Category(Sourced):
    """A kind of service request (Open311's word), who gets it and by when.

    `examples` are messages of residents that tell of one, learned from (`sorting.py`). `things`
    are words for one thing each: who names another one tells of another problem.
    """

    service_code: str
    group: str
    name: Text
    keywords: tuple[str, ...]
    examples: tuple[str, ...] = ()
    questions: tuple[CategoryQuestion, ...] = Field(default=(), max_length=2)
    team: str
    tier: str
    promise: Promise
    same_within: SameWithin = SameWithin()
    things: tuple[tuple[str, ...], ...] = ()
    restricted: bool = False
    visibility: str = "public"
    anonymous_allowed: bool = True
    photo_on_close: bool = False
    emergency_notice: Text | None = None


class Reply(Sourced):
    """What staff answer often, ready to be sent; `{reference}` and the like are filled in.

    With a `move` it is one tap; without `categories` it is for all of them.
    """

    id: str
    title: Text
    text: Text
    move: Literal["acknowledged", "in_progress", "replied", "declined"] | None = None
    categories: tuple[str, ...] = ()

    @field_validator("text")
    @classmethod
    def _known_names(cls, text: Text) -> Text:
        for name in IN_BRACES.findall(text.zh + text.en):
            if name not in REPLY_VALUES:
                raise ValueError(f"“{{{name}}}” is not known; use {' '.join(REPLY_VALUES)}")
        return text

    def filled(self, language: str, values: Mapping[str, str]) -> str:
        """Return the reply with what stands in braces filled in."""
        return IN_BRACES.sub(lambda found: values[found[1]], self.text.in_(language))


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
    """Something neighbours may ask for, and how carefully; no steps reach the whole town.

    `asks` is what else its asker is asked for; `examples` are how people put it.
    """

    id: str
    name: Text
    keywords: tuple[str, ...]
    examples: tuple[str, ...] = ()
    asks: tuple[Literal["where", "how_long"], ...] = ()
    risk: Literal["low", "medium", "high"]
    who_may_help: str
    time_window: str
    staff_review: bool
    restricted: bool = False
    distance_steps: tuple[DistanceStep, ...] = ()
    safety: Text


class HelpRisk(Record):
    """Words of a need that call for care, and what follows when somebody writes them.

    `staff` look at it first; it is `refused`; or its asker is warned and staff look at it,
    and neighbours never hear of it. In a cue … stands for a few characters; what is in
    `harmless` does not count. Who is refused or warned is told what `say` says. `examples` are
    how people put it.
    """

    id: str
    name: Text
    then: Literal["staff", "refuse", "warn"]
    cues: tuple[str, ...]
    examples: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    say: Text | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.then != "staff" and self.say is None:
            raise ValueError(f"say is missing: who is {self.then}d has to be told why")
        return self


class HelpPolicy(Record):
    """What holds for all neighbour help; `never` names what no neighbour is asked to do.

    `other_examples` are how people put what no kind fits, or do not say yet what it is;
    `harmless_examples` are needs that call for no care.
    """

    max_open_per_resident: int
    max_per_hour: int = 10
    expires_after_hours: int
    never: tuple[str, ...] = ()
    other_examples: tuple[str, ...] = ()
    harmless_examples: tuple[str, ...] = ()


class QuickLink(Sourced):
    """A number to call or a thing to start, reachable from any state; at most eight."""

    id: str
    label: Text
    kind: Literal["phone", "intent"]
    value: str


class Team(Record):
    """Who works on requests; the one that `dispatches` says where what nobody owns belongs."""

    id: str
    tier: str
    name: Text
    aliases: tuple[str, ...] = ()  # what staff call it, too
    dispatches: bool = False


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
    boards: dict[str, Board] = Field(default={}, max_length=6)
    round_table: RoundTable = RoundTable()
    news_topics: dict[str, NewsTopic] = Field(default={})
    news: dict[str, NewsSample] = Field(default={})
    areas: dict[str, Area]
    places: dict[str, Place]
    facilities: dict[str, Facility]
    exception_sets: dict[str, ExceptionSet]
    makeup_workdays: tuple[MakeupWorkday, ...] = ()
    activity_rules: ActivityRules
    activities: dict[str, Activity]
    never_request: tuple[NeverRequest, ...]
    categories: dict[str, Category]
    replies: dict[str, Reply] = Field(default={})
    help_policy: HelpPolicy
    help_kinds: dict[str, HelpKind]
    help_risks: dict[str, HelpRisk] = Field(default={})
    articles: dict[str, Article]
    golden: tuple[Golden, ...] = ()
    lines: Lines = Field(default={}, repr=False)
    sheet_places: tuple[str, ...] = ()  # whose hours are printed on the week sheet

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError):
            raise ValueError(f"“{name}” is no time zone; write like Asia/Shanghai") from None
        return name

    def line(self, file: str, record: str, field: str = "") -> str:
        """Say where a field of a record stands: “activities.yml, line 35, record dance”."""
        lines = self.lines.get((file, record), {})
        if file == "articles" and (self.folder / file / f"{record}.md").is_file():
            file = f"articles/{record}.md"
        return f"{at(file, lines.get(field) or lines.get(''))}, record {record}"

    @property
    def zone(self) -> ZoneInfo:
        """The community's time zone."""
        return ZoneInfo(self.time_zone)

    def records(self) -> Iterator[Answering]:
        """Yield every record that answers questions."""
        yield from self.articles.values()
        yield from self.facilities.values()
        yield from self.activities.values()

    def record(self, key: RecordKey) -> Answering | None:
        """Return the record that answers, by its kind and id; None when there is none."""
        kind, record_id = key
        kinds: dict[str, Mapping[str, Answering]] = {
            "article": self.articles,
            "facility": self.facilities,
            "activity": self.activities,
        }
        return kinds[kind].get(record_id) if kind in kinds else None

    def name_of(self, key: RecordKey) -> Text:
        """Return the name of a record, of an article its title.

        Raises:
            LookupError: there is no such record.
        """
        record = self.record(key)
        if record is None:
            raise LookupError(f"No record {key} in this pack")
        return title_of(record)

    def by_file(self) -> dict[str, Mapping[str, Record]]:
        """Return the records that have an id, by the file they are written in."""
        return {
            "areas.yml": self.areas,
            "gazetteer.yml": self.places,
            "facilities.yml": self.facilities,
            "activities.yml": self.activities,
            "categories.yml": self.categories,
            "help.yml": self.help_kinds,
            "replies.yml": self.replies,
            "news.yml": self.news,
            "articles": self.articles,
        }

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
    reader = Files(folder)
    community = reader.mapping("community.yml")
    facilities, activities = reader.mapping("facilities.yml"), reader.mapping("activities.yml")
    categories, helps = reader.mapping("categories.yml"), reader.mapping("help.yml")
    never = reader.by_id(categories, "categories.yml", "never_request")
    links = reader.by_id(community, "community.yml", "quick_links")
    articles = read_articles(folder / "articles", reader)
    content = {
        "folder": folder,
        "community": community.get("community"),
        "time_zone": community.get("time_zone"),
        "bot": community.get("bot"),
        "quick_links": list(links.values()),
        "sheet_places": community.get("sheet_places", ()),
        "emergency_numbers": community.get("emergency_numbers", ()),
        "outside": reader.part(community, "community.yml", "service_area").get("outside", ()),
        "teams": reader.by_id(community, "community.yml", "teams"),
        "boards": reader.by_id(community, "community.yml", "cockpit_boards"),
        "round_table": reader.part(community, "community.yml", "round_table"),
        "news_topics": reader.by_id(community, "community.yml", "news_topics"),
        "areas": reader.by_id(reader.mapping("areas.yml"), "areas.yml", "areas"),
        "places": reader.by_id(reader.mapping("gazetteer.yml"), "gazetteer.yml", "places"),
        "facilities": reader.by_id(facilities, "facilities.yml", "facilities"),
        "exception_sets": reader.part(facilities, "facilities.yml", "exception_sets"),
        "makeup_workdays": facilities.get("makeup_workdays", ()),
        "activity_rules": activities.get("rules"),
        "activities": reader.by_id(activities, "activities.yml", "activities"),
        "never_request": list(never.values()),
        "categories": reader.by_id(
            categories, "categories.yml", "categories", key="service_code"
        ),
        "replies": _optional(reader, REPLIES, "replies"),
        "news": _optional(reader, NEWS, "news"),
        "help_policy": helps.get("policy"),
        "help_kinds": reader.by_id(helps, "help.yml", "kinds"),
        "help_risks": reader.by_id(helps, "help.yml", "safety"),
        "articles": articles,
        "golden": read_golden(folder / GOLDEN, reader),
        "lines": reader.lines,
    }
    if reader.mistakes:
        raise PackInvalid(reader.mistakes)
    try:
        return Pack.model_validate(content)
    except ValidationError as invalid:
        raise PackInvalid([_sentence(error, content) for error in invalid.errors()]) from None


def _optional(reader: Files, file: str, field: str) -> Mapping[str, Any]:
    """Read the records of a file a community may have or not."""
    if not (reader.folder / file).is_file():
        return {}
    return reader.by_id(reader.mapping(file), file, field)


def misspelt(pack: Pack) -> Iterator[str]:
    """Yield a sentence for each field that is nearly one of ours; others are left alone."""
    for file, records in pack.by_file().items():
        for key, record in records.items():
            known = type(record).model_fields
            lines = pack.lines.get((file, key), {})
            absent = [field for field in known if field not in lines]
            for field in lines.keys() - known.keys() - {""}:
                for near in _near(field, absent):
                    yield (
                        f"{pack.line(file, key, field)}: the field {field} is not read; "
                        f"did you mean {near}?"
                    )


def _near(word: str, known: list[str]) -> list[str]:
    return get_close_matches(word, known, n=1, cutoff=0.75)


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
    "help_risks": "help.yml",
    "replies": "replies.yml",
    "news": "news.yml",
    "articles": "articles",
}


def _sentence(error: Any, content: Mapping[str, Any]) -> str:
    field, *path = error["loc"]
    file, line = FILES.get(field, "community.yml"), line_of(content[field], tuple(path))
    record = f", record {path[0]}" if path else ""
    place = ".".join(map(str, path[1:])) or field
    said = str(error["msg"]).removeprefix("Value error, ")
    given = error["input"]
    if error["type"] == "missing" and isinstance(given, dict):
        said += "".join(f"; is it {near}?" for near in _near(str(path[-1]), list(given)))
    elif isinstance(given, str | int | float):
        place += f" “{str(given)[:40]}”"
    return f"{at(file, line)}{record}: {place} — {said}; mend it and run the check again"
