"""The figures of the boards: how each is counted, and the list it leads to."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import func, select

from actions.booking import figures as bookings
from actions.booking.figures import Held
from actions.content import tasks
from actions.content.tasks import Reason
from actions.conversations import Conversation
from actions.conversations import Status as Talk
from actions.db import Db
from actions.governance import counts as requests
from actions.governance import trends
from actions.governance.counts import Counts, Sieve
from actions.governance.trends import Step
from actions.governance.views import VIEWS
from actions.learning import misses
from actions.neighbours import figures as neighbours
from actions.neighbours.model import Status as Need
from bot.desk import labels
from knowledge.boards import Board, Figure
from knowledge.pack import Pack
from knowledge.records import Text

MONTH, WEEK = 30, 7  # days
NONE = "—"  # there was nothing to measure
WORRYING = frozenset({Figure.LATE, Figure.FLAGGED, Figure.RAISED, Figure.STILL})
F = Figure


@dataclass(frozen=True)
class Tile:
    """A figure as it is shown; `path` is the page of the desk with what was counted."""

    figure: Figure
    value: Text
    path: str | None
    worrying: bool = False


@dataclass(frozen=True)
class Look:
    """Somebody looks at the figures, within the scope `db` has; at those of one team, if any.

    What several boards show is counted once.
    """

    db: Db
    pack: Pack
    now: datetime
    team_id: str | None = None
    _months: dict[tuple[Sieve, str], Step] = field(default_factory=dict)

    @cached_property
    def counts(self) -> Counts:
        """What every view of requests means now."""
        return requests.counted(
            self.db, self.pack, now=self.now, sieve=Sieve(team_id=self.team_id)
        )

    @cached_property
    def week(self) -> list[Held]:
        """What takes place in the seven days from today on."""
        today = trends.period(1, 1, zone=self.pack.zone, now=self.now).starts_at
        return bookings.held(self.db, since=today, until=today + timedelta(days=WEEK))

    @cached_property
    def needs(self) -> Mapping[str, Counter[str]]:
        """The needs of the last month, by kind and status."""
        return neighbours.needs(self.db, since=self.since(MONTH))

    def sieve(self, board: Board) -> Sieve:
        """Return which requests a board counts."""
        kinds = self.pack.categories.values()
        of_groups = frozenset(k.service_code for k in kinds if k.group in board.groups)
        return Sieve(of_groups if board.groups else None, self.team_id)

    def month(self, sieve: Sieve, part: str) -> Step:
        """Return how requests went in the last month, as one step: this part of it."""
        if (sieve, part) not in self._months:
            over = trends.period(MONTH, MONTH, zone=self.pack.zone, now=self.now)
            (step,) = trends.trend(self.db, over, sieve=sieve, parts=(part,))
            self._months[sieve, part] = step
        return self._months[sieve, part]

    def since(self, days: int) -> datetime:
        """Return the midnight with which the last so many days began."""
        return trends.period(days, days, zone=self.pack.zone, now=self.now).starts_at


Count = Callable[[Look, Sieve], Text]


def _view(name: str) -> Count:
    return lambda look, sieve: _number(requests.together(look.counts, sieve)[name])


def _of_month(part: str, read: Callable[[Step], Text]) -> Count:
    return lambda look, sieve: read(look.month(sieve, part))


def _needs(*statuses: Need) -> Count:
    return lambda look, _: _number(
        sum(counts[status] for counts in look.needs.values() for status in statuses)
    )


def _filed(look: Look, sieve: Sieve) -> Text:
    return _number(requests.filed(look.db, since=look.since(WEEK), sieve=sieve))


def _followed(look: Look, sieve: Sieve) -> Text:
    return _number(requests.followed(look.db, since=look.since(MONTH), sieve=sieve))


def _talks(look: Look, _: Sieve) -> Text:
    open_ones = select(func.count(Conversation.id)).where(Conversation.status == Talk.OPEN)
    return _number(look.db.scalar(open_ones) or 0)


def _stale(look: Look, _: Sieve) -> Text:
    today = look.now.astimezone(look.pack.zone).date()
    return _number(sum(task.reason != Reason.SOON for task in tasks.tasks(look.pack, today)))


def _places(look: Look, _: Sieve) -> Text:
    taken, places = (
        sum(one.taken for one in look.week),
        sum(one.places for one in look.week),
    )
    return _same(f"{taken}/{places}")


# How each figure is counted, and the page it leads to.
FIGURES: Mapping[Figure, tuple[Count, str | None]] = {
    **{F(name): (_view(name), f"/requests?view={name}") for name in VIEWS},
    F.FILED: (_filed, "/requests"),
    F.ON_TIME: (_of_month("promised", lambda step: share(step.on_time)), "#trends"),
    F.FIRST_MOVE: (_of_month("first_move", lambda step: took(step.first_move)), "#trends"),
    F.FIRST_ANSWER: (
        _of_month("first_answer", lambda step: took(step.first_answer)),
        "#trends",
    ),
    F.NOT_SOLVED: (_of_month("moved", lambda step: share(step.not_solved)), "#trends"),
    F.RATING: (_of_month("rated", lambda step: mean(step.rating)), "#trends"),
    F.FOLLOWED: (_followed, None),
    F.TALKS: (_talks, "/"),
    F.MISSED: (lambda look, _: _number(misses.count(look.db, now=look.now)), "/misses"),
    F.STALE: (_stale, "/content/tasks"),
    F.SESSIONS: (lambda look, _: _number(sum(o.sessions for o in look.week)), "/sessions"),
    F.PLACES: (_places, "#sessions"),
    F.LINES: (lambda look, _: _number(bookings.in_line(look.db, now=look.now)), "/sessions"),
    F.VISITS: (
        lambda look, _: _number(bookings.visits_to_answer(look.db, now=look.now)),
        "/visits",
    ),
    F.NEEDS: (_needs(Need.REVIEW, Need.OPEN, Need.MATCHED), "#needs"),
    F.HELPED: (_needs(Need.DONE), "#needs"),
    F.HELPERS: (lambda look, _: _number(neighbours.helpers(look.db)), None),
}
OF_REQUESTS = frozenset({*map(F, VIEWS), F.FILED, F.ON_TIME, F.FIRST_MOVE, F.FIRST_ANSWER})
OF_SESSIONS = frozenset({F.SESSIONS, F.PLACES, F.LINES, F.VISITS})
OF_NEEDS = frozenset({F.NEEDS, F.HELPED, F.HELPERS})


def tiles(look: Look, board: Board) -> list[Tile]:
    """Return the figures of a board, in the order the pack has them."""
    sieve = look.sieve(board)
    return [_tile(look, board, figure, sieve) for figure in board.figures]


def _tile(look: Look, board: Board, figure: Figure, sieve: Sieve) -> Tile:
    count, path = FIGURES[figure]
    value = count(look, sieve)
    here = f"/cockpit/{board.id}"
    if path and path.startswith("#"):
        path = here + path
    elif path and sieve.categories is not None and figure in OF_REQUESTS:
        path = here + "#requests"  # whose rows lead to the list of one category each
    return Tile(figure, value, path, figure in WORRYING and value.zh != "0")


def share(part: float | None) -> Text:
    """Write a part of one as a percentage."""
    return _same(NONE if part is None else f"{part:.0%}")


def took(time: timedelta | None) -> Text:
    """Write how long something took: in hours up to three days, then in days."""
    if time is None:
        return _same(NONE)
    if time < timedelta(hours=1):
        return labels.long(time)
    hours = time.total_seconds() / 3600
    return labels.hours(hours) if hours < 72 else labels.days(hours / 24)


def mean(rating: float | None) -> Text:
    """Write a mean of ratings from 1 to 3."""
    return _same(NONE if rating is None else f"{rating:.1f}")


def _number(count: int) -> Text:
    return _same(f"{count:,}")


def _same(written: str) -> Text:
    return Text(zh=written, en=written)
