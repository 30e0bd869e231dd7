"""Which requests a view of the work list means, and the figure that leads there: one table."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from actions.governance import workflow
from actions.governance.model import Kind, ServiceRequest, Status, Update
from knowledge.pack import Pack

SOON = timedelta(hours=24)  # what is due within, or whose team was reminded, is due soon
STILL_FOR = timedelta(days=7)  # without anything done by us, a request counts as lying still
NEW = frozenset({Status.RECEIVED, Status.REOPENED})  # nobody has taken them on yet
R, K = ServiceRequest, Kind
DONE_BY_US = frozenset(
    {K.MOVED, K.ASSIGNED, K.RETURNED, K.CATEGORISED, K.NOTED, K.TOLD, K.ASKED, K.SPLIT}
)
UNFINISHED = R.status.in_(workflow.UNFINISHED)
RUNS = R.paused_at.is_(None)  # the promise of what is open

View = Callable[[Pack, datetime], ColumnElement[bool]]


def _soon(_pack: Pack, now: datetime) -> ColumnElement[bool]:
    near = or_(R.due_at < now + SOON, R.nudged_at.is_not(None))
    return and_(UNFINISHED, RUNS, R.due_at >= now, near)


def _raised(pack: Pack, _now: datetime) -> ColumnElement[bool]:
    """Say in SQL that another tier than its category's stands for what is open."""
    tiers = {category.tier for category in pack.categories.values()}
    own = {
        tier: [one.service_code for one in pack.categories.values() if one.tier == tier]
        for tier in sorted(tiers)
    }
    raised = (and_(R.category_id.in_(codes), R.tier != tier) for tier, codes in own.items())
    return and_(UNFINISHED, or_(*raised))


def _still(_pack: Pack, now: datetime) -> ColumnElement[bool]:
    done = select(Update.id).where(
        Update.request_id == R.id,
        Update.kind.in_(DONE_BY_US),
        Update.happened_at > now - STILL_FOR,
    )
    return and_(UNFINISHED, ~done.exists())


VIEWS: Mapping[str, View] = {
    "open": lambda _pack, _now: UNFINISHED,
    "late": lambda _pack, now: and_(UNFINISHED, RUNS, R.due_at < now),
    "soon": _soon,
    "new": lambda _pack, _now: R.status.in_(NEW),
    "raised": _raised,
    "flagged": lambda _pack, _now: and_(UNFINISHED, R.flagged.is_(True)),
    "waiting": lambda _pack, _now: and_(UNFINISHED, R.paused_at.is_not(None)),
    "still": _still,
    "replied": lambda _pack, _now: R.status == Status.REPLIED,
    "unconfirmed": lambda _pack, _now: R.status == Status.UNCONFIRMED,
}
# Whatever a view may mean is in one of these.
LOOKED_AT = workflow.UNFINISHED | {Status.REPLIED, Status.UNCONFIRMED}
# These look into the history of each request; what they mean is unfinished.
BY_HISTORY = ("still",)
