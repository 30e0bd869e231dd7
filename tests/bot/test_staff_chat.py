"""Staff deal with requests where they are: in their chats, by the rules of the desk."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.channels import CHANNELS, is_for_staff
from actions.conversations import Attachment, Author, Conversation, Message
from actions.governance import service
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.governance.service import Report, Where
from actions.outbox import Notice
from actions.people import audit, links
from actions.people.links import Door, Place
from actions.people.model import Area, AuditEntry, LinkCode, Role, Staff
from actions.turns import EntryState, InboxEntry
from bot import gateway
from bot.delivery import Delivery
from bot.message import InboundMessage
from bot.staff_chat import LINKING
from tests.bot.conftest import PACK, Bot

CHANNEL = "dingtalk"  # whichever: messages arrive in one shape
WORDS = "金丝雀在第七号楼"
ROADS, POLICE, VILLAGE, ELSEWHERE = "roads", "police", "village", "elsewhere"
CHATS = {
    ROADS: Place("guali/", "road-team"),
    POLICE: Place("guali/", "police-post"),
    VILLAGE: Place("guali/qicai/"),
    ELSEWHERE: Place("guali/meilin/"),
}
# name: role, area, team
STAFF = {
    "wang": (Role.STAFF, "guali/", "road-team"),
    "li": (Role.STAFF, "guali/", "road-team"),
    "zhou": (Role.STAFF, "guali/qicai/", None),
    "police": (Role.STAFF, "guali/", "police-post"),
    "boss": (Role.ADMIN, "guali/", "road-team"),
    "editor": (Role.EDITOR, "guali/", None),
}


@dataclass(repr=False)
class Town:
    """Chats of staff on a platform, and people who write there."""

    bot: Bot
    sent: int = 0

    async def say(self, who: str, text: str, *, chat: str = ROADS, **more: Any) -> str:
        """Somebody says something in a chat, "" alone with us; returns what is answered."""
        answered = await self.bot.parts.gateway.receive(self.message(who, text, chat, **more))
        return "\n".join(reply.text for reply in answered.replies)

    def message(self, who: str, text: str, chat: str = ROADS, **more: Any) -> InboundMessage:
        self.sent += 1
        where = {"address": chat, "sender": who} if chat else {"address": who}
        known: dict[str, Any] = {"channel": CHANNEL, "update_id": f"u{self.sent}", "text": text}
        return InboundMessage(**(known | where | more))

    def file(
        self, category: str = "parking", area: str = "guali/qicai/", who: str = "r"
    ) -> str:
        """A resident reports something; returns its reference."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = conversations.at_address(db, channel="webchat", address=who, now=now)
            report = Report(category, WORDS, Where("gz-youyi"))
            request = service.file(db, pack=PACK, report=report, conversation=talk, now=now)
            request.area_id = area
            return request.reference

    def deliver(self) -> None:
        """Have everything sent that is due."""
        delivery = Delivery(
            self.bot.parts.database,
            self.bot.clock,
            self.bot.parts.wording,
            timedelta(minutes=30),
        )
        while delivery.deliver_due():
            pass

    def request(self, reference: str) -> ServiceRequest:
        with self.bot.parts.database.reading() as db:
            return db.query(ServiceRequest).filter_by(reference=reference).one()

    def history(self, reference: str) -> list[Update]:
        with self.bot.parts.database.reading() as db:
            request = db.query(ServiceRequest).filter_by(reference=reference).one()
            return db.query(Update).filter_by(request_id=request.id).order_by(Update.id).all()

    def last_words(self, reference: str) -> str:
        words = self.history(reference)[-1].words
        return words.text if words else ""

    def staff_id(self, name: str) -> int:
        with self.bot.parts.database.reading() as db:
            return db.query(Staff).filter_by(username=name).one().id

    def deeds(self) -> list[tuple[str, str]]:
        """Return what the audit log says: who did what."""
        with self.bot.parts.database.reading() as db:
            names = {one.id: one.username for one in db.scalars(select(Staff))}
            entries = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
            assert audit.check(db, "key").broken_at is None
            return [(names.get(one.staff_id or 0, ""), one.deed) for one in entries]

    def said_in(self, chat: str) -> list[Message]:
        with self.bot.parts.database.reading() as db:
            talk = db.scalars(select(Conversation).where(Conversation.id == self.talk(chat)))
            found = select(Message).where(Message.conversation_id == talk.one().id)
            return list(db.scalars(found.order_by(Message.id)))

    def talk(self, address: str) -> str:
        with self.bot.parts.database.transaction() as db:
            now = self.bot.clock.now()
            return conversations.at_address(db, channel=CHANNEL, address=address, now=now).id

    def render(self, response: str, **values: Any) -> str:
        return self.bot.parts.wording.render(response, values=values).text


