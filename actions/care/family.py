"""Who of the family is told of a check-in: somebody they live with, and only while they do."""

from datetime import datetime

from sqlalchemy import select

from actions import conversations, outbox
from actions.care.model import CheckIn
from actions.conversations import Conversation
from actions.db import Db
from actions.people import kin, scope
from actions.people.model import Acting, Resident
from actions.quiet import quiet_ends
from actions.square import Square
from actions.wording import to_json
from knowledge.records import Text

# What wakes them, should it be night: all else waits for the morning.
ALARMS = frozenset(
    {
        "utter_check_in_family_silent",
        "utter_check_in_family_unwell",
        "utter_check_in_family_emergency",
        "utter_check_in_family_answered",
    }
)


def of(db: Db, resident: Resident) -> list[Resident]:
    """Return who lives with a resident, in a lasting order."""
    if resident.household_id is None:
        return []
    return list(
        db.scalars(
            select(Resident)
            .where(Resident.household_id == resident.household_id, Resident.id != resident.id)
            .order_by(Resident.created_at, Resident.id)
        )
    )


def reached(db: Db, check_in: CheckIn) -> Conversation | None:
    """Return where the one who is told is reached, while they still live together."""
    resident = db.get_one(Resident, check_in.resident_id)
    if check_in.family_id not in {one.id for one in of(db, resident)}:
        return None
    with scope.unlimited(db):
        return conversations.of_resident(db, str(check_in.family_id))


def tell(db: Db, square: Square, check_in: CheckIn, response: str, now: datetime) -> bool:
    """Tell the one of the family; False when there is nobody to be told."""
    talk = reached(db, check_in)
    if talk is None:
        return False
    values = {"resident": check_in.resident_id, "who": _who(db, square, check_in)}
    outbox.put(
        db,
        conversation_id=talk.id,
        response=response,
        due_at=now if response in ALARMS else quiet_ends(now, square.zone),
        values=to_json(values),
        about=about(check_in),
    )
    return True


def about(check_in: CheckIn) -> str:
    """Name what is owed to the family of somebody who is asked."""
    return f"check_in_family:{check_in.resident_id}"


def _who(db: Db, square: Square, check_in: CheckIn) -> Text:
    """Say who it is by kin (your mother), as far as the two have said so; never by name."""
    kind = db.scalar(
        select(Acting.kin).where(
            Acting.actor_id == check_in.family_id,
            Acting.principal_id == check_in.resident_id,
            Acting.confirmed_at.is_not(None),
            Acting.ended_at.is_(None),
        )
    )
    words = kin.KINDS.get(kind or "", ())
    english = next((word for word in words if word.isascii()), "")
    plain = square.in_both("utter_check_in_one_of_family")
    return Text(zh=words[0] if words else plain.zh, en=english or plain.en)
