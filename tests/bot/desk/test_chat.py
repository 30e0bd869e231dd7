"""Staff who are signed in speak in the chat of their team, and link themselves elsewhere."""

import asyncio
import re
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.governance.model import Status
from actions.people import audit, links, staff
from actions.people.links import Door
from actions.people.model import AuditEntry, Staff, StaffChat
from bot.delivery import Delivery
from bot.desk.chat import NAME
from bot.photos import redraw
from tests.bot.conftest import photo
from tests.bot.desk.conftest import CANARY, Colleague, Village

CODE = re.compile(rf"绑定群? ([{links.ALPHABET}-]{{11}})")


async def say(who: Colleague, words: str, once: str = "") -> str:
    """Say something; returns the chat as it is shown then."""
    sent = await who.post("/chat", words=words, once=once or secrets.token_hex(16))
    assert sent.status_code == 303, sent.text
    return (await who.get("/chat")).text


def deliver(village: Village) -> None:
    parts = village.bot.parts
    delivery = Delivery(parts.database, village.bot.clock, parts.wording, timedelta(minutes=30))
    while delivery.deliver_due():
        pass


def deeds(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        assert audit.check(db, "key").broken_at is None
        return list(db.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))


async def test_what_is_ordered_in_the_chat_is_done_and_answered_there(village: Village) -> None:
    own = village.colleague("own")
    page = await say(own, "接 0001")
    assert "归 own 办" in page
    assert village.request().status == Status.ACKNOWLEDGED
    assert deeds(village) == ["moved_to_acknowledged"]
    assert village.bot.assistant.heard == []


async def test_words_of_residents_stay_at_the_desks_own_page(village: Village) -> None:
    page = await say(village.colleague("own"), "查 0001")
    assert CANARY not in page
    assert f"/desk/requests/{village.reference}" in page


async def test_colleagues_share_a_chat_and_others_have_their_own(village: Village) -> None:
    await say(village.colleague("own"), "帮助")
    assert "own" in (await village.colleague("boss").get("/chat")).text
    for other in ("town", "other", "police"):
        page = (await village.colleague(other).get("/chat")).text
        assert '<ol id="lines">\n</ol>' in page


@pytest.mark.both_stores
async def test_colleagues_may_say_their_first_words_at_once(village: Village) -> None:
    names = ("own", "boss")
    sent = [
        village.colleague(name).post("/chat", words="帮助", once=secrets.token_hex(16))
        for name in names
    ]
    answers = await asyncio.gather(*sent)
    assert [answer.status_code for answer in answers] == [303, 303]
    page = (await village.colleague("own").get("/chat")).text
    assert page.count("可以这样说") == 2
    with village.bot.parts.database.reading() as db:
        assert len(db.scalars(select(StaffChat)).all()) == 1


async def test_notices_come_into_the_chat_and_can_be_tapped(village: Village) -> None:
    own = village.colleague("own")
    await say(own, "帮助")
    reference = village.file("suggestion", "多放几把椅子")
    deliver(village)
    page = (await own.get("/chat")).text
    assert f"新的：{reference}" in page
    take = re.search(r'name="words" value="(c\.[^"]+)">接<', page)
    assert take
    page = await say(own, take[1])
    assert village.request(reference).status == Status.ACKNOWLEDGED
    assert take[1] not in re.sub(r'value="[^"]*"', "", page)


async def test_a_photo_sent_there_goes_with_the_reply_that_follows(village: Village) -> None:
    own = village.colleague("own")
    await say(own, "接 0001")
    sent = await own.send("/chat", [photo()], words="", once=secrets.token_hex(16))
    assert sent.status_code == 303
    assert "1 张照片" in (await own.get("/chat")).text
    village.bot.clock.pass_by(timedelta(minutes=2))
    await say(own, "办结 0001 换好了")
    assert village.request().status == Status.REPLIED
    page = (await own.get(f"/requests/{village.reference}")).text
    (shown,) = set(re.findall(r"/uploads/([0-9a-f]{32})", page)) - {village.upload_id}
    assert (await own.get(f"/uploads/{shown}")).content == redraw(photo())
    assert (await village.colleague("other").get(f"/uploads/{shown}")).status_code == 404


async def test_a_double_click_says_it_once(village: Village) -> None:
    own, once = village.colleague("own"), secrets.token_hex(16)
    await say(own, "备注 0001 等零件", once)
    page = await say(own, "备注 0001 等零件", once)
    assert page.count("记下了") == 1
    assert (await say(own, "备注 0001 等零件")).count("记下了") == 2  # negative control


async def test_only_what_is_new_is_fetched_later(village: Village) -> None:
    own = village.colleague("own")
    last = re.search(r'data-last="(\d+)"', await say(own, "帮助"))
    assert last
    await say(own, "接 0001")
    later = (await own.get("/chat/later", params={"after": last[1]})).text
    assert "归 own 办" in later
    assert "可以这样说" not in later


@pytest.mark.parametrize("sent", [{"words": ""}, {"once": "x"}, {"words": "长" * 4001}])
async def test_what_cannot_be_said_is_refused_in_a_sentence(
    village: Village, sent: dict[str, str]
) -> None:
    own = village.colleague("own")
    form = {"words": "帮助", "once": "a" * 32} | sent
    answer = await own.post("/chat", **form)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


async def test_a_cry_of_fire_gets_the_number(village: Village) -> None:
    assert "119" in await say(village.colleague("own"), "着火了")


async def test_a_code_from_the_desk_links_one_and_can_be_taken_back(village: Village) -> None:
    own, now = village.colleague("own"), village.bot.clock.now()
    code = CODE.search((await own.post("/chat/code")).text)
    assert code
    assert code[1] not in (await own.get("/chat")).text
    door = Door("dingtalk", "u1")
    with village.bot.parts.database.transaction() as db:
        assert links.link(db, code[1], door, key="key", now=now)
    page = (await own.get("/chat")).text
    assert "钉钉" in page
    assert (await own.post("/chat/unlink")).status_code == 303
    with village.bot.parts.database.reading() as db:
        assert links.speaker(db, door) is None
    assert deeds(village) == ["link_code_made", "unlinked"]


async def test_an_administrator_gets_codes_for_groups_of_the_own_area(village: Village) -> None:
    boss, now = village.colleague("boss"), village.bot.clock.now()
    for area, status in (("guali/", 404), ("guali/meilin/", 404), ("nowhere", 409)):
        assert (await boss.post("/chat/group", area=area)).status_code == status
    answer = await boss.post("/chat/group", area="guali/qicai/a/", team="grid-team")
    code = CODE.search(answer.text)
    assert code
    with village.bot.parts.database.transaction() as db:
        chat = links.open_chat(db, code[1], "c" * 32, key="key", now=now)
        assert chat
        assert (chat.area_id, chat.team_id) == ("guali/qicai/a/", "grid-team")
    assert "/chat/group" not in (await village.colleague("own").get("/chat")).text


async def test_who_is_disabled_speaks_no_more(village: Village) -> None:
    own = village.colleague("own")
    await say(own, "帮助")
    with village.bot.parts.database.transaction() as db:
        number = db.scalars(select(Staff.id).where(Staff.username == "own")).one()
        staff.disable(db, "own", now=village.bot.clock.now())
        assert links.speaker(db, Door(NAME, str(number))) is None
    assert (await own.post("/chat", words="接 0001", once="b" * 32)).status_code == 303
    assert village.request().status == Status.RECEIVED
