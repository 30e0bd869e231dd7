"""On behalf of those who come to the counter or ring up."""

import pytest
from sqlalchemy import func, select

from actions.booking.model import Booking, BookingStatus, EntryStatus, Visit, WaitlistEntry
from actions.people.model import AuditEntry, Caller, Resident
from tests.actions.booking.conftest import at
from tests.bot.desk.conftest import CANARY, Colleague, Village

WHO = {"name": "李阿姨", "phone": "139 1111 1111", "places": "2", "deed": "book"}


@pytest.fixture
def own(village: Village) -> Colleague:
    village.organise()
    return village.colleague("own")


@pytest.fixture
def free(village: Village, own: Colleague) -> int:
    """A session with places."""
    return village.session(at(29, 9), places=3)


def of_session(village: Village, session_id: int) -> list[Booking]:
    with village.bot.parts.database.reading() as db:
        return list(db.scalars(select(Booking).filter_by(session_id=session_id)))


async def test_a_caller_is_booked_and_the_code_is_shown_large(
    village: Village, own: Colleague, free: int
) -> None:
    answer = await own.post(f"/sessions/{free}/book", **WHO)
    (made,) = of_session(village, free)
    assert answer.headers["location"] == f"/desk/sessions/{free}/bookings/{made.id}"
    page = (await own.get(f"/sessions/{free}/bookings/{made.id}")).text
    assert f'<p class="aloud">{made.code[:3]} {made.code[3:]}</p>' in page
    assert "李阿姨" in page
    with village.bot.parts.database.reading() as db:
        caller = db.get_one(Caller, made.resident_id)
        assert (caller.name.text, caller.phone.text) == ("李阿姨", "13911111111")
        assert made.staff_id is not None
        assert db.scalars(select(AuditEntry.subject).filter_by(deed="booked_for_caller")).all()


async def test_a_double_click_books_once_and_leads_to_the_same_code(
    village: Village, own: Colleague, free: int
) -> None:
    first, again = [await own.post(f"/sessions/{free}/book", **WHO) for _ in range(2)]
    assert first.headers["location"] == again.headers["location"]
    assert len(of_session(village, free)) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "请写上姓名"),
        ({"phone": "不知道"}, "不像电话号码"),
        ({"places": "11"}, "1 到 10 个名额"),
        ({"places": "4"}, "只剩 3 个"),
        ({"places": "x"}, "没有写对"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(
    village: Village, own: Colleague, free: int, typed: dict[str, str], sentence: str
) -> None:
    with village.bot.parts.database.reading() as db:
        before = db.scalar(select(func.count(Resident.id)))
    sent = WHO | typed
    refused = await own.post(f"/sessions/{free}/book", **sent)
    assert (refused.status_code, sentence in refused.text) == (409, True)
    for name in ("name", "phone", "places"):
        assert f'value="{sent[name]}"' in refused.text
    with village.bot.parts.database.reading() as db:
        assert db.scalar(select(func.count(Resident.id))) == before  # nobody half known


async def test_who_asks_for_a_full_session_may_wait_and_answers_on_the_phone(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.session_id}"
    full = await own.post(f"{path}/book", **(WHO | {"places": "1"}))
    assert "要排候补吗" in full.text
    waiting = await own.post(f"{path}/book", **(WHO | {"places": "1", "deed": "wait"}))
    assert waiting.status_code == 303
    await own.post(f"{path}/bookings/{village.caller_booking_id}/cancel")
    await own.post(f"{path}/line", entry=str(village.entry_id), answer="decline")
    with village.bot.parts.database.reading() as db:
        first, second = db.scalars(select(WaitlistEntry).order_by(WaitlistEntry.id)).all()
        assert (first.status, second.status) == (EntryStatus.DECLINED, EntryStatus.OFFERED)
    answer = await own.post(f"{path}/line", entry=str(second.id), answer="accept")
    assert "/bookings/" in answer.headers["location"]
    names = {one.resident_id for one in of_session(village, village.session_id)}
    assert second.resident_id in names


async def test_what_a_resident_booked_is_theirs_to_cancel(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.session_id}/bookings/{village.booking_id}"
    assert f'action="/desk{path}/cancel"' not in (await own.get(path)).text
    assert (await own.post(f"{path}/cancel")).status_code == 409
    with village.bot.parts.database.reading() as db:
        assert db.get_one(Booking, village.booking_id).status == BookingStatus.BOOKED


async def test_a_booking_of_another_session_is_not_found_here(
    village: Village, own: Colleague
) -> None:
    path = f"/sessions/{village.today_id}/bookings/{village.booking_id}"
    answer = await own.get(path)
    assert (answer.status_code, CANARY in answer.text) == (404, False)


async def test_a_group_that_rings_up_asks_for_a_visit(village: Village, own: Colleague) -> None:
    tomorrow = village.session(at(25, 14), activity_id="visit-group-pm")
    path = f"/sessions/{tomorrow}/book"
    assert 'name="heads"' in (await own.get(path)).text
    who = {"name": "某校王老师", "phone": "13911111111", "bus": "1"}
    assert "1 到 30 人" in (await own.post(path, **who, heads="31")).text
    assert (await own.post(path, **who, heads="20")).status_code == 303
    (made,) = of_session(village, tomorrow)
    assert made.status == BookingStatus.REQUESTED
    with village.bot.parts.database.reading() as db:
        group = db.get_one(Visit, made.id)
        assert (group.heads, group.bus) == (20, True)
        assert "王老师" in group.contact.text
