"""A copy, or being forgotten, for somebody who has only a phone and asks by voice."""

import pytest
from sqlalchemy import select

from actions import conversations
from actions.booking.model import Booking
from actions.conversations import Author, Conversation
from actions.mydata import links
from actions.mydata.model import Erasure
from actions.people.model import AuditEntry, Caller, Resident, Words
from tests.bot.desk.conftest import CANARY, Village

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PHONE = {"name": CANARY, "phone": "138 0000 0000"}


@pytest.fixture
def village(village: Village) -> Village:
    village.organise()
    return village


def who(village: Village) -> str:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Booking, village.caller_booking_id).resident_id


def deeds(village: Village) -> list[tuple[str, str]]:
    with village.bot.parts.database.reading() as db:
        entries = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.deed, entry.subject) for entry in entries]


async def test_they_are_found_by_the_name_and_phone_they_gave(village: Village) -> None:
    boss = village.colleague("boss")
    found = await boss.post("/data", **PHONE)
    assert f"/desk/data/{who(village)}" in found.text
    assert deeds(village) == [("read_caller", f"resident:{who(village)}")]
    nobody = await boss.post("/data", name="别人", phone="13800000000")
    assert nobody.status_code == 409
    assert CANARY not in nobody.text


async def test_the_copy_has_all_of_theirs_and_is_written_down(village: Village) -> None:
    boss, path = village.colleague("boss"), f"/data/{who(village)}"
    assert "预约和候补" in (await boss.get(path)).text
    copy = (await boss.get(f"{path}/copy")).text
    assert CANARY in copy
    assert "13800000000" in copy
    assert "张阿姨" not in copy
    assert ("exported_data", f"resident:{who(village)}") in deeds(village)


async def test_they_are_forgotten_once_they_are_sure(village: Village) -> None:
    boss, resident_id = village.colleague("boss"), who(village)
    path = f"/data/{resident_id}"
    assert (await boss.post(f"{path}/forget")).status_code == 409
    assert (await boss.post(f"{path}/forget", sure="1")).status_code == 303
    assert (await boss.get(path)).status_code == 404
    assert ("forgot_resident", f"resident:{resident_id}") in deeds(village)
    with village.bot.parts.database.reading() as db:
        assert db.get(Resident, resident_id) is None
        assert db.get(Caller, resident_id) is None
        assert db.get_one(Booking, village.caller_booking_id).status == "cancelled"
        assert len(db.scalars(select(Erasure)).all()) == 1
        names = db.scalars(select(Words.text).where(Words.text == "13800000000"))
        assert len(names.all()) == 1  # the other caller's


async def test_who_has_a_page_is_not_found_here(village: Village) -> None:
    with village.bot.parts.database.reading() as db:
        resident_id = db.get_one(Conversation, village.conversation_id).resident_id
    for path in ("", "/copy"):
        answer = await village.colleague("boss").get(f"/data/{resident_id}{path}")
        assert answer.status_code == 404


async def test_a_secret_link_is_not_shown_to_who_answers(village: Village) -> None:
    with village.bot.parts.database.transaction() as db:
        now = village.bot.clock.now()
        talk = db.get_one(Conversation, village.conversation_id)
        secret = links.make(db, talk.resident_id, now=now)
        said = f"您的资料都在这里：/mydata/{secret}"
        conversations.say(db, talk, said, author=Author.ASSISTANT, now=now)
    page = (
        await village.colleague("own").get(f"/conversations/{village.conversation_id}")
    ).text
    assert "您的资料都在这里" in page
    assert secret not in page
