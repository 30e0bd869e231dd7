"""The daily digest: what happened, what waits and what nobody sees, on paper and as a notice.

Both say what somebody of one area, or of one team there, may see.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from actions import outbox
from actions.content import tasks
from actions.db import Db
from actions.governance import counts as requests
from actions.governance import trends
from actions.governance.counts import Sieve
from actions.governance.model import ServiceRequest
from actions.governance.trends import Period, Step
from actions.governance.views import VIEWS
from actions.learning import misses
from actions.outbox import Notice
from actions.people import scope
from actions.people.model import StaffChat
from actions.wording import Wording, to_json
from bot.desk import labels
from bot.desk.figures import Look, tiles
from knowledge.calendar import is_worked
from knowledge.pack import Pack
from knowledge.printing.layout import TITLE, Cell
from knowledge.records import Text

if TYPE_CHECKING:
    from knowledge.printing.paper import Paper

AT = time(8)  # on working days
UNTIL = time(18)  # afterwards it is not the day's any more
LISTED = 12  # overdue requests on paper, the longest overdue first
NOW = ("open", "new", "soon", "late", "raised", "still", "unconfirmed")
RESPONSE = "utter_staff_digest"


@dataclass(frozen=True)
class Digest:
    """What is told of a day to somebody of an area, or of a team there."""

    look: Look
    of_day: Step
    area_id: str
    overdue: list[ServiceRequest]

    @property
    def now(self) -> Counter[str]:
        """What every view of requests means at this moment."""
        return requests.together(self.look.counts)


def compose(look: Look, day: date, area_id: str) -> Digest:
    """Put a day's digest together, within the scope of `look`."""
    zone = look.pack.zone
    ends_at = datetime.combine(day + timedelta(days=1), time(), zone)
    over = Period(day, 1, 1, zone, min(ends_at - timedelta(microseconds=1), look.now))
    (of_day,) = trends.trend(look.db, over, sieve=Sieve(team_id=look.team_id))
    overdue = look.db.scalars(
        select(ServiceRequest)
        .where(VIEWS["late"](look.pack, look.now), Sieve(team_id=look.team_id).lets_through())
        .order_by(ServiceRequest.due_at, ServiceRequest.id)
        .limit(LISTED)
    )
    return Digest(look, of_day, area_id, list(overdue))


def draw(digest: Digest, wording: Wording, font_dir: Path) -> bytes:
    """Write a digest as a PDF on A4.

    Raises:
        FontMissing: the machine has no Chinese font.
    """
    from knowledge.printing.paper import Paper

    look, pack = digest.look, digest.look.pack
    paper = Paper(font_dir, "zh", look.now.astimezone(pack.zone).date())
    title = f"{labels.DIGEST['title'].zh} {wording.day(digest.of_day.on, 'zh')}"
    paper.row([Cell(paper.inner, title, bold=True, size=TITLE)])
    whose = [pack.areas[digest.area_id].name.zh] if digest.area_id in pack.areas else []
    whose += [pack.teams[look.team_id].name.zh] if look.team_id in pack.teams else []
    as_of = f"{labels.DIGEST['as_of'].zh} {wording.moment(look.now, 'zh')}"
    paper.row([Cell(paper.inner, "　".join([*whose, as_of]))])
    step = digest.of_day
    told = {name: getattr(step, name) for name in ("filed", "answered", "resolved", "reopened")}
    _table(
        paper, labels.DIGEST["of_day"], [(labels.OF_DAY[k], str(n)) for k, n in told.items()]
    )
    now = [(labels.FIGURES[name], str(digest.now[name])) for name in NOW]  # type: ignore[index]
    _table(paper, labels.DIGEST["now"], now)
    _list_overdue(paper, digest, wording)
    _unseen(paper, look)
    if look.team_id is None:
        for board in pack.boards.values():
            shown = [
                (labels.FIGURES[t.figure], _mark(t.value, t.worrying))
                for t in tiles(look, board)
            ]
            _table(paper, board.name, shown)
    paper.set_title(title)
    return bytes(paper.output())


