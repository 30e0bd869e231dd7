"""What staff do besides moving: pass on, return, put into its category, ask, merge, split."""

from datetime import timedelta

import pytest

from actions.db import Db
from actions.errors import Refusal
from actions.governance import categories, following, handling, history, overdue, workflow
from actions.governance.model import Kind, ServiceRequest, Status
from actions.outbox import Notice
from actions.people.model import Role, Staff
from tests.actions.governance.conftest import Hall

HOUR = timedelta(hours=1)


def assign(hall: Hall, db: Db, request: ServiceRequest, team: str, **more: object) -> None:
    handling.assign(db, hall.pack, request, by=hall.by, team_id=team, **more)  # type: ignore[arg-type]


def give_back(hall: Hall, db: Db, request: ServiceRequest, team: str) -> None:
    handling.give_back(db, hall.pack, request, by=hall.by, team_id=team, reason="不归我们")


def categorise(hall: Hall, db: Db, request: ServiceRequest, category: str) -> None:
    handling.categorise(db, hall.pack, request, by=hall.by, category_id=category)


def follow(hall: Hall, db: Db, request: ServiceRequest, who: str = "neighbour") -> None:
    talk, now = hall.talk(db, who), hall.clock.now()
    following.follow(db, request=request, conversation=talk, now=now)


def colleague(hall: Hall, db: Db, team_id: str | None) -> int:
    somebody = Staff(
        username=f"of {team_id}",
        password_hash="-",
        role=Role.STAFF,
        area_id="guali/",
        team_id=team_id,
        created_at=hall.clock.now(),
    )
    db.add(somebody)
    db.flush()
    return somebody.id


def test_what_is_passed_on_keeps_its_promise_and_all_concerned_are_told(hall: Hall) -> None:
    with hall.database.transaction() as db:
        chat = hall.chat(db, team_id="water-team")
        request = hall.file(db)
        follow(hall, db, request)
        due = request.due_at
        hall.clock.pass_by(HOUR)
        assign(hall, db, request, "water-team", reason="是水管")
        assert (request.team_id, request.due_at) == ("water-team", due)
        news = ["utter_request_assigned", "words"]
        assert hall.told(db) == hall.told(db, "neighbour") == news
        told = db.query(Notice).filter(Notice.conversation_id == chat).one()
        assert told.response == "utter_staff_assigned"


