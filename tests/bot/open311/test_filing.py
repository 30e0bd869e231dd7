"""A partner's report becomes a request like all others; what cannot be taken leaves nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.conversations import Author, Conversation, Message
from actions.db import Base
from actions.governance import moves
from actions.governance.model import PartnerRequest, ServiceRequest, Status
from actions.governance.service import Where
from actions.outbox import Notice, NoticeState
from actions.people import keys, staff
from actions.people.model import Address, Role
from actions.people.staff import Newcomer
from bot.delivery import Delivery
from tests.bot.conftest import PACK, Bot
from tests.bot.open311.conftest import ENGLISH, Partner

PERSONAL = {
    "email": "who@example.org",
    "phone": "13800000000",
    "first_name": "阿明",
    "last_name": "欧阳",
    "device_id": "device-77",
    "account_id": "account-88",
    "media_url": "http://169.254.169.254/latest/meta-data",
}


def request_of(partner: Partner, reference: str) -> ServiceRequest:
    with partner.bot.parts.database.reading() as db:
        return db.scalars(
            select(ServiceRequest).where(ServiceRequest.reference == reference)
        ).one()


async def test_it_has_owner_due_time_and_area_from_its_first_second(partner: Partner) -> None:
    answer = await partner.post(description="灯不亮三天了", headers=ENGLISH)
    (filed,) = answer.json()
    request = request_of(partner, filed["service_request_id"])
    assert (request.team_id, request.area_id) == ("road-team", "guali/qicai/a/")
    assert request.due_at == partner.bot.clock.now() + timedelta(hours=48)
    assert (request.place_id, request.what.text) == ("gz-complex", "灯不亮三天了")
    assert "answers by Thu 26 Nov, 10:00" in filed["service_notice"]


async def test_of_the_person_nothing_is_kept(bot: Bot, partner: Partner) -> None:
    reference = await partner.file(description="灯不亮", **PERSONAL)
    with bot.parts.database.engine.connect() as connection:
        kept = repr([connection.execute(select(t)).all() for t in Base.metadata.sorted_tables])
    assert reference in kept
    assert [value for value in PERSONAL.values() if value in kept] == []
    assert partner.secret not in kept


async def test_an_account_is_one_resident_and_another_another(partner: Partner) -> None:
    for account in ("a", "a", "b", None):
        await partner.file(account_id=account)
    with partner.bot.parts.database.transaction() as db:
        second = keys.add(db, "other-app", "guali/meilin/", now=partner.bot.clock.now())
    await partner.file(account_id="a", api_key=second.secret)
    with partner.bot.parts.database.reading() as db:
        residents = db.scalars(select(ServiceRequest.resident_id).order_by(ServiceRequest.id))
        first, again, *others = residents
        assert set(db.scalars(select(Address.channel))) == {"open311"}
    assert first == again
    assert len({first, *others}) == 4


async def test_without_a_place_it_belongs_to_the_area_of_the_key(partner: Partner) -> None:
    reference = await partner.file(lat=None, long=None, address_string="桥下第二棵树")
    request = request_of(partner, reference)
    assert (request.area_id, request.place_id) == ("guali/qicai/", None)
    assert request.where
    assert request.where.text == "桥下第二棵树"


@pytest.mark.parametrize(
    "where",
    [
        {"address_string": "公交综合楼门口"},
        {"address_string": "outside the Bus and service complex"},
        {"address_id": "gz-complex"},
        {"lat": "30.1709", "long": "120.4602"},
    ],
    ids=str,
)
async def test_a_place_of_ours_is_known_however_it_is_told(
    partner: Partner, where: dict[str, str]
) -> None:
    reference = await partner.file(**{"lat": None, "long": None} | where)
    assert request_of(partner, reference).place_id == "gz-complex"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": " "}, 400, "service_code"),
        ({"service_code": "nothing"}, 404, "nothing"),
        ({"service_code": "scam-report"}, 400, "confidential"),
        ({"lat": None}, 400, "lat"),
        ({"long": None}, 400, "long"),
        ({"lat": None, "long": None}, 400, "address_string"),
        ({"lat": "north"}, 400, "lat"),
        ({"lat": "nan"}, 400, "lat"),
        ({"long": "inf"}, 400, "long"),
        ({"lat": "91"}, 400, "lat"),
        ({"lat": "39.9", "long": "116.4"}, 400, "12345"),
        ({"address_string": "衙前镇老街"}, 400, "Yaqian"),
        ({"address_id": "gz-nowhere"}, 400, "address_id"),
        ({"description": "长" * 4001}, 400, "4000"),
        ({"address_string": "长" * 501}, 400, "500"),
        ({"description": "楼下着火了"}, 400, "119"),
        ({"address_string": "着火的三号楼"}, 400, "119"),
        ({"attribute[x]": "着火"}, 400, "119"),
        ({"jurisdiction_id": "city.gov"}, 404, "guali-qicai"),
        ({f"f{number}": "x" for number in range(101)}, 400, "100"),
    ],
    ids=str,
)
async def test_what_cannot_be_taken_is_told_and_leaves_nothing(
    partner: Partner, sent: dict[str, Any], status: int, said: str
) -> None:
    answer = await partner.post(**{"headers": ENGLISH, "description": "dark", **sent})
    (error,) = answer.json()
    assert (answer.status_code, error["code"]) == (status, status)
    assert said in error["description"]
    assert partner.stored() == 0
    assert partner.written() == []


async def test_an_emergency_begins_with_the_number(partner: Partner) -> None:
    (error,) = (await partner.post(description="着火了")).json()
    assert error["description"].startswith("请马上打 119")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"<request/>", "text/xml"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"", ""),
    ],
)
async def test_only_a_form_is_read(partner: Partner, content: bytes, kind: str) -> None:
    for form in ("json", "xml"):
        answer = await partner.bot.client.post(
            f"/open311/v2/requests.{form}", content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code == 400
        assert "x-www-form-urlencoded" in answer.text


async def test_an_enormous_form_is_not_read_to_its_end(partner: Partner) -> None:
    answer = await partner.post(description="x" * 300_000)
    assert answer.status_code == 413
    assert answer.json()[0]["code"] == 413
    assert partner.stored() == 0


async def test_marks_and_nuls_are_words_like_others(partner: Partner) -> None:
    reference = await partner.file(description="<script>\0灯</script>' OR 1=1 --\x1b")
    assert request_of(partner, reference).what.text == "<script>灯</script>' OR 1=1 --"
    assert "script>" not in (await partner.get("/requests.xml")).text


async def test_a_report_that_is_repeated_is_the_same_request(partner: Partner) -> None:
    first = await partner.file(description="灯不亮", repeat="r-1")
    assert await partner.file(description="灯不亮", repeat="r-1") == first
    assert await partner.file(description="灯不亮", repeat="r-2") != first
    assert await partner.file(description="灯不亮") != first
    assert partner.stored() == 3


async def test_what_says_it_is_a_repeat_and_is_another_is_refused(partner: Partner) -> None:
    await partner.file(description="灯不亮", repeat="r-1")
    answer = await partner.post(description="窨井盖没了", repeat="r-1", headers=ENGLISH)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()[0]["description"]
    assert partner.stored() == 1


async def test_repeats_of_two_partners_are_apart(partner: Partner) -> None:
    with partner.bot.parts.database.transaction() as db:
        other = keys.add(db, "other-app", "guali/", now=partner.bot.clock.now())
    await partner.file(repeat="r-1")
    await partner.file(repeat="r-1", api_key=other.secret)
    assert partner.stored() == 2


@pytest.mark.both_stores
async def test_a_repeat_ten_times_at_once_is_one_request(partner: Partner) -> None:
    filed = await asyncio.gather(*(partner.file(repeat="r-1") for _ in range(10)))
    assert len(set(filed)) == 1
    assert partner.stored() == 1


async def test_a_disabled_key_files_nothing_more(partner: Partner) -> None:
    before = await partner.file()
    with partner.bot.parts.database.transaction() as db:
        keys.disable(db, "city-app", now=partner.bot.clock.now())
    assert (await partner.post()).status_code == 403
    assert partner.stored() == 1
    assert (await partner.one(before))["status"] == "open"


async def test_a_key_in_the_address_is_no_key(partner: Partner) -> None:
    """Addresses end in logs of servers on the way."""
    path = f"/requests.json?api_key={partner.secret}"
    assert (await partner.post(path, api_key=None)).status_code == 403


async def test_who_is_too_fast_is_told_when_to_come_back(partner: Partner) -> None:
    answers = [await partner.post() for _ in range(61)]
    assert [a.status_code for a in answers] == [200] * 60 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()[0]["code"] == 429


async def test_the_one_who_reported_is_told_and_staff_see_it(partner: Partner) -> None:
    """What the worker writes into the conversation is what the partner asks for."""
    bot, reference = partner.bot, await partner.file(account_id="a")
    with bot.parts.database.transaction() as db:
        who = staff.add(
            db, Newcomer("wang", Role.STAFF, "guali/"), "correct horse", now=bot.clock.now()
        )
        request = db.scalars(select(ServiceRequest)).one()
        for to, words in ((Status.ACKNOWLEDGED, ""), (Status.DECLINED, "不归我们修")):
            moves.move(
                db,
                pack=PACK,
                request=request,
                to=to,
                staff_id=who.id,
                now=bot.clock.now(),
                words=words,
            )
    worker = Delivery(
        database=bot.parts.database,
        clock=bot.clock,
        wording=bot.parts.wording,
        return_after=timedelta(minutes=30),
    )
    while worker.deliver_due():
        pass
    with bot.parts.database.reading() as db:
        assert set(db.scalars(select(Notice.state))) == {NoticeState.SENT}
        told = db.scalars(select(Message).where(Message.author != Author.RESIDENT)).all()
    assert "不归我们修" in [message.text for message in told]
    one = await partner.one(reference, headers={"X-Api-Key": partner.secret})
    assert one["status"] == "closed"
    assert one["status_notes"].endswith("不归我们修")


async def test_a_partners_row_says_through_whom_it_came(partner: Partner) -> None:
    await partner.file()
    partner.reported("road-light", Where("gz-complex"))
    with partner.bot.parts.database.reading() as db:
        assert len(db.scalars(select(PartnerRequest)).all()) == 1
        assert len(db.scalars(select(Conversation)).all()) == 2
