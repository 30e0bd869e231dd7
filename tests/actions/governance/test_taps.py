"""Deeds of one tap: solved or not, how well, 我也遇到, not meant for these."""

import pytest

from actions.errors import Refusal
from actions.governance import handling, history
from actions.governance.model import Follower, Kind, Rating, ServiceRequest, Status
from actions.governance.taps import TAPS
from actions.taps import Done, Tap
from tests.actions.governance.conftest import Hall


def tap(hall: Hall, intent: str, value: object, who: str = "reporter") -> Done:
    with hall.database.transaction() as db:
        return TAPS[intent](
            db, hall.pack, Tap(hall.talk(db, who), str(value), hall.clock.now())
        )


def filed(hall: Hall, category: str = "road-light", *, replied: bool = False) -> int:
    with hall.database.transaction() as db:
        request = hall.file(db, category)
        if replied:
            hall.reply(db, request)
        return request.id


def status(hall: Hall, number: int) -> str:
    with hall.database.reading() as db:
        return db.get_one(ServiceRequest, number).status


def moved(hall: Hall, number: int, kind: Kind = Kind.MOVED) -> int:
    with hall.database.reading() as db:
        happened = history.history(db, db.get_one(ServiceRequest, number))
        return sum(made.kind == kind for made in happened)


def test_a_yes_solves_it_and_asks_how_well_it_was_done(hall: Hall) -> None:
    number = filed(hall, replied=True)
    done = tap(hall, "request_solved", number)
    assert (done.response, done.values["id"]) == ("utter_ask_rating", number)
    assert status(hall, number) == Status.RESOLVED
    assert tap(hall, "rate_request", f"{number}=3").response == "utter_rated"
    with hall.database.reading() as db:
        assert [given.rating for given in db.query(Rating)] == [3]


@pytest.mark.parametrize("answer", ["request_solved", "request_not_solved"])
def test_a_second_tap_says_the_same_and_does_nothing_more(hall: Hall, answer: str) -> None:
    number = filed(hall, replied=True)
    first, second = tap(hall, answer, number), tap(hall, answer, number)
    assert (first.response, first.values["id"]) == (second.response, second.values["id"])
    assert moved(hall, number) == 4


def test_a_no_brings_it_back_to_its_team(hall: Hall) -> None:
    number = filed(hall, replied=True)
    assert tap(hall, "request_not_solved", number).response == "utter_request_taken_up_again"
    assert status(hall, number) == Status.REOPENED


def test_an_old_button_says_how_it_stands_now(hall: Hall) -> None:
    number = filed(hall)
    with pytest.raises(Refusal, match="utter_request_in_hand"):
        tap(hall, "request_solved", number)


@pytest.mark.parametrize("intent", ["request_solved", "request_not_solved", "reroute_request"])
def test_a_button_is_for_those_it_concerns(hall: Hall, intent: str) -> None:
    number = filed(hall, replied=True)
    for value in (number, 999):
        with pytest.raises(Refusal, match="utter_old_choice"):
            tap(hall, intent, value, "stranger")
    assert status(hall, number) == Status.REPLIED


def test_who_met_the_same_follows_and_may_say_that_it_is_not_solved(hall: Hall) -> None:
    number = filed(hall)
    assert tap(hall, "follow_request", number, "neighbour").response == "utter_request_followed"
    tap(hall, "follow_request", number, "neighbour")
    assert moved(hall, number, Kind.FOLLOWED) == 1
    with hall.database.transaction() as db:
        hall.reply(db, db.get_one(ServiceRequest, number))
    tap(hall, "request_not_solved", number, "neighbour")
    assert status(hall, number) == Status.REOPENED
    with hall.database.reading() as db:
        assert hall.told(db)[-1] == "utter_request_reopened_told"
        assert "utter_request_reopened_told" not in hall.told(db, "neighbour")


def test_who_meets_what_was_said_to_be_done_has_it_taken_up_again(hall: Hall) -> None:
    number = filed(hall, replied=True)
    tap(hall, "request_solved", number)
    tap(hall, "follow_request", number, "neighbour")
    assert status(hall, number) == Status.REOPENED


@pytest.mark.parametrize("category", ["noise", "ebike"])
def test_nobody_follows_what_is_not_for_all_to_see(hall: Hall, category: str) -> None:
    number = filed(hall, category)
    with pytest.raises(Refusal, match="utter_request_not_to_follow"):
        tap(hall, "follow_request", number, "neighbour")


def test_a_button_of_what_became_part_of_another_means_the_other(hall: Hall) -> None:
    number = filed(hall)
    with hall.database.transaction() as db:
        into = hall.file(db, who="other")
        request = db.get_one(ServiceRequest, number)
        handling.merge(db, hall.pack, request, into=into, by=hall.by)
        hall.reply(db, into)
    done = tap(hall, "request_solved", number)
    assert done.values["id"] == into.id
    tap(hall, "follow_request", number, "neighbour")
    with hall.database.reading() as db:
        followed = {one.request_id for one in db.query(Follower)}
    assert followed == {into.id}


def test_a_wrong_owner_is_said_once_however_often_it_is_tapped(hall: Hall) -> None:
    number = filed(hall)
    for _ in range(2):
        done = tap(hall, "reroute_request", number)
        assert (done.response, done.values["id"]) == ("utter_request_rerouted", number)
    assert moved(hall, number, Kind.ASSIGNED) == 1