@pytest.fixture
def town(bot: Bot) -> Town:
    town, now = Town(bot), bot.clock.now()
    with bot.parts.database.transaction() as db:
        for area, tier in (("guali/", "town"), ("guali/qicai/", "village")):
            db.add(Area(id=area, tier=tier))
        db.add(Area(id="guali/meilin/", tier="village"))
        db.flush()
        for name, (role, area, team) in STAFF.items():
            member = Staff(username=name, role=role, area_id=area, team_id=team, created_at=now)
            member.password_hash = "-"
            db.add(member)
            db.flush()
            links.know(db, member, Door(CHANNEL, name), now=now)
    for chat, place in CHATS.items():
        with bot.parts.database.transaction() as db:
            talk = conversations.at_address(db, channel=CHANNEL, address=chat, now=now)
            links.open_for(db, place, talk.id, now=now)
    return town


def photo() -> Attachment:
    return Attachment("photo", upload_id=secrets.token_hex(16))


async def test_a_request_is_dealt_with_from_notice_to_reply(town: Town) -> None:
    reference = town.file("road-light")
    town.deliver()
    assert "归 wang 办" in await town.say("wang", "接")
    assert "在办" in await town.say("wang", f"办 {reference[-4:]}")
    assert "照片收到了" in await town.say("wang", "", attachments=(photo(),))
    answer = await town.say("wang", f"办结 {reference[-4:]} 灯换好了")
    assert "已答复居民，附照片 1 张" in answer
    assert "11月" in answer
    request = town.request(reference)
    assert (request.status, request.staff_id) == (Status.REPLIED, town.staff_id("wang"))
    assert town.last_words(reference) == "灯换好了"
    town.deliver()
    with town.bot.parts.database.reading() as db:
        told = db.scalars(
            select(Notice.response)
            .where(Notice.conversation_id == request.conversation_id)
            .order_by(Notice.id)
        ).all()
    assert told[-2:] == ["utter_request_replied", ""]
    assert [deed for _, deed in town.deeds()] == [
        "moved_to_acknowledged",
        "moved_to_in_progress",
        "moved_to_replied",
    ]
    assert town.bot.assistant.heard == []


# what is said of a request that was taken on → its status, kind of the last update, and team
DEEDS = [
    ("转 物业 0001 楼道灯归物业", Status.ACKNOWLEDGED, Kind.ASSIGNED, "property-team"),
    ("assign prop 0001 it is theirs", Status.ACKNOWLEDGED, Kind.ASSIGNED, "property-team"),
    ("退 派出所 0001 不归我们", Status.ACKNOWLEDGED, Kind.RETURNED, "police-post"),
    ("办 0001", Status.IN_PROGRESS, Kind.MOVED, "traffic-post"),
    ("办结 0001 车挪走了", Status.REPLIED, Kind.MOVED, "traffic-post"),
    ("不办 0001 不在我们这里", Status.DECLINED, Kind.MOVED, "traffic-post"),
    ("问 0001 车牌是多少？", Status.ACKNOWLEDGED, Kind.ASKED, "traffic-post"),
    ("备注 0001 等拖车", Status.ACKNOWLEDGED, Kind.NOTED, "traffic-post"),
    ("并 0001 0002", Status.MERGED, Kind.MOVED, "traffic-post"),
]


