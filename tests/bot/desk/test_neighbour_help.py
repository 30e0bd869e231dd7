from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Conversation, Status
from actions.neighbours import asking, claiming, helping, meaning, offers, safety
from actions.neighbours.model import HelpRequest, Match, MatchStatus
from actions.neighbours.model import Status as Need
from actions.outbox import Notice
from actions.people import nicknames
from actions.people.model import Consent
from bot.delivery import Delivery
from bot.desk import labels
from bot.taps import square_of
from knowledge.sorting import Sorter
from tests.bot.conftest import PACK
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


async def test_staff_may_write_to_both_sides(village: Village) -> None:
    now, own = village.bot.clock.now(), village.colleague("own")
    with village.bot.parts.database.transaction() as db:
        helper = conversations.at_address(db, channel="webchat", address="helper", now=now)
        helper.area_id = "guali/qicai/"
        match = Match(request_id=village.taken_id, helper_id=helper.resident_id)
        match.conversation_id, match.status = helper.id, MatchStatus.ACCEPTED
        match.step, match.asked_at = "town", now
        db.add(match)
    answer = await own.post(f"/help/{village.taken_id}/talks", side="helper")
    assert answer.headers["location"] == f"/desk/conversations/{helper.id}"
    with village.bot.parts.database.reading() as db:
        assert db.get_one(Conversation, helper.id).status == Status.OPEN
    page = (await own.get(f"/help/{village.taken_id}")).text
    assert helper.resident_id not in page
    assert (await own.post(f"/help/{village.taken_id}/talks", side="x")).status_code == 409
    assert f"/desk/help/{village.taken_id}" not in (await own.get("/")).text


async def test_a_need_that_has_expired_is_not_approved(village: Village) -> None:
    village.bot.clock.pass_by(timedelta(hours=5))
    own = village.colleague("own")
    assert (await own.post(f"/help/{village.need_id}/approve")).status_code == 409


async def test_staff_see_why_they_look_and_what_neighbours_would(village: Village) -> None:
    with village.bot.parts.database.transaction() as db:
        need = db.get_one(HelpRequest, village.need_id)
        need.review, need.special = ["kind", "money", "doubt"], ["crutches"]
        assert need.what is not None
        need.what.text = "送到3幢2单元302，钱给你，电话13911112222"
    page = (await village.colleague("own").get(f"/help/{village.need_id}")).text
    for told in ("这类事都要先看", "说到钱", "意思像要当心的事", "腿脚不便"):
        assert told in page
    assert "送到▇▇▇，钱给你，电话▇▇▇" in page


async def test_staff_put_the_words_right_and_look_again(village: Village) -> None:
    own, path = village.colleague("own"), f"/help/{village.need_id}"
    assert (await own.post(f"{path}/words", words="帮我接个验证码")).status_code == 303
    refused = await own.post(f"{path}/approve")
    assert refused.status_code == 409
    assert "不能直接通过" in refused.text
    assert "像是诈骗" in refused.text
    assert (await own.post(f"{path}/words", words="帮我打一架")).status_code == 409
    assert (await own.post(f"{path}/words", words="接孩子放学")).status_code == 303
    with village.bot.parts.database.reading() as db:
        assert means(village, db.get_one(HelpRequest, village.need_id), "接孩子放学")
    assert (await own.post(f"{path}/approve")).status_code == 303
    assert status_of(village, village.need_id) == Need.OPEN


def means(village: Village, need: HelpRequest, words: str) -> bool:
    """Whether a need is kept with what these words mean, as one from a chat is."""
    return need.meaning == meaning.vector_of(Sorter(village.bot.parts.embedder), words)


PHONED = {
    "name": "李阿姨",
    "phone": "139 1111 1111",
    "nickname": "李阿姨",
    "kind": "fetch-parcel",
    "words": "取个快递，我耳朵背",
    "on": "2026-11-26",
    "from": "10:00",
    "to": "11:00",
    "special-stairs": "1",
    "agreed": "1",
}