def test_within_a_team_it_is_given_without_a_word_and_without_news(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        somebody = colleague(hall, db, "road-team")
        assign(hall, db, request, "road-team", staff_id=somebody)
        assert request.staff_id == somebody
        assert hall.told(db) == []


@pytest.mark.parametrize(
    ("team", "reason", "refusal"),
    [
        ("nobody", "是水管", "utter_no_such_team"),
        ("water-team", " ", "utter_assign_needs_reason"),
    ],
)
def test_nobody_passes_on_without_saying_to_whom_and_why(
    hall: Hall, team: str, reason: str, refusal: str
) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        with pytest.raises(Refusal, match=refusal):
            assign(hall, db, request, team, reason=reason)


def test_nobody_is_given_what_is_of_another_team_or_village(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, place="gz-complex")
        stranger, gone = colleague(hall, db, "water-team"), colleague(hall, db, "road-team")
        db.get_one(Staff, gone).disabled_at = hall.clock.now()
        far = colleague(hall, db, None)
        db.get_one(Staff, far).area_id = "guali/meilin/"
        for somebody in (stranger, gone, far, 999):
            with pytest.raises(Refusal, match="utter_not_of_that_team"):
                assign(hall, db, request, "road-team", staff_id=somebody)


def test_what_is_returned_twice_goes_to_the_dispatcher_who_has_the_last_word(
    hall: Hall,
) -> None:
    with hall.database.transaction() as db:
        dispatcher = categories.dispatcher(hall.pack)
        request = hall.file(db)
        give_back(hall, db, request, "water-team")
        assert (request.team_id, request.flagged) == ("water-team", False)
        give_back(hall, db, request, "road-team")
        assert (request.team_id, request.flagged) == (dispatcher, True)
        give_back(hall, db, request, "utility-team")
        assert (request.team_id, request.flagged) == ("utility-team", False)
        assert handling.returns(db, request) == 3


def test_the_dispatcher_who_keeps_it_has_answered_too(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        dispatcher = categories.dispatcher(hall.pack)
        give_back(hall, db, request, dispatcher)
        assert request.flagged
        assign(hall, db, request, dispatcher, staff_id=colleague(hall, db, dispatcher))
        assert not request.flagged


@pytest.mark.parametrize("team", ["road-team", "nobody", ""])
def test_who_returns_it_says_whose_it_is(hall: Hall, team: str) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        with pytest.raises(Refusal, match="utter_return_needs_owner"):
            give_back(hall, db, request, team)


def test_the_right_category_brings_its_team_and_its_promise_from_the_filing_on(
    hall: Hall,
) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        filed = hall.clock.now()
        hall.clock.pass_by(2 * HOUR)
        categorise(hall, db, request, "drainage")
        assert (request.team_id, request.tier) == ("water-team", "town")
        assert request.due_at == filed + 12 * HOUR
        assert hall.told(db) == ["utter_request_categorised"]


def test_a_promise_that_cannot_be_kept_any_more_begins_with_the_category(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.clock.pass_by(20 * HOUR)
        categorise(hall, db, request, "manhole")
        assert request.due_at == hall.clock.now() + 4 * HOUR


def test_another_category_does_not_bring_down_what_has_risen(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.clock.moment = request.due_at
        overdue.look_after(db, hall.pack, now=hall.clock.now())
        hall.clock.pass_by(HOUR)
        overdue.look_after(db, hall.pack, now=hall.clock.now())
        assert request.tier == "town"
        categorise(hall, db, request, "rubbish")
        assert (request.team_id, request.tier) == ("cleaning-team", "town")


def test_what_is_not_public_any_more_is_followed_by_nobody_and_they_are_told(
    hall: Hall,
) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        follow(hall, db, request)
        categorise(hall, db, request, "dispute")
        assert len(following.parties(db, request)) == 1
        hall.reply(db, request)
        assert hall.told(db, "neighbour") == ["utter_request_shown_no_more"]
        assert "utter_request_replied" in hall.told(db)


def test_what_staff_note_is_for_staff_alone(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        handling.note(db, request, by=hall.by, words="找过物业")
        assert hall.told(db) == []
        public = history.public_history(db, request)
        assert Kind.NOTED not in {made.kind for made in public}


def test_a_word_to_those_concerned_moves_nothing(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        follow(hall, db, request)
        handling.tell(db, hall.pack, request, by=hall.by, words="配件在路上")
        assert request.status == Status.RECEIVED
        assert hall.told(db) == hall.told(db, "neighbour") == ["utter_request_told", "words"]


def test_a_question_is_for_the_reporter_and_one_at_a_time(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        follow(hall, db, request)
        handling.ask(db, hall.pack, request, by=hall.by, words="是哪一盏？")
        assert hall.told(db) == ["utter_request_question", "words"]
        assert hall.told(db, "neighbour") == []
        with pytest.raises(Refusal, match="utter_request_already_asked"):
            handling.ask(db, hall.pack, request, by=hall.by, words="还有呢？")


def test_staff_who_go_on_wait_for_the_answer_no_more(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        handling.ask(db, hall.pack, request, by=hall.by, words="是哪一盏？")
        hall.clock.pass_by(5 * HOUR)
        hall.move(db, request, Status.ACKNOWLEDGED)
        assert request.paused_at is None
        assert request.due_at == hall.clock.now() + 48 * HOUR


def test_whom_a_merged_request_concerned_is_told_how_the_other_one_goes(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request, into = hall.file(db), hall.file(db, who="other")
        follow(hall, db, request)
        handling.merge(db, hall.pack, request, into=into, by=hall.by)
        assert (request.status, request.merged_into_id) == (Status.MERGED, into.id)
        assert request.look_at is None
        hall.move(db, into, Status.ACKNOWLEDGED)
        news = ["utter_request_merged", "utter_request_acknowledged"]
        assert hall.told(db) == hall.told(db, "neighbour") == news
        assert hall.told(db, "other") == ["utter_request_acknowledged"]


@pytest.mark.parametrize("category", ["noise", "ebike"])
def test_what_is_not_for_all_is_not_merged_with_a_neighbours(hall: Hall, category: str) -> None:
    with hall.database.transaction() as db:
        request, into = hall.file(db, category), hall.file(db, category, who="other")
        with pytest.raises(Refusal, match="utter_cannot_merge"):
            handling.merge(db, hall.pack, request, into=into, by=hall.by)
        own = hall.file(db, category)
        handling.merge(db, hall.pack, request, into=own, by=hall.by)
        assert request.status == Status.MERGED


def test_what_is_over_or_the_same_is_not_merged(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request, into = hall.file(db), hall.file(db, who="other")
        hall.move(db, into, Status.DECLINED)
        for other in (request, into):
            with pytest.raises(Refusal, match="utter_cannot_merge"):
                handling.merge(db, hall.pack, request, into=other, by=hall.by)


def test_the_other_half_of_a_request_has_its_own_owner_and_is_told(hall: Hall) -> None:
    with hall.database.transaction() as db:
        chat = hall.chat(db, team_id="cleaning-team")
        request = hall.file(db)
        other = handling.split(
            db, hall.pack, request, by=hall.by, category_id="rubbish", words="还有一堆垃圾"
        )
        assert (other.team_id, other.status) == ("cleaning-team", Status.RECEIVED)
        assert other.due_at == hall.clock.now() + 24 * HOUR
        assert other.look_at is not None
        assert hall.told(db) == ["utter_request_split"]
        told = db.query(Notice).filter(Notice.conversation_id == chat).one()
        assert (told.response, told.values["id"]) == ("utter_staff_new", other.id)


@pytest.mark.parametrize("deed", ["assign", "give_back", "categorise", "ask", "split"])
def test_what_is_over_is_not_handled(hall: Hall, deed: str) -> None:
    more = {
        "assign": {"team_id": "water-team", "reason": "水管"},
        "give_back": {"team_id": "water-team", "reason": "水管"},
        "categorise": {"category_id": "drainage"},
        "ask": {"words": "哪一盏？"},
        "split": {"category_id": "drainage", "words": "水管"},
    }[deed]
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.reply(db, request)
        with pytest.raises(Refusal, match="utter_move_not_allowed"):
            getattr(handling, deed)(db, hall.pack, request, by=hall.by, **more)


@pytest.mark.parametrize("deed", ["note", "tell", "ask", "split"])
def test_nothing_is_said_without_words(hall: Hall, deed: str) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        said = (db, request) if deed == "note" else (db, hall.pack, request)
        more = {"category_id": "rubbish"} if deed == "split" else {}
        with pytest.raises(Refusal, match="utter_desk_no_words"):
            getattr(handling, deed)(*said, by=hall.by, words="  ", **more)
        assert request.paused_at is None


def test_a_request_that_is_not_over_is_one_that_waits_for_us() -> None:
    assert following.FOLLOWABLE > workflow.UNFINISHED
