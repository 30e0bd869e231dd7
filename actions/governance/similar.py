"""我也遇到: which requests tell of the same problem as a report.

How near they are decides how alike two reports must mean (`BARS`); what they name may tell them
apart (`marks.py`). Others see of a request neither its words nor who reported it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from actions.db import Db
from actions.governance import following, marks, workflow
from actions.governance.following import PUBLIC, SAID_DONE
from actions.governance.model import RequestMeaning, ServiceRequest, Update
from actions.governance.near import Nearness, nearness, not_elsewhere, spot_of
from actions.governance.service import Where
from actions.people.model import Words
from knowledge.embedder import Vectors
from knowledge.pack import Category, Pack
from knowledge.sorting import Sorter

MOST = 200  # requests looked at, the newest
EMBEDDED = 20  # of these at most are embedded now, because nobody has before

# How alike two reports must mean: the cosine of what they say beyond being a report.
# Chosen on the pairs that may be tuned on, never on those held back.
BARS = {
    Nearness.SPOT: 0.1,
    Nearness.STRETCH: 0.4,
    Nearness.UNKNOWN: 0.4,  # and only when both name the same thing to find it by
    Nearness.ANYWHERE: 0.55,
}


@dataclass(frozen=True)
class Report:
    """What is said of a problem that is not filed yet, or of one that is."""

    what: str
    where: Where

    @property
    def text(self) -> str:
        """All words of it."""
        return f"{self.what} {self.where.words}".strip()


@dataclass(frozen=True)
class Similar:
    """A request that probably tells of the same, and what others may see of it."""

    id: int
    reference: str
    status: str
    place_id: str | None
    filed_at: datetime
    households: int
    own: bool


@dataclass(frozen=True)
class _Candidate:
    """A request that may tell of the same; `meaning` as it was kept, if it was."""

    id: int
    report: Report
    meaning: bytes | None


def find(  # noqa: PLR0913 - what is compared with what, for whom, when
    db: Db,
    pack: Pack,
    sorter: Sorter | None,
    category: Category,
    report: Report,
    *,
    resident_id: str,
    now: datetime,
    limit: int = 3,
) -> list[Similar]:
    """Return open and recently closed requests that tell of the same, the likeliest first.

    None in a category that others do not see, nor where nothing is read by its meaning.
    """
    if sorter is None or category.visibility != PUBLIC or category.restricted:
        return []
    candidates = _candidates(db, pack, category, report, now)
    meanings = _meanings(pack, sorter, report, candidates)
    likely = [
        (meaning, one.id)
        for meaning, one in sorted(meanings, key=lambda pair: -pair[0])
        if same(pack, category, report, one.report, meaning)
    ]
    return _shown(db, [number for _, number in likely[:limit]], resident_id)


def meaning_of(sorter: Sorter | None, what: str) -> bytes:
    """Return what is kept of the meaning of a new request's words; nothing without a sorter."""
    return sorter.embed(what).astype(np.float16).tobytes() if sorter else b""


def same(pack: Pack, category: Category, one: Report, other: Report, meaning: float) -> bool:
    """Whether two reports of a category tell of one problem, by place, meaning and marks."""
    if meaning < min(BARS.values()):
        return False
    here, there = (spot_of(pack, report.where, report.text) for report in (one, other))
    near = nearness(here, there, category.same_within.metres)
    if near is None or meaning < BARS[near]:
        return False
    named = [marks.marks(pack, category, report.text) for report in (one, other)]
    if marks.differ(*named):
        return False
    return near != Nearness.UNKNOWN or marks.share(*named)


def _candidates(
    db: Db, pack: Pack, category: Category, report: Report, now: datetime
) -> list[_Candidate]:
    """Return public requests of the category that are open or not long over, and not far."""
    request, said_where = ServiceRequest, aliased(Words)
    since = now - timedelta(days=category.same_within.days)
    moved_since = exists().where(
        Update.request_id == request.id,
        Update.status == request.status,
        Update.happened_at >= since,
    )
    not_long_over = and_(
        request.status.in_(SAID_DONE), or_(request.created_at >= since, moved_since)
    )
    spot = spot_of(pack, report.where, report.text)
    asked = (
        select(
            *(request.id, request.place_id, request.lat, request.lon),
            *(Words.text, said_where.text, RequestMeaning.vector),
        )
        .join(Words, Words.id == request.what_words_id)
        .outerjoin(said_where, said_where.id == request.where_words_id)
        .outerjoin(RequestMeaning, RequestMeaning.words_id == request.what_words_id)
        .where(
            request.category_id == category.service_code,
            request.visibility == PUBLIC,
            or_(request.status.in_(workflow.UNFINISHED), not_long_over),
            not_elsewhere(pack, spot, category.same_within.metres),
        )
        .order_by(request.created_at.desc())
        .limit(MOST)
    )
    return [
        _Candidate(number, _told(category, what, place_id, where, lat, lon), kept)
        for number, place_id, lat, lon, what, where, kept in db.execute(asked)
    ]


def _told(
    category: Category, what: str, place_id: str | None, where: str | None, *point: Any
) -> Report:
    """Return a request as it was told, without what a partner's system had answered."""
    asked = tuple(question.ask.zh for question in category.questions)
    lines = [line for line in what.splitlines() if not (asked and line.startswith(asked))]
    return Report("\n".join(lines), Where(place_id, where or "", *point))


def _meanings(
    pack: Pack, sorter: Sorter, report: Report, candidates: Sequence[_Candidate]
) -> Iterator[tuple[float, _Candidate]]:
    """Yield how alike each candidate means; few are embedded that nobody has before."""
    left = EMBEDDED
    mine = sorter.direction(pack, report.what, sorter.embed(report.what))
    for one in candidates:
        if one.meaning is None and not left:
            continue
        left -= one.meaning is None
        vector = _unpacked(one.meaning) if one.meaning else sorter.embed(one.report.what)
        theirs = sorter.direction(pack, one.report.what, vector)
        if mine is not None and theirs is not None:
            yield float(mine @ theirs), one


def _shown(db: Db, numbers: Sequence[int], resident_id: str) -> list[Similar]:
    if not numbers:
        return []
    found = db.scalars(select(ServiceRequest).where(ServiceRequest.id.in_(numbers)))
    requests = {request.id: request for request in found}
    households = following.households(db, list(requests.values()))
    return [
        Similar(
            number,
            request.reference,
            request.status,
            request.place_id,
            request.created_at,
            households.get(number, 1),
            request.resident_id == resident_id,
        )
        for number in numbers
        for request in [requests[number]]
    ]


def _unpacked(kept: bytes) -> Vectors:
    return np.frombuffer(kept, np.float16).astype(np.float32)
