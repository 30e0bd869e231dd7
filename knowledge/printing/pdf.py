"""The week sheet on paper: one or two pages of A4, to hang on a board.

In front the week's activities, on the back what is so every week; a short week has it all in
front. Either is written as large as its page allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.calendar import DayKind
from knowledge.printing.layout import (
    BODIES,
    BODY,
    HEADING,
    LINE,
    MARGIN,
    POINT,
    TITLE,
    Cell,
)
from knowledge.printing.paper import Paper
from knowledge.printing.sheet import Buses, Day, Ends, Entry, Hours, OpenOn, WeekSheet
from knowledge.printing.words import Words

NAME_SHARE, PLACE_SHARE = 0.42, 0.34  # at most, of what it shares with what is said of it
QR, QUIET = 26.0, 3.0  # the code, and the white it needs around it
TOGETHER = 3  # so many activities of a day stay on one page
Rows = list[list[Cell]]

KINDS = {
    DayKind.HOLIDAY: "utter_print_holiday",
    DayKind.MAKEUP_WORKDAY: "utter_print_makeup_workday",
}


def write_week(sheet: WeekSheet, language: str, file: Path, font_dir: Path) -> None:
    """Write a week sheet as a PDF.

    Raises:
        FontMissing: the machine has no Chinese font; says what to install.
    """
    paper, words = Paper(font_dir, language, sheet.printed_on), Words(language)
    _head(paper, sheet, words)
    if paper.fits(lambda: _all(paper, sheet, words), BODIES[-1]):
        paper.fill(lambda: _all(paper, sheet, words))
    else:
        paper.fill(lambda: _activities(paper, sheet, words))
        if paper.page == 1:
            paper.add_page()
        paper.fill(lambda: _every_week(paper, sheet, words))
    paper.set_title(words.say("utter_print_title", community=sheet.community))
    file.parent.mkdir(parents=True, exist_ok=True)
    paper.output(str(file))


def _all(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    _activities(paper, sheet, words)
    _every_week(paper, sheet, words)


def _every_week(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    _opening(paper, sheet, words)
    if sheet.buses:
        _buses(paper, sheet.buses, words)
    _numbers(paper, sheet, words)
    _origin(paper, sheet, words)


def _head(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    """Write whose week it is, and how to reach the assistant."""
    left = paper.inner - QR - 6 if sheet.address else paper.inner
    title = words.say("utter_print_title", community=sheet.community)
    first, last = (words.day(sheet.days[n].on) for n in (0, -1))
    week = words.say("utter_print_week", first=first, last=last)
    if sheet.address:
        _reach(paper, sheet, words)
    paper.row([Cell(left, title, bold=True, size=TITLE)])
    paper.row([Cell(left, week, size=HEADING)])
    if sheet.sample:
        _sample(paper, words)
    paper.row([Cell(left, words.say("utter_print_activities_note", name=sheet.assistant))])
    bottom = MARGIN + QR + QUIET + BODY * POINT * LINE if sheet.address else 0
    paper.set_y(max(paper.get_y(), bottom))


def _reach(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    """Draw the QR in the corner, with what it is for below it."""
    assert sheet.address  # noqa: S101 - told by the caller
    said = Cell(0, words.say("utter_print_reach", name=sheet.assistant), bold=True)
    width = paper.width_of(said)
    paper.qr(sheet.address, paper.w - MARGIN - max(width, QR), MARGIN, QR)
    paper.set_y(MARGIN + QR + QUIET)
    paper.row([replace(said, width=width)], at=paper.w - MARGIN - max(width, QR))
    paper.set_y(MARGIN)


def _sample(paper: Paper, words: Words) -> None:
    """Write in a frame that this is made up."""
    text = words.say("utter_print_sample")
    width, height = paper.width_of(Cell(0, text, bold=True)) + 6, BODY * POINT * LINE + 3
    paper.ln(1)
    paper.set_line_width(0.6)
    paper.rect(MARGIN, paper.get_y(), width, height)
    paper.set_y(paper.get_y() + 1.5)
    paper.row([Cell(width, text, bold=True)], at=MARGIN + 3)
    paper.ln(3)


def _activities(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    paper.rule(0.6)
    columns = _columns(paper, sheet, words)
    for day in sheet.days:
        _day(paper, day, words, columns)
    if any(entry.shut for day in sheet.days for entry in day.entries):
        paper.row([Cell(paper.inner, words.say("utter_print_shut_note"))])
    if any(day.kind == DayKind.UNKNOWN for day in sheet.days):
        paper.row([Cell(paper.inner, words.say("utter_print_unknown_year"))])


@dataclass(frozen=True)
class _Columns:
    """How wide the columns of the activities are."""

    day: float
    time: float
    name: float
    place: float


def _columns(paper: Paper, sheet: WeekSheet, words: Words) -> _Columns:
    """Give day and time what they need, and share the rest between name and place."""
    entries = [entry for day in sheet.days for entry in day.entries]
    day = _widest(paper, (cell for day in sheet.days for cell in _label(day, words)))
    time = _widest(paper, (_time(entry, words) for entry in entries))
    rest = paper.inner - day - time
    name = min(_widest(paper, (_name(entry, words) for entry in entries)), NAME_SHARE * rest)
    return _Columns(day, time, name, rest - name)


def _widest(paper: Paper, cells: Iterable[Cell]) -> float:
    return max(map(paper.width_of, cells), default=0.0)


def _label(day: Day, words: Words) -> list[Cell]:
    kind = [Cell(0, words.say(KINDS[day.kind]), bold=True)] if day.kind in KINDS else []
    weekday = Cell(0, words.weekday(day.on), bold=True, size=HEADING)
    return [weekday, Cell(0, words.month_day(day.on)), *kind]


def _day(paper: Paper, day: Day, words: Words, columns: _Columns) -> None:
    """Write a day: its name at the left, what is on at the right."""
    rows = [_entry(entry, words, columns) for entry in day.entries]
    nothing = Cell(paper.inner - columns.day, words.say("utter_print_no_activities"))
    rows = rows or [[nothing]]
    label = [[replace(cell, width=columns.day)] for cell in _label(day, words)]
    paper.ensure(max(paper.height_of(label), paper.height_of(rows[:TOGETHER])))
    while rows:
        rows = _fill(paper, label, rows, columns.day)
    paper.rule(0.2)


def _fill(paper: Paper, label: Rows, rows: Rows, beside: float) -> Rows:
    """Write what fits on the page beside the day's name, and return what goes on the next."""
    top = paper.get_y()
    for row in label:
        paper.row(row)
    below = paper.get_y()
    paper.set_y(top)
    while rows and paper.height_of(rows[:1]) <= paper.room:
        paper.row(rows[0], at=MARGIN + beside)
        rows = rows[1:]
    paper.set_y(max(below, paper.get_y()))
    if rows:
        paper.add_page()
    return rows