@pytest.mark.parametrize(("text", "status", "kind", "team"), DEEDS)
async def test_each_command_does_its_deed_and_says_so_with_the_time(
    town: Town, text: str, status: Status, kind: Kind, team: str
) -> None:
    reference, _ = town.file(), town.file(who="another")
    await town.say("wang", "接 0001")
    answer = await town.say("wang", text)
    assert reference in answer
    assert "11月" in answer or "Nov" in answer
    request, last = town.request(reference), town.history(reference)[-1]
    assert (request.status, last.kind, request.team_id) == (status, kind, team)
    assert last.staff_id == town.staff_id("wang")
    assert len(town.deeds()) == 2


async def test_without_a_number_it_is_the_one_told_of_last_or_the_one_replied_to(
    town: Town,
) -> None:
    first, second = town.file("road-light"), ""
    town.deliver()
    town.bot.clock.pass_by(timedelta(minutes=5))
    second = town.file("road-light", who="another")
    town.deliver()
    town.bot.clock.pass_by(timedelta(minutes=5))
    assert second in await town.say("wang", "接")
    notice = next(m.text for m in town.said_in(ROADS) if first in m.text)
    assert first in await town.say("wang", "接", quoted=notice)


async def test_of_two_that_were_told_at_once_it_is_asked_which(town: Town) -> None:
    references = [town.file("road-light"), town.file("road-light", who="another")]
    town.deliver()
    answer = await town.say("wang", "接")
    assert all(reference in answer for reference in references)
    assert {town.request(one).status for one in references} == {Status.RECEIVED}


async def test_a_short_number_that_is_several_is_asked_about(town: Town) -> None:
    old = town.file()
    town.bot.clock.pass_by(timedelta(days=1))
    new = town.file()
    answer = await town.say("wang", "接 0001")
    assert old in answer
    assert new in answer
    assert old in await town.say("wang", f"接 {old}")
    assert town.request(new).status == Status.RECEIVED


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("转 物页 0001 归他们", "物业"),
        ("转 在线 0001 归他们", "在线警务站"),
        ("转 物业 0001", "为什么转交"),
        ("转 0001", "转 小组"),
        ("转 交警 0001 归他们", "已经在在线交治站了"),
        ("退 物业 0001", "为什么转交"),
        ("办结 0001 好了", "现在可以：接"),
        ("办 0001", "现在可以：接"),
        ("不办 0001", "请写一句给居民的话"),
        ("问 0001", "还没有写"),
        ("备注 0001", "还没有写"),
        ("并 0001", "两个编号"),
        ("并 0001 0001", "不能并在一起"),
        ("接 0999", "没有找到 0999"),
        ("接 GQ-991231-0001", "没有找到"),
        ("办结修好了", "空一格"),
        ("接 一下电话", "空一格"),
        ("take care", "take [number]"),
        ("办 好了吗", "空一格"),
        ("晚上吃什么", "帮助"),
        ("备注 0001 " + "长" * 4001, "4000"),
    ],
)
async def test_what_cannot_be_done_is_said_with_what_can_and_changes_nothing(
    town: Town, text: str, says: str
) -> None:
    reference = town.file()
    before = len(town.history(reference))
    assert says in await town.say("wang", text)
    assert len(town.history(reference)) == before
    assert town.request(reference).status == Status.RECEIVED
    assert town.deeds() == []


async def test_the_second_to_take_it_hears_who_was_faster(town: Town) -> None:
    reference = town.file()
    await town.say("li", "接 0001")
    answer = await town.say("wang", "接 0001")
    assert "已接下" in answer
    assert "li" in answer
    assert "办结" in answer
    assert town.request(reference).staff_id == town.staff_id("li")
    assert "归 li 办" in await town.say("li", "接 0001")
    assert len(town.history(reference)) == 2


