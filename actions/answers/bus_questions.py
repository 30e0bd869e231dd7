"""What a message asks of the buses: which kind of thing, of which line, from and to where."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from actions.dialogue import Turn
from knowledge.dates import When, read_when
from knowledge.pack import Pack
from knowledge.text import normalise
from knowledge.transit import Timetable, open_timetable
from knowledge.transit.names import Match, Mention, Names, line_names, stop_names

Nicknames = tuple[tuple[str, tuple[str, ...]], ...]  # stop_id, what the pack calls it


def _pattern(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


# Kind of question → how it is asked; the first that fits. None of them: the next bus.
KINDS = {
    "accessible": _pattern(
        r"轮椅|无障碍|婴儿车|推车|wheel ?chair|accessible|step.?free|\bprams?\b|stroller"
    ),
    "fare": _pattern(
        r"票价|车票|车费|多少钱|几块|几元|收费|贵不贵",
        r"\bfares?\b|how much|\bcosts?\b|\bprice|ticket",
    ),
    "stops": _pattern(
        r"(停|停靠|经过|路过|有)(哪些|哪几个|几个|多少)站|哪些站|哪几站|站点|途经|途径|沿途",
        r"走哪|路线|(which|what|all) stops|stops? (of|on|along)|\broute of\b",
        r"where does .* stop",
    ),
    "lines": _pattern(
        r"(哪些|哪几|什么|几)(路|条|趟|班)?(公交|线路|线|车)|几路|哪一?路",
        r"(which|what) (bus(es)?|lines?|routes?)|lines? (stop|call|here|at)",
    ),
    "timetable": _pattern(
        r"时刻表|时间表|班次|(几|多少)分钟(一|1)?(班|趟)|(多久|多长时间)(有|来|发)?(一|1)?(班|趟)",
        r"间隔|全天|timetable|schedule|how often|\bdepartures\b|all (the )?buses",
    ),
}
FIRST = _pattern(r"首班|头班|头一班|第一[班趟辆]|最早|\bfirst\b|earliest")
LAST = _pattern(r"末班|最后一[班趟辆]|最晚|尾班|\blast\b|latest")
ALL_STOPS = _pattern(r"哪[些几个]?|which")  # asked of every stop, not of one

# What stands before or behind a stop somebody wants to go to.
TOWARDS = _pattern(r"(?:去|到|往|至|回|坐到|开往|\bto|\bfor|\btowards?|reach)\s*(?:the\s+)?$")
BEFORE = _pattern(r"(?:从|在|\bfrom|\bat)\s*(?:the\s+)?$")
GOING = _pattern(r"^\s*站?\s*(?:怎么(?:去|走|坐|到|乘)|方向|[坐乘]什么车|[坐乘]几路|去怎么)")
# When does the bus come to a stop: one waits there.
ARRIVES = _pattern(
    r"(?:几点|几时|什么时候|啥时候|啥辰光|多久|多长时间)(?:能|会|才|可以)?到\s*$",
    r"when (?:does|will) .* (?:get|come) to\s*(?:the\s+)?$",
)
LINE_SAID = _pattern(r"(?<![0-9a-z.:])(\d{1,4}[a-z]?)\s*路|\b(?:bus|line|route)\s+(\d\w*)")
LINE_LIKE = _pattern(r"\w(线|\bline|\bshuttle|\bloop)$")
STOP_LIKE = _pattern(r"(站|路口|[^农]村|\bstop|\bstation)$")

# What is no name of a stop: a misspelled name is looked for in what is left.
FILLERS = _pattern(
    r"下一?[班趟辆]|[首末尾头]班|最后一?[班趟辆]?|第一[班趟辆]|[这那]一?[班趟辆]|最[早晚近]",
    r"公交车|公交(?!站|总|中|综)|公车(?!站)|班车|大巴|巴士|车子|(?<!火)(?<!停)车(?!站)|(几|多少)(点钟?|分钟|路|站|块钱?)",
    r"多少钱|多久|多长时间|票价|什么时候|啥时候|啥辰光|时刻表|时间表|班次|线路|路线|站点",
    r"怎么[走坐去乘到样]?|哪些|哪里|哪儿|哪个|哪几个?|什么|啥|请问|您?你?好|帮我|查一?下?|看一?下?",
    r"今[天晚朝]|明[天早晚]|后天|早上|上午|中午|下午|晚上|夜里|现在|周[一二三四五六日天末]|星期.",
    r"\d+[点:：]\d*分?|[一二三四五六七八九十]+点半?|轮椅|无障碍|能不能|可以|方便|上下|附近|[这那][里儿站个]",
    r"[从去到往回至离有没的了吗呢啊呀吧么是还会能开停经过来用和跟坐乘想要我们在，。？！,?!、]",
    r"\b(?:when|what|time|does|do|is|are|the|next|first|last|bus|buses|from|to|at|leaves?|comes?|how)\b",
    r"\b(?:get|go|there|an?|any|line|of|for|and|i|me|my|tell|please|which|stops?|here|now|today|much)\b",
    r"\b(?:tomorrow|tonight|fare|often|runs?|in|on|it|can|accessible|wheelchair|timetable|this|that)\b",
    r"\b(?:departures?|long|until|still|way|take|catch|shall|should|will|be|calls?|where|not|by|with|via|nearest)\b|'s",
)


NONE = Match()


@dataclass(frozen=True)
class Stops:
    """The stops a message names: where one gets on, and where one wants to go."""

    start: Match = NONE
    end: Match = NONE
    unknown_end: str = ""


def asked(turn: Turn) -> dict[str, Any]:
    """Return what a message asks of the bus besides the stops, as JSON.

    `kind` (a key of KINDS, "journey" or "next"), `lines` (ids), `which` ("first", "last"),
    `at` (when from, ISO), `to` (stop ids, several when it is not clear which), `to_near` or
    `to_unknown`, `stopless` (no stop is needed to answer), `unknown_line`.
    """
    if restated := read_restated(turn.choice):
        return restated
    text = normalise(turn.text)
    lines, stops = hear_lines(turn), hear_stops(turn)
    said: dict[str, Any] = {"kind": _kind(text, stops), "lines": list(lines.ids)}
    said["which"] = _which(text)
    said["unknown_line"] = None if lines.ids else _unknown_line(text)
    when = read_when(turn.text, turn.local)
    said["at"] = when.start.isoformat() if isinstance(when, When) else None
    said |= {"to": list(stops.end.ids), "to_near": list(stops.end.near)}
    said["to_unknown"] = stops.unknown_end
    if near := nearest(turn):
        said["away"] = near[1]
    known = open_timetable(turn.ground.pack).stops
    said["stopless"] = not known or (not stops.start.ids and _stopless(said, text))
    return {key: value for key, value in said.items() if value}


def restate(said: Mapping[str, Any], **mended: Any) -> str:
    """Return a choice's value that asks the same again, with what was not clear mended."""
    return json.dumps({**said, **mended}, ensure_ascii=False)


