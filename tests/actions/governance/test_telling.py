"""Everybody concerned is told once; who hears much hears the rest together; staff too."""

from datetime import timedelta

from actions.governance import handling, telling
from actions.governance.model import Status
from actions.outbox import Notice, NoticeState
from tests.actions.governance.conftest import Hall


def test_what_comes_after_much_news_is_told_together(hall: Hall) -> None:
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in range(6)]
        for request in requests:
            hall.move(db, request, Status.ACKNOWLEDGED)
        assert hall.told(db) == ["utter_request_acknowledged"] * telling.MANY + [telling.NEWS]
        together = db.query(Notice).filter(Notice.response == telling.NEWS).one()
        late = [request.reference for request in requests[telling.MANY :]]
        assert together.values == {"count": 3, "references": "\n".join(late)}
        assert together.due_at == hall.clock.now() + telling.TOGETHER_AFTER


def test_a_request_is_named_once_in_news_told_together(hall: Hall) -> None:
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in range(4)]
        for request in requests:
            hall.move(db, request, Status.ACKNOWLEDGED)
        hall.move(db, requests[-1], Status.IN_PROGRESS)
        together = db.query(Notice).filter(Notice.response == telling.NEWS).one()
        assert together.values == {"count": 1, "references": requests[-1].reference}


def test_news_that_is_being_sent_is_not_added_to(hall: Hall) -> None:
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in range(5)]
        for request in requests[:4]:
            hall.move(db, request, Status.ACKNOWLEDGED)
        together = db.query(Notice).filter(Notice.response == telling.NEWS).one()
        together.lease_until = hall.clock.now() + timedelta(seconds=30)
        db.flush()
        hall.move(db, requests[4], Status.ACKNOWLEDGED)
        assert together.values["count"] == 1
        assert hall.told(db).count(telling.NEWS) == 2


def test_words_to_a_resident_never_wait(hall: Hall) -> None:
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in range(5)]
        for request in requests:
            hall.reply(db, request)
        assert hall.told(db).count("words") == len(requests)
        assert hall.told(db).count("utter_request_replied") == len(requests)


def test_an_hour_later_news_is_told_at_once_again(hall: Hall) -> None:
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in range(4)]
        for request in requests[:3]:
            hall.move(db, request, Status.ACKNOWLEDGED)
        hall.deliver(db)
        hall.clock.pass_by(telling.WITHIN + timedelta(minutes=1))
        hall.move(db, requests[3], Status.ACKNOWLEDGED)
        assert telling.NEWS not in hall.told(db)


def test_staff_are_told_in_the_chats_of_the_team_and_the_tier_it_is_with(hall: Hall) -> None:
    with hall.database.transaction() as db:
        team = hall.chat(db, team_id="road-team")
        other = hall.chat(db, team_id="water-team")
        village = hall.chat(db, "guali/qicai/")
        elsewhere = hall.chat(db, "guali/meilin/")
        request = hall.file(db, place="gz-complex")
        assert request.area_id is not None
        assert request.area_id.startswith("guali/qicai/")
        told = {
            notice.conversation_id: notice.response
            for notice in db.query(Notice).filter(Notice.state == NoticeState.WAITING)
        }
        assert told == {team: "utter_staff_new", village: "utter_staff_new"}
        assert other not in told
        assert elsewhere not in told


def test_what_is_restricted_is_told_to_its_own_team_alone(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.chat(db, "guali/qicai/")
        hall.chat(db)
        team = hall.chat(db, team_id="fire-post")
        hall.file(db, "ebike", place="gz-complex")
        assert [notice.conversation_id for notice in db.query(Notice)] == [team]


def test_a_chat_is_told_no_words_of_residents(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.chat(db, team_id="road-team")
        request = hall.file(db)
        handling.note(db, request, by=hall.by, words="路灯坏了很久")
        assert all("路灯坏了" not in str(notice.values) for notice in db.query(Notice))