def _entry(entry: Entry, words: Words, columns: _Columns) -> list[Cell]:
    where = [words.text(entry.place), words.say("utter_print_places", count=entry.places)]
    fee = [words.text(entry.fee)] if entry.fee else []
    return [
        replace(_time(entry, words), width=columns.time),
        replace(_name(entry, words), width=columns.name),
        Cell(columns.place, words.beside([*where, *fee])),
    ]


def _time(entry: Entry, words: Words) -> Cell:
    return Cell(0, words.span((entry.starts_at, entry.ends_at)), bold=True)


def _name(entry: Entry, words: Words) -> Cell:
    name = words.text(entry.name)
    return Cell(0, words.say("utter_print_shut", name=name) if entry.shut else name, bold=True)


def _opening(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    paper.heading(words.say("utter_print_hours"), 20)
    days = [[open_text(day, words) for day in _plain(line, sheet)] for line in sheet.hours]
    names = [words.every(line.names) for line in sheet.hours]
    _table(paper, names, [words.then(words.week(each)) for each in days])


def _plain(line: Hours, sheet: WeekSheet) -> list[OpenOn]:
    """Leave out why a day is not as usual where the day's own label says it."""
    return [
        replace(open_, reason=None) if day.kind in KINDS else open_
        for open_, day in zip(line.days, sheet.days, strict=True)
    ]


def _table(paper: Paper, names: list[str], said: list[str]) -> None:
    """Write names at the left, and what is said of them beside."""
    heads = [Cell(0, name, bold=True) for name in names]
    width = min(_widest(paper, heads), PLACE_SHARE * paper.inner)
    for head, text in zip(heads, said, strict=True):
        paper.row([replace(head, width=width), Cell(paper.inner - width, text)])


def open_text(day: OpenOn, words: Words) -> str:
    """Write when a place is open on a day: 08:30–12:00、13:30–17:30, 休息（国庆）."""
    spans = words.every(words.span(span) for span in day.spans)
    reason = words.say("utter_print_reason", reason=day.reason) if day.reason else ""
    return (spans or words.say("utter_print_closed")) + reason


def ends_text(ends: Ends | None, words: Words) -> str:
    """Write the first and the last bus of a day: 05:40–20:30."""
    if ends is None:
        return words.say("utter_print_no_buses")
    return words.span((ends.first, ends.last))


def _buses(paper: Paper, buses: Buses, words: Words) -> None:
    paper.heading(words.say("utter_print_buses", stop=buses.stop), 20)
    days = [[ends_text(day, words) for day in bus.days] for bus in buses.lines]
    towards = [words.say("utter_print_towards", stop=bus.towards) for bus in buses.lines]
    numbers = [words.text(bus.number) for bus in buses.lines]
    names = [" ".join(each) for each in zip(numbers, towards, strict=True)]
    _table(paper, names, [words.then(words.week(each)) for each in days])
    paper.row([Cell(paper.inner, words.say("utter_print_buses_note"))])


def _numbers(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    """Write the numbers for danger, each over its name, as large as headings."""
    names = [words.text(each.name) for each in sheet.numbers]
    widths = _share(paper, names)
    rows = [
        [
            Cell(w, each.number, True, HEADING)
            for w, each in zip(widths, sheet.numbers, strict=True)
        ],
        [Cell(w, name) for w, name in zip(widths, names, strict=True)],
    ]
    paper.heading(words.say("utter_print_numbers"), paper.height_of(rows))
    for row in rows:
        paper.row(row)


def _share(paper: Paper, texts: list[str]) -> list[float]:
    """Return columns as wide as their texts, and the rest of the page shared among them."""
    widths = [paper.width_of(Cell(0, text)) for text in texts]
    return [width + (paper.inner - sum(widths)) / len(widths) for width in widths]


def _origin(paper: Paper, sheet: WeekSheet, words: Words) -> None:
    sources = [
        words.say("utter_print_source", source=each.source, day=each.as_of)
        for each in sheet.sources
    ]
    printed = words.say("utter_print_printed_on", day=sheet.printed_on)
    text = words.say("utter_print_sources", sources=words.then(sources))
    paper.ln(1)
    paper.rule(0.2)
    paper.row([Cell(paper.inner, words.then([text, printed]))])
