"""What residents do with their own: add, put the place right, take back, leave, rate."""

from datetime import timedelta

import pytest

from actions.db import Db
from actions.errors import Refusal
from actions.governance import categories, following, history, moves, overdue, reporting
from actions.governance.model import Kind, Rating, ServiceRequest, Status
from actions.governance.service import Where
from actions.outbox import Notice
from tests.actions.governance.conftest import PHOTO, Hall

HOUR = timedelta(hours=1)


def add(hall: Hall, db: Db, request: ServiceRequest, words: str = "", photos: int = 0) -> None:
    reporting.add(
        db,
        hall.pack,
        request,
        resident_id=request.resident_id,
        words=words,
        photos=(PHOTO,) * photos,
        now=hall.clock.now(),
    )


def withdraw(hall: Hall, db: Db, request: ServiceRequest) -> None:
    reporting.withdraw(
        db, hall.pack, request, resident_id=request.resident_id, now=hall.clock.now()
    )


def follow(hall: Hall, db: Db, request: ServiceRequest, who: str = "neighbour") -> str:
    talk = hall.talk(db, who)
    following.follow(db, request=request, conversation=talk, now=hall.clock.now())
    return talk.resident_id


def test_own_are_those_one_reported_or_follows_and_no_others(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        neighbour = follow(hall, db, request)
        for resident_id in (request.resident_id, neighbour):
            found = reporting.own(db, reference=request.reference, resident_id=resident_id)
            assert found is request
        stranger = hall.talk(db, "stranger").resident_id
        with pytest.raises(Refusal, match="utter_request_unknown"):
            reporting.own(db, reference=request.reference, resident_id=stranger)


def test_what_is_added_is_kept_and_its_team_is_told(hall: Hall) -> None:
    with hall.database.transaction() as db:
        chat = hall.chat(db, team_id="road-team")
        request = hall.file(db)
        due = request.due_at
        add(hall, db, request, "东边那盏", photos=2)
        made = history.history(db, request)[-1]
        assert made.words is not None
        assert (made.kind, made.words.text) == (Kind.ADDED, "东边那盏")
        assert made.attachments == [PHOTO, PHOTO]
        assert request.due_at == due
        told = db.query(Notice).filter(Notice.conversation_id == chat).all()
        assert [one.response for one in told] == ["utter_staff_new", "utter_staff_added"]
        assert all("东边" not in str(one.values) for one in told)


def test_who_adds_does_not_put_off_what_the_clock_does(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        nudged = request.look_at
        hall.clock.pass_by(10 * HOUR)
        add(hall, db, request, "还是黑的")
        assert request.look_at == nudged
        hall.reply(db, request)
        hall.clock.pass_by(moves.ASK_AGAIN_AFTER)
        overdue.look_after(db, hall.pack, now=hall.clock.now())
        named = request.look_at
        add(hall, db, request, "我再看看")
        assert request.look_at == named


def test_nothing_is_added_without_anything_or_without_end(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        with pytest.raises(Refusal, match="utter_nothing_to_add"):
            add(hall, db, request, "  ")
        add(hall, db, request, photos=reporting.MOST_PHOTOS)
        with pytest.raises(Refusal, match="utter_too_many_photos"):
            add(hall, db, request, photos=1)
        hall.move(db, request, Status.DECLINED)
        with pytest.raises(Refusal, match="utter_request_over"):
            add(hall, db, request, "可是")


def test_only_the_reporter_changes_it_and_who_follows_is_told_why(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        neighbour, stranger = follow(hall, db, request), hall.talk(db, "stranger").resident_id
        for resident_id, refusal in (
            (neighbour, "utter_request_of_neighbour"),
            (stranger, "utter_request_unknown"),
        ):
            said = {"resident_id": resident_id, "now": hall.clock.now()}
            with pytest.raises(Refusal, match=refusal):
                reporting.add(db, hall.pack, request, words="我也说", **said)  # type: ignore[arg-type]
            with pytest.raises(Refusal, match=refusal):
                reporting.put_right(db, hall.pack, request, where=Where("gz-youyi"), **said)  # type: ignore[arg-type]
            with pytest.raises(Refusal, match=refusal):
                reporting.withdraw(db, hall.pack, request, **said)  # type: ignore[arg-type]
            with pytest.raises(Refusal, match=refusal):
                reporting.reroute(db, hall.pack, request, **said)  # type: ignore[arg-type]


def test_a_place_put_right_brings_it_to_the_staff_of_that_area(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        chat = hall.chat(db, team_id="road-team")
        reporting.put_right(
            db,
            hall.pack,
            request,
            resident_id=request.resident_id,
            where=Where("gz-complex", "门口"),
            now=hall.clock.now(),
        )
        assert (request.place_id, request.area_id) == ("gz-complex", "guali/qicai/a/")
        assert request.where is not None
        assert request.where.text == "门口"
        told = db.query(Notice).filter(Notice.conversation_id == chat).one()
        assert told.response == "utter_staff_placed"


def test_what_nobody_has_taken_on_is_taken_back_and_its_team_is_told(hall: Hall) -> None:
    with hall.database.transaction() as db:
        chat = hall.chat(db, team_id="road-team")
        request = hall.file(db)
        withdraw(hall, db, request)
        assert (request.status, request.look_at) == (Status.WITHDRAWN, None)
        told = [one.response for one in db.query(Notice).order_by(Notice.id)]
        assert told == ["utter_staff_new", "utter_staff_withdrawn"]
        assert db.query(Notice).filter(Notice.conversation_id != chat).all() == []


def test_what_was_taken_on_or_is_waited_for_is_not_taken_back(hall: Hall) -> None:
    with hall.database.transaction() as db:
        taken_on, waited_for = hall.file(db), hall.file(db)
        hall.move(db, taken_on, Status.ACKNOWLEDGED)
        neighbour = follow(hall, db, waited_for)
        with pytest.raises(Refusal, match="utter_request_taken_on"):
            withdraw(hall, db, taken_on)
        with pytest.raises(Refusal, match="utter_request_followed_by_others"):
            withdraw(hall, db, waited_for)
        assert reporting.leave(db, waited_for, resident_id=neighbour)
        withdraw(hall, db, waited_for)
        assert waited_for.status == Status.WITHDRAWN


def test_who_leaves_hears_no_more(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        neighbour = follow(hall, db, request)
        assert reporting.leave(db, request, resident_id=neighbour)
        assert not reporting.leave(db, request, resident_id=neighbour)
        assert not reporting.leave(db, request, resident_id=request.resident_id)
        hall.reply(db, request)
        assert hall.told(db, "neighbour") == []


def test_a_rating_is_given_once_and_not_before_something_was_done(hall: Hall) -> None:
    def rate(rating: int) -> None:
        resident_id, now = request.resident_id, hall.clock.now()
        reporting.rate(db, request, resident_id=resident_id, rating=rating, now=now)

    with hall.database.transaction() as db:
        request = hall.file(db)
        with pytest.raises(Refusal, match="utter_cannot_rate"):
            rate(3)
        hall.reply(db, request)
        hall.say_solved(db, request, solved=True)
        for outside in (0, 4):
            with pytest.raises(Refusal, match="utter_cannot_rate"):
                rate(outside)
        rate(2)
        with pytest.raises(Refusal, match="utter_rated_already"):
            rate(1)
        assert [given.rating for given in db.query(Rating)] == [2]


def test_the_dispatcher_looks_at_what_went_wrong_and_who_follows_is_told(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        follow(hall, db, request)
        due = request.due_at
        reporting.reroute(
            db, hall.pack, request, resident_id=request.resident_id, now=hall.clock.now()
        )
        dispatcher = categories.dispatcher(hall.pack)
        assert (request.team_id, request.flagged, request.due_at) == (dispatcher, True, due)
        assert hall.told(db) == []
        assert hall.told(db, "neighbour") == ["utter_request_assigned"]
