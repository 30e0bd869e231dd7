"""Residents who write nothing: staff write them down at the counter or on the phone.

They are residents like all others, with a conversation on the desk's own channel; their name
and phone are words that can be erased. What we owe them, staff tell on the phone.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actions import conversations
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people.model import Caller, Words

CHANNEL = "desk"
LONGEST_NAME = 40
PHONE = re.compile(r"\+?\d{5,15}")
BETWEEN_DIGITS = re.compile(r"[\s()\-.–—]")


@dataclass(frozen=True)
class Told:
    """What somebody at the counter says of themselves, tidied."""

    name: str
    phone: str


def read(name: str, phone: str) -> Told:
    """Read what was typed.

    Raises:
        Refusal: there is no name, or that is no phone number.
    """
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    phone = BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", phone))
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refusal("utter_desk_no_name", most=LONGEST_NAME)
    if not PHONE.fullmatch(phone):
        raise Refusal("utter_desk_no_phone")
    return Told(name, phone)


def conversation_with(
    db: Db, told: Told, *, area_id: str | None, key: str, now: datetime
) -> Conversation:
    """Return the conversation with somebody at the desk of an area; newcomers are welcomed.

    The same name and phone are the same resident. The address is a keyed hash of them.
    """
    said = "\n".join([area_id or "", told.name, told.phone])
    address = hmac.new(f"caller {key}".encode(), said.encode(), hashlib.sha256).hexdigest()
    found = conversations.at_address(db, channel=CHANNEL, address=address, now=now)
    if db.get(Caller, found.resident_id) is None:
        found.area_id, found.introduced_at = area_id, now
        name, phone = (
            Words(resident_id=found.resident_id, text=text, created_at=now)
            for text in (told.name, told.phone)
        )
        db.add(Caller(resident_id=found.resident_id, name=name, phone=phone))
        db.flush()
    return found


def among(db: Db, resident_ids: Iterable[str]) -> dict[str, Caller]:
    """Return those of these residents who write nothing, by id."""
    found = db.scalars(select(Caller).where(Caller.resident_id.in_(set(resident_ids))))
    return {caller.resident_id: caller for caller in found}
