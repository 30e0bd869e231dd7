"""What is asked of the programme: which activities and when; found, relaxed and carried on.

A `Query` travels in the value of the choice that shows more, with the last session shown: what
comes after that one is looked up anew, so nothing is lost or told twice when sessions change.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from actions.booking import matching, reading
from actions.booking.filters import Filter, fits, fitting, in_order, read_filters
from actions.booking.model import Session
from actions.booking.programme import VISIT
from actions.booking.reading import Window
from actions.booking.schedule import AHEAD
from actions.booking.wishes import upcoming
from actions.dialogue import Turn
from knowledge.pack import Activity, Pack

SOON = timedelta(days=7)  # what is shown when nothing at all was said
MORE = "more?"  # begins the value of the choice that shows more
LEFT = Filter("left")
NEVER_RELAXED = Filter("kind", VISIT)

EVERY = re.compile(
    r"每(?:个|逢)?(?=(?:周|星期|礼拜)[一二三四五六日天末])"
    r"|\bevery (?=mon|tue|wed|thu|fri|sat|sun)",
    re.IGNORECASE,
)
EXCEPT = re.compile(
    r"除了?(?P<what>.+?)(?:以外|之外|外|[,，]|(?=还)|$)"
    r"|\b(?:besides|except|other than|apart from) (?P<what_en>.+)",
    re.IGNORECASE,
)
# What a place is called ends like this; “老人活动”, a nickname of one, asks for no place.
PLACE = re.compile(r"[馆室房心站厅场所院堂店棚园村家间]$|mall$|^[ -~]+$", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """What is asked: in these windows, of the activities named, with these filters.

    `timed` is whether the resident said when. `after` is the beginning and the id of the last
    session shown before.
    """

    windows: tuple[Window, ...]
    timed: bool = False
    named: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    after: tuple[datetime, int] | None = None


def read_query(turn: Turn) -> Query:
    """Return what the message of a turn asks."""
    text, venue = _without_venue(turn, EVERY.sub("", turn.text))
    text, excepted = _without_excepted(turn, text)
    named = tuple(activity.id for activity in matching.named(turn.pack, text))
    windows = reading.read_windows(text, turn.now, turn.wording.zone)
    filters = [
        one
        for one in read_filters(turn.pack, text)
        if not (named and one.name == "kind")  # 书法课 names a club that is no class
    ]
    asked = in_order([*filters, *venue, *excepted])
    far = AHEAD if named or asked else SOON  # a show may be weeks away
    return Query(
        windows or (Window(turn.now, turn.now + far),),
        timed=bool(windows),
        named=named,
        filters=asked,
    )


def find(turn: Turn, query: Query) -> list[Session]:
    """Return the sessions that are asked for, soonest first, after those shown before.

    Of activities that were not named a longer time shows only the next session of each.
    """
    named = named_in(turn.pack, query)
    wanted = (
        [activity for activity in named if fits(activity, query.filters)]
        if named
        else fitting(turn.pack, query.filters)
    )
    sessions = reading.held(query.windows, upcoming(turn, wanted))
    if LEFT in query.filters:
        sessions = [session for session in sessions if session.left]
    if not named and any(w.end - w.start > timedelta(days=1) for w in query.windows):
        sessions = list({s.activity_id: s for s in reversed(sessions)}.values())[::-1]
        sessions.sort(key=_place)
    after = query.after
    return [session for session in sessions if after is None or _place(session) > after]


def named_in(pack: Pack, query: Query) -> list[Activity]:
    """Return the activities a query names."""
    return [pack.activities[one] for one in query.named if one in pack.activities]


def relaxed(query: Query, now: datetime) -> Iterator[tuple[Query, Filter | None]]:
    """Yield what asks for less, nearest first, and the filter given up; None is the time."""
    ahead = replace(query, windows=(Window(now, now + AHEAD),), timed=False)
    if query.timed or ahead.windows != query.windows:
        yield ahead, None
    for asked in (query, ahead):
        for one in query.filters:
            if one != NEVER_RELAXED:
                left = tuple(other for other in query.filters if other != one)
                yield replace(asked, filters=left), one
    yield Query(ahead.windows), None


def write_value(query: Query, last: Session) -> str:
    """Return the value of the choice that shows what comes after a session."""
    after = urlencode({"a": f"{last.starts_at.isoformat()},{last.id}"})
    return f"{MORE}{keep(query)}&{after}"


def read_value(value: str) -> Query | None:
    """Read what `write_value` wrote; None for the value of another choice."""
    if not value.startswith(MORE):
        return None
    kept = value.removeprefix(MORE)
    at, _, session_id = dict(parse_qsl(kept))["a"].partition(",")
    return replace(recall(kept), after=(datetime.fromisoformat(at), int(session_id)))


def keep(query: Query) -> str:
    """Return a query as text, but for what was shown."""
    pairs = [
        *(
            ("w", f"{w.start.isoformat()},{w.end.isoformat()},{w.exact:d}")
            for w in query.windows
        ),
        *(("n", one) for one in query.named),
        *(("f", f"{one.name}={one.value}") for one in query.filters),
        ("t", f"{query.timed:d}"),
    ]
    return urlencode(pairs)


def recall(kept: str) -> Query:
    """Read what `keep` wrote."""
    pairs = parse_qsl(kept)
    return Query(
        tuple(_window(each) for key, each in pairs if key == "w"),
        timed=("t", "1") in pairs,
        named=tuple(each for key, each in pairs if key == "n"),
        filters=tuple(_filter(each) for key, each in pairs if key == "f"),
    )


def _window(written: str) -> Window:
    start, end, exact = written.split(",")
    return Window(datetime.fromisoformat(start), datetime.fromisoformat(end), exact == "1")


def _filter(written: str) -> Filter:
    name, _, value = written.partition("=")
    return Filter(name, value)


def _place(session: Session) -> tuple[datetime, int]:
    """Return where a session stands in every list."""
    return session.starts_at, session.id


def _without_venue(turn: Turn, text: str) -> tuple[str, Sequence[Filter]]:
    """Take the place a message names out of it, and return it as a filter."""
    pack, ids = turn.pack, list[str]()
    for entity in turn.entities:
        place = pack.places.get(entity.id) if entity.kind == "place" else None
        found = place.facility if place else entity.id if entity.kind == "facility" else None
        if found in pack.facilities and PLACE.search(entity.words):
            ids.append(found)
            text = text.replace(entity.words, " ")
    return text, [Filter("venue", ",".join(dict.fromkeys(ids)))] if ids else []


def _without_excepted(turn: Turn, text: str) -> tuple[str, Sequence[Filter]]:
    """Take what is not wanted out of a message: “除了书法还有什么”."""
    match = EXCEPT.search(text)
    if match is None:
        return text, []
    named = matching.named(turn.pack, match["what"] or match["what_en"])
    ids = ",".join(activity.id for activity in named)
    return text.replace(match[0], " "), [Filter("except", ids)] if ids else []
