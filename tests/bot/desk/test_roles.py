"""What the roles beside staff of an area can do, and what they cannot."""

import pytest
from sqlalchemy import select, update

from actions.conversations import Conversation
from actions.governance.model import ServiceRequest
from actions.outbox import Notice
from tests.bot.desk.conftest import CANARY, Village


def place(village: Village, reference: str, area_id: str | None) -> None:
    with village.bot.parts.database.transaction() as db:
        asked = update(ServiceRequest).where(ServiceRequest.reference == reference)
        db.execute(asked.values(area_id=area_id))


async def test_agency_staff_take_their_teams_request_on_and_the_resident_hears(
    village: Village,
) -> None:
    roads = village.colleague("roads")
    assert village.reference in (await roads.get("/")).text
    move = {"to": "acknowledged", "seen": village.seen()}
    answer = await roads.post(f"/requests/{village.reference}/moves", **move)
    assert answer.status_code == 303
    assert village.request().status == "acknowledged"
    with village.bot.parts.database.reading() as db:
        told = db.scalars(select(Notice.conversation_id)).all()
    assert set(told) == {village.conversation_id}


async def test_agency_staff_see_nothing_of_another_team(village: Village) -> None:
    reference = village.file("rubbish", CANARY)
    assert village.request(reference).team_id != "road-team"
    roads = village.colleague("roads")
    assert (await roads.get(f"/requests/{reference}")).status_code == 404
    assert reference not in (await roads.get("/")).text
    move = {"to": "acknowledged", "seen": village.seen(reference)}
    answer = await roads.post(f"/requests/{reference}/moves", **move)
    assert answer.status_code == 404
    assert village.request(reference).status == "received"


async def test_agency_staff_of_a_village_see_their_teams_requests_there_alone(
    village: Village,
) -> None:
    theirs = village.colleague("other-roads")
    assert (await theirs.get(f"/requests/{village.reference}")).status_code == 404
    place(village, village.reference, "guali/meilin/")
    assert (await theirs.get(f"/requests/{village.reference}")).status_code == 200


async def test_agency_staff_see_photos_of_their_requests_and_no_conversation(
    village: Village,
) -> None:
    roads, water = village.colleague("roads"), village.colleague("water")
    photo = f"/uploads/{village.upload_id}"
    assert (await roads.get(photo)).status_code == 200
    assert (await water.get(photo)).status_code == 404
    assert (await roads.get(f"/conversations/{village.conversation_id}")).status_code == 404


@pytest.mark.parametrize(
    ("category", "sees"), [("scam-report", False), ("road-light", True), ("rubbish", True)]
)
@pytest.mark.parametrize("area_id", ["guali/qicai/", "guali/meilin/", None])
async def test_a_dispatcher_sees_the_whole_town_but_what_is_restricted(
    village: Village, category: str, sees: bool, area_id: str | None
) -> None:
    reference = village.file(category, CANARY)
    place(village, reference, area_id)
    dispatcher = village.colleague("dispatcher")
    assert ((await dispatcher.get(f"/requests/{reference}")).status_code == 200) is sees
    assert (reference in (await dispatcher.get("/")).text) is sees


async def test_an_organiser_books_for_a_caller_and_reads_no_conversation(
    village: Village,
) -> None:
    village.organise()
    organiser = village.colleague("organiser")
    sent = {"name": "李阿姨", "phone": "13911111111", "places": "1", "deed": "wait"}
    answer = await organiser.post(f"/sessions/{village.session_id}/book", **sent)
    assert answer.status_code == 303
    inbox = (await organiser.get("/")).text
    for hidden in (village.reference, village.conversation_id[:6], f"/help/{village.need_id}"):
        assert hidden not in inbox
    with village.bot.parts.database.reading() as db:
        everything = db.scalars(select(Conversation.id)).all()
    for conversation_id in everything:
        assert (await organiser.get(f"/conversations/{conversation_id}")).status_code == 404
