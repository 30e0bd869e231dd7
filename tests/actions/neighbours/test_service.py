"""Needs taken on, looked at, expired: both are told, and nobody is revealed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from actions import conversations
from actions.conversations import Conversation
from actions.db import Database
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.neighbours import claiming, listing, needs, offers
from actions.neighbours.model import HelpRequest, Status
from actions.neighbours.need import Need
from actions.outbox import Notice, NoticeState
from actions.people import consents, scope
from actions.people.model import Resident
from actions.square import Square
from tests.conftest import StandingClock


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
    def posted(kind: str = "borrow-tools", area: str | None = None) -> int:
        asker = somebody(database, "asker", clock.now(), area)
        with database.transaction() as db:
            talk = db.get_one(Conversation, asker)
            consents.give(db, talk.resident_id, "help", channel="webchat", now=clock.now())
            return needs.post(
                db,
                square=square,
                need=Need(kind, tomorrow, "借个梯子，我姓王"),
                conversation=talk,
                now=clock.now(),
            ).id

    return posted


def take(database: Database, square: Square, need: int, helper: str, now: datetime) -> bool:
    """Try to take a need on, as often as the store says it is busy."""
    for _ in range(20):
        try:
            with database.transaction() as db:
                talk = db.get_one(Conversation, helper)
                offer = offers.write(
                    db, conversation=talk, terms=offers.Terms(reach="town"), now=now
                )
                offer.verified_at = now
                claiming.claim(
                    db,
                    square,
                    request_id=need,
                    helper=talk,
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
        neighbour = db.get_one(Conversation, conversation)
        found = claiming.within_reach(db, square, neighbour, now=now, limit=10)
        return [need.id for need in found]


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
    assert notices["utter_help_coming"].state == NoticeState.WAITING


def test_neither_learns_who_the_other_is_nor_a_word_of_the_other(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post(), somebody(database, "b", clock.now())
    take(database, square, need, helper, clock.now())
    with database.reading() as db:
        residents = list(db.scalars(select(Resident.id)))
        for notice in db.scalars(select(Notice)):
            said = str(notice.values)
            assert not {"who", "what"} & set(notice.values) or "姓王" not in said
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
        (waiting,) = listing.for_staff(db, now=clock.now())
        needs.approve(db, square=square, request=waiting, now=clock.now())
        talk = db.get_one(Conversation, helper)
        offer = offers.write(db, conversation=talk, terms=offers.Terms(), now=clock.now())
        offer.verified_at = clock.now()
    assert near(database, square, helper, clock.now()) == [need]
    with database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.response == "utter_help_approved")).one()
        assert told.about == f"help:{need}"


def test_a_restricted_need_is_never_open_to_neighbours_by_themselves(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need, helper = post("pick-up-child"), somebody(database, "b", clock.now())
    with database.transaction() as db:
        needs.approve(db, square=square, request=db.get_one(HelpRequest, need), now=clock.now())
    assert near(database, square, helper, clock.now()) == []
    assert not take(database, square, need, helper, clock.now())


def test_a_declined_need_is_told_and_its_expiry_is_not(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need = post("go-to-clinic")
    with database.transaction() as db:
        request = db.get_one(HelpRequest, need)
        needs.decline(db, square=square, request=request, now=clock.now())
        with pytest.raises(Refusal, match="utter_help_moved"):
            needs.approve(db, square=square, request=request, now=clock.now())
    with database.reading() as db:
        assert db.get_one(HelpRequest, need).status == Status.CANCELLED
        assert {n.response: n.state for n in db.scalars(select(Notice))} == {
            "utter_help_expired": NoticeState.CANCELLED,
            "utter_help_declined": NoticeState.WAITING,
        }


def test_staff_see_what_waits_in_their_own_area_only(
    database: Database, square: Square, clock: StandingClock, post: Callable[..., int]
) -> None:
    need = post(kind="go-to-clinic", area="guali/qicai/a/")
    for areas, seen in ((("guali/qicai/",), [need]), (("guali/meilin/",), [])):
        with database.transaction() as db:
            scope.limit(db, scope.Reach(areas))
            assert [r.id for r in listing.for_staff(db, now=clock.now())] == seen


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
            needs.post(
                db,
                square=square,
                need=need,
                conversation=db.get_one(Conversation, asker),
                now=clock.now(),
            )
