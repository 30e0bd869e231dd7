"""Needs taken on, looked at, expired: one claim wins, both are told, nobody is revealed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from actions import conversations
from actions.conversations import Conversation
from actions.db import Database
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.neighbours import service
from actions.neighbours.model import HelpOffer, HelpRequest, Match, MatchStatus, Status
from actions.neighbours.service import Need, Square
from actions.outbox import Notice, NoticeState
from actions.people import scope
from actions.people.model import Resident
from tests.conftest import StandingClock

NEIGHBOURS = 50
AT_ONCE = 8  # connections that race; the pool has room for all of them


@pytest.fixture
def square(ground: Ground) -> Square:
    return Square(ground.pack, ground.wording)


@pytest.fixture
def tomorrow(clock: StandingClock) -> tuple[datetime, datetime]:
    at = clock.now() + timedelta(days=1)
    return at, at


def somebody(database: Database, address: str, now: datetime, area: str | None = None) -> str:
    """A resident's conversation, by its id."""
    with database.transaction() as db:
        conversation = conversations.at_address(db, channel="webchat", address=address, now=now)
        conversation.resident.area_id = area
        return conversation.id


@pytest.fixture
def post(
    database: Database,
    square: Square,
    clock: StandingClock,
    tomorrow: tuple[datetime, datetime],
) -> Callable[..., int]:
    def posted(kind: str = "fetch-parcel", area: str | None = None) -> int:
        asker = somebody(database, "asker", clock.now(), area)
        with database.transaction() as db:
            return service.post(
                db,
                square=square,
                need=Need(kind, tomorrow, "帮我取个快递，我姓王"),
                conversation=db.get_one(Conversation, asker),
                now=clock.now(),
            ).id

    return posted


def take(database: Database, square: Square, need: int, helper: str, now: datetime) -> bool:
    """Try to take a need on, as often as the store says it is busy."""
    for _ in range(20):
        try:
            with database.transaction() as db:
                service.take(
                    db,
                    square=square,
                    request_id=need,
                    helper=db.get_one(Conversation, helper),
                    now=now,
                )
            return True
        except Refusal:
            return False
        except OperationalError:
            continue
    raise AssertionError("the store stayed busy")


def near(database: Database, square: Square, conversation: str, now: datetime) -> list[int]:
    with database.reading() as db:
        neighbour = db.get_one(Conversation, conversation).resident_id
        found = service.within_reach(
            db, square=square, neighbour_id=neighbour, now=now, limit=10
        )
        return [need.id for need in found]


