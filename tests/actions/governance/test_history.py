"""Of two who are at the same request, the second learns that something has happened."""

import pytest

from actions.errors import Refusal
from actions.governance import handling, history
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