async def test_staff_write_a_need_down_for_somebody_who_phones(village: Village) -> None:
    own = village.colleague("own")
    made = await own.post("/help/new", **PHONED)
    assert made.status_code == 303
    again = await own.post("/help/new", **PHONED)  # a double click
    assert again.headers["location"] == made.headers["location"]
    with village.bot.parts.database.reading() as db:
        need = db.scalars(select(HelpRequest).where(HelpRequest.staff_id.is_not(None))).one()
        assert (need.status, need.area_id, need.special) == (
            Need.OPEN,
            "guali/qicai/",
            ["hearing", "stairs"],
        )
        assert need.wanted_from.isoformat() == "2026-11-26T02:00:00+00:00"
        assert means(village, need, PHONED["words"])
        of_them = select(Consent).where(Consent.resident_id == need.resident_id)
        consent = db.scalars(of_them).one()
        assert (consent.resident_id, consent.channel, consent.staff_id) == (
            need.resident_id,
            "desk",
            need.staff_id,
        )
        assert nicknames.called(db, need.resident_id) == "李阿姨"
    page = (await own.get(f"/help/{need.id}")).text
    assert "13911111111" in page
    hidden = await village.colleague("other").get(f"/help/{need.id}")
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"agreed": ""}, "念给本人听"),
        ({"nickname": "13911112222"}, "称呼里请不要"),
        ({"kind": "x"}, "请选一类"),
        ({"kind": "other", "words": ""}, "请选一类"),
        ({"from": ""}, "时间"),
        ({"on": "2026-11-20"}, "已经过去"),
        ({"words": "帮我打一架"}, "违法"),
        ({"phone": "x"}, "电话"),
        ({"from": "22:00", "to": "23:00"}, "07:00–21:00"),
    ],
)
async def test_what_cannot_be_is_refused_and_stays_in_the_form(
    village: Village, wrong: dict[str, str], says: str
) -> None:
    answer = await village.colleague("own").post("/help/new", **PHONED | wrong)
    assert answer.status_code == 409
    assert says in answer.text
    assert 'value="李阿姨"' in answer.text
    with village.bot.parts.database.reading() as db:
        written = select(HelpRequest).where(HelpRequest.staff_id.is_not(None))
        assert db.scalars(written).all() == []


async def test_what_a_caller_is_owed_is_told_on_the_phone(village: Village) -> None:
    own = village.colleague("own")
    made = await own.post("/help/new", **PHONED | {"kind": "company"})
    path = made.headers["location"].removeprefix("/desk")
    assert (await own.post(f"{path}/approve")).status_code == 303
    worker = Delivery(
        database=village.bot.parts.database,
        clock=village.bot.clock,
        wording=village.bot.parts.wording,
        return_after=timedelta(hours=1),
    )
    while worker.deliver_due():
        pass
    calls = (await own.get("/calls")).text
    assert "工作人员看过了" in calls
    assert "李阿姨" in calls


async def test_staff_take_back_what_a_caller_wants_no_more(village: Village) -> None:
    own = village.colleague("own")
    made = await own.post("/help/new", **PHONED)
    path = made.headers["location"].removeprefix("/desk")
    assert (await own.post(f"{path}/withdraw")).status_code == 303
    number = int(path.rpartition("/")[2])
    assert status_of(village, number) == Need.CANCELLED
    theirs = await own.post(f"/help/{village.need_id}/withdraw")  # has a page of their own
    assert theirs.status_code == 409
    assert status_of(village, village.need_id) == Need.REVIEW


async def test_who_answers_is_led_to_the_form(village: Village) -> None:
    assert "/desk/help/new" in (await village.colleague("own").get("/")).text
    assert "/desk/help/new" not in (await village.colleague("organiser").get("/")).text


def test_every_status_of_a_need_has_its_label() -> None:
    assert set(labels.NEEDS) == set(Need)


def test_every_reason_to_look_has_its_name() -> None:
    reasons = {value for name, value in vars(safety).items() if name.isupper()}
    named = {*labels.REVIEWED, *PACK.help_risks}
    assert {reason for reason in reasons if isinstance(reason, str)} <= named


async def test_an_elder_who_only_has_a_phone_is_helped_from_question_to_thanks(
    village: Village,
) -> None:
    own, bot = village.colleague("own"), village.bot
    made = await own.post("/help/new", **PHONED)
    need_id = int(made.headers["location"].rsplit("/", 1)[1])
    bot.clock.pass_by(timedelta(minutes=30))  # the village hears of it
    with bot.parts.database.transaction() as db:
        now = bot.clock.now()
        helper = conversations.at_address(db, channel="webchat", address="helper", now=now)
        helper.resident.area_id = "guali/qicai/"
        offer = offers.write(db, conversation=helper, terms=offers.Terms(), now=now)
        offer.verified_at = now
        square = square_of(bot.parts.programme(db))
        assert asking.look_after(db, square, now=now)
        claiming.claim(db, square, request_id=need_id, helper=helper, now=now)
    worker = Delivery(
        bot.parts.database,
        bot.clock,
        bot.parts.wording,
        timedelta(hours=1),
    )
    while worker.deliver_due():
        pass
    calls = (await own.get("/calls")).text
    assert "愿意帮您" in calls
    assert "13911111111" in calls
    bot.clock.pass_by(timedelta(days=2))
    with bot.parts.database.transaction() as db:
        now = bot.clock.now()
        talk = db.get_one(Conversation, helper.id)
        square = square_of(bot.parts.programme(db))
        helping.arrived(db, square, need_id, talk, now=now)
        helping.done(db, square, need_id, talk, now=now)
    bot.clock.pass_by(timedelta(days=1, hours=1))
    with bot.parts.database.transaction() as db:
        square = square_of(bot.parts.programme(db))
        asking.look_after(db, square, now=bot.clock.now())
    assert status_of(village, need_id) == Need.DONE