async def test_a_team_a_request_was_passed_to_takes_it_over(town: Town) -> None:
    reference = town.file()
    await town.say("wang", "接 0001")
    await town.say("wang", "转 民警 0001 有人闹事")
    assert "归 police 办" in await town.say("police", "接 0001", chat=POLICE)
    assert town.request(reference).staff_id == town.staff_id("police")


async def test_a_photo_is_used_once_by_who_sent_it_and_not_for_long(town: Town) -> None:
    for who in "abcd":
        town.file("road-light", who=who)
    for number in (1, 2, 3, 4):
        await town.say("wang", f"接 {number}")
    mine = photo()
    await town.say("wang", "", attachments=(mine,))
    assert "照片" in await town.say("li", "办结 0001 好了")
    assert town.request("GQ-261124-0001").status == Status.ACKNOWLEDGED
    assert "1 张" in await town.say("wang", "办结 0001 好了")
    assert "还没有答复" in await town.say("wang", "办结 0002 好了")
    assert "2 张" in await town.say("wang", "办结 0002 好", attachments=(photo(), photo()))
    await town.say("wang", "", attachments=(photo(),))
    town.bot.clock.pass_by(timedelta(minutes=11))
    assert "还没有答复" in await town.say("wang", "办结 0003 好了")
    assert town.history("GQ-261124-0001")[-1].attachments == [mine.upload_id]


async def test_who_is_not_linked_gets_one_sentence_and_no_effect(town: Town) -> None:
    reference = town.file()
    for text in ("接 0001", "查 0001", "帮助", "你好", "绑定群 ACDEFGHJK", "解绑群"):
        assert await town.say("stranger", text) == town.render("utter_staff_unlinked")
    assert town.request(reference).status == Status.RECEIVED
    assert town.deeds() == []
    assert town.bot.assistant.heard == []


async def test_who_was_disabled_is_a_stranger(town: Town) -> None:
    town.file()
    with town.bot.parts.database.transaction() as db:
        db.query(Staff).filter_by(username="wang").one().disabled_at = town.bot.clock.now()
    assert await town.say("wang", "接 0001") == town.render("utter_staff_unlinked")


async def test_an_editor_has_no_requests(town: Town) -> None:
    town.file()
    assert "没有找到 0001" in await town.say("editor", "接 0001")


@pytest.mark.parametrize(
    ("who", "chat", "category", "area", "found"),
    [
        ("zhou", VILLAGE, "parking", "guali/qicai/", True),
        ("zhou", ROADS, "parking", "guali/qicai/", True),
        ("zhou", "", "parking", "guali/qicai/", True),
        ("zhou", ROADS, "parking", "guali/meilin/", False),  # not the speaker's
        ("wang", VILLAGE, "parking", "guali/meilin/", False),  # not of those who read along
        ("wang", ELSEWHERE, "parking", "guali/meilin/", True),
        ("zhou", ELSEWHERE, "parking", "guali/meilin/", False),
        ("police", POLICE, "scam-report", "guali/qicai/", True),
        ("police", "", "scam-report", "guali/qicai/", True),
        ("police", ROADS, "scam-report", "guali/qicai/", False),
        ("police", VILLAGE, "scam-report", "guali/qicai/", False),
        ("wang", POLICE, "scam-report", "guali/qicai/", False),
        ("boss", "", "scam-report", "guali/qicai/", False),
    ],
)
async def test_what_is_spoken_of_is_in_the_scope_of_the_speaker_and_of_the_chat(
    town: Town, who: str, chat: str, category: str, area: str, *, found: bool
) -> None:
    reference = town.file(category, area)
    unknown = town.render("utter_staff_unknown", said="0001")
    answer = await town.say(who, "查 0001", chat=chat)
    assert (reference in answer) is found
    assert (answer == unknown) is not found
    answer = await town.say(who, "接 0001", chat=chat)
    assert (town.request(reference).status == Status.ACKNOWLEDGED) is found
    listed = await town.say(who, "查 全部", chat=chat)
    assert found or reference not in listed


