"""Moves of staff and residents: whose a request becomes, what a no does, what it ends."""

from datetime import timedelta

import pytest

from actions.errors import Refusal
from actions.governance import handling, moves, overdue, sla
from actions.governance.categories import of
from actions.governance.model import Status
from tests.actions.governance.conftest import PHOTO, Hall

HOUR = timedelta(hours=1)


def test_who_takes_it_on_has_it_until_it_is_given_to_another(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.move(db, request, Status.ACKNOWLEDGED)
        assert request.staff_id == hall.staff_id
        handling.assign(db, hall.pack, request, by=hall.by, team_id="water-team", reason="水管")
        assert request.staff_id is None


def test_a_move_that_is_refused_makes_it_nobodys(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, "noise")
        with pytest.raises(Refusal, match="utter_move_not_allowed"):
            hall.move(db, request, Status.IN_PROGRESS)
        assert request.staff_id is None


def test_what_asks_for_a_photo_is_not_done_without(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request, quarrel = hall.file(db), hall.file(db, "noise")
        for one in (request, quarrel):
            hall.move(db, one, Status.ACKNOWLEDGED)

        def reply(one: object, photos: tuple[str, ...]) -> None:
            moves.move(
                db,
                pack=hall.pack,
                request=one,  # type: ignore[arg-type]
                to=Status.REPLIED,
                staff_id=hall.staff_id,
                now=hall.clock.now(),
                words="好了",
                photos=photos,
            )

        with pytest.raises(Refusal, match="utter_move_needs_photo"):
            reply(request, ())
        reply(request, (PHOTO,))
        reply(quarrel, ())
        assert request.status == quarrel.status == Status.REPLIED


def test_a_no_begins_a_new_promise(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, "tree")  # working hours
        hall.reply(db, request)
        hall.clock.pass_by(50 * HOUR)
        hall.say_solved(db, request, solved=False)
        due = sla.due_at(hall.pack, of(hall.pack, request), hall.clock.now())
        assert (request.status, request.due_at) == (Status.REOPENED, due)
        assert request.look_at is not None


def test_what_was_not_replied_yet_is_in_hand_and_what_was_taken_back_is_over(
    hall: Hall,
) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        with pytest.raises(Refusal, match="utter_request_in_hand"):
            hall.say_solved(db, request, solved=True)
        moves.change(db, hall.pack, request, Status.WITHDRAWN, now=hall.clock.now())
        with pytest.raises(Refusal, match="utter_request_over"):
            hall.say_solved(db, request, solved=False)


def test_nobody_is_asked_in_the_morning_what_they_said_in_the_night(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.clock.pass_by(13 * HOUR)  # 23:00
        request = hall.file(db)
        hall.reply(db, request)
        hall.deliver(db)
        hall.clock.pass_by(moves.ASK_AGAIN_AFTER)
        overdue.look_after(db, hall.pack, now=hall.clock.now())
        assert hall.told(db)[-1] == "utter_request_ask_solved"
        hall.say_solved(db, request, solved=True)
        assert "utter_request_ask_solved" not in hall.told(db)


def test_at_the_top_staff_are_reminded_once_a_day_and_not_more_often(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, "manhole")  # within 4 hours
        looked = []
        for _ in range(100):
            hall.clock.pass_by(HOUR)
            if overdue.look_after(db, hall.pack, now=hall.clock.now()):
                looked.append(hall.clock.now())
        assert request.tier == "town"
        assert looked[-1] - looked[-2] == moves.AGAIN_AFTER
