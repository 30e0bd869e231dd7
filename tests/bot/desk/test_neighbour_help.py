from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Conversation, Status
from actions.neighbours.model import HelpRequest, Match, MatchStatus
from actions.neighbours.model import Status as Need
from actions.outbox import Notice
from bot.desk import labels
from tests.bot.desk.conftest import CANARY, Village


def status_of(village: Village, need_id: int) -> str:
    with village.bot.parts.database.reading() as db:
        return db.get_one(HelpRequest, need_id).status


async def test_a_need_waits_in_the_inbox_without_its_words(village: Village) -> None:
    inbox = (await village.colleague("own").get("/")).text
    assert f"/desk/help/{village.need_id}" in inbox
    assert "等工作人员看" in inbox
    assert CANARY not in inbox
    assert CANARY in (await village.colleague("own").get(f"/help/{village.need_id}")).text


@pytest.mark.parametrize(
    ("deed", "becomes", "hears"),
    [
        ("approve", Need.OPEN, "utter_help_approved"),
        ("decline", Need.CANCELLED, "utter_help_declined"),
    ],
)
async def test_staff_decide_once_and_the_resident_is_told(
    village: Village, deed: str, becomes: Need, hears: str
) -> None:
    own = village.colleague("own")
    path = f"/help/{village.need_id}/{deed}"
    assert (await own.post(path)).status_code == 303
    assert status_of(village, village.need_id) == becomes
    with village.bot.parts.database.reading() as db:
        assert db.scalars(select(Notice.response)).all() == [hears]
    again = await own.post(path)
    assert again.status_code == 409
    assert "已经有人处理过" in again.text


async def test_staff_write_to_both_sides_to_introduce_them(village: Village) -> None:
    now, own = village.bot.clock.now(), village.colleague("own")
    with village.bot.parts.database.transaction() as db:
        helper = conversations.at_address(db, channel="webchat", address="helper", now=now)
        helper.area_id = "guali/qicai/"
        match = Match(request_id=village.taken_id, helper_id=helper.resident_id)
        match.conversation_id, match.status = helper.id, MatchStatus.ACCEPTED
        match.created_at = now
        db.add(match)
    answer = await own.post(f"/help/{village.taken_id}/talks", side="helper")
    assert answer.headers["location"] == f"/desk/conversations/{helper.id}"
    with village.bot.parts.database.reading() as db:
        assert db.get_one(Conversation, helper.id).status == Status.OPEN
    page = (await own.get(f"/help/{village.taken_id}")).text
    assert helper.resident_id not in page
    assert (await own.post(f"/help/{village.taken_id}/talks", side="x")).status_code == 409
    assert (await own.post(f"/help/{village.taken_id}/introduced")).status_code == 303
    assert status_of(village, village.taken_id) == Need.DONE
    assert f"/desk/help/{village.taken_id}" not in (await own.get("/")).text
    assert (await own.post(f"/help/{village.taken_id}/introduced")).status_code == 409


async def test_a_need_that_has_expired_is_not_approved(village: Village) -> None:
    village.bot.clock.pass_by(timedelta(hours=5))
    own = village.colleague("own")
    assert (await own.post(f"/help/{village.need_id}/approve")).status_code == 409


def test_every_status_of_a_need_has_its_label() -> None:
    assert set(labels.NEEDS) == set(Need)
