"""What everybody may read of requests, and which ones a query finds."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.db import Db
from actions.governance import handling, moves, public, workflow
from actions.governance.handling import By
from actions.governance.model import ServiceRequest, Status
from actions.governance.service import Where
from actions.people import staff
from actions.people.model import Role, Staff
from actions.people.staff import Newcomer
from tests.bot.conftest import PACK
from tests.bot.open311.conftest import CANARY, ENGLISH, Partner

HIDDEN = sorted(c.service_code for c in PACK.categories.values() if c.visibility != "public")


def worker(partner: Partner, db: Db) -> Staff:
    newcomer, now = Newcomer("wang", Role.STAFF, "guali/"), partner.bot.clock.now()
    return staff.to_sign_in(db, "wang") or staff.add(db, newcomer, "correct horse", now=now)


def move(partner: Partner, reference: str, *steps: Status, words: str = "") -> None:
    bot = partner.bot
    with bot.parts.database.transaction() as db:
        who = worker(partner, db)
        request = db.scalar(select(ServiceRequest).where(ServiceRequest.reference == reference))
        assert request
        for to in steps:
            moves.move(
                db,
                pack=PACK,
                request=request,
                to=to,
                staff_id=who.id,
                now=bot.clock.now(),
                words=words if to in workflow.NEEDS_WORDS else "",
                photos=("photo",),
            )


async def found(partner: Partner, **query: Any) -> list[str]:
    answer = await partner.get("/requests.json", params=query)
    assert answer.status_code == 200, answer.text
    return [one["service_request_id"] for one in answer.json()]


async def refused(partner: Partner, **query: Any) -> str:
    answer = await partner.get("/requests.json", params=query, headers=ENGLISH)
    assert answer.status_code == 400
    return str(answer.json()[0]["description"])


async def test_nobody_reads_what_a_resident_wrote(partner: Partner) -> None:
    reference = partner.reported("road-light")
    for path in ("/requests.json", f"/requests/{reference}.json", "/requests.xml"):
        answer = await partner.get(path, params={"extensions": "true"})
        assert reference in answer.text
        assert CANARY not in answer.text
    assert (await partner.one(reference))["description"].startswith("路灯不亮，公交综合楼")
    english = await partner.one(reference, headers=ENGLISH)
    assert english["description"].startswith("Street light out, Bus and service complex")
    assert (await partner.one(reference, params={"lang": "en"})) == english


@pytest.mark.parametrize("category", HIDDEN)
async def test_what_is_not_public_looks_as_if_it_were_not_there(
    partner: Partner, category: str
) -> None:
    reference = partner.reported(category)
    assert await found(partner) == []
    assert await found(partner, service_request_id=reference) == []
    hidden = await partner.get(f"/requests/{reference}.json")
    assert hidden.status_code == 404
    assert hidden.content == (await partner.get("/requests/GQ-260101-0001.json")).content
    assert category not in (await partner.get("/services.json")).text


async def test_what_was_filed_as_private_stays_so_when_its_category_becomes_public(
    partner: Partner,
) -> None:
    reference = partner.reported("road-light")
    with partner.bot.parts.database.transaction() as db:
        db.scalars(select(ServiceRequest)).one().visibility = "private"
    assert await found(partner, service_request_id=reference) == []


async def test_a_place_is_told_by_its_own_point_and_another_roughly(partner: Partner) -> None:
    at_place = partner.reported("road-light", Where("gz-complex", "", 30.17123456, 120.4611))
    elsewhere = partner.reported("road-light", Where(None, CANARY, 30.17123456, 120.46116))
    nowhere = partner.reported("road-light", Where(None, CANARY))
    points = [
        ((one := await partner.one(name))["lat"], one["long"], one["address_id"])
        for name in (at_place, elsewhere, nowhere)
    ]
    assert points == [
        (30.1709, 120.4602, "gz-complex"),
        (30.171, 120.461, None),
        (None, None, None),
    ]


@pytest.mark.parametrize("status", Status)
async def test_every_status_is_open_or_closed_and_has_words(
    partner: Partner, status: Status
) -> None:
    reference = partner.reported("road-light")
    with partner.bot.parts.database.transaction() as db:
        db.scalars(select(ServiceRequest)).one().status = status
    one = await partner.one(reference, params={"extensions": "true"})
    assert one["status"] == ("open" if status in public.OPEN else "closed")
    assert one["extended_attributes"] == {
        "status": status,
        "area_id": "guali/qicai/a/",
        "merged_into": None,
    }
    assert (
        one["status_notes"] != (await partner.one(reference, headers=ENGLISH))["status_notes"]
    )
    assert await found(partner, status=one["status"]) == [reference]
    assert await found(partner, status="open,closed") == [reference]
    other = {"open": "closed", "closed": "open"}[one["status"]]
    assert await found(partner, status=other) == []


async def test_an_answered_request_waits_for_who_reported_it(partner: Partner) -> None:
    reference = partner.reported("road-light")
    partner.bot.clock.pass_by(timedelta(hours=1))
    move(partner, reference, Status.ACKNOWLEDGED, Status.REPLIED, words="王阿姨，灯换好了")
    one = await partner.one(reference)
    assert (one["status"], one["updated_datetime"]) == ("open", "2026-11-24T11:00:00+08:00")
    assert "王阿姨" not in one["status_notes"]
    with partner.bot.parts.database.transaction() as db:
        request = db.scalars(select(ServiceRequest)).one()
        moves.answer(
            db,
            pack=PACK,
            request=request,
            solved=True,
            resident_id=request.resident_id,
            now=partner.bot.clock.now(),
        )
    assert (await partner.one(reference))["status"] == "closed"


async def test_what_staff_say_among_themselves_changes_nothing(partner: Partner) -> None:
    reference, key = await partner.file(), {"X-Api-Key": partner.secret}
    before = await partner.one(reference, headers=key)
    partner.bot.clock.pass_by(timedelta(hours=1))
    with partner.bot.parts.database.transaction() as db:
        request = db.scalars(select(ServiceRequest)).one()
        by = By(worker(partner, db).id, partner.bot.clock.now())
        handling.note(db, request, by=by, words="老问题了")
    assert await partner.one(reference, headers=key) == before


async def test_a_merged_request_names_the_one_it_is_part_of(partner: Partner) -> None:
    first, second = partner.reported("road-light"), await partner.file()
    with partner.bot.parts.database.transaction() as db:
        into, request = db.scalars(select(ServiceRequest).order_by(ServiceRequest.id))
        by = By(worker(partner, db).id, partner.bot.clock.now())
        handling.merge(db, PACK, request, into=into, by=by)
    one = await partner.one(second, params={"extensions": "true"})
    assert (one["status"], one["extended_attributes"]["merged_into"]) == ("closed", first)
    with partner.bot.parts.database.transaction() as db:
        db.get_one(ServiceRequest, into.id).visibility = "private"
    one = await partner.one(second, params={"extensions": "true"})
    assert one["extended_attributes"]["merged_into"] is None


async def test_what_another_resident_says_of_it_is_not_for_the_partner(
    partner: Partner,
) -> None:
    reference = await partner.file()
    move(partner, reference, Status.ACKNOWLEDGED, Status.REPLIED, words="换了灯泡")
    with partner.bot.parts.database.transaction() as db:
        moves.answer(
            db,
            pack=PACK,
            request=db.scalars(select(ServiceRequest)).one(),
            solved=False,
            resident_id="another",
            now=partner.bot.clock.now(),
            words=CANARY,
        )
    told = (await partner.one(reference, headers={"X-Api-Key": partner.secret}))["status_notes"]
    assert CANARY not in told
    assert "换了灯泡" in told


async def test_a_partner_reads_what_staff_said_of_its_own_requests(partner: Partner) -> None:
    own, other = await partner.file(), partner.reported("road-light")
    for reference in (own, other):
        move(partner, reference, Status.ACKNOWLEDGED, Status.REPLIED, words="换了灯泡")
    key = {"X-Api-Key": partner.secret}
    assert (await partner.one(own, headers=key))["status_notes"].endswith("\n换了灯泡")
    assert "换了灯泡" not in (await partner.get("/requests.json")).text
    assert "换了灯泡" not in (await partner.one(other, headers=key))["status_notes"]
    wrong = await partner.get("/requests.json", headers={"X-Api-Key": "xyz"})
    assert wrong.status_code == 403


async def test_a_query_finds_the_newest_of_ninety_days(partner: Partner) -> None:
    clock = partner.bot.clock
    old = partner.reported("road-light")
    clock.pass_by(timedelta(days=89))
    middle = partner.reported("road-damage")
    clock.pass_by(timedelta(days=2))
    new = partner.reported("road-light")
    assert await found(partner) == [new, middle]
    assert await found(partner, service_request_id=f"{old},{new}, GQ-1,", status="closed") == [
        new,
        old,
    ]
    assert await found(partner, service_code="road-damage,") == [middle]
    assert await found(partner, end_date="2026-11-25") == [old]
    assert await found(partner, start_date="2026-11-24") == [middle, old]
    span = {"start_date": "2026-11-24T10:00:00+08:00", "end_date": "2026-11-24T02:00:00Z"}
    assert await found(partner, **span) == [old]
    assert await found(partner, page_size="1") == [new]
    assert await found(partner, page_size="1", page="2") == [middle]
    assert await found(partner, page="3") == []
    assert await found(partner, service_code="", status="", page="", start_date="") == [
        new,
        middle,
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2026-11-24T10:00:00"},
        {"start_date": "24/11/2026"},
        {"end_date": "2026-13-01"},
        {"end_date": "0001-01-01T00:00:00Z"},
        {"start_date": "9999-12-31T23:59:59-14:00"},
        {"start_date": "2026-01-01", "end_date": "2026-06-01"},
        {"status": "pending"},
        {"status": "open,nonsense"},
        {"service_code": "nothing"},
        {"service_code": "scam-report"},
        {"service_request_id": ",".join(["GQ-1"] * 1001)},
        {"page": "0"},
        {"page": "-1"},
        {"page": "²"},
        {"page": "99999999999999999999"},
        {"page_size": "1001"},
        {"page_size": "ten"},
    ],
    ids=str,
)
async def test_what_cannot_be_read_is_named(partner: Partner, query: dict[str, str]) -> None:
    named = [name for name in query if name in await refused(partner, **query)]
    assert named


async def test_what_no_column_can_hold_is_nobodys(partner: Partner) -> None:
    assert await found(partner, service_request_id="\0GQ\0") == []
    assert (await partner.get("/requests/%00.json")).status_code == 404
    assert (await partner.get("/services/%00%ff.xml")).status_code == 404


async def test_another_jurisdiction_is_not_ours(partner: Partner) -> None:
    for path in ("/services.json", "/requests.json", "/services/road-light.json"):
        ours = await partner.get(path, params={"jurisdiction_id": "guali-qicai"})
        other = await partner.get(path, params={"jurisdiction_id": "city.gov"})
        assert (ours.status_code, other.status_code) == (200, 404)
