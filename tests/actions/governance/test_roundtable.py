"""What many raised comes to a table, and everybody who raised it is told, each once."""

from datetime import timedelta

import pytest

from actions.db import Db
from actions.errors import Refusal
from actions.governance import following, telling
from actions.governance.model import Follower, ServiceRequest, Status
from actions.governance.roundtable import coming, matters, meetings
from actions.governance.roundtable.model import Meeting, Stage, Topic
from actions.outbox import Notice
from actions.people import scope
from actions.people.model import Words
from actions.taps import Tap
from tests.actions.governance.conftest import Hall
from tests.knowledge.conftest import Letters

DAY = timedelta(days=1)
LEAST = 5  # of the shipped pack


def reports(
    hall: Hall, db: Db, many: int, category: str = "road-light"
) -> list[ServiceRequest]:
    return [hall.file(db, category, who=f"resident {n}") for n in range(many)]


def drafts(hall: Hall, db: Db) -> list[matters.Matter]:
    return matters.drafts(db, hall.pack, Letters(), now=hall.clock.now())


def topic(hall: Hall, db: Db, raised: list[ServiceRequest], title: str = "路灯") -> Topic:
    return meetings.make_topic(db, title=title, area_id="guali/", raised=raised, by=hall.by)


def meeting(hall: Hall, db: Db, *topics: Topic) -> Meeting:
    starts_at = hall.clock.now() + 7 * DAY
    made = meetings.plan(
        db, area_id="guali/", starts_at=starts_at, place="文化客厅", by=hall.by
    )
    for each in topics:
        meetings.put_on(db, made, each, now=hall.clock.now())
    return made


def tap(hall: Hall, db: Db, who: str, of: Meeting) -> Tap:
    return Tap(hall.talk(db, who), str(of.id), hall.clock.now())


def test_what_enough_residents_raised_is_a_draft_until_it_is_a_topic(hall: Hall) -> None:
    with hall.database.transaction() as db:
        raised = reports(hall, db, LEAST - 1)
        assert drafts(hall, db) == []
        raised += [hall.file(db, who="one more")]
        (draft,) = drafts(hall, db)
        assert {request.id for request in draft.requests} == {r.id for r in raised}
        assert (draft.category_id, draft.raised_by) == ("road-light", LEAST)
        topic(hall, db, list(draft.requests))
        assert drafts(hall, db) == []


def test_somebody_who_asks_five_times_is_one(hall: Hall) -> None:
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in range(LEAST)]
        assert drafts(hall, db) == []
        for n in range(LEAST - 1):  # but who met the same counts
            following.follow(
                db,
                request=requests[0],
                conversation=hall.talk(db, f"follower {n}"),
                now=hall.clock.now(),
            )
        assert [draft.raised_by for draft in drafts(hall, db)] == [LEAST]


@pytest.mark.parametrize("category", ["dispute", "noise"])  # restricted, private
def test_nothing_private_comes_to_the_table(hall: Hall, category: str) -> None:
    with hall.database.transaction() as db:
        raised = reports(hall, db, LEAST, category)
        assert drafts(hall, db) == []
        with pytest.raises(Refusal) as refused:
            topic(hall, db, raised)
        assert refused.value.response == "utter_desk_topic_private"


def test_drafts_hold_to_the_scope_and_to_the_last_months(hall: Hall) -> None:
    with hall.database.transaction() as db:
        for request in reports(hall, db, LEAST):
            request.area_id = "guali/meilin/"
        with scope.limited(db, scope.Reach(("guali/qicai/",))):
            assert drafts(hall, db) == []
        with scope.limited(db, scope.Reach(("guali/meilin/",))):  # the control
            assert len(drafts(hall, db)) == 1
        hall.clock.pass_by((hall.pack.round_table.days + 1) * DAY)
        assert drafts(hall, db) == []


def test_another_meaning_in_the_same_category_is_another_matter(hall: Hall) -> None:
    with hall.database.transaction() as db:
        reports(hall, db, LEAST)
        for n, words in enumerate(["zzzz qqqq", "zzzz qqqq"]):
            other = hall.file(db, who=f"other {n}")
            db.get_one(Words, other.what_words_id).text = words
        (draft,) = drafts(hall, db)
        assert len(draft.requests) == LEAST


def test_who_raised_it_or_met_the_same_is_told_once_that_it_is_on_the_table(
    hall: Hall,
) -> None:
    with hall.database.transaction() as db:
        first, second = reports(hall, db, 2)
        following.follow(
            db, request=first, conversation=hall.talk(db, "follower"), now=hall.clock.now()
        )
        again = hall.file(db, who="resident 0")  # the same resident once more
        made = meeting(hall, db, topic(hall, db, [first, second, again]))
        assert hall.told(db, "resident 0") == []
        meetings.announce(db, made, now=hall.clock.now())
        for who in ("resident 0", "resident 1", "follower"):
            assert hall.told(db, who) == ["utter_roundtable_yours"], who
        with pytest.raises(Refusal):
            meetings.announce(db, made, now=hall.clock.now())
        later = topic(hall, db, [hall.file(db, who="late")], "长椅")
        meetings.put_on(db, made, later, now=hall.clock.now())
        assert hall.told(db, "late") == ["utter_roundtable_yours"]


def test_who_is_told_may_live_outside_the_scope_of_who_announces(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, who="far")
        request.area_id = "guali/qicai/"
        hall.talk(db, "far").area_id = "guali/meilin/"
        db.flush()
        with scope.limited(db, scope.Reach(("guali/qicai/",))):
            made = meetings.make_topic(
                db, title="路灯", area_id="guali/qicai/", raised=[request], by=hall.by
            )
            planned = meetings.plan(
                db,
                area_id="guali/qicai/",
                starts_at=hall.clock.now() + DAY,
                place="客厅",
                by=hall.by,
            )
            meetings.put_on(db, planned, made, now=hall.clock.now())
            meetings.announce(db, planned, now=hall.clock.now())
        assert hall.told(db, "far") == ["utter_roundtable_yours"]


