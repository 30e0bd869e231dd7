"""Of two who are at the same request, the second learns that something has happened."""

import pytest

from actions import happenings
from actions.errors import Refusal
from actions.governance import handling, history
from actions.governance.model import Status
from tests.actions.governance.conftest import Hall


def test_whoever_has_not_seen_the_latest_is_refused(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        seen = history.last_id(db, request)
        history.alone(db, request, seen=seen)
        handling.note(db, request, by=hall.by, words="看过了")
        with pytest.raises(Refusal, match="utter_move_overtaken"):
            history.alone(db, request, seen=seen)
        history.alone(db, request, seen=history.last_id(db, request))


def test_the_town_may_hear_that_it_was_filed_and_moved_and_nobodys_words(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.move(db, request, Status.ACKNOWLEDGED)
        handling.note(db, request, by=hall.by, words="看过了")
        told = happenings.unannounced(db, 9)
    assert [one.what for one in told] == ["request.filed", "request.moved"]
    assert {one.subject for one in told} == {f"request/{request.id}"}
    assert [one.facts["status"] for one in told] == ["received", "acknowledged"]
    assert "路灯" not in str([one.facts for one in told])
