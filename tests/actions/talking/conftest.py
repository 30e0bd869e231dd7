"""Talks of residents who have neighbours to write to."""

from datetime import timedelta

import pytest

from actions import conversations
from actions.dialogue import Ground
from actions.relay import relaying
from actions.talking import actions as talking
from tests.actions.conftest import Talk


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, talking.actions)


def in_touch(talk: Talk, about: str, address: str = "helper") -> str:
    """Somebody helps the resident; returns the helper's conversation."""
    ground = talk.ground
    now = ground.clock.now()
    asker = talk.conversation_id
    with ground.database.transaction() as db:
        other = conversations.at_address(db, channel="webchat", address=address, now=now)
        one = db.get_one(conversations.Conversation, asker)
        relaying.open_between(
            db, one, other, about=about, now=now, closes_at=now + timedelta(hours=8)
        )
        return other.id