def test_of_fifty_neighbours_one_wins_and_the_others_are_told(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, now = post(), clock.now()
    helpers = [somebody(database, f"n{n}", now) for n in range(NEIGHBOURS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        won = list(pool.map(lambda helper: take(database, square, need, helper, now), helpers))
    assert won.count(True) == 1
    with database.reading() as db:
        match = db.scalars(select(Match)).one()
        assert match.conversation_id == helpers[won.index(True)]
        assert match.status == MatchStatus.ACCEPTED
        assert db.get_one(HelpRequest, need).status == Status.MATCHED
        told = select(func.count()).where(Notice.response == "utter_help_found")
        assert db.scalar(told) == 1


def test_the_naive_way_has_several_winners(
    database: Database, clock: StandingClock, post: Callable[..., int]
) -> None:
    """Negative control: look first, then write, as one does without thinking of others."""
    need, barrier = post(), Barrier(AT_ONCE)

    def naive(_: int) -> bool:
        with database.reading() as db:
            free = db.get_one(HelpRequest, need).status == Status.OPEN
        barrier.wait(timeout=30)
        if free:
            with database.transaction() as db:
                db.get_one(HelpRequest, need).status = Status.MATCHED
        return free

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(naive, range(AT_ONCE))).count(True) > 1


def test_the_database_itself_allows_one_living_match(
    database: Database, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, now = post(), clock.now()
    helpers = [somebody(database, address, now) for address in "bc"]

    def match(status: MatchStatus, helper: str) -> None:
        with database.transaction() as db:
            resident = db.get_one(Conversation, helper).resident_id
            db.add(
                Match(
                    request_id=need,
                    helper_id=resident,
                    conversation_id=helper,
                    status=status,
                    created_at=now,
                )
            )

    match(MatchStatus.DECLINED, helpers[0])
    match(MatchStatus.ACCEPTED, helpers[0])
    with pytest.raises(IntegrityError):
        match(MatchStatus.ACCEPTED, helpers[1])


def test_nobody_takes_their_own_need(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need = post()
    asker = somebody(database, "asker", clock.now())
    assert near(database, square, asker, clock.now()) == []
    assert not take(database, square, need, asker, clock.now())


def test_an_expired_need_is_neither_shown_nor_taken(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post(), somebody(database, "b", clock.now())
    assert near(database, square, helper, clock.now()) == [need]
    clock.pass_by(timedelta(hours=25))
    assert near(database, square, helper, clock.now()) == []
    assert not take(database, square, need, helper, clock.now())


def test_taking_it_calls_the_expiry_notice_off(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post(), somebody(database, "b", clock.now())
    take(database, square, need, helper, clock.now())
    with database.reading() as db:
        notices = {n.response: n for n in db.scalars(select(Notice))}
    assert notices["utter_help_expired"].state == NoticeState.CANCELLED
    assert notices["utter_help_found"].state == NoticeState.WAITING


def test_neither_learns_who_the_other_is_nor_a_word_of_the_other(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post(), somebody(database, "b", clock.now())
    take(database, square, need, helper, clock.now())
    with database.reading() as db:
        residents = list(db.scalars(select(Resident.id)))
        for notice in db.scalars(select(Notice)):
            said = str(notice.values)
            assert set(notice.values) == {"kind", "when"}
            assert "姓王" not in said
            assert not any(resident in said for resident in residents)


def test_a_need_travels_from_the_village_to_the_town(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need = post(area="guali/qicai/a/")
    areas = {
        "same": "guali/qicai/a/",
        "village": "guali/qicai/b/",
        "town": "guali/meilin/g1/",
        "unknown": None,
    }
    who = {name: somebody(database, name, clock.now(), area) for name, area in areas.items()}

    def hears() -> set[str]:
        return {name for name in who if near(database, square, who[name], clock.now())}

    assert hears() == {"same"}
    assert not take(database, square, need, who["town"], clock.now())
    clock.pass_by(timedelta(minutes=20))
    assert hears() == {"same", "village"}
    clock.pass_by(timedelta(minutes=40))
    assert hears() == {"same", "village", "town", "unknown"}


def test_staff_let_a_high_risk_need_through_and_the_asker_is_told(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post("go-to-clinic"), somebody(database, "b", clock.now())
    assert near(database, square, helper, clock.now()) == []
    assert not take(database, square, need, helper, clock.now())
    with database.transaction() as db:
        (waiting,) = service.for_staff(db, now=clock.now())
        service.approve(db, square=square, request=waiting, now=clock.now())
    assert near(database, square, helper, clock.now()) == [need]
    with database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.response == "utter_help_approved")).one()
        assert told.about == f"help:{need}"


def test_a_restricted_need_is_never_open_to_neighbours_by_themselves(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post("pick-up-child"), somebody(database, "b", clock.now())
    with database.transaction() as db:
        service.approve(
            db, square=square, request=db.get_one(HelpRequest, need), now=clock.now()
        )
    assert near(database, square, helper, clock.now()) == []
    assert not take(database, square, need, helper, clock.now())


def test_a_declined_need_is_told_and_its_expiry_is_not(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need = post("go-to-clinic")
    with database.transaction() as db:
        request = db.get_one(HelpRequest, need)
        service.decline(db, square=square, request=request, now=clock.now())
        with pytest.raises(Refusal, match="utter_help_moved"):
            service.approve(db, square=square, request=request, now=clock.now())
    with database.reading() as db:
        assert db.get_one(HelpRequest, need).status == Status.CANCELLED
        assert {n.response: n.state for n in db.scalars(select(Notice))} == {
            "utter_help_expired": NoticeState.CANCELLED,
            "utter_help_declined": NoticeState.WAITING,
        }


def test_once_introduced_a_pair_waits_for_nobody(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post(), somebody(database, "b", clock.now())
    take(database, square, need, helper, clock.now())
    clock.pass_by(timedelta(days=3))
    with database.transaction() as db:
        (pair,) = service.for_staff(db, now=clock.now())
        service.introduced(db, request=pair, now=clock.now())
        assert service.for_staff(db, now=clock.now()) == []
        assert db.scalars(select(Match.status)).one() == MatchStatus.DONE
        with pytest.raises(Refusal, match="utter_help_moved"):
            service.introduced(db, request=pair, now=clock.now())


def test_staff_see_what_waits_in_their_own_area_only(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post(area="guali/qicai/a/"), somebody(database, "b", clock.now())
    clock.pass_by(timedelta(hours=2))
    take(database, square, need, helper, clock.now())
    for areas, seen in ((("guali/qicai/",), [need]), (("guali/meilin/",), [])):
        with database.transaction() as db:
            scope.limit(db, scope.Reach(areas))
            assert [r.id for r in service.for_staff(db, now=clock.now())] == seen


def test_the_service_refuses_what_the_form_would_have_caught(
    database: Database,
    square: Square,
    clock: StandingClock,
    tomorrow: tuple[datetime, datetime],
) -> None:
    asker = somebody(database, "asker", clock.now())
    late = tomorrow[0].replace(hour=15)  # 23:00 in the community
    for need, response in (
        (Need("fetch-parcel", (late, late)), "utter_help_not_then"),
        (Need("other", tomorrow, "帮我保管银行卡密码"), "utter_help_never"),
    ):
        with pytest.raises(Refusal, match=response), database.transaction() as db:
            service.post(
                db,
                square=square,
                need=need,
                conversation=db.get_one(Conversation, asker),
                now=clock.now(),
            )


def test_an_offer_is_remembered_once(database: Database, clock: StandingClock) -> None:
    helper = somebody(database, "b", clock.now())
    for _ in range(2):
        with database.transaction() as db:
            conversation = db.get_one(Conversation, helper)
            service.offer(db, conversation=conversation, now=clock.now())
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(HelpOffer)) == 1