def send_due(db: Db, pack: Pack, *, now: datetime) -> int:
    """Owe every chat of staff that has not got it the digest of the day before; how many."""
    waiting = _without(db, pack, now)
    for chat in waiting:
        with scope.limited(db, scope.Reach((chat.area_id,), chat.team_id)):
            look = Look(db, pack, now, chat.team_id)
            values = told(compose(look, yesterday(pack, now), chat.area_id))
        outbox.put_once(
            db,
            key=_key(pack, now, chat),
            conversation_id=chat.conversation_id,
            response=RESPONSE,
            due_at=now,
            stale_at=_today_at(pack, now, UNTIL),
            values=to_json(values),
            about="digest",
        )
    return len(waiting)


def is_any_due(db: Db, pack: Pack, *, now: datetime) -> bool:
    """Whether `send_due` has something to send."""
    return bool(_without(db, pack, now))


def told(digest: Digest) -> dict[str, Any]:
    """Return the values the notice speaks of."""
    step = digest.of_day
    return {
        "day": step.on,
        "filed": step.filed,
        "answered": step.answered,
        "reopened": step.reopened,
        **{name: digest.now[name] for name in NOW},
    }


def yesterday(pack: Pack, now: datetime) -> date:
    """Return the day a digest of this moment is about."""
    return now.astimezone(pack.zone).date() - timedelta(days=1)


def _without(db: Db, pack: Pack, now: datetime) -> list[StaffChat]:
    """Return the chats that are owed today's digest, if it is time for it."""
    if not is_worked(pack, now.astimezone(pack.zone).date()):
        return []
    if not _today_at(pack, now, AT) <= now < _today_at(pack, now, UNTIL):
        return []
    chats = db.scalars(select(StaffChat).where(StaffChat.ended_at.is_(None))).all()
    keys = {_key(pack, now, chat): chat for chat in chats}
    put = db.scalars(select(Notice.key).where(Notice.key.in_(list(keys)))).all()
    return [chat for key, chat in keys.items() if key not in put]


def _key(pack: Pack, now: datetime, chat: StaffChat) -> str:
    return f"digest:{yesterday(pack, now)}:{chat.conversation_id}"


def _today_at(pack: Pack, now: datetime, at: time) -> datetime:
    return datetime.combine(now.astimezone(pack.zone).date(), at, pack.zone)


def _table(paper: "Paper", heading: Text, rows: list[tuple[Text, str]]) -> None:
    """Write names with their values, two beside one another."""
    if not rows:
        return
    half = paper.inner / 2
    pairs = [rows[n : n + 2] for n in range(0, len(rows), 2)]
    cells = [
        [
            cell
            for name, value in pair
            for cell in (Cell(half - 32, name.zh), Cell(32, value, True))
        ]
        for pair in pairs
    ]
    paper.heading(heading.zh, paper.height_of(cells[:1]))
    for row in cells:
        paper.row(row)


def _list_overdue(paper: "Paper", digest: Digest, wording: Wording) -> None:
    pack = digest.look.pack
    widths = (44.0, 50.0, 39.0, paper.inner - 133)
    rows = []
    for request in digest.overdue:
        category, team = (
            pack.categories.get(request.category_id),
            pack.teams.get(request.team_id),
        )
        texts = (
            request.reference,
            category.name.zh if category else request.category_id,
            team.name.zh if team else request.team_id,
            wording.moment(request.due_at, "zh"),
        )
        rows.append([Cell(width, text) for width, text in zip(widths, texts, strict=True)])
    if rows:
        paper.heading(labels.DIGEST["overdue"].zh, paper.height_of(rows[:1]))
    for row in rows:
        paper.row(row)
        paper.rule(0.1)


def _unseen(paper: "Paper", look: Look) -> None:
    today = look.now.astimezone(look.pack.zone).date()
    every = tasks.tasks(look.pack, today)
    due = [task for task in every if look.team_id in (None, task.owner)]
    back = requests.returned(
        look.db, since=look.since(30), sieve=Sieve(team_id=look.team_id), limit=100
    )
    rows = [
        (labels.DIGEST["stale"], str(len(due))),
        (labels.DIGEST["returned"], str(sum(route.times for route in back))),
    ]
    if look.team_id is None:
        rows.append((labels.DIGEST["missed"], str(misses.count(look.db, now=look.now))))
    _table(paper, labels.DIGEST["unseen"], rows)


def _mark(value: Text, worrying: bool) -> str:
    return f"{value.zh} ！" if worrying else value.zh
