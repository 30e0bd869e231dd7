"""A question put into a conversation: what its resident says next is taken as the answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from actions import conversations
from actions.conversations import Conversation, Draft, Status
from actions.db import Db
from actions.turns import TurnRow, TurnState


def expect(
    db: Db, conversation_id: str, form: str, slots: Mapping[str, Any], *, now: datetime
) -> bool:
    """Let the next message go to a form; False when something else goes on there.

    Nobody is interrupted: not who is in a form, nor who talks with staff, nor who is being
    answered this moment. Never waits for anybody.
    """
    conversation = _if_nobody_speaks(db, conversation_id)
    if conversation is None or conversation.status != Status.PENDING:
        return False
    if db.get(Draft, conversation_id) is not None or _is_being_answered(db, conversation_id):
        return False
    try:
        with db.begin_nested():
            conversations.keep_draft(db, conversation_id, form, dict(slots), now=now)
    except IntegrityError:  # somebody has begun a form this moment
        return False
    conversation.epoch += 1  # so that Rasa takes the form up
    db.flush()
    return True


def expect_no_more(db: Db, conversation_id: str, form: str, slots: Mapping[str, Any]) -> bool:
    """Take such a question back, if it is still the one that waits; False when it is not."""
    draft = db.get(Draft, conversation_id)
    if draft is None or draft.form != form or not slots.items() <= draft.slots.items():
        return False
    conversation = _if_nobody_speaks(db, conversation_id)
    if conversation is None or _is_being_answered(db, conversation_id):
        return False
    conversations.drop_draft(db, conversation_id)
    conversation.epoch += 1
    db.flush()
    return True


def _if_nobody_speaks(db: Db, conversation_id: str) -> Conversation | None:
    """Hold a conversation, if nobody else does."""
    return db.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update(of=Conversation, key_share=True, skip_locked=True)
    )


def _is_being_answered(db: Db, conversation_id: str) -> bool:
    at_work = select(TurnRow.id).where(
        TurnRow.conversation_id == conversation_id,
        TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]),
    )
    return db.scalar(at_work.limit(1)) is not None
