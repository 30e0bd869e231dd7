"""Requests filed, moved by staff, answered by residents; every move is told and kept."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.errors import Refusal
from actions.governance import history, moves, reporting, service, worklist
from actions.governance.model import ServiceRequest, Status
from actions.governance.service import Report, Where
from actions.governance.worklist import Looker, Wanted
from actions.outbox import Notice
from actions.people import scope
from actions.people.model import Role, Staff
from knowledge.pack import Pack
from tests.conftest import StandingClock


@dataclass
class Desk:
    """A member of staff at work."""

    database: Database
    pack: Pack
    clock: StandingClock
    staff_id: int

    def move(self, db: Db, request: ServiceRequest, to: Status, words: str = "") -> None:
        moves.move(
            db,
            pack=self.pack,
            request=request,
            to=to,
            staff_id=self.staff_id,
            now=self.clock.now(),
            words=words,
            photos=("0" * 32,),
        )


@pytest.fixture
def desk(database: Database, pack: Pack, clock: StandingClock) -> Desk:
    with database.transaction() as db:
        somebody = Staff(
            username="desk",
            password_hash="-",
            role=Role.STAFF,
            area_id="guali/",
            created_at=clock.now(),
        )
        db.add(somebody)
        db.flush()
        return Desk(database, pack, clock, somebody.id)


def conversation(db: Db, clock: StandingClock, address: str = "a") -> Conversation:
    return conversations.at_address(db, channel="webchat", address=address, now=clock.now())


def file(
    db: Db, pack: Pack, clock: StandingClock, place: str = "gz-youyi", **more: str
) -> ServiceRequest:
    return service.file(
        db,
        pack=pack,
        report=Report(more.get("category", "road-light"), "路灯坏了", Where(place)),
        conversation=conversation(db, clock, more.get("address", "a")),
        now=clock.now(),
    )


def test_it_has_an_owner_and_a_due_time_from_its_first_second(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    with database.transaction() as db:
        request = file(db, pack, clock)
        assert (request.team_id, request.status) == ("road-team", Status.RECEIVED)
        assert request.due_at > clock.now()
        assert [update.status for update in history.history(db, request)] == [Status.RECEIVED]


def test_a_category_the_community_does_not_have_is_refused(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    with (
        pytest.raises(Refusal, match="utter_no_such_category"),
        database.transaction() as db,
    ):
        file(db, pack, clock, category="nonsense")
    with database.reading() as db:
        assert db.scalars(select(ServiceRequest)).all() == []


def test_a_move_of_staff_is_kept_and_told_with_their_words(
    database: Database, pack: Pack, clock: StandingClock, desk: Desk
) -> None:
    with database.transaction() as db:
        request = file(db, pack, clock)
        for to, words in ((Status.ACKNOWLEDGED, ""), (Status.REPLIED, "换了灯泡。")):
            desk.move(db, request, to, words)
    with database.reading() as db:
        told = list(db.scalars(select(Notice).order_by(Notice.id)))
        assert [notice.response for notice in told] == [
            "utter_request_acknowledged",
            "utter_request_replied",
            "",
        ]
        assert all("换了灯泡" not in str(notice.values) for notice in told)
        request = db.scalars(select(ServiceRequest)).one()
        latest = history.history(db, request)[-1]
        assert latest.words is not None
        assert (latest.status, latest.words.text) == (Status.REPLIED, "换了灯泡。")
        assert latest.staff_id == desk.staff_id


@pytest.mark.parametrize(
    ("to", "words", "refusal"),
    [
        (Status.REPLIED, "好了", "utter_move_not_allowed"),
        (Status.RESOLVED, "好了", "utter_move_not_allowed"),
        (Status.DECLINED, "  ", "utter_move_needs_words"),
    ],
)
def test_what_staff_may_not_do_is_refused(
    desk: Desk, to: Status, words: str, refusal: str
) -> None:
    with desk.database.transaction() as db:
        request = file(db, desk.pack, desk.clock)
        with pytest.raises(Refusal, match=refusal):
            desk.move(db, request, to, words)
        assert len(history.history(db, request)) == 1


def test_of_two_moves_at_once_one_wins(
    database: Database, pack: Pack, clock: StandingClock, desk: Desk
) -> None:
    with database.transaction() as db:
        request_id = file(db, pack, clock).id
    with database.reading() as db:
        seen_before = db.get_one(ServiceRequest, request_id)

    def acknowledge(seen: ServiceRequest | None) -> None:
        with database.transaction() as db:
            request = (
                db.merge(seen, load=False) if seen else db.get_one(ServiceRequest, request_id)
            )
            desk.move(db, request, Status.ACKNOWLEDGED)

    acknowledge(None)
    with pytest.raises(Refusal, match="utter_move_overtaken"):
        acknowledge(seen_before)
    with database.reading() as db:
        request = db.get_one(ServiceRequest, request_id)
        assert len(history.history(db, request)) == 2


def test_only_the_resident_says_that_it_is_solved_or_not(
    database: Database, pack: Pack, clock: StandingClock, desk: Desk
) -> None:
    with database.transaction() as db:
        request = file(db, pack, clock)
        with pytest.raises(Refusal, match="utter_request_in_hand"):
            moves.answer(
                db,
                pack=pack,
                request=request,
                solved=True,
                resident_id=request.resident_id,
                now=clock.now(),
            )
        for to in (Status.ACKNOWLEDGED, Status.REPLIED):
            desk.move(db, request, to, "看过了")
        moves.answer(
            db,
            pack=pack,
            request=request,
            solved=False,
            resident_id=request.resident_id,
            now=clock.now(),
        )
        assert request.status == Status.REOPENED
        assert request in open_ones(db, pack, clock)


def open_ones(db: Db, pack: Pack, clock: StandingClock) -> list[ServiceRequest]:
    """What waits for staff, in the order of the work list."""
    who = Looker(staff_id=1, team_id=None, tier="village", now=clock.now())
    return worklist.page(db, pack, who, Wanted())[0]


def test_the_most_urgent_waits_first_and_the_finished_do_not_wait(
    database: Database, pack: Pack, clock: StandingClock, desk: Desk
) -> None:
    with database.transaction() as db:
        slow, fast, declined = (
            file(db, pack, clock, category=code) for code in ("road-light", "manhole", "noise")
        )
        desk.move(db, declined, Status.DECLINED, "不归我们管")
        assert [r.id for r in open_ones(db, pack, clock)] == [fast.id, slow.id]


def test_a_resident_sees_their_own_only_and_staff_their_area(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    with database.transaction() as db:
        mine = file(db, pack, clock)
        theirs = file(db, pack, clock, address="b", place="gz-complex")
        assert [r.id for r in reporting.concerning(db, resident_id=mine.resident_id)] == [
            mine.id
        ]
        with pytest.raises(Refusal, match="utter_request_unknown"):
            reporting.own(db, reference=theirs.reference, resident_id=mine.resident_id)
    for area, count in (("guali/", 2), ("guali/qicai/", 2), ("guali/meilin/", 0)):
        with database.transaction() as db:
            scope.limit(db, scope.Reach((area,)))
            assert len(open_ones(db, pack, clock)) == count


def test_places_a_resident_spoke_of_are_offered_newest_first(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    with database.transaction() as db:
        for place in ("gz-youyi", "gz-complex", "gz-youyi"):
            request = file(db, pack, clock, place=place)
        assert list(service.common_places(db, resident_id=request.resident_id, limit=3)) == [
            "gz-youyi",
            "gz-complex",
        ]
