"""我的资料 by taps: seen, handed out by a link, consents taken back, everything forgotten."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions import consenting, conversations
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Booking, Session, WaitlistEntry
from actions.booking.schedule import write_sessions
from actions.conversations import Conversation, Message
from actions.db import Db
from actions.mydata import files, links, offering
from actions.mydata.erasing import NOBODY
from actions.mydata.model import DataExport, Erasure
from actions.people import consents
from actions.people.model import Address, Consent, Resident, Words
from actions.taps import Tap
from actions.turns import EntryState, InboxEntry, TurnRow
from actions.wording import Said
from bot.assistant import AssistantSilent
from bot.choices import issued
from bot.message import InboundMessage
from bot.taps import TAPS
from tests.bot.conftest import Bot, photo
from tests.bot.voice.test_audio import encoded, tone

CANARY = "金丝雀在这里唱歌"


class Offering:
    """An assistant that offers what may be done with one's data, as the action does."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.forgot: list[str] = []

    async def reply(
        self, *, seat: str = "", tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        if text == "/restart":
            self.forgot.append(tracker_id)
            raise AssistantSilent("nothing to say")
        with self.bot.parts.database.reading() as db:
            turn = db.get_one(TurnRow, turn_id)
            talk = db.get_one(Conversation, turn.conversation_id)
            choices = offering.choices(db, self.bot.parts.wording, talk.resident)
        return [Said("您的资料", tuple(choices))]


@pytest.fixture
def bot(bot: Bot) -> Bot:
    bot.parts.gateway.ground.assistant = Offering(bot)
    return bot


def mine(db: Db, bot: Bot) -> Conversation:
    found = bot.parts.webchat.conversation(db, bot.session)
    assert found
    return found


async def offered(bot: Bot, text: str) -> dict[str, str]:
    """The choices that come with an answer: label → id."""
    answer = (await bot.post(text)).json()["replies"]
    return {choice["label"]: choice["value"] for reply in answer for choice in reply["choices"]}


async def link(bot: Bot) -> str:
    (reply,) = await bot.say((await offered(bot, "我的资料"))["拿走一份（导出）"])
    return next(word for word in reply.split() if "/mydata/" in word)[
        len("您的资料都在这里：") :
    ]


async def surely(bot: Bot) -> str:
    """Ask to be forgotten; the choice that means it."""
    return (await offered(bot, (await offered(bot, "我的资料"))["全部删除"]))["确定，全部删除"]


async def test_everything_is_handed_out_by_a_link_that_needs_no_session(bot: Bot) -> None:
    await bot.say(CANARY)
    upload = (await bot.upload(photo())).json()["upload_id"]
    path = await link(bot)
    page = await bot.client.get(path)
    assert page.status_code == 200
    assert CANARY in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    file = await bot.client.get(f"{path}.json")
    assert CANARY in file.text
    assert {"messages", "addresses", "uploads"} <= set(file.json()["tables"])
    sent = await bot.client.get(f"{path}/files/{upload}")
    assert sent.status_code == 200
    assert sent.content[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("container", "codec", "kind", "ending"),
    [("ogg", "libopus", "audio/ogg", "ogg"), ("mp4", "aac", "audio/mp4", "m4a")],
)
async def test_recordings_are_handed_out_by_their_own_name_and_kind(
    bot: Bot, container: str, codec: str, kind: str, ending: str
) -> None:
    spoken = encoded(tone(1), container, codec, 48_000)
    upload = (await bot.upload(spoken)).json()["upload_id"]
    path = await link(bot)
    page = (await bot.client.get(path)).text
    where = f"{path}/files/{upload}"
    assert f'href="{where}" download="{upload}.{ending}"' in page
    assert f'<audio controls preload="none" src="{where}">' in page
    sent = await bot.client.get(where)
    assert sent.content == spoken
    assert sent.headers["content-type"] == kind
    assert sent.headers["content-disposition"] == f'attachment; filename="{upload}.{ending}"'
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert "noindex" in sent.headers["x-robots-tag"]


async def test_what_is_written_is_escaped_on_the_page(bot: Bot) -> None:
    await bot.say("<script>alert(1)</script>")
    page = (await bot.client.get(await link(bot))).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


async def test_a_link_that_is_wrong_or_over_was_never_there(bot: Bot) -> None:
    path = await link(bot)
    wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
    other = (await bot.upload(photo(), session="u" * 32)).json()["upload_id"]
    for nothing in (wrong, f"{wrong}.json", f"{path}/files/{other}", "/mydata/" + "x" * 500):
        assert (await bot.client.get(nothing)).status_code == 404
    assert (await bot.client.get(path)).status_code == 200
    bot.clock.pass_by(links.LASTS)
    for over in (path, f"{path}.json"):
        assert (await bot.client.get(over)).status_code == 404


async def test_only_the_hash_of_a_link_is_kept_and_a_new_one_ends_the_old(bot: Bot) -> None:
    first = await link(bot)
    with bot.parts.database.reading() as db:
        (kept,) = db.scalars(select(DataExport)).all()
        assert first.rsplit("/", 1)[1] not in kept.secret_hash
    second = await link(bot)
    assert (await bot.client.get(first)).status_code == 404
    assert (await bot.client.get(second)).status_code == 200


async def test_a_channel_that_may_not_carry_it_says_where(bot: Bot) -> None:
    choice = (await offered(bot, "我的资料"))["拿走一份（导出）"]
    with bot.parts.database.transaction() as db:
        db.get_one(Address, mine(db, bot).address_id).channel = "telegram"
        talk = db.scalars(select(Conversation)).one()
        message = conversations.say(
            db, talk, choice, author=conversations.Author.RESIDENT, now=bot.clock.now()
        )
        tapped = issued(db, message, choice)
        assert tapped
        tap = Tap(talk, tapped.value, bot.clock.now())
        done = TAPS[tapped.intent](db, bot.parts.programme(db), tap)
        assert done.response == "utter_mydata_on_the_page"
        assert not db.scalars(select(DataExport)).all()


async def test_a_consent_is_taken_back_within_two_messages(bot: Bot) -> None:
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        who = mine(db, bot).resident_id
        consents.give(db, who, "help", channel="webchat", now=bot.clock.now())
    before = bot.sent
    await bot.say((await offered(bot, "我的资料"))["撤回：邻里互助"])
    assert bot.sent - before == 2
    with bot.parts.database.reading() as db:
        assert not consents.is_given(db, who, "help")


async def forget(bot: Bot) -> list[str]:
    return await bot.say(await surely(bot))


async def test_after_delete_me_they_are_somebody_new(
    bot: Bot, capfd: pytest.CaptureFixture[str]
) -> None:
    await bot.say(CANARY)
    await bot.upload(photo())
    with bot.parts.database.reading() as db:
        before = mine(db, bot)
    (said,) = await forget(bot)
    assert "都删除了" in said
    with bot.parts.database.reading() as db:
        after = mine(db, bot)
        assert after.id != before.id
        assert after.resident_id != before.resident_id
        assert [text for text in db.scalars(select(Words.text))] == [said]
        assert db.scalars(select(Resident.id)).all() == [after.resident_id]
        assert db.get(Conversation, before.id) is None
        (erased,) = db.scalars(select(Erasure)).all()
        assert erased.cause == "asked"
    with bot.parts.database.transaction() as db:
        assert files.remove_due(db, bot.parts.webchat.uploads) == 1
    assert not list(bot.parts.webchat.uploads.iterdir())
    history = await bot.client.get("/api/chat/history", headers={"X-Session": bot.session})
    assert [message["text"] for message in history.json()["messages"]] == [said]
    logged = capfd.readouterr()
    assert CANARY not in logged.out + logged.err


@pytest.mark.both_stores
async def test_rasa_is_told_to_forget_as_well(bot: Bot) -> None:
    await bot.say(CANARY)
    with bot.parts.database.reading() as db:
        before = mine(db, bot).tracker_id
    await forget(bot)
    await asyncio.gather(*bot.parts.gateway._background)
    assistant = bot.parts.gateway.ground.assistant
    assert isinstance(assistant, Offering)
    assert assistant.forgot == [before]


async def test_the_same_tap_sent_again_says_the_same(bot: Bot) -> None:
    choice = await surely(bot)
    first = await bot.post(choice)
    bot.sent -= 1
    again = await bot.post(choice)
    assert first.json() == again.json()
    with bot.parts.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Erasure)) == 1