def test_a_commitment_is_a_request_with_owner_and_due_time_all_of_them_follow(
    hall: Hall,
) -> None:
    with hall.database.transaction() as db:
        about = topic(hall, db, reports(hall, db, 3))
        meeting(hall, db, about)
        made = meetings.commit(
            db, hall.pack, about, category_id="road-light", words="装十盏灯", by=hall.by
        )
        assert (made.status, made.team_id) == (Status.RECEIVED, "road-team")
        assert made.due_at == hall.clock.now() + timedelta(hours=48)
        assert db.query(Follower).filter_by(request_id=made.id).count() == 2
        assert meetings.commitments(db, about) == [made]
        hall.move(db, made, Status.ACKNOWLEDGED)
        for n in range(3):
            assert hall.told(db, f"resident {n}") == ["utter_request_acknowledged"]
        assert telling.described(hall.pack, made)["reference"] == made.reference


def test_the_result_is_told_once_to_who_raised_came_or_asked(hall: Hall) -> None:
    with hall.database.transaction() as db:
        held = meeting(hall, db, topic(hall, db, reports(hall, db, 1)))
        meetings.announce(db, held, now=hall.clock.now())
        coming.come(db, hall.pack, tap(hall, db, "guest", held))
        for who in ("asker", "resident 0"):
            coming.begin_question(db, hall.pack, tap(hall, db, who, held))
            coming.take_question(db, hall.talk(db, who), "几时修？", now=hall.clock.now())
        with pytest.raises(Refusal):  # it has not been held yet
            meetings.report(db, hall.pack, held, minutes="谈成了", now=hall.clock.now())
        hall.clock.pass_by(7 * DAY)
        meetings.report(db, hall.pack, held, minutes="谈成了", now=hall.clock.now())
        assert held.stage == Stage.REPORTED
        for who in ("resident 0", "guest", "asker"):
            assert hall.told(db, who).count("utter_roundtable_result") == 1
        notice = db.query(Notice).filter_by(response="utter_roundtable_result").first()
        assert notice is not None
        assert notice.values["minutes"] == "谈成了"
        with pytest.raises(Refusal):
            meetings.report(db, hall.pack, held, minutes="再说", now=hall.clock.now())


def test_a_question_is_what_is_written_after_the_tap_and_nothing_else(hall: Hall) -> None:
    with hall.database.transaction() as db:
        held = meeting(hall, db, topic(hall, db, reports(hall, db, 1)))
        meetings.announce(db, held, now=hall.clock.now())
        asker, now = hall.talk(db, "asker"), hall.clock.now()
        assert coming.take_question(db, asker, "几时修？", now=now) is None
        coming.begin_question(db, hall.pack, tap(hall, db, "asker", held))
        assert coming.take_question(db, asker, "几时修？", now=now)
        assert coming.take_question(db, asker, "垃圾没人收", now=now) is None
        coming.begin_question(db, hall.pack, tap(hall, db, "asker", held))
        late = now + coming.WAITS_FOR
        assert coming.take_question(db, asker, "垃圾没人收", now=late) is None
        assert [one.words.text for one in meetings.questions(db, held) if one.words] == [
            "几时修？"
        ]


def test_nobody_asks_without_end_and_coming_twice_is_coming_once(hall: Hall) -> None:
    with hall.database.transaction() as db:
        held = meeting(hall, db, topic(hall, db, reports(hall, db, 1)))
        meetings.announce(db, held, now=hall.clock.now())
        for _ in range(2):
            coming.come(db, hall.pack, tap(hall, db, "guest", held))
        assert len(meetings.seats(db, held)) == 1
        for n in range(coming.MOST_QUESTIONS):
            coming.begin_question(db, hall.pack, tap(hall, db, "guest", held))
            coming.take_question(db, hall.talk(db, "guest"), f"问 {n}", now=hall.clock.now())
        with pytest.raises(Refusal):
            coming.begin_question(db, hall.pack, tap(hall, db, "guest", held))


def test_the_next_meeting_is_one_of_the_residents_own_area(hall: Hall) -> None:
    with hall.database.transaction() as db:
        held = meeting(hall, db, topic(hall, db, reports(hall, db, 1)))
        held.area_id = "guali/meilin/"
        now = hall.clock.now()
        assert coming.upcoming(db, area_id="guali/meilin/", now=now) is None  # not announced
        meetings.announce(db, held, now=now)
        assert coming.upcoming(db, area_id="guali/meilin/1/", now=now) == held
        assert coming.upcoming(db, area_id="guali/qicai/", now=now) is None
        assert coming.upcoming(db, area_id=None, now=now) == held
        assert coming.upcoming(db, area_id=None, now=held.starts_at) is None


def test_a_topic_put_aside_comes_up_no_more(hall: Hall) -> None:
    with hall.database.transaction() as db:
        raised = reports(hall, db, LEAST)
        aside = topic(hall, db, raised, "长椅")
        meetings.drop(db, aside, now=hall.clock.now())
        assert drafts(hall, db) == []
        with pytest.raises(Refusal, match="utter_desk_topic_taken"):
            meetings.drop(db, aside, now=hall.clock.now())
        with pytest.raises(Refusal, match="utter_desk_topic_taken"):
            meetings.put_on(db, meeting(hall, db), aside, now=hall.clock.now())
