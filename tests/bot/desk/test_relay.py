"""What staff see of what neighbours say to one another: what they must read out, no more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import callers, conversations
from actions.conversations import Author, Conversation, Message
from actions.neighbours.model import HelpRequest, Status
from actions.outbox import Notice, NoticeState
from actions.people.model import AuditEntry, Words
from actions.relay import relaying
from actions.relay.model import Release
from bot.taps import square_of
from tests.bot.desk.conftest import Village
from tests.bot.desk.test_calls import worker

SAID = "菜买好了，放门口"


@pytest.fixture
def helper(village: Village) -> str:
    """A neighbour helps somebody who is only phoned, and says something."""
    now, parts = village.bot.clock.now(), village.bot.parts
    facts: dict[str, Any] = {"area_id": "guali/qicai/", "key": "key", "now": now}
    with parts.database.transaction() as db:
        told = callers.read("张阿姨", "13800000000")
        caller = callers.conversation_with(db, told, **facts)
        other = conversations.at_address(db, channel="webchat", address="helper", now=now)
        closes_at = now + timedelta(hours=8)
        relay = relaying.open_between(
            db, caller, other, about="help:1", now=now, closes_at=closes_at
        )
        square = square_of(parts.programme(db))
        relaying.pass_on(db, square, relay, other, SAID, now)
        return other.id


@dataclass(frozen=True)
class Owed:
    """What a neighbour is to be told, and whose words it is."""

    text: str
    whose: str


def read_out(village: Village) -> Notice:
    """What staff are to read out."""
    worker(village).deliver_due()
    with village.bot.parts.database.reading() as db:
        return db.scalars(select(Notice).filter_by(state=NoticeState.TO_PHONE)).one()


def owed_to(village: Village, conversation_id: str) -> Owed | None:
    with village.bot.parts.database.reading() as db:
        owed = select(Words).join(Notice, Notice.words_id == Words.id)
        words = db.scalar(owed.where(Notice.conversation_id == conversation_id))
        return Owed(words.text, str(words.resident_id)) if words else None


def noted(village: Village) -> list[tuple[str, str]]:
    with village.bot.parts.database.reading() as db:
        found = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(one.deed, one.subject) for one in found]


async def test_who_is_phoned_is_read_it_out_and_it_stays_the_helpers_words(
    village: Village, helper: str
) -> None:
    worker(village).deliver_due()
    own = village.colleague("own")
    page = (await own.get("/calls")).text
    assert f"帮您的邻居说：\n{SAID}" in page
    assert "可以回答" in page
    with village.bot.parts.database.reading() as db:
        owed = db.scalars(select(Notice).filter_by(state=NoticeState.TO_PHONE)).one()
    assert (await own.post(f"/calls/{owed.id}/told")).status_code == 303
    with village.bot.parts.database.reading() as db:
        told = db.scalars(select(Message).where(Message.staff_id.is_not(None))).one()
        assert told.words_id == owed.words_id
        assert told.words.resident_id == db.get_one(Conversation, helper).resident_id


async def test_what_who_is_phoned_answers_is_passed_on_masked_and_the_call_is_ticked_off(
    village: Village, helper: str
) -> None:
    notice = read_out(village)
    own = village.colleague("own")
    said = await own.post(f"/calls/{notice.id}/said", words="谢谢，放302门口，打13911112222")
    assert said.status_code == 303
    told = owed_to(village, helper)
    assert told
    assert "谢谢，放▇▇▇门口，打▇▇▇" in told.text
    with village.bot.parts.database.reading() as db:
        talk = db.get_one(Conversation, notice.conversation_id)
    assert told.whose == talk.resident_id
    assert noted(village)[-2:] == [
        ("passed_on_words", "help:1"),
        ("told_on_phone", f"notice:{notice.id}"),
    ]
    assert SAID not in (await own.get("/calls")).text
    again = await own.post(f"/calls/{notice.id}/said", words="再说一句")
    assert again.status_code == 409
    assert owed_to(village, helper) == told  # nothing of it was passed on


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"words": " "}, "还没有写"),
        ({"words": "x", "what": "money"}, "还没有写"),
        ({"words": "13911112222"}, "没有转过去"),
        ({"words": "在家", "what": "phone"}, "完整的电话"),
    ],
)
async def test_what_cannot_be_passed_on_is_refused_and_stays_in_the_form(
    village: Village, helper: str, sent: dict[str, str], says: str
) -> None:
    notice = read_out(village)
    refused = await village.colleague("own").post(f"/calls/{notice.id}/said", **sent)
    assert refused.status_code == 409
    assert says in refused.text
    assert f">{sent['words']}</textarea>" in refused.text
    assert owed_to(village, helper) is None


async def test_other_calls_are_answered_to_no_neighbour(village: Village, helper: str) -> None:
    village.organise()
    refused = await village.colleague("boss").post(
        f"/calls/{village.notice_id}/said", words="好的"
    )
    assert refused.status_code == 409


async def test_a_door_is_given_on_the_phone_and_asked_about_first(
    village: Village, helper: str
) -> None:
    notice = read_out(village)
    own = village.colleague("own")
    given = await own.post(f"/calls/{notice.id}/said", words="3幢2单元302", what="door")
    assert given.status_code == 303
    with village.bot.parts.database.reading() as db:
        release = db.scalars(select(Release)).one()
        asked = db.scalars(select(Notice).where(Notice.conversation_id == helper)).one()
    assert (release.kind, release.agreed_at) == ("door", None)
    assert asked.response == "utter_release_offered_door"
    assert "302" not in str(asked.values)


async def test_who_rings_back_is_passed_on_from_the_need(village: Village) -> None:
    village.organise()
    village.talk_by_phone()
    boss = village.colleague("boss")
    with village.bot.parts.database.transaction() as db:
        db.get_one(HelpRequest, village.phoned_id).status = Status.MATCHED
    page = (await boss.get(f"/help/{village.phoned_id}")).text
    assert f"/desk/help/{village.phoned_id}/said" in page
    said = await boss.post(f"/help/{village.phoned_id}/said", words="我十点以后在家")
    assert said.status_code == 303
    with village.bot.parts.database.reading() as db:
        assert "我十点以后在家" in db.scalars(select(Words.text)).all()


async def test_nobody_speaks_for_somebody_who_has_a_page(village: Village) -> None:
    own = village.colleague("own")
    assert "/said" not in (await own.get(f"/help/{village.taken_id}")).text
    refused = await own.post(f"/help/{village.taken_id}/said", words="我在家")
    assert refused.status_code == 409


async def test_what_neighbours_say_is_not_shown_in_a_conversation(village: Village) -> None:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        talk = db.get_one(Conversation, village.conversation_id)
        neighbour = conversations.at_address(db, channel="webchat", address="n", now=now)
        theirs = Words(resident_id=neighbour.resident_id, text="对方的话", created_at=now)
        conversations.say(db, talk, theirs.text, author=Author.ASSISTANT, now=now, kept=theirs)
        mine = conversations.say(db, talk, "给对方的话", author=Author.RESIDENT, now=now)
        mine.for_neighbour = True
        conversations.say(db, talk, "给社区的话", author=Author.RESIDENT, now=now)
    page = (await village.colleague("own").get(f"/conversations/{talk.id}")).text
    assert "给社区的话" in page
    assert page.count("邻居之间的话，这里不显示") == 2
    assert "对方的话" not in page
