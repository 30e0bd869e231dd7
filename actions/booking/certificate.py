"""A volunteer's certificate: what they did, when, how long, on one page of A4.

It names nobody: whoever was there writes their name on the line; the code proves the rest.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from actions.booking import codes
from actions.booking.model import Booking, Session
from actions.booking.programme import TASK, Programme, described
from actions.db import Db
from knowledge.printing.layout import MARGIN, Cell
from knowledge.records import Text

NAME, WIDE = 36.0, 60.0  # points; millimetres


@dataclass(frozen=True)
class Served:
    """What a resident has done as a volunteer: the bookings, and how long all of it took."""

    bookings: tuple[Booking, ...]
    time: timedelta


def served_by(db: Db, programme: Programme, resident_id: str) -> Served:
    """Return the volunteer tasks somebody was checked in at, the last first."""
    tasks = [a.id for a in programme.pack.activities.values() if a.kind == TASK]
    found = db.scalars(
        select(Booking)
        .join(Booking.session)
        .where(
            Booking.resident_id == resident_id,
            Booking.checked_in_at.is_not(None),
            Session.activity_id.in_(tasks),
        )
        .order_by(Session.starts_at.desc())
    ).all()
    time = sum((time_of(one.session) for one in found), timedelta())
    return Served(tuple(found), time)


def is_due(programme: Programme, booking: Booking) -> bool:
    """Whether a booking is of a volunteer task that was done."""
    activity = programme.pack.activities.get(booking.session.activity_id)
    return booking.checked_in_at is not None and bool(activity and activity.kind == TASK)


def write(
    programme: Programme, booking: Booking, *, language: str, font_dir: Path, on: date
) -> bytes:
    """Return the certificate of one task as a PDF.

    Raises:
        FontMissing: the machine has no Chinese font.
    """
    from knowledge.printing.paper import Paper

    paper = Paper(font_dir, language, on)
    told = described(programme, booking.session)
    say = _Words(programme, language)
    paper.ln(20)
    paper.row([Cell(paper.inner, say("utter_certificate_title"), bold=True, size=NAME)])
    paper.ln(12)
    rows = (
        ("utter_certificate_name", "＿" * 12),
        ("utter_certificate_task", say.of(told["activity"])),
        ("utter_certificate_when", f"{say.moment(booking.session)}–{told['until']}"),
        ("utter_certificate_where", say.of(told["venue"])),
        ("utter_certificate_time", hours(time_of(booking.session), language)),
        ("utter_certificate_code", codes.shown(booking.code)),
    )
    for response, value in rows:
        paper.row(
            [Cell(WIDE, say(response), size=18), Cell(paper.inner - WIDE, value, size=18)],
            at=MARGIN,
        )
        paper.ln(4)
    paper.ln(16)
    community = programme.pack.community.name
    paper.row(
        [Cell(paper.inner, say("utter_certificate_signed", community=community), size=18)]
    )
    paper.ln(6)
    paper.row([Cell(paper.inner, say.of(told["origin"]))])
    paper.set_title(say("utter_certificate_title"))
    return bytes(paper.output())


def hours(time: timedelta, language: str) -> str:
    """Write how long something took, to the half hour it is nearest: 2.5 小时."""
    count = round(time / timedelta(hours=1) * 2) / 2
    unit = "小时" if language == "zh" else ("hour" if count == 1 else "hours")
    return f"{count:g} {unit}"


def time_of(session: Session) -> timedelta:
    """Return how long a session takes, as it counts for whoever serves in it."""
    return session.ends_at - session.starts_at


@dataclass(frozen=True)
class _Words:
    """Says things in one language."""

    programme: Programme
    language: str

    def __call__(self, response: str, **values: object) -> str:
        wording = self.programme.wording
        return wording.render(response, language=self.language, values=values).text

    def of(self, value: Text | str) -> str:
        return value.in_(self.language) if isinstance(value, Text) else value

    def moment(self, session: Session) -> str:
        """Write when a session began, with its year: a certificate is kept."""
        wording = self.programme.wording
        local = session.starts_at.astimezone(wording.zone)
        day = wording.day(local.date(), self.language)
        dated = f"{local.year}年{day}" if self.language == "zh" else f"{day} {local.year}, "
        return f"{dated}{local:%H:%M}"
