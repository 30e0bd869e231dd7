"""A session's list to take away: a table for a spreadsheet, and a sheet of paper.

Neither has phone numbers in it: lists get lost.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

from actions.booking import bookings, codes, waitlist
from actions.booking.model import Booking, Session, WaitlistEntry
from actions.booking.programme import described
from actions.errors import Refusal
from bot.desk import labels
from bot.desk.sessions import Person, find, people, programme_of
from bot.desk.spreadsheet import write_csv
from bot.desk.visit import Visit
from knowledge.printing.layout import MARGIN, TITLE, Cell, FontMissing
from knowledge.records import Text

if TYPE_CHECKING:
    from knowledge.printing.paper import Paper

WIDTHS = (14.0, 32.0, 42.0, 42.0, 18.0, 42.0)  # mm: a box to tick, then the columns


def see_table(visit: Visit) -> Response:
    """Hand out the list as CSV."""
    session = find(visit)
    visit.note("exported_session", f"session:{session.id}")
    columns = [name.zh for name in labels.COLUMNS.values()]
    return file(
        write_csv([columns, *_rows(visit, session)]).encode(),
        "text/csv; charset=utf-8",
        f"session-{session.id}.csv",
    )


def see_paper(visit: Visit) -> Response:
    """Hand out the list as a PDF.

    Raises:
        Refusal: the machine has no Chinese font.
    """
    from knowledge.printing.paper import Paper

    session = find(visit)
    try:
        sheet = Paper(visit.desk.font_dir, "zh", visit.today)
    except FontMissing:
        raise Refusal("utter_desk_no_font") from None
    visit.note("printed_session", f"session:{session.id}")
    _write(sheet, visit, session)
    return file(bytes(sheet.output()), "application/pdf", f"session-{session.id}.pdf")


def _rows(visit: Visit, session: Session) -> list[list[str]]:
    booked = people(visit.db, bookings.of_session(visit.db, session.id))
    waiting = people(visit.db, waitlist.in_line(visit.db, session.id))
    return [_row(visit, person) for person in (*booked, *waiting)]


def _row(visit: Visit, person: Person) -> list[str]:
    """Return what stands in each of `labels.COLUMNS`."""
    match person.one:
        case Booking() as booking:
            came_at = booking.checked_in_at
            how = labels.ATTENDANCE[person.attendance]
            if booking.status != "booked":
                how = labels.BOOKINGS[booking.status]  # type: ignore[index]
            return [
                codes.shown(booking.code),
                person.name,
                person.whom,
                str(booking.places),
                how.zh,
                f"{came_at.astimezone(visit.pack.zone):%H:%M}" if came_at else "",
            ]
        case WaitlistEntry() as entry:
            how = labels.ENTRIES[entry.status]  # type: ignore[index]
            return ["", person.name, "", str(entry.places), f"候补 {how.zh}", ""]


def _write(sheet: "Paper", visit: Visit, session: Session) -> None:
    told = described(programme_of(visit), session)
    when = visit.desk.wording.moment(session.starts_at, "zh")
    sheet.row([Cell(sheet.inner, _zh(told["activity"]), bold=True, size=TITLE)])
    sheet.row([Cell(sheet.inner, f"{when}–{told['until']}　{_zh(told['venue'])}")])
    sheet.rule(0.6)
    names = ["", *(name.zh for name in labels.COLUMNS.values())]
    sheet.row([Cell(width, name, bold=True) for width, name in _columns(names)])
    sheet.rule(0.3)
    for row in _rows(visit, session):
        texts = [sheet.printable(text) for text in row]
        sheet.row([Cell(width, text) for width, text in _columns(["□", *texts])])
        sheet.rule(0.1)
    sheet.set_title(_zh(told["activity"]))
    sheet.set_x(MARGIN)


def _columns(texts: Sequence[str]) -> list[tuple[float, str]]:
    """The last column, when somebody came, is for the table alone."""
    return list(zip(WIDTHS, texts, strict=False))


def _zh(told: Text | str) -> str:
    return told if isinstance(told, str) else told.zh


def file(content: bytes, kind: str, name: str) -> Response:
    """Hand something out to be kept, which no browser may take for a page."""
    return Response(
        content,
        media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