async def test_words_of_residents_are_shown_alone_and_never_in_a_group(town: Town) -> None:
    reference = town.file()
    group = await town.say("zhou", "查 0001", chat=VILLAGE)
    assert WORDS not in group
    assert f"/desk/requests/{reference}" in group
    alone = await town.say("zhou", "查 0001", chat="")
    assert WORDS in alone
    assert town.deeds() == [("zhou", "read_request")] * 2
    shown = town.said_in("zhou")[-1]
    assert shown.words.resident_id == town.request(reference).resident_id


async def test_lists_are_of_the_chats_team_and_by_urgency(town: Town) -> None:
    light, parking = town.file("road-light"), town.file("parking")
    everything = await town.say("boss", "查 全部")
    assert light in everything
    assert parking not in everything
    assert "没有超时的" in await town.say("boss", "查超时")
    assert parking in await town.say("zhou", "查全部", chat=VILLAGE)
    await town.say("wang", f"接 {light}")
    assert light in await town.say("wang", "查 我的")
    assert "手上没有" in await town.say("li", "查 我的")
    town.bot.clock.pass_by(timedelta(days=9))
    assert light in await town.say("wang", "查 超时")
    assert light in await town.say("wang", "查 今天")


async def test_help_names_every_command_in_both_languages(town: Town) -> None:
    for text, language in (("帮助", 0), ("help me", None), ("help", 1)):
        answer = await town.say("wang", text)
        if language is None:
            continue
        for name in ("take", "merge", "show", *LINKING):
            variants = town.bot.parts.wording.responses[f"utter_staff_help_{name}"]
            assert variants[language]["text"] in answer


async def test_a_notice_has_choices_that_can_be_tapped(town: Town) -> None:
    first = town.file("road-light")
    town.deliver()
    town.bot.clock.pass_by(timedelta(hours=1))
    town.file("road-light", who="another")
    town.deliver()
    notice = next(m for m in town.said_in(ROADS) if first in m.text)
    take, assign, show = notice.offered
    assert (take.label, assign.label, show.label) == ("接", "转", "查")
    assert first in await town.say("wang", show.id)
    assert f"转 小组 {first}" in await town.say("wang", assign.id)
    assert first in await town.say("wang", take.id)  # the older one, still what it says
    assert town.request(first).status == Status.ACKNOWLEDGED
    assert "没看懂" in await town.say("police", take.id, chat=POLICE)


async def test_what_staff_order_of_a_fire_is_an_order_and_what_they_cry_is_an_emergency(
    town: Town,
) -> None:
    reference = town.file()
    await town.say("wang", "接 0001")
    assert "记下了" in await town.say("wang", "备注 0001 这里着火过")
    assert "119" in await town.say("wang", "着火了！")
    assert "119" in await town.say("stranger", "备注 着火了！", chat="", sender="")
    assert town.last_words(reference) == "这里着火过"


@pytest.mark.both_stores
async def test_twenty_copies_of_a_message_have_one_effect(town: Town) -> None:
    reference = town.file()
    copy = town.message("wang", "备注 0001 等零件")
    answers = await asyncio.gather(*(town.bot.parts.gateway.receive(copy) for _ in range(20)))
    assert len({tuple(reply.id for reply in one.replies) for one in answers}) == 1
    assert [one.kind for one in town.history(reference)].count(Kind.NOTED) == 1
    assert len(town.deeds()) == 1
    for _ in range(3):  # negative control: the same words in messages of their own
        await town.say("wang", "备注 0001 等零件")
    assert [one.kind for one in town.history(reference)].count(Kind.NOTED) == 4


async def overlapping(town: Town, count: int = 6) -> int:
    """Several gateways find the same message waiting; returns how often it took effect."""
    reference = town.file()
    kept = town.bot.parts.gateway._keep(town.message("wang", "备注 0001 等零件"))
    ground = town.bot.parts.gateway.ground
    await asyncio.gather(
        *(gateway.Gateway(ground).drain(kept.conversation_id) for _ in range(count)),
        return_exceptions=True,
    )
    return [one.kind for one in town.history(reference)].count(Kind.NOTED)


