"""References: speakable, unique, counted a day at a time, read back however they are typed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.exc import OperationalError

from actions.db import Database
from actions.governance.model import ReferenceCounter
from actions.governance.reference import next_reference, read_reference, without_reference
from knowledge.pack import Pack, load_pack
from tests.conftest import StandingClock

AT_ONCE = 6


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


def test_they_count_on_within_a_day_and_begin_again_the_next(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    given = []
    for passed in (0, 0, 24):
        clock.pass_by(timedelta(hours=passed))
        with database.transaction() as db:
            given.append(next_reference(db, pack, now=clock.now()))
    assert given == ["GQ-261124-0001", "GQ-261124-0002", "GQ-261125-0001"]


def test_the_day_is_the_communitys(database: Database, pack: Pack) -> None:
    with database.transaction() as db:
        late = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 00:30 on the 25th
        assert next_reference(db, pack, now=late) == "GQ-261125-0001"


def test_a_number_of_a_deed_that_failed_is_given_again(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    with database.transaction() as db:
        next_reference(db, pack, now=clock.now())
        db.rollback()
    with database.transaction() as db:
        assert next_reference(db, pack, now=clock.now()) == "GQ-261124-0001"


def test_two_requests_at_once_never_share_a_number(
    database: Database, pack: Pack, clock: StandingClock
) -> None:
    def give(_: int) -> str:
        for _ in range(20):
            try:
                with database.transaction() as db:
                    return next_reference(db, pack, now=clock.now())
            except OperationalError:
                continue
        raise AssertionError("the store stayed busy")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        given = list(pool.map(give, range(30)))
    assert len(set(given)) == 30
    assert max(given) == "GQ-261124-0030"


def test_counting_without_a_lock_gives_a_number_twice(
    database: Database, clock: StandingClock
) -> None:
    """Negative control: read the last number, then write the next one."""
    with database.transaction() as db:
        db.add(ReferenceCounter(day="261124", last=0))
    barrier = Barrier(AT_ONCE)

    def naive(_: int) -> int:
        with database.reading() as db:
            following = db.get_one(ReferenceCounter, "261124").last + 1
        barrier.wait(timeout=30)
        with database.transaction() as db:
            db.get_one(ReferenceCounter, "261124").last = following
        return following

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert len(set(pool.map(naive, range(AT_ONCE)))) < AT_ONCE


@pytest.mark.parametrize(
    "typed",
    [
        "GQ-261124-0042",
        "查 gq 261124 0042",
        "gq2611240042",
        "261124-42",
        "ＧＱ－２６１１２４－００４２",
        "我的编号是GQ-261124-42，办到哪了",
        "二六一一二四零零四二的那个单子呢",
        "GQ杠二六幺幺二四杠零零四二",
        "GQ 二六一一二四 四二",
    ],
)
def test_a_reference_is_read_however_it_is_typed(pack: Pack, typed: str) -> None:
    assert read_reference(pack, typed) == "GQ-261124-0042"


@pytest.mark.parametrize(
    "text",
    [
        *("我报的事", "12幢", "打 12345", "13800001234567"),
        *("打我手机13911238765", "一三九一一二三八七六五", "号码是 15812019999"),
        *(
            "座机82735566",
            "call 86101234",
            "2026-11-24报的",
            "20261124报的那件",
            "身份证330109195001011234",
        ),
    ],
)
def test_other_numbers_are_no_references(pack: Pack, text: str) -> None:
    assert read_reference(pack, text) is None


def test_what_is_said_beside_a_reference_stays_as_it_was_said() -> None:
    said = "ＧＱ－２６１１２４－００４２，还漏水。我电话13911238765"
    assert without_reference(said) == "，还漏水。我电话13911238765"
    assert without_reference("二六一一二四零零四二，三楼也不亮") == "，三楼也不亮"
    assert without_reference("路灯还是不亮") == "路灯还是不亮"
