"""代办 in deeds: for whom something is done, who may dispose of it, and who is told of it.

What is done for somebody (the principal) is theirs: it bears their `resident_id`. The
conversation it was asked for in stays with it, so that who acted for them gets the answers.
Every deed asks here anew whether the acting still lasts: it may have ended a moment ago.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from actions import conversations
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import acting, kin, scope
from actions.people.model import Acting
from knowledge.text import normalise

_MINE = r"(?:我(?:们)?(?:家|的)?|俺|咱|阿拉)"
_WORDS = "|".join(sorted((w for w in kin.ONE if not w.isascii()), key=len, reverse=True))
_ENGLISH = "|".join(sorted(kin.ENGLISH_ONE, key=len, reverse=True))
# Whose something is that is there already: 我妈的报名, 我爸报的路灯, my mother's bookings.
# Who is only mentioned (我妈住院了) has nothing there.
_THEIRS = (
    r"(?=(?![住说问看用在叫])[^，。,.!！?？;；\s我]{0,8}?的"
    r"|[^，。,.!！?？;；\s我]{0,5}?(?:报|约|订|反映|申请|登记|提过|取消|不去|去不了|不来|来不了)"
    r"|那[个条件次场边]|名下)"
)
_EN_THEIRS = (
    r"(?='s|s'| (?:booked|reported|filed|signed|asked|cannot|can't|can ?not|has|is not|won't))"
)
WHOSE = (
    re.compile(rf"(?P<whose>{_MINE}(?:{_WORDS})){_THEIRS}"),
    re.compile(rf"\b(?P<whose>my (?:{_ENGLISH})){_EN_THEIRS}"),
)
FOR = r"(?:给|帮|替|为|代)\s*"
OF_THEIRS = rf"的?(?:{_WORDS})|'s (?:{_ENGLISH})\b"  # 我妈的邻居 is not my mother


@dataclass(frozen=True)
class Listener:
    """Where something is told: the conversation, and who reads there."""

    reader_id: str
    conversation_id: str


def read_whose(text: str) -> str:
    """Return whose a message says something is, in its own words; empty when it does not."""
    if whom := read_whom(text):
        return whom
    said = normalise(text)
    found = (pattern.search(said) for pattern in WHOSE)
    whose = next((match["whose"] for match in found if match), "")
    return "" if _is_of_theirs(said, whose) else whose


def read_whom(text: str) -> str:
    """Return for whom a message is; empty when it is for somebody of theirs: 我妈的邻居."""
    whom = kin.read_whom(text) or ""
    return "" if _is_of_theirs(normalise(text), whom) else whom


def read_for(text: str) -> str:
    """Return for whom a message asks to have something done: 帮我爸报修, for my father.

    Only what says so outright counts: 我妈要摔跤了 tells of her, and asks nothing for her.
    """
    whom = read_whom(text)
    outright = rf"{FOR}{re.escape(whom)}|\bfor {re.escape(whom)}\b"
    return whom if whom and re.search(outright, normalise(text)) else ""


def called(words: str) -> str:
    """Return how to speak to a resident of who they mean: 妈妈 of 我妈, mother of my mother."""
    said = re.sub(rf"^(?:{_MINE}|my )", "", normalise(words))
    known = kin.KINDS.get(kin.kind_of(words) or "", ())
    fuller = (word for word in known if not word.isascii() and said and said in word)
    return said if said in known and len(said) > 1 else next(fuller, said)


def meant(db: Db, actor_id: str, words: str) -> Acting | None:
    """Return by what a resident may act for the one they mean; None when they may not."""
    principal = acting.principal(db, actor_id, words) if words else None
    return lasting(db, actor_id, principal.id) if principal else None


def lasting(db: Db, actor_id: str, principal_id: str) -> Acting | None:
    """Return by what one resident may act for another at this moment."""
    return db.scalar(_lasting(actor_id).where(Acting.principal_id == principal_id).limit(1))


def by_id(db: Db, actor_id: str, acting_id: int) -> Acting | None:
    """Return it while it lasts, and is this resident's."""
    return db.scalar(_lasting(actor_id).where(Acting.id == acting_id))


def principals_of(db: Db, actor_id: str) -> Sequence[str]:
    """Return the residents somebody may act for at this moment."""
    found = db.scalars(_lasting(actor_id).order_by(Acting.id))
    return list(dict.fromkeys(one.principal_id for one in found))


def owner(db: Db, conversation: Conversation, acting_id: int | None) -> str:
    """Return whose a thing becomes that is asked for in a conversation.

    Raises:
        Refusal: it was to be somebody else's, and who asks may not act for them (any more).
    """
    if acting_id is None:
        return conversation.resident_id
    found = by_id(db, conversation.resident_id, acting_id)
    if found is None:
        raise Refusal("utter_behalf_over")
    return found.principal_id


def may(db: Db, resident_id: str, whose: str) -> bool:
    """Whether somebody may see and change what is a resident's: it is theirs, or they act."""
    return resident_id == whose or acting.may_act(db, resident_id, whose)


def reader_of(db: Db, conversation_id: str) -> str:
    """Return who reads in a conversation, whoever looks."""
    with scope.unlimited(db):
        return db.scalars(
            select(Conversation.resident_id).where(Conversation.id == conversation_id)
        ).one()


def listeners(db: Db, resident_id: str, conversation_id: str) -> list[Listener]:
    """Return where what is a resident's is told: where it was asked for, and at their own.

    Who asked for it, acting for them, is left out from the moment that has ended.
    """
    reader = reader_of(db, conversation_id)
    there = Listener(reader, conversation_id)
    if reader == resident_id:
        return [there]
    heard = [there] if acting.may_act(db, reader, resident_id) else []
    own = home_of(db, resident_id)
    return [*heard, own] if own else heard


def home_of(db: Db, resident_id: str) -> Listener | None:
    """Return where a resident is told what is theirs; None when they are nowhere reached."""
    with scope.unlimited(db):
        home = conversations.of_resident(db, resident_id)
    return Listener(resident_id, home.id) if home else None


def of_ended(table: type[Any]) -> Select[Any]:
    """Select what was asked for on somebody's behalf by one who may no more act for them.

    The table has a `resident_id` and a `conversation_id`.
    """
    again = aliased(Acting)
    lasting = select(again.id).where(
        again.actor_id == Acting.actor_id,
        again.principal_id == Acting.principal_id,
        again.confirmed_at.is_not(None),
        again.ended_at.is_(None),
    )
    acted = Acting.actor_id == Conversation.resident_id
    return (
        select(table)
        .join(Conversation, Conversation.id == table.conversation_id)
        .join(Acting, acted & (Acting.principal_id == table.resident_id))
        .where(Acting.ended_at.is_not(None), ~lasting.exists())
        .order_by(table.id)
    )


def _lasting(actor_id: str) -> Select[Acting]:
    return select(Acting).where(
        Acting.actor_id == actor_id,
        Acting.confirmed_at.is_not(None),
        Acting.ended_at.is_(None),
    )


def _is_of_theirs(said: str, whose: str) -> bool:
    return bool(whose) and re.search(rf"{re.escape(whose)}(?:{OF_THEIRS})", said) is not None
