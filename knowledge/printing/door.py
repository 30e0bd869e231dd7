"""A sign for a door: the usual hours, and a QR that opens the chat page with a question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

from knowledge.calendar import DayKind, day_kind
from knowledge.errors import KnowledgeError
from knowledge.pack import Facility, Pack
from knowledge.printing.layout import HEADING, LINE, MARGIN, POINT, Cell
from knowledge.printing.paper import Paper, qr_code
from knowledge.printing.pdf import open_text
from knowledge.printing.sheet import DAYS, OpenOn, open_on
from knowledge.printing.words import Words
from knowledge.programme import monday_of

NAME, HOURS = 36.0, 26.0  # points
QR = 78.0  # millimetres, or what is left of the page: read from two metres away
QUIET = 6.0  # white a QR needs around it, in millimetres
SCALE = 20  # pixels a module: sharp on a poster
WEEKS_AHEAD = 60  # some week of a year and more is an ordinary one


class DoorUnknown(KnowledgeError):
    """The pack has no such facility."""

    def __init__(self, facility_id: str) -> None:
        super().__init__(
            f"“{facility_id}” is not in facilities.yml; write an id that is, like fac-library"
        )


class AddressMissing(KnowledgeError):
    """A QR cannot be made without the address residents reach us at."""

    def __init__(self, said: str) -> None:
        super().__init__(
            (f"Setting PUBLIC_URL=“{said}” is no address" if said else "PUBLIC_URL is missing")
            + ": write where residents open the chat page, like https://xiaoli.example.org, "
            "into .env"
        )


@dataclass(frozen=True)
class Press:
    """What every sheet and sign is made with: the font, the address, the day."""

    font_dir: Path
    public_url: str
    printed_on: date

    @property
    def address(self) -> str:
        """The address of the chat page.

        Raises:
            AddressMissing: nobody has said where it is.
        """
        if not self.public_url.startswith(("http://", "https://")):
            raise AddressMissing(self.public_url)
        return self.public_url.rstrip("/")


def write_door(
    pack: Pack, facility_id: str, language: str, folder: Path, press: Press
) -> list[Path]:
    """Write a sign for a facility's door as PDF, and its QR as SVG and PNG; return the files.

    Raises:
        DoorUnknown: the pack has no such facility.
        AddressMissing: nobody has said where the chat page is.
        FontMissing: the machine has no Chinese font.
    """
    facility = pack.facilities.get(facility_id)
    if facility is None:
        raise DoorUnknown(facility_id)
    asks = ask_address(press.address, facility, language)
    paper = Paper(press.font_dir, language, press.printed_on, "A5")
    _sign(paper, pack, facility, Words(language), asks)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"door-{facility_id}.{language}.{kind}" for kind in ("pdf", "svg", "png")]
    paper.output(str(files[0]))
    for file in files[1:]:
        qr_code(asks).save(str(file), scale=SCALE)
    return files


def ask_address(address: str, facility: Facility, language: str) -> str:
    """Return where the chat page opens with a question about a facility in its box."""
    question = Words(language).say("utter_print_door_ask", facility=facility.name)
    return f"{address}/?{urlencode({'ask': question, 'lang': language})}"


def usual_week(pack: Pack, facility: Facility, after: date) -> tuple[OpenOn, ...]:
    """Return the hours of the next week that has no holiday and no exception in it."""
    return next(
        (week for week in _weeks(pack, facility, after) if not any(day.reason for day in week)),
        tuple(open_on(pack, facility, monday_of(after) + timedelta(n)) for n in range(DAYS)),
    )


def _weeks(pack: Pack, facility: Facility, after: date) -> Iterator[tuple[OpenOn, ...]]:
    for ahead in range(1, WEEKS_AHEAD):
        monday = monday_of(after) + timedelta(weeks=ahead)
        week = [monday + timedelta(days=n) for n in range(DAYS)]
        if all(day_kind(pack, on) in {DayKind.ORDINARY, DayKind.UNKNOWN} for on in week):
            yield tuple(open_on(pack, facility, on) for on in week)


def _sign(paper: Paper, pack: Pack, facility: Facility, words: Words, asks: str) -> None:
    paper.row([Cell(paper.inner, words.text(facility.name), bold=True, size=NAME)])
    paper.rule(0.8)
    for line in _hours(pack, facility, paper, words):
        paper.row([Cell(paper.inner, line, size=HOURS)])
    paper.ln(1)
    paper.row([Cell(paper.inner, words.say("utter_print_door_holidays"))])
    if facility.level == "sample":
        paper.row([Cell(paper.inner, words.say("utter_print_sample"), bold=True)])
    _ask(paper, words.say("utter_print_door_scan", name=pack.bot.name), asks)
    paper.set_title(words.text(facility.name))


def _hours(pack: Pack, facility: Facility, paper: Paper, words: Words) -> list[str]:
    if not facility.opening_hours:
        return [words.say("utter_print_door_hours_unknown")]
    return words.week(
        [open_text(day, words) for day in usual_week(pack, facility, paper.made_on)]
    )


def _ask(paper: Paper, said: str, asks: str) -> None:
    """Draw the QR at the foot of the page, with what it is for below it."""
    below = HEADING * POINT * LINE + QUIET
    side = min(QR, paper.room - below - QUIET)
    paper.qr(asks, (paper.w - side) / 2, paper.h - MARGIN - below - side, side)
    paper.set_y(paper.h - MARGIN - below + QUIET - 1)
    width = paper.width_of(Cell(0, said, bold=True, size=HEADING))
    paper.row([Cell(width, said, bold=True, size=HEADING)], at=(paper.w - width) / 2)
