"""Households at the desk: who only has a phone is asked there, and it is written down."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.db import Db
from actions.household import telling
from actions.outbox import Notice, NoticeState
from actions.people import acting, households
from actions.people.model import Acting, AuditEntry, Caller, Household, LinkCode, Resident
from actions.square import Square
from bot.delivery import Delivery
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import Village

CODE = re.compile(r"[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}")
ELDER = {"area": "guali/qicai/", "name": "陈奶奶", "phone": "139 1111 2222"}


def notes(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return list(db.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))


def deliver(village: Village) -> None:
    parts = village.bot.parts
    worker = Delivery(
        database=parts.database,
        clock=village.bot.clock,
        wording=parts.wording,
        return_after=timedelta(hours=1),
    )
    while worker.deliver_due():
        pass


async def test_a_child_and_a_mother_who_only_has_a_phone(village: Village) -> None:
    """The whole story: entered by staff, joined by code, confirmed on the phone."""
    own, bot = village.colleague("own"), village.bot
    made = await own.post("/households", **ELDER)
    page = made.headers["location"].removeprefix("/desk")
    code = CODE.findall((await own.post(f"{page}/code")).text)[0]
    await bot.say("回到小沥")  # a person had it
    asking = (await bot.post(f"家庭码 {code}")).json()["replies"][-1]
    assert "要加入这个家吗" in asking["text"]
    await bot.say(asking["choices"][0]["value"])
    with bot.parts.database.transaction() as db:
        mother = db.scalars(select(Caller)).all()[-1].resident_id
        child = village.conversation().resident_id
        home = households.household_of(db, mother)
        assert home
        assert households.household_of(db, child) is home
        asked = acting.ask(db, child, mother, "mother", now=bot.clock.now())
        square = Square(PACK, bot.parts.wording)
        telling.asked(db, square, asked, now=bot.clock.now())
        number = asked.id
    deliver(village)
    calls = (await own.get("/calls")).text
    assert "陈奶奶" in calls
    assert "您的孩子想在小沥上替您办事" in calls
    assert f'href="/desk{page}"' in calls
    with bot.parts.database.reading() as db:
        assert not acting.may_act(db, child, mother)
    shown = (await own.get(page)).text
    assert "等本人同意" in shown
    answer = await own.post(f"{page}/acting/{number}/confirm")
    assert answer.status_code == 303
    with bot.parts.database.reading() as db:
        assert acting.may_act(db, child, mother)
        found = acting.principal(db, child, "我妈")
        assert found
        assert found.id == mother
        asked = db.get_one(Acting, number)
        assert asked.staff_id
        notice = db.scalars(select(Notice).where(Notice.about == f"acting:{number}")).one()
        assert notice.state == NoticeState.CANCELLED  # nobody is phoned for it again
    deliver(village)
    with bot.parts.database.reading() as db:
        talk = db.get_one(conversations.Conversation, village.conversation_id)
        assert "妈妈同意了" in said_last(db, talk.id)
    assert {"founded_household", "entered_member", "household_code_made"} <= set(notes(village))
    assert {"read_household", "confirmed_acting"} <= set(notes(village))


def said_last(db: Db, conversation_id: str) -> str:
    here = select(conversations.Message).filter_by(conversation_id=conversation_id)
    last: conversations.Message = db.scalars(
        here.order_by(conversations.Message.id.desc()).limit(1)
    ).one()
    return last.text


async def test_who_has_a_chat_says_yes_there_and_staff_cannot_say_it_for_them(
    village: Village,
) -> None:
    village.house()
    own, page = village.colleague("own"), f"/households/{village.household_id}"
    with village.bot.parts.database.transaction() as db:
        child = village.conversation().resident_id
        turned = acting.ask(
            db, village.elder_id, child, "child", now=village.bot.clock.now()
        ).id
    answer = await own.post(f"{page}/acting/{turned}/confirm")
    assert answer.status_code == 409
    assert "请本人在聊天里同意" in answer.text
    refused = await own.post(f"{page}/members/{child}/code")
    assert refused.status_code == 409
    with village.bot.parts.database.reading() as db:
        assert not acting.may_act(db, village.elder_id, child)
        assert db.scalars(select(LinkCode)).all() == []


async def test_a_code_is_shown_once_and_links_the_elders_own_chat(village: Village) -> None:
    village.house()
    own, page = village.colleague("own"), f"/households/{village.household_id}"
    shown = (await own.post(f"{page}/members/{village.elder_id}/code")).text
    code = CODE.findall(shown)[0]
    assert code not in (await own.get(page)).text
    bot = village.bot
    bot.session = "e" * 32  # the elder has a phone of her own now
    asked = await bot.post(code)
    yes = asked.json()["replies"][-1]["choices"][0]["value"]
    assert "连好了" in (await bot.say(yes))[-1]
    with bot.parts.database.reading() as db:
        talk = conversations.of_resident(db, village.elder_id)
        assert talk
        assert talk.resident_id == village.elder_id
        assert db.get(Caller, village.elder_id)  # staff still know the phone


async def test_an_elder_who_says_no_is_not_acted_for(village: Village) -> None:
    village.house()
    own, page = village.colleague("own"), f"/households/{village.household_id}"
    await own.post(f"{page}/acting/{village.acting_id}/end")
    answer = await own.post(f"{page}/acting/{village.acting_id}/confirm")
    assert answer.status_code == 409
    with village.bot.parts.database.reading() as db:
        child = village.conversation().resident_id
        assert not acting.may_act(db, child, village.elder_id)


async def test_a_place_is_an_area_of_ours_and_settles_the_members(village: Village) -> None:
    village.house()
    own, page = village.colleague("own"), f"/households/{village.household_id}"
    for area in ("", "guali/", "guali/meilin/", "mars/"):
        assert (await own.post(f"{page}/place", area=area)).status_code == 409
    await own.post(f"{page}/place", area="guali/qicai/a/")
    with village.bot.parts.database.reading() as db:
        assert db.get_one(Household, village.household_id).area_id == "guali/qicai/a/"
        assert db.get_one(Resident, village.elder_id).area_id == "guali/qicai/a/"


async def test_a_place_of_the_pack_gives_a_point_as_near_as_a_building(
    village: Village,
) -> None:
    village.house()
    mayor, page = village.colleague("mayor"), f"/households/{village.household_id}"
    place = next(one for one in PACK.places.values() if one.lat is not None)
    await mayor.post(f"{page}/place", area="guali/qicai/", place=place.id)
    with village.bot.parts.database.reading() as db:
        home = db.get_one(Household, village.household_id)
        assert (home.lat, home.lon) == (place.lat, place.lon)
    assert place.name.zh in (await mayor.get(page)).text


async def test_who_is_removed_is_acted_for_no_more(village: Village) -> None:
    village.house()
    own, page = village.colleague("own"), f"/households/{village.household_id}"
    await own.post(f"{page}/acting/{village.acting_id}/confirm")
    await own.post(f"{page}/members/{village.elder_id}/remove")
    with village.bot.parts.database.reading() as db:
        child = village.conversation().resident_id
        assert not acting.may_act(db, child, village.elder_id)
        assert households.household_of(db, village.elder_id) is None
        assert db.get(Resident, village.elder_id)
    assert "removed_member" in notes(village)


@pytest.mark.parametrize(
    ("name", "phone"), [("", "13911112222"), ("陈奶奶", ""), ("陈奶奶", "十三")]
)
async def test_somebody_is_entered_with_a_name_and_a_phone(
    village: Village, name: str, phone: str
) -> None:
    own = village.colleague("own")
    answer = await own.post("/households", area="guali/qicai/", name=name, phone=phone)
    assert answer.status_code == 409
    with village.bot.parts.database.reading() as db:
        assert db.scalars(select(Household)).all() == []


async def test_the_list_says_where_a_yes_is_waited_for(village: Village) -> None:
    village.house()
    page = (await village.colleague("own").get("/households?area=guali/qicai/")).text
    assert "等确认代办 1" in page
    assert "2 位" in page


@pytest.mark.parametrize(
    ("find", "found"),
    [("金丝雀", True), ("138 0000 0001", True), ("没有的人", False), ("{number}", True)],
)
async def test_a_household_is_found_by_number_name_or_phone_within_reach(
    village: Village, find: str, found: bool
) -> None:
    village.house()
    params = {"find": find.format(number=village.household_id)}
    link = f"/desk/households/{village.household_id}"
    for name, sees in (("own", found), ("other", False)):
        page = (await village.colleague(name).get("/households", params=params)).text
        assert (link in page) is sees
    assert "searched_households" in notes(village)


async def test_nobody_is_phoned_for_a_question_that_is_over(village: Village) -> None:
    village.house()
    own, page = village.colleague("own"), f"/households/{village.household_id}"
    with village.bot.parts.database.transaction() as db:
        asked = db.get_one(Acting, village.acting_id)
        square = Square(PACK, village.bot.parts.wording)
        telling.asked(db, square, asked, now=village.bot.clock.now())
    deliver(village)
    assert "想在小沥上替您办事" in (await own.get("/calls")).text
    await own.post(f"{page}/members/{village.elder_id}/remove")
    assert "想在小沥上替您办事" not in (await own.get("/calls")).text
