"""The needs of a resident, and what waits for staff."""

from datetime import datetime

from sqlalchemy import or_, select

from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours.model import WAITING, HelpRequest, Status
from actions.people import acting


def for_staff(db: Db, *, now: datetime, limit: int = 200) -> list[HelpRequest]:
    """Return the needs that wait for staff (in their scope) to look at."""
    return list(
        db.scalars(
            select(HelpRequest)
            .where(HelpRequest.status == Status.REVIEW, HelpRequest.expires_at > now)
            .order_by(HelpRequest.expires_at, HelpRequest.id)
            .limit(limit)
        )
    )


def of_resident(db: Db, resident_id: str, *, since: datetime, limit: int) -> list[HelpRequest]:
    """Return the needs of a resident or asked by them: what is under way first, then latest."""
    asked = select(Conversation.id).where(Conversation.resident_id == resident_id)
    over = HelpRequest.status.not_in((*WAITING, Status.MATCHED))
    return list(
        db.scalars(
            select(HelpRequest)
            .where(
                or_(
                    HelpRequest.resident_id == resident_id,
                    HelpRequest.conversation_id.in_(asked),
                ),
                or_(~over, HelpRequest.created_at >= since),
            )
            .order_by(over, HelpRequest.id.desc())
            .limit(limit)
        )
    )


def has_asked(db: Db, resident_id: str) -> bool:
    """Whether a resident has ever asked the neighbours for something."""
    asked = select(HelpRequest.id).where(HelpRequest.resident_id == resident_id)
    return db.scalar(asked.limit(1)) is not None


def own(db: Db, need_id: str, conversation: Conversation) -> HelpRequest:
    """Return a need of who speaks: theirs, or of somebody they may act for, asked by them.

    Raises:
        Refusal: there is no such need of theirs.
    """
    known = need_id.isascii() and need_id.isdigit() and len(need_id) < 10
    found = db.get(HelpRequest, int(need_id)) if known else None
    if found is None or not _is_own(db, found, conversation):
        raise Refusal("utter_old_choice")
    return found


def words_of(request: HelpRequest) -> str:
    """Return all that was written of a need, as it was written."""
    parts = (request.what, request.where)
    return " ".join(part.text for part in parts if part is not None)


def _is_own(db: Db, need: HelpRequest, conversation: Conversation) -> bool:
    mine = conversation.resident_id
    if need.resident_id == mine:
        return True
    asked = db.get(Conversation, need.conversation_id)
    return (
        asked is not None
        and asked.resident_id == mine
        and acting.may_act(db, mine, need.resident_id)
    )