def read_restated(choice: str | None) -> dict[str, Any]:
    """Return what `restate` wrote; nothing when the choice is another one."""
    if not (choice or "").startswith("{"):
        return {}
    read: dict[str, Any] = json.loads(choice or "{}")
    return read


def hear_lines(turn: Turn) -> Match:
    """Return the lines a message names; all of one number are one line to residents."""
    timetable = open_timetable(turn.ground.pack)
    names = _names_of_lines(timetable)
    named = [id_ for mention in names.within(turn.text) for id_ in mention.ids]
    named += [e.id for e in turn.entities if e.kind == "line" and e.id in timetable.lines]
    if not named:
        phrases = (words for _, words in _phrases(turn.text) if LINE_LIKE.search(words))
        named = [id_ for words in phrases for id_ in names.look_up(words).ids]
    return Match(tuple(dict.fromkeys(named)))


def hear_stops(turn: Turn, *, names_one: bool = False) -> Stops:
    """Return the stops a message names; with `names_one` all of it is the name of one."""
    timetable = open_timetable(turn.ground.pack)
    entities = tuple(_entities(turn, timetable))
    nicknames = _nicknames(turn.ground.pack)
    return _hear(timetable, nicknames, turn.text, entities, names_one)


@lru_cache(maxsize=64)  # a form asks several times what one message says
def _hear(
    timetable: Timetable,
    nicknames: Nicknames,
    text: str,
    entities: tuple[Mention, ...],
    names_one: bool,
) -> Stops:
    names = _names_of_stops(timetable, nicknames)
    lines = _names_of_lines(timetable).within(text)
    named = [m for m in names.within(text) if not _over(m, lines)]
    named += [m for m in entities if not _over(m, [*lines, *named])]
    found = [(m, Match(m.ids)) for m in named]
    found += _misspelled(text, names, [*lines, *named], names_one=names_one)
    return _by_part(text, sorted(found, key=lambda pair: pair[0].start))


