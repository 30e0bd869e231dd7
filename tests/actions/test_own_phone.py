"""What is personal is refused by the actions too, where many use one screen."""

from contextlib import nullcontext

import pytest

from actions import conversations
from actions.clock import Clock
from actions.db import Database
from actions.errors import Refusal, TurnLost
from actions.own_phone import BEHIND_A_FORM, OWN, refuse

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(("channel", "refused"), [("kiosk", True), ("webchat", False)])
def test_personal_deeds_are_refused_on_a_shared_screen_alone(
    database: Database, clock: Clock, channel: str, refused: bool
) -> None:
    with database.transaction() as db:
        talk = conversations.at_address(db, channel=channel, address="a", now=clock.now())
        for deed in OWN | BEHIND_A_FORM:
            with pytest.raises((Refusal, TurnLost)) if refused else nullcontext():
                refuse(db, talk, deed)
        refuse(db, talk, "action_book_activity")  # what is nobody's secret is done anywhere
