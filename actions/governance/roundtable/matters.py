"""What many raise: requests of one category, village and meaning; questions of one meaning."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from actions.db import Db
from actions.governance import following
from actions.governance.model import ServiceRequest, Status
from actions.governance.roundtable.model import Raised
from actions.learning import clusters, misses
from actions.learning.model import Miss
from knowledge.embedder import Embedder
from knowledge.pack import Pack

APART = 0.12  # cosine distance up to which reports of one category and village are one matter
LATEST = 500  # requests looked at together


@dataclass(frozen=True)
class Matter:
    """A draft of a topic, and how many people or conversations raised it."""

    requests: tuple[ServiceRequest, ...] = ()
    questions: tuple[Miss, ...] = ()
    raised_by: int = 0

    @property
    def category_id(self) -> str | None:
        """Of what requests it is made; None of questions."""
        return self.requests[0].category_id if self.requests else None

    @property
    def area_id(self) -> str | None:
        """Where most of it is."""
        return self.requests[0].area_id if self.requests else None


def embed(db: Db, pack: Pack, embedder: Embedder, *, now: datetime) -> None:
    """Embed what is going to be compared; what is slow about `drafts`, done ahead."""
    for alike in _of_a_kind(db, pack, now).values():
        clusters.embed([request.what.text for request in alike], embedder)
    clusters.embed([miss.text for miss in misses.waiting(db, now=now)], embedder)


def drafts(db: Db, pack: Pack, embedder: Embedder, *, now: datetime) -> list[Matter]:
    """Return what enough people raised to be a topic and is none yet, the most raised first.

    Only what all may see: nothing private or restricted comes to a round table.
    """
    found = [*_requests(db, pack, embedder, now), *_questions(db, embedder, now)]
    enough = [matter for matter in found if matter.raised_by >= pack.round_table.least]
    return sorted(enough, key=lambda matter: -matter.raised_by)


def _requests(db: Db, pack: Pack, embedder: Embedder, now: datetime) -> Iterator[Matter]:
    for alike in _of_a_kind(db, pack, now).values():
        if sum(following.households(db, alike).values()) < pack.round_table.least:
            continue
        vectors = clusters.embed([request.what.text for request in alike], embedder)
        for rows in clusters.alike(vectors, APART):
            members = tuple(alike[row] for row in rows)
            yield Matter(requests=members, raised_by=len(_residents(db, members)))


def _questions(db: Db, embedder: Embedder, now: datetime) -> Iterator[Matter]:
    taken = set(db.scalars(select(Raised.miss_id).where(Raised.miss_id.is_not(None))))
    waiting = [miss for miss in misses.waiting(db, now=now) if miss.id not in taken]
    for cluster in clusters.together(waiting, embedder):
        yield Matter(questions=cluster.misses, raised_by=cluster.conversations)


def _of_a_kind(
    db: Db, pack: Pack, now: datetime
) -> dict[tuple[str, str | None], list[ServiceRequest]]:
    """Return the latest public requests by category and village."""
    found = db.scalars(
        select(ServiceRequest)
        .where(
            ServiceRequest.created_at >= now - timedelta(days=pack.round_table.days),
            ServiceRequest.visibility == following.PUBLIC,
            ServiceRequest.status.not_in((Status.MERGED, Status.WITHDRAWN)),
            ServiceRequest.id.not_in(
                select(Raised.request_id).where(Raised.request_id.is_not(None))
            ),
        )
        .order_by(ServiceRequest.id.desc())
        .limit(LATEST)
    )
    villages = [area.id for area in pack.areas.values() if area.tier == "village"]
    kinds: dict[tuple[str, str | None], list[ServiceRequest]] = defaultdict(list)
    for request in found:
        around = (one for one in villages if (request.area_id or "").startswith(one))
        kinds[request.category_id, next(around, request.area_id)].append(request)
    return kinds


def _residents(db: Db, requests: Sequence[ServiceRequest]) -> set[str]:
    """Return who reported or follows any of them: somebody who asks five times is one."""
    return {
        party.resident_id for request in requests for party in following.parties(db, request)
    }
