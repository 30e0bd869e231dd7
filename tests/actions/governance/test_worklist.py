"""What a mark says of a request, its view says of the list: the two are one rule."""

from datetime import timedelta
from typing import Any

import pytest

from actions.governance import worklist
from actions.governance.model import Status
from actions.governance.worklist import Looker, Wanted
from tests.actions.governance.conftest import Hall

HOUR = timedelta(hours=1)
FACTS: tuple[dict[str, Any], ...] = (
    {"due": -HOUR},
    {"due": timedelta()},
    {"due": 2 * HOUR},
    {"due": 23 * HOUR},
    {"due": 24 * HOUR},
    {"due": 90 * HOUR},
    {"due": 90 * HOUR, "nudged": True},
    {"due": -HOUR, "paused": True},
    {"due": 2 * HOUR, "flagged": True},
    {"due": -HOUR, "status": Status.REPLIED},
    {"due": -HOUR, "status": Status.RESOLVED, "flagged": True},
    {"due": 2 * HOUR, "status": Status.REOPENED, "raised": True},
)


@pytest.mark.parametrize("mark", ["late", "soon", "waiting", "flagged", "raised"])
def test_a_mark_and_its_view_agree(hall: Hall, mark: str) -> None:
    now = hall.clock.now()
    with hall.database.transaction() as db:
        filed = [hall.file(db, "rubbish") for _ in FACTS]
        for request, facts in zip(filed, FACTS, strict=True):
            request.due_at = now + facts["due"]
            request.nudged_at = now if facts.get("nudged") else None
            request.paused_at = now if facts.get("paused") else None
            request.flagged = bool(facts.get("flagged"))
            request.status = facts.get("status", Status.RECEIVED)
            request.tier = "village" if facts.get("raised") else "grid"
        db.flush()
        who = Looker(hall.staff_id, None, "village", now)
        listed, _ = worklist.page(db, hall.pack, who, Wanted(view=mark))
        marked = {
            request.id
            for request in filed
            if mark in worklist.marks_of(hall.pack, request, now=now)
        }
        assert {request.id for request in listed} == marked
        assert 0 < len(marked) < len(FACTS)
        assert worklist.counts(db, hall.pack, who)[mark] == len(marked)
