"""What residents hear of a round table: that their matter is on it, and what came of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from actions import outbox
from actions.db import Db
from actions.governance.model import ServiceRequest
from actions.governance.roundtable.model import Meeting, Topic
from actions.quiet import quiet_ends
from actions.wording import to_json
from knowledge.pack import Pack


def described(meeting: Meeting) -> dict[str, Any]:
    """Return the values the responses about a meeting speak of."""
    return {"meeting": meeting.id, "when": meeting.starts_at, "place": meeting.place}


def on_the_table(
    db: Db, meeting: Meeting, topic: Topic, talks: Iterable[str], *, now: datetime
) -> None:
    """Tell who raised a topic that it is on a meeting, once; they may come and ask."""
    for talk in talks:
        outbox.put_once(
            db,
            key=f"table:{meeting.id}:{topic.id}:{talk}",
            conversation_id=talk,
            response="utter_roundtable_yours",
            due_at=now,
            stale_at=meeting.starts_at,
            values=to_json({**described(meeting), "title": topic.title}),
            about=f"meeting:{meeting.id}",
        )


def result(
    db: Db,
    pack: Pack,
    meeting: Meeting,
    promised: Sequence[ServiceRequest],
    talks: Iterable[str],
    *,
    now: datetime,
) -> None:
    """Tell everybody once what came of a meeting, and what was promised."""
    told = {
        **described(meeting),
        "minutes": meeting.minutes,
        "references": "、".join(request.reference for request in promised) or "—",
    }
    for talk in talks:
        outbox.put_once(
            db,
            key=f"table:{meeting.id}:result:{talk}",
            conversation_id=talk,
            response="utter_roundtable_result",
            due_at=quiet_ends(now, pack.zone),
            values=to_json(told),
            about=f"meeting:{meeting.id}",
        )