def nearest(turn: Turn) -> tuple[str, int] | None:
    """Return the stop nearest to a place that was shared, and how many metres away it is."""
    shared = next((a for a in turn.attachments if a.kind == "location"), None)
    if shared is None or shared.lat is None or shared.lon is None:
        return None
    found = open_timetable(turn.ground.pack).nearest(shared.lat, shared.lon)
    return (found[0].id, round(found[1])) if found else None


def narrowed(timetable: Timetable, match: Match, line_ids: Iterable[str]) -> Match:
    """Leave out of a tie the stops the asked lines do not serve, unless that leaves none."""
    lines = set(line_ids)
    if len(match.ids) < 2 or not lines:
        return match
    served = tuple(i for i in match.ids if lines & {x.id for x in timetable.lines_at(i)})
    return Match(served, match.way) if served else match


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
    if said["unknown_line"] or said["kind"] == "fare":
        return True
    if said["kind"] == "accessible":
        return ALL_STOPS.search(text) is not None
    of_line = said["kind"] in ("stops", "timetable") or said["which"]
    return bool(said["lines"] and of_line)


def _unknown_line(text: str) -> str | None:
    said = LINE_SAID.search(text)
    return (said[1] or said[2]) if said else None


def _entities(turn: Turn, timetable: Timetable) -> Iterator[Mention]:
    """Yield what Rasa found: its model may know an older timetable."""
    for entity in turn.entities:
        place = turn.ground.pack.places.get(entity.id) if entity.kind == "place" else None
        stop_id = entity.id if entity.kind == "stop" else place.stop if place else None
        stop, start = timetable.stop(stop_id or ""), turn.text.find(entity.words)
        if stop and start >= 0:
            yield Mention(start, start + len(entity.words), (stop.id,))


def _misspelled(
    text: str, names: Names, known: Iterable[Mention], *, names_one: bool
) -> Iterator[tuple[Mention, Match]]:
    """Yield what may be a stop among the words that are nothing else."""
    rest = text
    for mention in known:
        blank = "，" * (mention.end - mention.start)
        rest = rest[: mention.start] + blank + rest[mention.end :]
    for start, phrase in _phrases(rest):
        found, named = names.look_up(phrase), names_one or STOP_LIKE.search(phrase)
        mention = Mention(start, start + len(phrase), found.ids)
        if found.ids or (found.near and named):
            yield mention, found
        elif _is_destination(text, mention):
            yield mention, Match()


def _phrases(text: str) -> Iterator[tuple[int, str]]:
    """Yield what lies between the fillers of a message, and where it starts."""
    start = 0
    for end, resumes in [*(hit.span() for hit in FILLERS.finditer(text)), (len(text),) * 2]:
        phrase = text[start:end].strip()
        if len(phrase) > 1:
            yield text.index(phrase, start), phrase
        start = resumes


def _by_part(text: str, found: Iterable[tuple[Mention, Match]]) -> Stops:
    start, end, unknown = Match(), Match(), ""
    for mention, match in found:
        if not match.ids and not match.near:
            unknown = text[mention.start : mention.end]
        elif _is_destination(text, mention):
            end = end if end.ids else match
        elif not start.ids:
            start = match
        elif not end.ids:  # two stops, one after the other: from the first to the second
            end = match
    return Stops(start, end if end.ids != start.ids else Match(near=end.near), unknown)


def _is_destination(text: str, mention: Mention) -> bool:
    before, behind = text[: mention.start], text[mention.end :]
    if BEFORE.search(before) or ARRIVES.search(before):
        return False
    return TOWARDS.search(before) is not None or GOING.search(behind) is not None


def _over(mention: Mention, others: Iterable[Mention]) -> bool:
    return any(mention.start < other.end and other.start < mention.end for other in others)


def _nicknames(pack: Pack) -> Nicknames:
    return tuple(
        (place.stop, (place.name.zh, place.name.en, *place.aliases))
        for place in pack.places.values()
        if place.stop
    )


@lru_cache(maxsize=2)
def _names_of_stops(timetable: Timetable, nicknames: Nicknames) -> Names:
    by_stop: dict[str, list[str]] = defaultdict(list)
    for stop_id, said in nicknames:
        by_stop[stop_id] += said
    return stop_names(timetable, by_stop)


@lru_cache(maxsize=2)
def _names_of_lines(timetable: Timetable) -> Names:
    return line_names(timetable)
