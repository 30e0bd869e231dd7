"""Deeds of one tap: the places that are claimed, and what those hear who came too late."""

import pytest

from actions.booking.taps import TAPS
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.taps import Done, Tap
from tests.actions.booking.conftest import (
    MakeSession,
    book,
    conversation_of,
    programme_of,
    session_of,
)

SHELF = "task-library-shelf"


def tap(ground: Ground, intent: str, value: str, who: str = "a") -> Done:
    with ground.database.transaction() as db:
        tapped = Tap(conversation_of(db, who), value, ground.clock.now())
        return TAPS[intent](db, programme_of(ground), tapped)


def said(ground: Ground, response: str, values: object, language: str = "zh") -> str:
    assert isinstance(values, dict)
    return ground.wording.render(response, language=language, values=values).text


def test_who_claims_first_has_it_and_who_comes_late_is_told_of_the_line(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1, activity_id=SHELF)
    won = tap(ground, "claim", str(session_id))
    assert said(ground, won.response, dict(won.values)).startswith(
        "抢到了，这件事交给您：书房整架"
    )
    assert said(ground, won.response, dict(won.values), "en").startswith("It is yours")
    with pytest.raises(Refusal) as lost:
        tap(ground, "claim", str(session_id), who="b")
    told = ground.wording.render(lost.value.response, values=lost.value.details)
    assert "刚被别人抢完了：书房整架" in told.text
    (choice,) = told.choices
    assert (choice.intent, choice.value) == ("join_waitlist", f"{session_id}x1")
    waits = tap(ground, choice.intent, choice.value, who="b")
    assert waits.response == "utter_waiting"
    assert session_of(ground, session_id).taken == 1


def test_without_a_line_who_comes_late_is_thanked(
    ground: Ground, make_session: MakeSession
) -> None:
    session_id = make_session(1, activity_id="one-fun-run")  # has no line
    book(ground, session_id)
    with pytest.raises(Refusal, match="utter_claim_lost_no_waitlist"):
        tap(ground, "claim", str(session_id), who="b")


def test_a_second_tap_finds_it_claimed(ground: Ground, make_session: MakeSession) -> None:
    session_id = make_session(2, activity_id=SHELF)
    tap(ground, "claim", str(session_id))
    with pytest.raises(Refusal, match="utter_already_booked"):
        tap(ground, "claim", str(session_id))