async def test_a_yes_that_is_old_is_asked_for_again(bot: Bot) -> None:
    choice = await surely(bot)
    bot.clock.pass_by(timedelta(minutes=11))
    (said,) = await bot.say(choice)
    assert "请您核对" in said
    with bot.parts.database.reading() as db:
        assert not db.scalars(select(Erasure)).all()


async def test_what_was_written_after_the_yes_is_answered_as_from_somebody_new(
    bot: Bot,
) -> None:
    choice = await surely(bot)
    gateway = bot.parts.gateway

    def sent(text: str, number: str) -> InboundMessage:
        address = bot.parts.webchat.address(bot.session)
        return InboundMessage("webchat", address, f"{address}:{number}", text)

    for text, number in ((choice, "y1"), ("还在吗", "y2")):
        kept = gateway._keep(sent(text, number))
    await gateway.drain(kept.conversation_id)
    await gateway.sweep()
    with bot.parts.database.reading() as db:
        after = mine(db, bot)
        asked = db.scalars(select(Message).where(Message.conversation_id == after.id)).all()
        assert "还在吗" in [one.text for one in asked]
        waiting = select(InboxEntry).where(InboxEntry.state == EntryState.WAITING)
        assert not db.scalars(waiting).all()


async def test_places_to_come_go_to_who_waits(bot: Bot) -> None:
    await bot.say("你好")
    now = bot.clock.now()
    with bot.parts.database.transaction() as db:
        programme = bot.parts.programme(db)
        write_sessions(db, programme.pack, now=now)
        session = db.scalars(
            select(Session)
            .where(Session.activity_id == "club-calligraphy", Session.starts_at > now)
            .order_by(Session.starts_at)
        ).first()
        assert session
        session.places = 1
        db.flush()
        order = Order(session.id)
        service.book(db, programme, order=order, conversation=mine(db, bot), now=now)
        waiting = conversations.at_address(db, channel="webchat", address="w", now=now)
        service.join_waitlist(db, programme, order=order, conversation=waiting, now=now)
        session_id = session.id
    await forget(bot)
    with bot.parts.database.reading() as db:
        (entry,) = db.scalars(select(WaitlistEntry)).all()
        assert entry.status == "offered"
        (booking,) = db.scalars(select(Booking)).all()
        assert booking.status == "cancelled"
        talk = db.get_one(Conversation, booking.conversation_id)
        assert conversations.channel_of(db, talk) == NOBODY
        assert db.get_one(Session, session_id).taken == 1  # kept for the offer


async def test_nothing_is_deleted_on_a_no(bot: Bot) -> None:
    no = (await offered(bot, (await offered(bot, "我的资料"))["全部删除"]))["不删"]
    assert await bot.say(no) == ["好，什么都没有删。"]
    with bot.parts.database.reading() as db:
        assert not db.scalars(select(Erasure)).all()


async def test_a_consent_is_asked_for_and_given_by_a_tap(bot: Bot) -> None:
    await bot.say("你好")
    with bot.parts.database.transaction() as db:
        asked = consenting.ask("help")
        talk = mine(db, bot)
        said = bot.parts.wording.render(asked.response, values=asked.values)
        yes, no = said.choices
        done = TAPS[yes.intent](
            db, bot.parts.programme(db), Tap(talk, yes.value, bot.clock.now())
        )
        assert done.response == "utter_consent_given"
        (given,) = db.scalars(select(Consent)).all()
        assert (given.purpose, given.channel) == ("help", "webchat")
        TAPS[no.intent](db, bot.parts.programme(db), Tap(talk, no.value, bot.clock.now()))
        assert not consents.is_given(db, talk.resident_id, "help")
