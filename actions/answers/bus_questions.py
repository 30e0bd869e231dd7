"""What a message asks of the buses: which kind of thing, of which lines, from when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.answers.bus_names import Stops, hear_lines, hear_stops, nearest, pattern
from actions.dialogue import Turn
from knowledge.dates import Unclear, When, read_holiday, read_when
from knowledge.text import normalise
from knowledge.transit import Line, Only, Stop, open_timetable

# Kind of question → how it is asked; the first that fits. None of them: the next bus.
KINDS = {
    "accessible": pattern(
        r"轮椅|无障碍|婴儿车|推车|wheel ?chair|accessible|step.?free|\bprams?\b|stroller"
    ),
    "fare": pattern(
        r"票价|车票|车费|多少钱|几块|几元|收费|贵不贵",
        r"\bfares?\b|how much|\bcosts?\b|\bprice|ticket",
    ),
    "stops": pattern(
        r"(停|停靠|经过|路过|有)(哪些|哪几个|几个|多少)站|哪些站|哪几站|站点|途经|途径|沿途",
        r"走哪|路线|(which|what|all) stops|stops? (of|on|along)|\broute of\b",
        r"where does .* stop",
    ),
    "lines": pattern(
        r"(哪些|哪几|什么|几)(路|条|趟|班)?(公交|线路|线|车)|几路|哪一?路",
        r"(which|what) (bus(es)?|lines?|routes?)|lines? (stop|call|here|at)",
    ),
    "timetable": pattern(
        r"时刻表|时间表|班次|(几|多少)分钟(一|1)?(班|趟)|(多久|多长时间)(有|来|发)?(一|1)?(班|趟)",
        r"间隔|全天|几点(?:开|跑|运行|运营)?到几点|从几点|timetable|schedule|how often",
        r"\bdepartures\b|all (the )?buses",
    ),
}


_WHEN = r"(?:几点|几时|什么时候|啥时候|啥辰光|多[晚早])"
FIRST = pattern(
    r"首[班趟]|头[班趟]|头一[班趟]|第一[班趟辆部台]|最早|早班车",
    rf"{_WHEN}(?:就|才|会)?(?:开始)?(?:有车|发车|开班|出车|开始开|开始运[行营])",
    r"\bfirst\b|earliest|when does .{1,30} start",
)
LAST = pattern(
    r"末[班趟车]|最后一[班趟辆部台]|最晚|尾[班趟车]|收班|收车",
    rf"{_WHEN}[^，,。？?]{{0,4}}(?:停运|停驶|停开|停班|没有?车|收[班车工])",
    rf"(?<![点时候])(?:开|跑|运[行营]|营运)?到{_WHEN}(?:[为止啊呀呢吗]|[？?。，,]|$)",
    r"\blast\b|latest|how late|until (?:what time|when)|(?:stop|finish|end)s? running",
    r"when do(?:es)? .{1,30} (?:stop|finish)(?: for the (?:day|night))?\s*\??$",
)
ALL_STOPS = pattern(r"哪[些几个]?|which")  # asked of every stop, not of one
LINE_SAID = pattern(r"(?<![0-9a-z.:])(\d{1,4}[a-z]?)\s*路|\b(?:bus|line|route)\s+(\d\w*)")


@dataclass(frozen=True)
class Question:
    """What is asked. `stop`: where one gets on; `away`: how many metres off it is."""

    kind: str
    stop: Stop | None = None
    to: Stop | None = None
    lines: tuple[Line, ...] = ()
    which: str | None = None
    at: str | None = None
    gone: bool = False  # all of the time asked about
    away: int | None = None
    to_unknown: str = ""

    @property
    def only(self) -> Only:
        """The buses asked for."""
        ids = frozenset(line.id for line in self.lines)
        return Only(ids or None, self.to.id if self.to else None)


def asked(turn: Turn) -> dict[str, Any]:
    """Return what a message asks of the bus besides the stops, as JSON.

    `kind` (a key of KINDS, "journey" or "next"), `lines` (ids), `which` ("first", "last"),
    `at` (when from, ISO), `gone` (the same, when that time is over), `times` (where several
    may be meant), `no_such_day` (words for a day no calendar has), `to` (stop ids, several when
    it is not clear which), `to_near` or `to_unknown`, `stopless` (no stop is needed to
    answer), `unknown_line`.
    """
    if restated := read_restated(turn.choice):
        return restated
    text = normalise(turn.text)
    lines, stops = hear_lines(turn), hear_stops(turn)
    said: dict[str, Any] = {"kind": _kind(text, stops), "lines": list(lines.ids)}
    said["which"] = _which(text)
    said["unknown_line"] = None if lines.ids else _unknown_line(text)
    said |= _times(turn)
    said |= {"to": list(stops.end.ids), "to_near": list(stops.end.near)}
    said["to_unknown"] = stops.unknown_end
    if near := nearest(turn):
        said["away"] = near[1]
    known = open_timetable(turn.pack).stops
    said["stopless"] = not known or (not stops.start.ids and _stopless(said, text))
    return {key: value for key, value in said.items() if value}


def _times(turn: Turn) -> dict[str, Any]:
    """Return when from a message asks; what is not clear is asked, never taken for now."""
    found, no_such_day = list[When](), ""
    match read_when(turn.text, turn.local):
        case When() as when:
            found = [when]
        case Unclear(words=words, readings=()):
            no_such_day = "" if read_holiday(turn.text, turn.local.date()) else words
        case Unclear(readings=readings):
            found = list(readings)
    gone = bool(found) and all(when.end <= turn.local for when in found)
    # Which of the times that are over was meant is not worth a question.
    times = list(dict.fromkeys(when.start.isoformat() for when in found))[: 1 if gone else None]
    one = times[0] if len(times) == 1 else None
    return {
        "at": one,
        "gone": one if gone else None,
        "times": [] if one else times,
        "no_such_day": no_such_day,
    }


def restate(said: Mapping[str, Any], **mended: Any) -> str:
    """Return a choice's value that asks the same again, with what was not clear mended."""
    return json.dumps({**said, **mended}, ensure_ascii=False)


def read_restated(choice: str | None) -> dict[str, Any]:
    """Return what `restate` wrote; nothing when the choice is another one."""
    if not (choice or "").startswith("{"):
        return {}
    read: dict[str, Any] = json.loads(choice or "{}")
    return read


def _kind(text: str, stops: Stops) -> str:
    kind = next((kind for kind, asks in KINDS.items() if asks.search(text)), "next")
    if kind == "next" and FIRST.search(text) and LAST.search(text):
        return "timetable"
    towards = stops.end.ids or stops.end.near
    return "journey" if towards and kind in ("next", "lines") and not _which(text) else kind


def _which(text: str) -> str | None:
    """Return whether the first or the last bus is asked for; both are a timetable."""
    first, last = FIRST.search(text), LAST.search(text)
    return None if bool(first) == bool(last) else "first" if first else "last"


def _stopless(said: Mapping[str, Any], text: str) -> bool:
    if said["unknown_line"] or said["no_such_day"] or said["kind"] == "fare":
        return True
    if said["kind"] == "accessible":
        return ALL_STOPS.search(text) is not None
    of_line = said["kind"] in ("stops", "timetable") or said["which"]
    return bool(said["lines"] and of_line)


def _unknown_line(text: str) -> str | None:
    said = LINE_SAID.search(text)
    return (said[1] or said[2]) if said else None
