"""Who speaks in a chat: addresses linked to staff, and chats to areas, by one-time codes.

A code is made where somebody has signed in and said where nobody has. Its first letters only
find it; what is left is guessed at most five times, whoever guesses and however many at once.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.sql.dml import Update

from actions.db import Db
from actions.people.model import LinkCode, Staff, StaffAddress, StaffChat

ALPHABET = "ACDEFGHJKMNPQRTUVWXY3479"  # none looks like another
NAME, LENGTH = 3, 9
LASTS = timedelta(minutes=10)
TRIES = 5


@dataclass(frozen=True)
class Place:
    """The area, and perhaps the team there, a chat is for."""

    area_id: str
    team_id: str | None = None


@dataclass(frozen=True)
class Door:
    """Somebody's or a chat's address on a channel."""

    channel: str
    address: str


def code_for_staff(db: Db, staff: Staff, *, key: str, now: datetime) -> str:
    """Make a code that links whoever says it to a member of staff; earlier ones end."""
    db.execute(delete(LinkCode).where(LinkCode.staff_id == staff.id))
    return _make(db, LinkCode(staff_id=staff.id), key=key, now=now)


def code_for_chat(db: Db, place: Place, *, key: str, now: datetime) -> str:
    """Make a code that makes the chat it is said in a chat of staff."""
    code = LinkCode(area_id=place.area_id, team_id=place.team_id)
    return _make(db, code, key=key, now=now)


def link(db: Db, said: str, door: Door, *, key: str, now: datetime) -> Staff | None:
    """Link an address to the member of staff a code is for; None when it is no such code.

    Keep what this writes even then: a wrong guess counts.
    """
    code = _redeem(db, said, key=key, now=now)
    staff = db.get(Staff, code.staff_id) if code and code.staff_id else None
    if staff is None or staff.disabled_at:
        return None
    linked = _address(db, door)
    if linked is None:
        linked = StaffAddress(channel=door.channel, address=door.address)
        db.add(linked)
    linked.staff_id, linked.linked_at = staff.id, now
    db.flush()
    return staff


def open_chat(
    db: Db, said: str, conversation_id: str, *, key: str, now: datetime
) -> StaffChat | None:
    """Make a conversation a chat of staff by a code; None when it is no such code.

    Keep what this writes even then: a wrong guess counts.
    """
    code = _redeem(db, said, key=key, now=now)
    if code is None or code.area_id is None:
        return None
    return open_for(db, Place(code.area_id, code.team_id), conversation_id, now=now)


def use_up(db: Db, said: str, *, key: str, now: datetime) -> None:
    """Make a code void, as those who should not have seen it have."""
    _redeem(db, said, key=key, now=now)


def open_for(db: Db, place: Place, conversation_id: str, *, now: datetime) -> StaffChat:
    """Make a conversation a chat of the staff of a place."""
    chat = db.scalar(select(StaffChat).where(StaffChat.conversation_id == conversation_id))
    if chat is None:
        chat = StaffChat(conversation_id=conversation_id, created_at=now)
        db.add(chat)
    chat.area_id, chat.team_id, chat.ended_at = place.area_id, place.team_id, None
    db.flush()
    return chat


def chat_of(db: Db, conversation_id: str) -> StaffChat | None:
    """Return what makes a conversation a chat of staff, None for all others."""
    return db.scalar(
        select(StaffChat).where(
            StaffChat.conversation_id == conversation_id, StaffChat.ended_at.is_(None)
        )
    )


def speaker(db: Db, door: Door) -> Staff | None:
    """Return who speaks from an address, while they are staff."""
    return db.scalar(
        select(Staff)
        .join(StaffAddress, StaffAddress.staff_id == Staff.id)
        .where(
            StaffAddress.channel == door.channel,
            StaffAddress.address == door.address,
            Staff.disabled_at.is_(None),
        )
    )


def know(db: Db, staff: Staff, door: Door, *, now: datetime) -> None:
    """Note the address of somebody who has signed in there."""
    if _address(db, door) is None:
        db.add(StaffAddress(staff_id=staff.id, linked_at=now, **vars(door)))
        db.flush()


def of_staff(db: Db, staff: Staff) -> list[StaffAddress]:
    """Return where a member of staff is known, in the order it was linked."""
    return list(
        db.scalars(
            select(StaffAddress)
            .where(StaffAddress.staff_id == staff.id)
            .order_by(StaffAddress.id)
        )
    )


def unlink(db: Db, staff: Staff, channel: str | None = None) -> int:
    """Know somebody no longer, on one channel or on all; returns how many addresses went."""
    gone = delete(StaffAddress).where(StaffAddress.staff_id == staff.id)
    if channel is not None:
        gone = gone.where(StaffAddress.channel == channel)
    db.execute(delete(LinkCode).where(LinkCode.staff_id == staff.id))
    return int(db.execute(gone).rowcount)  # type: ignore[attr-defined]


def shown(code: str) -> str:
    """Write a code as people read it out: ACD-EFG-HJK."""
    return "-".join(code[start : start + NAME] for start in range(0, LENGTH, NAME))


def _make(db: Db, code: LinkCode, *, key: str, now: datetime) -> str:
    db.execute(
        delete(LinkCode).where(or_(LinkCode.expires_at <= now, LinkCode.used_at.is_not(None)))
    )
    taken = set(db.scalars(select(LinkCode.name)))
    while (said := "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))[:NAME] in taken:
        pass
    code.name, code.code_hash = said[:NAME], _hash(key, said)
    code.tries, code.expires_at = 0, now + LASTS
    db.add(code)
    db.flush()
    return said


def _redeem(db: Db, said: str, *, key: str, now: datetime) -> LinkCode | None:
    """Use a code up; None when it is none, and then the guess has been counted first."""
    code = _tidy(said)
    alive = (
        LinkCode.name == code[:NAME],
        LinkCode.used_at.is_(None),
        LinkCode.expires_at > now,
        LinkCode.tries < TRIES,
    )
    if not _change(db, update(LinkCode).where(*alive).values(tries=LinkCode.tries + 1)):
        return None
    found = db.scalars(select(LinkCode).where(LinkCode.name == code[:NAME])).one()
    if not hmac.compare_digest(found.code_hash, _hash(key, code)):
        return None
    unused = update(LinkCode).where(LinkCode.id == found.id, LinkCode.used_at.is_(None))
    return found if _change(db, unused.values(used_at=now)) else None


def _change(db: Db, statement: Update) -> bool:
    done = db.execute(statement.execution_options(synchronize_session=False))
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def _address(db: Db, door: Door) -> StaffAddress | None:
    return db.scalar(
        select(StaffAddress).where(
            StaffAddress.channel == door.channel, StaffAddress.address == door.address
        )
    )


def _tidy(said: str) -> str:
    """acd-efg hjk and ＡＣＤＥＦＧＨＪＫ are the same code."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", said)).upper()


def _hash(key: str, code: str) -> str:
    return hmac.new(f"link {key}".encode(), code.encode(), hashlib.sha256).hexdigest()
