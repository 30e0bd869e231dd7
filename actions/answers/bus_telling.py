"""What all answers about buses are put together with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from actions.answers import telling
from actions.answers.bus_questions import Question
from actions.dialogue import Turn
from actions.told import Told
from knowledge.transit import RECORD, Line, Only, Stop, Timetable

TOLD, TOLD_ELDER = 3, 2  # departures or journeys
ROWS, ROWS_ELDER = 5, 3  # lines of a timetable, or of a stop


@dataclass(frozen=True)
class BusAnswer:
    """The lines of an answer, and the one that says where it comes from."""

    lines: Sequence[str]
    origin: str


def tell(turn: Turn, timetable: Timetable, answer: BusAnswer) -> None:
    """Say an answer, marked with the feed's version: a wrong feed can be recalled."""
    mark = Told(*RECORD, timetable.version) if timetable.stops else None
    turn.say("utter_answer", told=mark, answer="\n".join(answer.lines), origin=answer.origin)


def origin(turn: Turn, timetable: Timetable) -> str:
    """Return the line that says that nothing is live, and what is sample data."""
    sample = timetable.level == "sample"
    return telling.line(
        turn, "utter_departures_sample" if sample else "utter_departures_official"
    )


def labels(turn: Turn, timetable: Timetable, stops: Sequence[Stop]) -> list[str]:
    """Return the stops' names to choose from; two of one name are told apart by their lines."""
    names = [stop.name.in_(turn.language) for stop in stops]
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [
        f"{name} ({numbers(turn, timetable.lines_at(stop.id)[:4])})" if name in twice else name
        for name, stop in zip(names, stops, strict=True)
    ]


def asked_from(turn: Turn, asked: Question) -> datetime:
    """Return the moment asked about, now at the earliest."""
    return max(datetime.fromisoformat(asked.at), turn.now) if asked.at else turn.now


def asked_day(turn: Turn, asked: Question) -> date:
    """Return the day asked about, on the community's calendar."""
    return local_day(turn, asked_from(turn, asked))


def local_day(turn: Turn, moment: datetime) -> date:
    """Return a moment's day on the community's calendar."""
    return moment.astimezone(turn.pack.zone).date()


def clock(turn: Turn, moment: datetime) -> str:
    """Write a moment's time of day on the community's clock."""
    return f"{moment.astimezone(turn.pack.zone):%H:%M}"


def how_many(turn: Turn) -> int:
    """Return how many departures or journeys this resident is told."""
    return TOLD_ELDER if turn.row.elder else TOLD


def numbers(turn: Turn, lines: Sequence[Line]) -> str:
    """Write the numbers of lines one after the other."""
    return joined(turn, list(dict.fromkeys(line.number.in_(turn.language) for line in lines)))


def joined(turn: Turn, names: Sequence[str]) -> str:
    """Write names one after the other, as the resident's language does."""
    return ("、" if turn.language == "zh" else ", ").join(names)


def no_data(turn: Turn, timetable: Timetable, day: date) -> list[str]:
    """Say that the timetable knows nothing of a day; nothing when it does."""
    if not timetable.stops:
        return [telling.line(turn, "utter_timetable_missing")]
    if timetable.runs_on(day):
        return []
    if day > timetable.last_on:
        return [telling.line(turn, "utter_timetable_expired", day=str(timetable.last_on))]
    if day < timetable.first_on:
        return [telling.line(turn, "utter_timetable_not_begun", day=str(timetable.first_on))]
    return [telling.line(turn, "utter_timetable_no_service", day=day)]


def nothing_found(turn: Turn, timetable: Timetable, asked: Question, stop: Stop) -> list[str]:
    """Say why nothing was found: no data, not this day, not here, not then."""
    if why := no_data(turn, timetable, asked_day(turn, asked)):
        return why
    lines = timetable.lines_at(stop.id)
    if not lines:
        return [telling.line(turn, "utter_departures_none", stop=stop.name)]
    narrowed = asked.only != Only()
    unserved = "utter_departures_not_here" if narrowed else "utter_departures_not_then"
    served = numbers(turn, lines[: 2 * ROWS])
    return [telling.line(turn, unserved, stop=stop.name, lines=served)]
