"""Hears the lines and stops a message names, and which of them somebody wants to go to."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from actions.dialogue import Turn
from knowledge.pack import Pack
from knowledge.transit import Timetable, open_timetable
from knowledge.transit.names import Match, Mention, Names, line_names, stop_names
from knowledge.transit.spelling import key_of

Nicknames = tuple[tuple[str, tuple[str, ...]], ...]  # stop_id, what the pack calls it


def pattern(*words: str) -> re.Pattern[str]:
    """Return what finds any of some words."""
    return re.compile("|".join(words), re.IGNORECASE)


# What stands before or behind a stop somebody wants to go to.
TOWARDS = pattern(r"(?:去|到|往|至|回|坐到|开往|\bto|\bfor|\btowards?|reach)\s*(?:the\s+)?$")
BEFORE = pattern(r"(?:从|在|\bfrom|\bat)\s*(?:the\s+)?$")
FROM = pattern(r"(?:从|\bfrom)\s*(?:the\s+)?$")
GOING = pattern(r"^\s*站?\s*(?:怎么(?:去|走|坐|到|乘)|方向|[坐乘]什么车|[坐乘]几路|去怎么)")
# When does the bus come to a stop: one waits there.
ARRIVES = pattern(
    r"(?:几点|几时|什么时候|啥时候|啥辰光|多久|多长时间)(?:能|会|才|可以)?到\s*$",
    r"when (?:does|will) .* (?:get|come) to\s*(?:the\s+)?$",
)


LINE_LIKE = pattern(r"\w(线|\bline|\bshuttle|\bloop)$")
# What kind of line it is, which names one only where no other is of that kind.
KIND_OF_LINE = pattern(r"^(?:公交)?(?:专线|环线|班线|线)$|^(?:the )?(?:bus )?(?:line|shuttle)$")
STOP_LIKE = pattern(r"(站|路口|[^农]村|\bstop|\bstation)$")
# What may stand before 公交站 when it is all of the name: 人民广场公交站 is another stop.
ALONE = pattern(
    r"(?:^|[从到去在往回至坐乘离，。？！,?!、]|(?<![a-z])\s|[我你您咱]们?|社区|小区|村里)的?$",
    r"\b(?:from|to|at|the|towards?|near|reach)\s+$",
)
# What is no name of a stop: a misspelled name is looked for in what is left.
FILLERS = pattern(
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
STATION = pattern(r"公交车?站|汽车站|\bbus station\b")  # where there is one, it is that one

NONE = Match()


@dataclass(frozen=True)
class Stops:
    """The stops a message names: where one gets on, and where one wants to go."""

    start: Match = NONE
    end: Match = NONE
    unknown_start: str = ""
    unknown_end: str = ""


def hear_lines(turn: Turn) -> Match:
    """Return the lines a message names; all of one number are one line to residents."""
    timetable = open_timetable(turn.pack)
    names = _names_of_lines(timetable)
    named = [id_ for mention in names.within(turn.text) for id_ in mention.ids]
    named += [e.id for e in turn.entities if e.kind == "line" and e.id in timetable.lines]
    if not named:
        phrases = (words for _, words in _phrases(turn.text) if LINE_LIKE.search(words))
        for words in phrases:
            found = names.look_up(words).ids
            named += () if len(found) > 1 and KIND_OF_LINE.search(words) else found
    return Match(tuple(dict.fromkeys(named)))


def hear_stops(turn: Turn, *, names_one: bool = False) -> Stops:
    """Return the stops a message names; with `names_one` all of it is the name of one."""
    timetable = open_timetable(turn.pack)
    entities = (*_entities(turn, timetable), *_station(turn, timetable))
    nicknames = _nicknames(turn.pack)
    return _hear(timetable, nicknames, turn.text, entities, names_one)


def nearest(turn: Turn) -> tuple[str, int] | None:
    """Return the stop nearest to a place that was shared, and how many metres away it is."""
    shared = next((a for a in turn.attachments if a.kind == "location"), None)
    if shared is None or shared.lat is None or shared.lon is None:
        return None
    found = open_timetable(turn.pack).nearest(shared.lat, shared.lon)
    return (found[0].id, round(found[1])) if found else None


def narrowed(timetable: Timetable, match: Match, line_ids: Iterable[str]) -> Match:
    """Leave out of a tie the stops the asked lines do not serve, unless that leaves none."""
    lines = set(line_ids)
    if len(match.ids) < 2 or not lines:
        return match
    served = tuple(i for i in match.ids if lines & {x.id for x in timetable.lines_at(i)})
    return Match(served, match.way) if served else match


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
    named = [m for m in names.within(text) if not _over(m, lines) and _is_whole(text, m)]
    named += [m for m in entities if not _over(m, [*lines, *named]) and _is_whole(text, m)]
    found = [(m, Match(m.ids)) for m in named]
    found += _misspelled(text, names, [*lines, *named], names_one=names_one)
    return _by_part(text, sorted(found, key=lambda pair: pair[0].start))


def _entities(turn: Turn, timetable: Timetable) -> Iterator[Mention]:
    """Yield what Rasa found: its model may know an older timetable."""
    for entity in turn.entities:
        place = turn.pack.places.get(entity.id) if entity.kind == "place" else None
        stop_id = entity.id if entity.kind == "stop" else place.stop if place else None
        stop, start = timetable.stop(stop_id or ""), turn.text.find(entity.words)
        if stop and start >= 0:
            yield Mention(start, start + len(entity.words), (stop.id,))


def _station(turn: Turn, timetable: Timetable) -> Iterator[Mention]:
    """Yield where a message speaks of the station: the only stop that is a facility, too."""
    found = {
        place.stop or ""
        for place in turn.pack.places.values()
        if place.kind == "stop" and place.facility and timetable.stop(place.stop or "")
    }
    for stop_id in found if len(found) == 1 else ():
        for said in STATION.finditer(turn.text):
            if ALONE.search(turn.text[: said.start()]):
                yield Mention(said.start(), said.end(), (stop_id,))


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
        if not _is_whole(text, mention):
            continue
        if found.ids or (found.near and named):
            yield mention, found
        elif _is_destination(text, mention) or _is_start(text, mention):
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
    start, end, unknown_start, unknown_end = Match(), Match(), "", ""
    for mention, match in found:
        if not match.ids and not match.near:
            words = text[mention.start : mention.end]
            if _is_start(text, mention):
                unknown_start = words
            else:
                unknown_end = words
        elif _is_destination(text, mention):
            end = end if end.ids else match
        elif not start.ids:
            start = match
        elif not end.ids and not match.way:  # two stops by their names: from one to the other
            end = match
    elsewhere = end if end.ids != start.ids else Match(near=end.near)
    return Stops(start, elsewhere, unknown_start, unknown_end)


def _is_destination(text: str, mention: Mention) -> bool:
    before, behind = text[: mention.start], text[mention.end :]
    if BEFORE.search(before) or ARRIVES.search(before):
        return False
    return TOWARDS.search(before) is not None or GOING.search(behind) is not None


def _is_start(text: str, mention: Mention) -> bool:
    return FROM.search(text[: mention.start]) is not None


def _is_whole(text: str, mention: Mention) -> bool:
    """Whether a name is no mere end of another one, as 公交站 may be."""
    words = key_of("", text[mention.start : mention.end])
    return not words.generic or ALONE.search(text[: mention.start]) is not None


def _over(mention: Mention, others: Iterable[Mention]) -> bool:
    return any(mention.start < other.end and other.start < mention.end for other in others)


def _nicknames(pack: Pack) -> Nicknames:
    """Return what stops are called that are places, or facilities, of the pack."""
    stops = [place for place in pack.places.values() if place.stop]
    stations = [place for place in stops if place.facility in pack.facilities]
    said = [(p.stop or "", (p.name.zh, p.name.en, *p.aliases)) for p in stops]
    said += [(p.stop or "", pack.facilities[p.facility or ""].aliases) for p in stations]
    return tuple(said)


@lru_cache(maxsize=2)
def _names_of_stops(timetable: Timetable, nicknames: Nicknames) -> Names:
    by_stop: dict[str, list[str]] = defaultdict(list)
    for stop_id, said in nicknames:
        by_stop[stop_id] += said
    return stop_names(timetable, by_stop)


@lru_cache(maxsize=2)
def _names_of_lines(timetable: Timetable) -> Names:
    return line_names(timetable)
