"""Staff see what did not arrive, why, and decide what becomes of it."""

import pytest
from sqlalchemy import select

from actions import conversations, outbox
from actions.conversations import Author, Conversation
from actions.outbox import Notice, NoticeState
from actions.people.model import Address, Words
from actions.sending import BLOCKED, Sending, SendingState
from actions.turns import EntryState, InboxEntry
from actions.undelivered import KINDS, why
from bot.desk import labels
from tests.bot.desk.conftest import CANARY, Colleague, Village

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def own(village: Village) -> Colleague:
    village.lose()
    return village.colleague("own")


def sending(village: Village) -> Sending:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Sending, village.lost_id)


async def test_what_did_not_arrive_is_shown_with_the_reason_and_counted(
    village: Village, own: Colleague
) -> None:
    with village.bot.parts.database.transaction() as db:
        db.get_one(Sending, village.lost_id).trouble = "refused 400"
    page = (await own.get("/undelivered")).text
    assert CANARY in page
    assert "平台不收" in page
    assert "Telegram" in page
    inbox = (await own.get("/inbox")).text
    assert 'href="/desk/undelivered"' in inbox
    assert (
        'href="/desk/undelivered"' not in (await village.colleague("other").get("/inbox")).text
    )


@pytest.mark.parametrize(
    ("deed", "state"),
    [
        ("again", SendingState.WAITING),
        ("told", SendingState.ELSEWHERE),
        ("drop", SendingState.CANCELLED),
    ],
)
async def test_staff_decide_once_what_becomes_of_it(
    village: Village, own: Colleague, deed: str, state: str
) -> None:
    path = f"/undelivered/sending/{village.lost_id}/{deed}"
    assert (await own.post(path)).status_code == 303
    assert (sending(village).state, sending(village).tries) == (state, 0)
    assert CANARY not in (await own.get("/undelivered")).text
    assert (await own.post(path)).status_code == 409


async def test_whoever_blocked_us_is_not_written_to_again(
    village: Village, own: Colleague
) -> None:
    with village.bot.parts.database.transaction() as db:
        one = db.get_one(Sending, village.lost_id)
        one.trouble = BLOCKED
        db.get_one(Address, one.address_id).blocked_at = village.bot.clock.now()
    assert "/again" not in (await own.get("/undelivered")).text
    path = f"/undelivered/sending/{village.lost_id}/again"
    assert (await own.post(path)).status_code == 409


async def test_a_dead_notice_is_said_after_all(village: Village, own: Colleague) -> None:
    with village.bot.parts.database.transaction() as db:
        notice = outbox.put(
            db,
            conversation_id=village.conversation_id,
            response="utter_returned",
            due_at=village.bot.clock.now(),
        )
        notice.state, notice.tries = NoticeState.DEAD, 8
    assert f"/undelivered/notice/{notice.id}/again" in (await own.get("/undelivered")).text
    assert (await own.post(f"/undelivered/notice/{notice.id}/again")).status_code == 303
    with village.bot.parts.database.reading() as db:
        again = db.get_one(Notice, notice.id)
        assert (again.state, again.tries) == (NoticeState.WAITING, 0)


async def test_a_message_that_was_set_aside_is_put_back(
    village: Village, own: Colleague
) -> None:
    with village.bot.parts.database.transaction() as db:
        entry = db.scalars(select(InboxEntry).limit(1)).first()
        talk = db.get_one(Conversation, village.conversation_id)
        if entry is None:
            now = village.bot.clock.now()
            said = conversations.say(db, talk, "毒", author=Author.RESIDENT, now=now)
            entry = InboxEntry(
                channel="telegram",
                bot="",
                update_id="1",
                message_id=said.id,
                received_at=now,
                next_try_at=now,
            )
            db.add(entry)
        entry.conversation_id, entry.tries = talk.id, 5
        entry.state = EntryState.QUARANTINED
        db.flush()
        entry_id = entry.id
    assert "放回去再处理" in (await own.get("/undelivered")).text
    assert (await own.post(f"/undelivered/entry/{entry_id}/again")).status_code == 303
    with village.bot.parts.database.reading() as db:
        put_back = db.get_one(InboxEntry, entry_id)
        assert (put_back.state, put_back.tries) == (EntryState.WAITING, 0)


async def test_words_of_another_resident_are_not_shown(
    village: Village, own: Colleague
) -> None:
    with village.bot.parts.database.transaction() as db:
        words = db.scalars(select(Words).filter_by(text=CANARY)).all()
        neighbour = db.get_one(Conversation, village.conversation_id).resident_id
        for one in words:
            one.resident_id = neighbour
    page = (await own.get("/undelivered")).text
    assert f"/undelivered/sending/{village.lost_id}/told" in page
    assert CANARY not in page


def test_every_trouble_has_its_words(database: object) -> None:
    named = {why(trouble) for trouble in ("Blocked", "refused 4", "Closed", "Slowed", "X")}
    named |= {why("ConnectTimeout"), why("TimeoutError"), why(BLOCKED)}
    assert named == set(labels.TROUBLES)
    assert set(KINDS) - {"none"} < set(labels.TROUBLES)