@pytest.mark.both_stores
async def test_gateways_that_overlap_do_it_once(town: Town) -> None:
    assert await overlapping(town) == 1


@pytest.mark.both_stores
async def test_without_looking_again_gateways_that_overlap_do_it_several_times(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control, where writers do not queue anyway."""
    if town.bot.parts.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    db_class = type(town.bot.parts.database._writing())
    refresh = db_class.refresh

    def blind(self: Any, instance: Any, *more: Any, **said: Any) -> None:
        if not isinstance(instance, InboxEntry):
            refresh(self, instance, *more, **said)

    monkeypatch.setattr(db_class, "refresh", blind)
    assert await overlapping(town) > 1


async def test_messages_are_done_in_their_order(town: Town) -> None:
    reference = town.file()
    keep = town.bot.parts.gateway._keep
    for text in ("接 0001", "办 0001", "办结 0001 挪走了"):
        kept = keep(town.message("wang", text))
    await town.bot.parts.gateway.drain(kept.conversation_id)
    moved = [one.status for one in town.history(reference)]
    assert moved == [
        Status.RECEIVED,
        Status.ACKNOWLEDGED,
        Status.IN_PROGRESS,
        Status.REPLIED,
    ]


async def test_what_was_kept_before_a_crash_is_done_after_it_by_who_said_it(
    town: Town,
) -> None:
    reference = town.file()
    town.bot.parts.gateway._keep(town.message("wang", "接 0001"))
    successor = gateway.Gateway(town.bot.parts.gateway.ground)
    assert await successor.sweep() == 1
    assert town.request(reference).staff_id == town.staff_id("wang")
    with town.bot.parts.database.reading() as db:
        entry = db.scalars(select(InboxEntry)).one()
    assert (entry.state, entry.payload) == (EntryState.ANSWERED, None)


async def test_what_breaks_us_is_set_aside_and_no_resident_is_said_to_wait(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.staff_chat.chat.do", broken)
    town.bot.parts.gateway._keep(town.message("wang", "接 0001"))
    for _ in range(gateway.TRIES):
        await town.bot.parts.gateway.sweep()
        town.bot.clock.pass_by(timedelta(seconds=20))
    assert town.said_in(ROADS)[-1].text == town.render("utter_staff_broken")
    with town.bot.parts.database.reading() as db:
        talk = db.get_one(Conversation, town.talk(ROADS))
    assert talk.status == conversations.Status.PENDING


async def test_messages_of_staff_are_written_down_as_theirs(town: Town) -> None:
    await town.say("wang", "帮助")
    said, answered = town.said_in(ROADS)
    assert (said.author, said.staff_id) == (Author.STAFF, town.staff_id("wang"))
    assert answered.author == Author.ASSISTANT
    assert town.render("utter_introduction") not in answered.text


def code(town: Town, name: str = "wang") -> str:
    now = town.bot.clock.now()
    with town.bot.parts.database.transaction() as db:
        member = db.query(Staff).filter_by(username=name).one()
        return links.code_for_staff(db, member, key="key", now=now)


def chat_code(town: Town) -> str:
    with town.bot.parts.database.transaction() as db:
        place = Place("guali/qicai/", "road-team")
        return links.code_for_chat(db, place, key="key", now=town.bot.clock.now())


async def test_somebody_is_linked_by_a_code_said_alone_and_unlinked_again(town: Town) -> None:
    reference, said = town.file(), links.shown(code(town)).lower()
    assert "您是 wang" in await town.say("new", f"绑定 {said}", chat="")
    assert reference in await town.say("new", "查 0001", chat="")
    assert "归 wang 办" in await town.say("new", "接 0001")
    assert "解绑了" in await town.say("new", "解绑", chat="")
    assert await town.say("new", "接 0001") == town.render("utter_staff_unlinked")
    assert [deed for _, deed in town.deeds()][::3] == ["linked", "unlinked"]


async def test_a_code_said_in_a_group_links_nobody_and_is_void(town: Town) -> None:
    said = code(town)
    assert "作废" in await town.say("new", f"绑定 {said}")
    assert "不对" in await town.say("new", f"绑定 {said}", chat="")
    assert await town.say("new", "接 0001") == town.render("utter_staff_unlinked")


@pytest.mark.both_stores
async def test_a_hundred_guesses_in_a_hundred_chats_are_five(town: Town) -> None:
    said = code(town)
    guess = said[:3] + ("A" if said[-1] != "A" else "C") * 6
    await asyncio.gather(*(town.say(f"g{n}", f"绑定 {guess}", chat="") for n in range(100)))
    with town.bot.parts.database.reading() as db:
        assert db.scalars(select(LinkCode.tries)).one() == links.TRIES
    assert "不对" in await town.say("new", f"绑定 {said}", chat="")


async def test_a_group_becomes_a_chat_of_staff_by_a_code_staff_say_there(town: Town) -> None:
    said = chat_code(town)
    assert town.render("utter_staff_unlinked") == await town.say(
        "stranger", f"绑定群 {said}", chat="g"
    )
    assert "还不是工作群" in await town.say("wang", "帮助", chat="g")
    assert "在群里说" in await town.say("wang", f"绑定群 {said}", chat="")
    answer = await town.say("wang", f"绑定群 {said}", chat="g")
    assert "七彩" in answer
    assert "道路养护" in answer
    reference = town.file("road-light")
    town.deliver()
    assert reference in town.said_in("g")[-1].text
    assert "只有管理员" in await town.say("wang", "解绑群", chat="g")
    assert "不再是" in await town.say("boss", "解绑群", chat="g")
    assert "还不是工作群" in await town.say("wang", "帮助", chat="g")


async def test_on_the_residents_page_nobody_is_staff(bot: Bot, town: Town) -> None:
    """A session of the page is no sign-in: it is shared, and never ends."""
    said = code(town)
    assert "这个码不能用" in (await bot.say(f"绑定 {said}"))[-1]
    assert "您是 wang" in await town.say("new", f"绑定 {said}", chat="")


async def test_a_resident_on_the_same_platform_talks_to_the_assistant(town: Town) -> None:
    there: dict[str, Any] = {"chat": "", "channel": "telegram"}
    assert "你说：接 0001" in await town.say("a resident", "接 0001", **there)
    assert "你说：查 我报的事" in await town.say("a resident", "查 我报的事", **there)


@pytest.mark.parametrize("channel", ["dingtalk", "feishu"])
async def test_on_a_platform_of_staff_alone_nobody_talks_to_the_assistant(
    town: Town, channel: str
) -> None:
    for text in ("接 0001", "下一班公交几点", "人工", ""):
        answer = await town.say("somebody", text, chat="", channel=channel)
        assert answer == town.render("utter_staff_unlinked")
    assert town.bot.assistant.heard == []


async def test_a_number_is_the_word_of_that_line_and_says_no_more(town: Town) -> None:
    first = town.file("road-light")
    town.deliver()
    assert f"转 小组 {first}" in await town.say("wang", "2")
    assert "没看懂" in await town.say("wang", "4")
    assert "归 wang 办" in await town.say("wang", "1")
    town.bot.clock.pass_by(timedelta(hours=1))
    both = [town.file("road-light", who=who) for who in ("another", "a third")]
    town.deliver()
    answer = await town.say("wang", "1")
    assert all(reference in answer for reference in both)
    assert {town.request(one).status for one in both} == {Status.RECEIVED}


def test_platforms_of_staff_are_those_that_serve_no_residents() -> None:
    """A screen for many, and what has no messages of its own, is none."""
    found = {name for name in CHANNELS if is_for_staff(name)}
    assert found == {"dingtalk", "feishu"}
    assert not is_for_staff("unheard of")
