"""Replies of the pack that are kept ready, filled in for one request as its reporter reads."""

from dataclasses import dataclass

from actions.governance import telling, workflow
from actions.governance.model import ServiceRequest, Status
from actions.people.model import Resident
from bot.desk.visit import Visit
from knowledge.pack import REPLY_VALUES, Reply
from knowledge.records import Text


@dataclass(frozen=True)
class Ready:
    """A reply as it would be sent, and the move it makes in one tap, if that may be made."""

    id: str
    title: Text
    words: str
    move: Status | None


def ready(visit: Visit, request: ServiceRequest) -> list[Ready]:
    """Return the replies for a request, those for its category first."""
    fitting = [
        reply
        for reply in visit.pack.replies.values()
        if not reply.categories or request.category_id in reply.categories
    ]
    fitting.sort(key=lambda reply: not reply.categories)
    return [_filled(visit, request, reply) for reply in fitting]


def chosen(visit: Visit, request: ServiceRequest, field: str) -> Ready | None:
    """Return the reply that a form or an address names; None when it names none."""
    reply = visit.pack.replies.get(visit.sent.get(field, ""))
    return _filled(visit, request, reply) if reply else None


def _filled(visit: Visit, request: ServiceRequest, reply: Reply) -> Ready:
    language = visit.db.get_one(Resident, request.resident_id).language
    told, shown = telling.described(visit.pack, request), visit.desk.wording.shown
    values = {name: shown(told[name], language) for name in REPLY_VALUES}
    move = Status(reply.move) if reply.move else None
    possible = move in workflow.moves_of_staff(request.status)
    return Ready(
        reply.id, reply.title, reply.filled(language, values), move if possible else None
    )
