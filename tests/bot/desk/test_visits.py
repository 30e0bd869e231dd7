"""Groups that wait for an answer: approved with a guide, or declined with a reason."""

import pytest
from sqlalchemy import select

from actions.booking.model import Booking, BookingStatus, Visit
from actions.outbox import Notice
from actions.people.model import Staff
from tests.bot.desk.conftest import CANARY, Colleague, Village


@pytest.fixture
def own(village: Village) -> Colleague:
    village.organise()
    return village.colleague("own")


def group(village: Village) -> Visit:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Visit, village.visit_id)


def told(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return list(
            db.scalars(select(Notice.response).where(Notice.response.contains("visit")))
        )


async def test_a_group_that_asks_is_listed_without_who_it_is(
    village: Village, own: Colleague
) -> None:
    listed = (await own.get("/visits")).text
    assert "等工作人员答复" in listed
    assert "20 人" in listed
    assert CANARY not in listed
    page = (await own.get(f"/visits/{village.visit_id}")).text
    assert CANARY in page
    for name, offered in (("own", True), ("town", True), ("other", False), ("editor", False)):
        assert (f">{name}</option>" in page) == offered


async def test_a_group_is_approved_with_a_guide_and_told(
    village: Village, own: Colleague
) -> None:
    path = f"/visits/{village.visit_id}/approve"
    assert "请选一位讲解" in (await own.post(path, guide="")).text
    with village.bot.parts.database.reading() as db:
        guide = db.scalars(select(Staff.id).filter_by(username="town")).one()
    assert (await own.post(path, guide=str(guide))).status_code == 303
    assert group(village).guide_id == guide
    assert group(village).booking.status == BookingStatus.BOOKED
    assert told(village) == ["utter_visit_approved"]
    again = await own.post(path, guide=str(guide))
    assert (again.status_code, "已经有人处理过" in again.text) == (409, True)


async def test_a_group_is_declined_with_a_reason_that_is_not_lost(
    village: Village, own: Colleague
) -> None:
    path = f"/visits/{village.visit_id}/decline"
    refused = await own.post(path, words=" ")
    assert (refused.status_code, "请写一句为什么" in refused.text) == (409, True)
    assert (await own.post(path, words="那天停电")).status_code == 303
    with village.bot.parts.database.reading() as db:
        booking = db.get_one(Booking, village.visit_id)
        assert (booking.status, booking.session.taken) == (BookingStatus.CANCELLED, 0)
    assert told(village) == ["utter_visit_declined"]


async def test_a_group_of_another_area_is_not_there(village: Village) -> None:
    village.organise()
    other = village.colleague("other")
    assert f"/visits/{village.visit_id}" not in (await other.get("/visits")).text
    assert (await other.get(f"/visits/{village.visit_id}")).status_code == 404
