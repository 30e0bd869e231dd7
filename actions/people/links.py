"""One-time codes: who speaks in a chat, whose a chat is, who joins a household.

A code of staff is made where somebody has signed in and said where nobody has; one of residents
is made in one chat, or at the desk, and said in another. Its first letters only find it; what
is left is guessed at most five times, whoever guesses and however many at once. Neither kind
can be used, or used up, where the other belongs.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.sql.dml import Delete, Update

from actions.db import Db
from actions.people.model import LinkCode, Staff, StaffAddress, StaffChat

ALPHABET = "ACDEFGHJKMNPQRTUVWXY3479"  # none looks like another
NAME, LENGTH = 3, 9
LASTS = timedelta(minutes=10)
TRIES = 5
OF_STAFF = or_(LinkCode.staff_id.is_not(None), LinkCode.area_id.is_not(None))
OF_RESIDENTS = or_(LinkCode.resident_id.is_not(None), LinkCode.household_id.is_not(None))


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


def code_for_household(db: Db, household_id: int, *, key: str, now: datetime) -> str:
    """Make a code that lets somebody into a household; earlier ones end."""
    db.execute(delete(LinkCode).where(LinkCode.household_id == household_id))
    return _make(db, LinkCode(household_id=household_id), key=key, now=now)


def code_for_resident(db: Db, resident_id: str, *, key: str, now: datetime) -> str:
    """Make a code that makes who says it in another chat this resident; earlier ones end."""
    db.execute(delete(LinkCode).where(LinkCode.resident_id == resident_id))
    return _make(db, LinkCode(resident_id=resident_id), key=key, now=now)


def said_by(db: Db, said: str, resident_id: str, *, key: str, now: datetime) -> LinkCode | None:
    """Take a residents' code as said by somebody, who is then to be asked what `meant` needs.

    None when it is no such code; keep what this writes even then: a wrong guess counts. Nobody
    else can say it from now on.
    """
    code = _redeem(db, said, OF_RESIDENTS, key=key, now=now)
    if code is None:
        return None
    db.refresh(code)
    code.said_by, code.expires_at = resident_id, now + LASTS
    db.flush()
    return code


def meant(db: Db, code_id: int, resident_id: str, *, now: datetime) -> LinkCode | None:
    """Return the code somebody has said and now means; once, and not when it is too late."""
    found = db.get(LinkCode, code_id)
    if found is None:
        return None
    theirs = (
        LinkCode.id == code_id,
        LinkCode.said_by == resident_id,
        LinkCode.used_at.is_not(None),
        LinkCode.expires_at > now,
    )
    db.expunge(found)
    return found if _change(db, delete(LinkCode).where(*theirs)) else None


def give_back(db: Db, code: LinkCode) -> None:
    """Leave a code to whom it is for: who said it right now has no use for it."""
    code.used_at = code.said_by = None
    db.flush()


def is_alive(db: Db, said: str, *, now: datetime) -> bool:
    """Whether a residents' code begins like that; says nothing of whether it is right."""
    alive = select(LinkCode.id).where(
        LinkCode.name == _tidy(said)[:NAME],
        OF_RESIDENTS,
        LinkCode.used_at.is_(None),
        LinkCode.expires_at > now,
    )
    return db.scalar(alive) is not None


def link(db: Db, said: str, door: Door, *, key: str, now: datetime) -> Staff | None:
    """Link an address to the member of staff a code is for; None when it is no such code.

    Keep what this writes even then: a wrong guess counts.
    """
    code = _redeem(db, said, OF_STAFF, key=key, now=now)
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
    code = _redeem(db, said, OF_STAFF, key=key, now=now)
    if code is None or code.area_id is None:
        return None
    return open_for(db, Place(code.area_id, code.team_id), conversation_id, now=now)


def use_up(db: Db, said: str, *, key: str, now: datetime) -> None:
    """Make a code void, as those who should not have seen it have."""
    for kind in (OF_STAFF, OF_RESIDENTS):
        _redeem(db, said, kind, key=key, now=now)


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
    over = or_(
        LinkCode.expires_at <= now,
        LinkCode.used_at.is_not(None) & LinkCode.said_by.is_(None),
    )
    db.execute(delete(LinkCode).where(over))
    taken = set(db.scalars(select(LinkCode.name)))
    while (said := "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))[:NAME] in taken:
        pass
    code.name, code.code_hash = said[:NAME], _hash(key, said)
    code.tries, code.expires_at = 0, now + LASTS
    db.add(code)
    db.flush()
    return said


def _redeem(
    db: Db, said: str, kind: ColumnElement[bool], *, key: str, now: datetime
) -> LinkCode | None:
    """Use a code of a kind up; None when it is none: then the guess was counted first."""
    code = _tidy(said)
    alive = (
        LinkCode.name == code[:NAME],
        kind,
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


def _change(db: Db, statement: Update | Delete) -> bool:
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
