"""What the loudspeaker reads out, a text for each day: at most two minutes, as one speaks."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from knowledge.calendar import DayKind
from knowledge.hours import Span
from knowledge.pack import Text
from knowledge.printing import spoken
from knowledge.printing.sheet import Day, Entry, WeekSheet
from knowledge.printing.words import Words

MINUTES = 2
PER_MINUTE = {"zh": 200, "en": 120}  # characters, words: slowly, for a village square
KINDS = {
    DayKind.HOLIDAY: "utter_script_holiday",
    DayKind.MAKEUP_WORKDAY: "utter_script_makeup_workday",
}


def write_scripts(sheet: WeekSheet, language: str, folder: Path) -> list[Path]:
    """Write a text for each day of the week, and return the files."""
    files = []
    for day in sheet.days:
        file = folder / f"script-{day.on}.{language}.txt"
        file.write_text(day_script(sheet, day, language) + "\n", encoding="utf-8")
        files.append(file)
    return files


def day_script(sheet: WeekSheet, day: Day, language: str) -> str:
    """Return what is read out on a day, a sentence or two a line.

    Activities that would make it longer than two minutes are left to the sheet on the board,
    the latest ones first; the text says how many.
    """
    voice = _Voice(language)
    for count in range(len(day.entries), -1, -1):
        text = "\n".join(_sentences(sheet, day, voice, count))
        if length(text, language) <= MINUTES * PER_MINUTE[language]:
            break
    return text


def length(text: str, language: str) -> int:
    """Count what PER_MINUTE counts: characters in Chinese, words in English."""
    return sum(map(str.isalnum, text)) if language == "zh" else len(text.split())


class _Voice:
    """Says things in one language, as they are spoken."""

    def __init__(self, language: str) -> None:
        self.words = Words(language)
        self.say = self.words.say
        self._chinese = language == "zh"

    def clock(self, moment: datetime) -> str:
        return spoken.clock(moment) if self._chinese else f"{moment:%H:%M}"

    def count(self, number: int) -> str:
        return spoken.number(number) if self._chinese else str(number)

    def line(self, number: Text) -> str:
        return spoken.line(number.zh) if self._chinese else number.en

    def telephone(self, number: str) -> str:
        return spoken.telephone(number) if self._chinese else " ".join(number)

    def day(self, on: date) -> str:
        return spoken.day(on) if self._chinese else self.words.month_day(on)

    def weekday(self, on: date) -> str:
        return spoken.weekday(on) if self._chinese else f"{on:%A}"


def _sentences(sheet: WeekSheet, day: Day, voice: _Voice, count: int) -> Iterator[str]:
    on = day.on
    yield voice.say("utter_script_greeting", day=voice.day(on), weekday=voice.weekday(on))
    if day.kind in KINDS:
        yield voice.say(KINDS[day.kind])
    yield from _activities(day, voice, count)
    yield from _hours(sheet, on.weekday(), voice)
    yield from _buses(sheet, on.weekday(), voice)
    numbers = voice.words.every(
        f"{voice.words.text(each.name)} {voice.telephone(each.number)}"
        for each in sheet.numbers
    )
    yield voice.say("utter_script_emergency", numbers=numbers)
    if sheet.sample:
        yield voice.say("utter_script_sample")
    yield voice.say("utter_script_end", name=sheet.assistant)


def _activities(day: Day, voice: _Voice, count: int) -> Iterator[str]:
    if not day.entries:
        yield voice.say("utter_script_no_activities")
        return
    yield voice.say("utter_script_activities", count=voice.count(len(day.entries)))
    yield from (_activity(entry, voice) for entry in day.entries[:count])
    if count < len(day.entries):
        left = len(day.entries) - count
        yield voice.say("utter_script_more", count=voice.count(left))


def _activity(entry: Entry, voice: _Voice) -> str:
    clock = voice.clock(entry.starts_at)
    said = voice.say("utter_script_activity", clock=clock, name=entry.name, place=entry.place)
    return said + (voice.say("utter_script_shut") if entry.shut else "")


def _hours(sheet: WeekSheet, weekday: int, voice: _Voice) -> Iterator[str]:
    """Say what is closed, and what is open at other times than usual."""
    closed = [
        name for line in sheet.hours if not line.days[weekday].spans for name in line.names
    ]
    if closed:
        yield voice.say("utter_script_closed", places=voice.words.every(closed))
    special: dict[tuple[Span, ...], list[Text]] = {}
    for line in sheet.hours:
        day = line.days[weekday]
        if day.spans and day.reason:
            special.setdefault(day.spans, []).extend(line.names)
    for spans, names in special.items():
        listed = voice.words.every(names)
        yield voice.say("utter_script_special_hours", name=listed, hours=_open(spans, voice))


def _open(spans: Sequence[Span], voice: _Voice) -> str:
    return voice.words.every(
        voice.say("utter_script_span", start=voice.clock(start), end=voice.clock(end))
        for start, end in spans
    )


def _buses(sheet: WeekSheet, weekday: int, voice: _Voice) -> Iterator[str]:
    """Say when the first and the last bus of each line leave the main stop."""
    if sheet.buses is None:
        return
    yield voice.say("utter_script_buses", stop=sheet.buses.stop)
    for bus in sheet.buses.lines:
        ends = bus.days[weekday]
        if ends:
            yield voice.say(
                "utter_script_bus",
                line=voice.line(bus.number),
                first=voice.clock(ends.first),
                last=voice.clock(ends.last),
            )
