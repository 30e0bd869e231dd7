"""The list at the door: a tap, another tap, a code, and the end of it."""

import pytest

from actions.booking.model import Booking
from tests.bot.desk.conftest import Colleague, Village


@pytest.fixture
def own(village: Village) -> Colleague:
    village.organise()
    return village.colleague("own")


def booking(village: Village, booking_id: int = 0) -> Booking:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Booking, booking_id or village.today_booking_id)


async def test_a_tap_is_here_and_another_not_yet(village: Village, own: Colleague) -> None:
    path, one = f"/sessions/{village.today_id}/attendance", str(village.today_booking_id)
    assert "到了 0 / 1 人" in (await own.get(path)).text
    answer = await own.post(path, booking=one, mark="here")
    assert answer.headers["location"] == f"/desk{path}#b{one}"
    page = (await own.get(path)).text
    assert "到了 1 / 1 人" in page
    assert 'name="mark" value="not_yet" aria-pressed="true"' in page
    await own.post(path, booking=one, mark="here")  # a double tap changes nothing
    assert booking(village).checked_in_at
    await own.post(path, booking=one, mark="not_yet")
    assert booking(village).checked_in_at is None
    assert (await own.post(path, booking=one, mark="x")).status_code == 409


async def test_a_code_that_is_misheard_is_refused_and_stays_in_the_field(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.today_id}/attendance"
    elsewhere = booking(village, village.booking_id).code
    for said, sentence in ((elsewhere, "没有这个预约"), ("K01 234", "不像我们的编号")):
        refused = await own.post(f"{path}/code", code=said)
        assert (refused.status_code, sentence in refused.text) == (409, True)
        assert f'value="{said}"' in refused.text
    assert (await own.post(f"{path}/code", code=booking(village).code)).status_code == 303
    assert booking(village).checked_in_at


async def test_who_did_not_come_is_seen_by_staff_when_the_list_is_closed(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.today_id}/attendance"
    assert (await own.post(f"{path}/close")).status_code == 303
    assert booking(village).missed
    for page in (path, f"/sessions/{village.today_id}"):
        assert "没来" in (await own.get(page)).text
    await own.post(path, booking=str(village.today_booking_id), mark="here")
    assert not booking(village).missed


async def test_a_list_is_not_closed_before_its_session_begins(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.session_id}/attendance"
    refused = await own.post(f"{path}/close")
    assert (refused.status_code, "还没到时候" in refused.text) == (409, True)
    assert f'action="/desk{path}/close"' not in refused.text
    assert not booking(village, village.booking_id).missed
