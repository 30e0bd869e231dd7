"""Notices to the people of a household: asked, agreed, ended, somebody new, another chat.

What can wait until the morning does. Nobody's own words stand in them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from actions import callers, conversations, outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.household import showing
from actions.people import households
from actions.people.model import Acting
from actions.quiet import quiet_ends
from actions.square import Square
from actions.wording import to_json


def asked(db: Db, square: Square, one: Acting, *, now: datetime) -> None:
    """Ask somebody whether another may act for them: once, however often that one asks."""
    talk = conversations.of_resident(db, one.principal_id)
    if talk is None:
        return
    home = households.household_of(db, one.principal_id)
    values = {"acting": one.id, "who": showing.actor_of(square, one)}
    values |= {"household": home.id if home else 0}  # where staff write the answer down
    outbox.put_once(
        db,
        key=_about(one),
        conversation_id=talk.id,
        response="utter_acting_asked",
        due_at=quiet_ends(now, square.zone),
        values=to_json(values),
        about=_about(one),
    )


def agreed(db: Db, square: Square, one: Acting, *, now: datetime) -> None:
    """Tell who asked that they may act from now on; the question is over."""
    forget(db, one)
    whom = showing.whom_of(square, one)
    _tell(db, square, [one.actor_id], "utter_acting_agreed", now, whom=whom)


def refused(db: Db, square: Square, one: Acting, *, now: datetime) -> None:
    """Tell who asked that the other would rather not."""
    forget(db, one)
    whom = showing.whom_of(square, one)
    _tell(db, square, [one.actor_id], "utter_acting_declined", now, whom=whom)


def ended(db: Db, square: Square, one: Acting, by: str, *, now: datetime) -> None:
    """Tell the other side that it ended; a question that was not answered is taken back."""
    forget(db, one)
    if one.confirmed_at is None:
        return
    if by != one.actor_id:
        whom = showing.whom_of(square, one)
        _tell(db, square, [one.actor_id], "utter_acting_ended_for", now, whom=whom)
    if by != one.principal_id:
        who = showing.actor_of(square, one)
        _tell(db, square, [one.principal_id], "utter_acting_ended_by", now, who=who)


def joined(db: Db, square: Square, others: Iterable[str], *, now: datetime) -> None:
    """Tell a household that somebody has joined it; nobody is phoned for that."""
    _tell(db, square, others, "utter_household_grown", now, by_phone=False)


def left(db: Db, square: Square, over: Iterable[Acting], who: str, *, now: datetime) -> None:
    """Tell those who acted for somebody who left, or were helped by them, that it ended."""
    for one in over:
        forget(db, one)
        if one.confirmed_at is not None:
            other = one.principal_id if one.actor_id == who else one.actor_id
            _tell(db, square, [other], "utter_acting_over_left", now)


def forget(db: Db, one: Acting) -> None:
    """Take back the question: it is over."""
    outbox.cancel(db, _about(one))


def linked(db: Db, here: Conversation, *, now: datetime) -> None:
    """Tell somebody's other chats that one more is theirs: who did not do that speaks up."""
    chats = db.query(Conversation).filter_by(resident_id=here.resident_id)
    for talk in chats.order_by(Conversation.created_at, Conversation.id):
        if talk.id != here.id and not _is_phoned(db, talk):
            outbox.put(
                db, conversation_id=talk.id, response="utter_link_other_chat", due_at=now
            )


def _tell(
    db: Db,
    square: Square,
    to: Iterable[str],
    response: str,
    now: datetime,
    *,
    by_phone: bool = True,
    **values: Any,
) -> None:
    for resident_id in to:
        talk = conversations.of_resident(db, resident_id)
        if talk is not None and (by_phone or not _is_phoned(db, talk)):
            outbox.put(
                db,
                conversation_id=talk.id,
                response=response,
                due_at=quiet_ends(now, square.zone),
                values=to_json(values),
            )


def _is_phoned(db: Db, talk: Conversation) -> bool:
    return conversations.channel_of(db, talk) == callers.CHANNEL


def _about(one: Acting) -> str:
    return f"acting:{one.id}"
