"""WeChat's calls: what is theirs is kept once and answered in time, what is not is refused."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from actions.conversations import Conversation
from actions.db import Db
from actions.people.model import Area
from actions.sending import SendingState
from actions.turns import InboxEntry
from bot import inbox
from bot.channels.tencent import callback
from bot.channels.tencent.callback import Nonces
from bot.channels.tencent.sealed import Seal
from bot.channels.wechat import webhook
from bot.message import InboundMessage
from tests.bot.channels.wechat.conftest import Chat
from tests.bot.channels.wechat.test_reading import payload
from tests.bot.channels.wechat.weixin import KNOWN
from tests.bot.conftest import photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MINUTE = timedelta(minutes=1)


def entries(chat: Chat) -> int:
    with chat.database.reading() as db:
        return db.scalars(select(func.count(InboxEntry.id))).one()


async def test_a_message_is_answered_in_the_call_and_nothing_is_sent_besides(
    chat: Chat,
) -> None:
    reply = await chat.caller.say("几点关门")
    assert reply.endswith("你说：几点关门\n1. 是\n2. 否")
    await chat.bring()
    assert chat.weixin.sent == []
    assert {one.state for one in chat.sendings()} == {SendingState.SENT}


async def test_marks_of_markup_come_back_as_they_were(chat: Chat) -> None:
    reply = chat.caller.read(await chat.caller.call(payload("text_of_markup")))
    assert "你说：<b>& ]]> {}_*\\n" in reply


async def test_a_call_while_the_store_is_down_is_not_taken_and_its_retry_is(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_args: object, **_more: object) -> None:
        raise OperationalError("", {}, OSError())

    words = chat.caller.words("几点关门", number=7)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "keep", down)
        assert (await chat.caller.call(words)).status_code == 503
    assert "你说：几点关门" in chat.caller.read(await chat.caller.call(words))
    assert len(chat.assistant.heard) == 1


async def test_choices_are_named_by_number(chat: Chat) -> None:
    await chat.caller.say("几点关门")
    await chat.caller.say("2")
    assert chat.assistant.heard[-1][1].startswith("/")  # a choice, not the words


async def test_the_address_is_proven_once_it_is_entered(chat: Chat) -> None:
    seal, at = chat.caller.seal, str(int(chat.clock.now().timestamp()))
    asked = {"timestamp": at, "nonce": "n", "echostr": "5927782489442352469"}
    right = asked | {"signature": seal.signature(at, "n")}
    answer = await chat.caller.client.get("/wechat", params=right)
    assert (answer.status_code, answer.text) == (200, "5927782489442352469")
    wrong = asked | {"signature": seal.signature(at, "m")}
    assert (await chat.caller.client.get("/wechat", params=wrong)).status_code == 403


@pytest.mark.parametrize(
    "stamp",
    [
        {"signature": "0" * 40},
        {"signature": "é"},
        {"timestamp": "1795484900"},  # 11 minutes ago
        {"timestamp": "1795486300"},  # in 11 minutes
        {"timestamp": "soon"},
        {"timestamp": "٣"},
    ],
)
async def test_what_is_not_signed_now_is_refused_and_not_kept(
    chat: Chat, stamp: dict[str, str]
) -> None:
    answer = await chat.caller.call(chat.caller.words("你好"), **stamp)
    assert (answer.status_code, entries(chat), chat.said()) == (403, 0, [])


async def test_what_is_sealed_for_another_account_is_refused(chat: Chat) -> None:
    seal = chat.caller.seal
    other = Seal(seal.token, seal.key, "wx0000000000000000")
    sealed = other.close(chat.caller.words("你好").encode())
    assert (await chat.caller.call("", sealed=sealed)).status_code == 403
    assert entries(chat) == 0


@pytest.mark.parametrize("sealed", ["!", "AAAA", "A" * 43 + "="])
async def test_what_cannot_be_opened_is_refused(chat: Chat, sealed: str) -> None:
    answer = await chat.caller.call("", sealed=sealed)
    assert (answer.status_code, entries(chat)) == (400, 0)


BOMB = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"<xml>", 400),
        (payload("text"), 400),  # not encrypted
        (BOMB.encode(), 400),
        ("<xml><Encrypt>你</Encrypt></xml>".encode("gbk"), 400),
        (b"<xml><Encrypt>" + b"A" * 70_000, 413),
        (b"{}", 400),
    ],
)
async def test_bodies_that_are_not_wechats_are_refused(
    chat: Chat, body: bytes, status: int
) -> None:
    answer = await chat.caller.client.post("/wechat", content=body)
    assert (answer.status_code, entries(chat)) == (status, 0)


async def test_what_is_sealed_and_yet_no_message_is_refused(chat: Chat) -> None:
    for wrong in ("", "<xml/>", BOMB, payload("text")[:-30], payload("text")[:-9] + b"<a>"):
        assert (await chat.caller.call(wrong)).status_code == 400
    assert entries(chat) == 0


async def test_wechats_own_retries_get_the_same_answer_and_have_one_effect(chat: Chat) -> None:
    words = chat.caller.words("我要报修", number=7)
    first = await chat.caller.call(words, nonce="1")
    chat.clock.pass_by(timedelta(seconds=5))
    later = [await chat.caller.call(words, nonce=nonce) for nonce in ("2", "3")]
    heard = {chat.caller.read(answer) for answer in [first, *later]}
    assert len(heard) == 1
    assert "你说：我要报修" in heard.pop()
    await chat.bring()
    assert (len(chat.assistant.heard), chat.weixin.sent) == (1, [])


async def test_the_very_same_call_again_is_a_retry_for_a_minute_and_then_a_replay(
    chat: Chat,
) -> None:
    words, seal = chat.caller.words("你好", number=7), chat.caller.seal
    at = str(int(chat.clock.now().timestamp()))
    call = {"timestamp": at, "nonce": "n", "sealed": seal.close(words.encode())}
    replies = [chat.caller.read(await chat.caller.call("", **call)) for _ in range(3)]
    assert len(set(replies)) == 1
    other = {**call, "sealed": seal.close(chat.caller.words("别的").encode())}
    assert (await chat.caller.call("", **other)).status_code == 403
    chat.clock.pass_by(2 * MINUTE)
    assert (await chat.caller.call("", **call)).status_code == 403
    assert (entries(chat), len(chat.assistant.heard)) == (1, 1)


async def test_without_the_memory_of_nonces_a_replay_would_be_taken(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(Nonces, "check", lambda *_args, **_more: None)
    monkeypatch.setattr(callback, "STALE", timedelta(0))
    for _ in range(2):
        answer = await chat.caller.call(chat.caller.words("你好"), timestamp="1", nonce="n")
        assert answer.status_code == 200


def test_nonces_are_forgotten_once_they_are_stale(chat: Chat) -> None:
    nonces, seal = Nonces(), chat.caller.seal
    for n in range(100):
        at = str(int(chat.clock.now().timestamp()))
        stamp = callback.Stamp(seal.signature(at, str(n)), at, str(n))
        nonces.check(stamp, now=chat.clock.now())
        chat.clock.pass_by(MINUTE)
    assert len(nonces.heard) <= 22


async def twenty_copies(chat: Chat) -> list[str]:
    """The same message 20 times, over eight connections at once."""
    words = chat.caller.words("我要报修", number=7)
    room = asyncio.Semaphore(8)

    async def call() -> str:
        async with room:
            return chat.caller.read(await chat.caller.call(words))

    return await asyncio.gather(*(call() for _ in range(20)))


async def test_twenty_copies_from_eight_connections_have_one_effect(chat: Chat) -> None:
    replies = await twenty_copies(chat)
    await chat.bring()
    assert len(set(replies) - {""}) == 1
    assert (entries(chat), len(chat.assistant.heard), chat.weixin.sent) == (1, 1, [])
    assert len(chat.said()) == 2  # who we are, and the reply


async def test_without_knowing_a_message_again_each_copy_has_its_effect(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    numbers = iter(range(100))
    monkeypatch.setattr(inbox, "_find", lambda *_args: None)
    write = inbox._write

    def written(db: Db, message: InboundMessage, now: object) -> InboxEntry:
        entry = write(db, message, now)  # type: ignore[arg-type]
        entry.update_id += f"-{next(numbers)}"
        db.flush()
        return entry

    monkeypatch.setattr(inbox, "_write", written)
    await twenty_copies(chat)
    assert entries(chat) == 20


async def test_many_replies_are_one_text_and_what_does_not_fit_follows(chat: Chat) -> None:
    long = "每周二下午两点在三楼。" * 45  # 1,485 bytes
    await chat.caller.say("你好")
    reply = await chat.caller.say(long)
    assert long in reply
    longer = long * 2  # its reply is too long for any one text
    assert await chat.caller.say(longer) == ""
    await chat.bring(8)
    heard = chat.weixin.heard_by(KNOWN)
    assert len(heard) == 2
    assert "".join(heard).replace("\n", "").startswith(f"你说：{longer}")
    assert all(len(text.encode()) <= 2048 for text in heard)


async def test_no_reply_overtakes_one_that_is_on_its_way(chat: Chat) -> None:
    long = "每周二下午两点在三楼。" * 100
    await chat.caller.say(long)
    chat.clock.pass_by(timedelta(seconds=5))
    await chat.courier.bring_due()  # a part of it is there
    assert await chat.caller.say("然后呢") == ""
    await chat.bring(8)
    assert "然后呢" in chat.weixin.heard_by(KNOWN)[-1]


async def test_an_answer_that_was_taken_too_late_is_brought_by_the_courier(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LATEST", -1)
    assert await chat.caller.say("你好") == ""
    monkeypatch.undo()
    await chat.bring()
    assert len(chat.weixin.heard_by(KNOWN)) == 2


async def test_who_leaves_is_written_to_no_more_until_they_come_back(chat: Chat) -> None:
    await chat.caller.say("你好")
    chat.clock.pass_by(MINUTE)
    assert (await chat.caller.call(chat.caller.event("unsubscribe"))).text == "success"
    (address,) = chat.addresses()
    assert (address.blocked_at, address.writes_left) == (chat.clock.now(), 0)
    chat.clock.pass_by(MINUTE)
    left = chat.caller.event("unsubscribe")
    chat.clock.pass_by(MINUTE)
    reply = chat.caller.read(await chat.caller.call(chat.caller.event("subscribe")))
    assert "你好" in reply
    await chat.caller.call(left)  # late: they are here again
    assert chat.addresses()[0].blocked_at is None


async def test_a_stranger_who_leaves_leaves_nothing(chat: Chat) -> None:
    assert (await chat.caller.call(chat.caller.event("unsubscribe"))).text == "success"
    assert chat.addresses() == []


async def test_the_code_of_a_village_says_where_somebody_lives_if_nobody_knows(
    chat: Chat,
) -> None:
    with chat.database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.add(Area(id="guali/qicai/", parent_id="guali/", tier="village"))
        db.add(Area(id="guali/meilin/", parent_id="guali/", tier="village"))
    for kind, scene in (
        ("subscribe", "qrscene_nowhere"),
        ("subscribe", "qrscene_guali/qicai"),
        ("SCAN", "guali/meilin"),
    ):
        chat.clock.pass_by(timedelta(seconds=1))
        await chat.caller.call(chat.caller.event(kind, scene))
    with chat.database.reading() as db:
        (entry, *_) = db.scalars(select(InboxEntry))
        talk = db.get_one(Conversation, entry.conversation_id)
        assert (talk.resident.area_id, talk.area_id) == ("guali/qicai/", "guali/qicai/")


async def test_a_tap_on_the_menu_says_what_it_stands_for(chat: Chat) -> None:
    reply = chat.caller.read(await chat.caller.call(chat.caller.event("CLICK", "report")))
    assert "你说：我要报修" in reply
    (address,) = chat.addresses()
    assert address.writes_left == 3
    assert address.write_until == chat.clock.now() + MINUTE


async def test_a_tap_never_shortens_what_words_have_opened(chat: Chat) -> None:
    await chat.caller.say("你好")
    chat.clock.pass_by(MINUTE)
    await chat.caller.call(chat.caller.event("CLICK", "report"))
    assert chat.addresses()[0].writes_left == 5
    chat.clock.pass_by(timedelta(hours=47, minutes=58, seconds=30))
    await chat.caller.call(chat.caller.event("CLICK", "report"))  # reaches further
    assert chat.addresses()[0].writes_left == 3


async def test_what_nobody_can_read_is_said_kindly(chat: Chat) -> None:
    reply = chat.caller.read(await chat.caller.call(payload("video")))
    assert "视频我看不了" in reply
    assert chat.assistant.heard == []


async def test_a_photo_is_fetched_from_wechat_and_kept(chat: Chat) -> None:
    chat.weixin.files["J8x2-photo_1"] = photo()
    reply = chat.caller.read(await chat.caller.call(payload("image")))
    (attached,) = chat.heard()[0].attachments
    assert (attached["kind"], attached["remote"]) == ("photo", "")
    assert (chat.courier.uploads / attached["upload_id"]).is_file()
    assert "收到了" in reply


async def test_a_photo_that_wechat_has_no_more_is_said(chat: Chat) -> None:
    assert "我打不开" in chat.caller.read(await chat.caller.call(payload("image")))
