"""Residents staff know by name and phone."""

from typing import Any

import pytest
from sqlalchemy import func, select

from actions import callers
from actions.callers import Told
from actions.db import Database
from actions.errors import Refusal
from actions.people.model import Address, Area, Caller, Resident
from tests.conftest import StandingClock

WHO = Told("张阿姨", "13800000000")


@pytest.mark.parametrize(
    ("name", "phone"),
    [
        (" 张阿姨 ", "138 0000 0000"),
        ("张阿姨", "138-0000-0000"),
        ("张阿姨", "１３８００００００００"),
    ],
)
def test_the_same_is_read_however_it_is_typed(name: str, phone: str) -> None:
    assert callers.read(name, phone) == WHO


@pytest.mark.parametrize("name", ["", "  ", "长" * 41])
def test_a_name_is_needed(name: str) -> None:
    with pytest.raises(Refusal, match="utter_desk_no_name"):
        callers.read(name, "13800000000")


@pytest.mark.parametrize("phone", ["", "没有", "1234", "1" * 16, "138x0000000"])
def test_what_is_no_phone_number_is_refused(phone: str) -> None:
    with pytest.raises(Refusal, match="utter_desk_no_phone"):
        callers.read("张阿姨", phone)


def test_somebody_who_calls_again_is_the_same_resident_and_is_not_named_by_the_address(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        facts: dict[str, Any] = {"area_id": "guali/", "key": "key", "now": clock.now()}
        first = callers.conversation_with(db, WHO, **facts)
        again = callers.conversation_with(db, WHO, **facts)
        other = callers.conversation_with(db, Told("李阿姨", WHO.phone), **facts)
        assert first.id == again.id != other.id
        assert db.scalar(select(func.count(Resident.id))) == 2
        for address in db.scalars(select(Address.address)):
            assert WHO.phone not in address
        known = callers.among(db, [first.resident_id, "nobody"])
        assert {one.name.text for one in known.values()} == {"张阿姨"}
        assert db.get_one(Caller, first.resident_id).phone.resident_id == first.resident_id
