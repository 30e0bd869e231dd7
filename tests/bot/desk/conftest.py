"""A village with something at its desk, and members of staff who look."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from actions import alerts, callers, conversations, outbox, told
from actions.alerts import AlertKind
from actions.booking import service as booking
from actions.booking import visits
from actions.booking.bookings import Order
from actions.booking.model import DrawEntry, Session
from actions.booking.programme import Programme
from actions.callers import Told as Caller
from actions.care import check_ins, reports, whom
from actions.care.check_in_rules import Plan
from actions.care.model import CheckInDay
from actions.content import editions, publications, revisions
from actions.content.model import Edition, Revision, State
from actions.conversations import Attachment, Author, Conversation, Upload
from actions.governance import history, saved_filters, service
from actions.governance.handling import By
from actions.governance.model import ServiceRequest, Update
from actions.governance.roundtable import coming, meetings
from actions.governance.roundtable.model import Meeting, Topic
from actions.governance.service import Report, Where
from actions.learning import learned, misses
from actions.learning.learned import Question
from actions.learning.model import Miss
from actions.neighbours import offers
from actions.neighbours.model import HelpRequest, Status
from actions.neighbours.offers import Terms
from actions.news import broadcast
from actions.news import service as news
from actions.news.model import NewsItem
from actions.news.model import State as NewsState
from actions.outbox import Notice, NoticeState
from actions.people import acting, households, nicknames, staff
from actions.people.model import Area, Role, Staff, Words
from actions.people.staff import Guess
from actions.relay import relaying
from actions.relay.model import RelayMessage
from actions.sending import Sending, SendingState
from actions.square import Square
from actions.taps import Tap
from actions.told import Told
from bot.desk.visit import COOKIE
from knowledge.documents import read_documents, version_of
from tests.bot.conftest import PACK, Bot
from tests.bot.voice.test_audio import encoded, tone

DOCUMENTS = read_documents(PACK.folder)
CANARY = "金丝雀在第七号楼"
MISSED = "金丝雀怎么养"
RECORD = "article:ed-card 借书证"
NEWS = "第七号楼停水"  # the title of an item of 七彩
PHOTO = b"\xff\xd8\xff photo"
SPOKEN = encoded(tone(1), "ogg", "libopus", 48_000)
ORIGIN = {"Origin": "http://bot"}
AREAS = ("guali/", "guali/qicai/", "guali/qicai/a/", "guali/meilin/")
# name: role, area, team
STAFF = {
    "own": (Role.STAFF, "guali/qicai/", None),
    "boss": (Role.ADMIN, "guali/qicai/", None),
    "town": (Role.STAFF, "guali/", None),
    "mayor": (Role.ADMIN, "guali/", None),
    "police": (Role.STAFF, "guali/", "police-post"),
    "other": (Role.STAFF, "guali/meilin/", None),
    "editor": (Role.EDITOR, "guali/qicai/", None),
    "dispatcher": (Role.DISPATCHER, "guali/", None),
    "roads": (Role.AGENCY, "guali/", "road-team"),
    "water": (Role.AGENCY, "guali/", "water-team"),
    "other-roads": (Role.AGENCY, "guali/meilin/", "road-team"),
    "organiser": (Role.ORGANISER, "guali/qicai/", None),
    "other-organiser": (Role.ORGANISER, "guali/meilin/", None),
    "other-boss": (Role.ADMIN, "guali/meilin/", None),
}


@cache
def password_hash() -> str:
    return staff.HASHER.hash("correct horse")


@dataclass(repr=False)
class Colleague:
    """A member of staff at a browser of their own; `anonymous` is nobody."""

    bot: Bot
    name: str
    secret: str = ""
    token: str = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self._send("GET", path, **more)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self._send(
            "POST", path, data={"csrf_token": self.token} | fields, headers=ORIGIN
        )

    async def send(
        self, path: str, photos: Iterable[bytes] = (), **fields: str
    ) -> httpx.Response:
        """Post a form with photos."""
        return await self._send(
            "POST",
            path,
            data={"csrf_token": self.token} | fields,
            files=[("photo", ("a.jpg", photo, "image/jpeg")) for photo in photos] or None,
            headers=ORIGIN,
        )

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = more.pop("headers", {})
        if self.secret:
            headers = headers | {"Cookie": f"{COOKIE}={self.secret}"}
        return await self.bot.client.request(method, f"/desk{path}", headers=headers, **more)


@dataclass(repr=False)
class Village:
    """What is at the desk of 七彩: a conversation with a photo, and a request."""

    bot: Bot
    conversation_id: str = ""
    upload_id: str = field(default_factory=lambda: secrets.token_hex(16))
    reference: str = ""
    words: str = CANARY  # what residents say, of whatever
    missed: str = MISSED
    second: str = ""  # another of the same kind, where a test files one
    filter_id: int = 0
    need_id: int = 0
    taken_id: int = 0
    phoned_id: int = 0  # a need written down for a caller
    offer_id: int = 0
    checked_id: int = 0  # of a neighbour staff know
    miss_id: int = 0
    taught_id: int = 0
    edition_id: int = 0
    publication_id: int = 0
    revision_id: int = 0
    session_id: int = 0  # the coming one: full, somebody waits
    today_id: int = 0  # has begun
    booking_id: int = 0
    caller_booking_id: int = 0
    entry_id: int = 0
    today_booking_id: int = 0
    visit_id: int = 0
    notice_id: int = 0
    said_id: int = 0  # what a neighbour says to a caller, to be read out
    lost_id: int = 0  # did not arrive on a platform
    fresh: str = ""  # a request that is no topic
    topic_id: int = 0  # waits for a meeting
    meeting_id: int = 0  # was announced, and is going on
    on_agenda_id: int = 0
    planned_id: int = 0
    asked_id: int = 0
    report_id: int = 0
    alert_id: int = 0  # nobody sees to it yet; they have not agreed to be shown
    enrolled_id: str = ""  # asked every day, on the phone
    question_id: int = 0  # the call that asks
    household_id: int = 0
    elder_id: str = ""  # of the household; only has a phone
    acting_id: int = 0  # the resident asked to act for the elder
    draft_id: int = 0  # urgent news its writer, the boss, cannot approve
    out_id: int = 0  # urgent news that was not sent
    sending_id: int = 0
    paused_id: int = 0

    def colleague(self, name: str) -> Colleague:
        """Somebody who is signed in."""
        if name == "anonymous":
            return Colleague(self.bot, name)
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            who = staff.to_sign_in(db, name)
            assert who
            number = staff.count_guess(db, Guess(name, "1.1.1.1"), key="key", now=now)
            opened = staff.open_session(db, who, number or 0, now=now)
            assert opened
        return Colleague(self.bot, name, opened.secret, opened.csrf_token)

    def conversation(self) -> Conversation:
        with self.bot.parts.database.reading() as db:
            return db.get_one(Conversation, self.conversation_id)

    def request(self, reference: str = "") -> ServiceRequest:
        with self.bot.parts.database.reading() as db:
            found = db.query(ServiceRequest).filter_by(reference=reference or self.reference)
            return found.one()

    def keep_filter(self, name: str) -> None:
        """Somebody keeps a filter of the work list."""
        with self.bot.parts.database.transaction() as db:
            who = staff.to_sign_in(db, name)
            assert who
            self.filter_id = saved_filters.save(
                db, staff_id=who.id, name="超时", query="view=late", now=self.bot.clock.now()
            ).id

    def seen(self, reference: str = "") -> str:
        """What somebody has seen of a request who looks at it now."""
        with self.bot.parts.database.reading() as db:
            return str(history.last_id(db, self.request(reference)))

    def need(self, status: Status, conversation_id: str = "") -> int:
        """A resident of 七彩 asks the neighbours; returns the need's number."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, conversation_id or self.conversation_id)
            need = HelpRequest(
                kind_id="pick-up-child",
                status=status,
                area_id="guali/qicai/",
                what=Words(resident_id=talk.resident_id, text=self.words, created_at=now),
                wanted_from=now + timedelta(hours=3),
                wanted_until=now + timedelta(hours=4),
                resident_id=talk.resident_id,
                conversation_id=talk.id,
                created_at=now,
                expires_at=now + timedelta(hours=4),
            )
            db.add(need)
            db.flush()
            return need.id

    def help_out(self, *, checked: bool) -> int:
        """A neighbour in 七彩 offers help in so many words; returns the offer's number."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = conversations.at_address(
                db, channel="webchat", address=f"helper {checked}", now=now
            )
            talk.area_id = talk.resident.area_id = "guali/qicai/"
            offer = offers.write(db, conversation=talk, terms=Terms(skills=self.words), now=now)
            offer.verified_at = now if checked else None
            return offer.id

    def tell(self, *marks: Told) -> None:
        """A resident of 七彩 was told this."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.conversation_id)
            for mark in marks:
                reply = conversations.say(db, talk, "……", author=Author.ASSISTANT, now=now)
                told.keep(db, reply, mark, now=now)

    def publish(self, **changed: tuple[str, str]) -> None:
        """Another edition is active: of an article (`ed_card`) something is said otherwise."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            texts = dict(DOCUMENTS)
            for name, (old, new) in changed.items():
                path = f"articles/{name.replace('_', '-')}.md"
                assert old in texts[path]
                texts[path] = texts[path].replace(old, new)
            found = revisions.latest_of_each(db)
            written = revisions.import_files(db, texts, now=now)
            numbers = {path: revision.id for path, revision in found.items()} | written
            edition = Edition(
                version=version_of(revisions.documents_of(db, numbers)),
                index_version="1" * 16,
                revisions=numbers,
                published_at=now,
            )
            editions.activate(db, edition)

    def learn(self) -> None:
        """A question of 七彩 was missed, another told wrong, and one taught."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.conversation_id)
            conversations.say(db, talk, self.missed, author=Author.RESIDENT, now=now)
            for mark in (Told("unknown"), Told("article", "ed-card", "0" * 16)):
                reply = conversations.say(db, talk, "……", author=Author.ASSISTANT, now=now)
                told.keep(db, reply, mark, now=now)
                misses.note(db, talk, reply, mark, now=now)
            self.miss_id = db.scalars(select(Miss.id)).one()
            taught = Question("article", "ed-card", "zh", "怎么借")
            learned.teach(db, taught, staff_id=None, now=now)
            self.taught_id = learned.present(db)[0].id

    def session(
        self, starts_at: datetime, places: int = 2, activity_id: str = "club-calligraphy"
    ) -> int:
        """Put a session of an hour and a half on; returns its id."""
        with self.bot.parts.database.transaction() as db:
            session = Session(
                activity_id=activity_id,
                planned_at=starts_at,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=90),
                places=places,
            )
            db.add(session)
            db.flush()
            return session.id

    def organise(self) -> None:
        """Sessions of 七彩: booked by a resident and by callers, one begun, and a visit."""
        now, programme = self.bot.clock.now(), Programme(PACK, self.bot.parts.wording)
        self.session_id = self.session(now + timedelta(days=4))
        self.today_id = self.session(now - timedelta(minutes=10))
        visited = self.session(now + timedelta(days=7), activity_id="visit-group")
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.conversation_id)
            first, second = (
                callers.conversation_with(
                    db, Caller(name, "13800000000"), area_id="guali/qicai/a/", key="k", now=now
                )
                for name in (self.words, "张阿姨")
            )
            order, before = Order(self.session_id, whom=self.words), now - timedelta(hours=1)
            self.booking_id = booking.book(
                db, programme, order=order, conversation=talk, now=now
            ).id
            self.caller_booking_id = booking.book(
                db, programme, order=order, conversation=first, now=now
            ).id
            entry = booking.join_waitlist(
                db, programme, order=order, conversation=second, now=now
            )
            self.entry_id = entry.id
            today = Order(self.today_id, whom=self.words)
            self.today_booking_id = booking.book(
                db, programme, order=today, conversation=talk, now=before
            ).id
            self.visit_id = visits.request(
                db,
                programme,
                order=Order(visited),
                heads=20,
                contact=self.words,
                bus=True,
                conversation=talk,
                now=now,
            ).id
            notice = outbox.put(
                db, conversation_id=first.id, response="utter_returned", due_at=now
            )
            notice.state, self.notice_id = NoticeState.TO_PHONE, notice.id
            phones = first.id
        self.phoned_id = self.need(Status.OPEN, phones)

    def lose(self) -> None:
        """Something said to a resident did not arrive on the platform they use."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = conversations.at_address(db, channel="telegram", address="lost", now=now)
            talk.area_id = db.get_one(Conversation, self.conversation_id).area_id
            conversations.say(db, talk, CANARY, author=Author.ASSISTANT, now=now)
            one = db.scalars(select(Sending)).one()
            one.state, self.lost_id = SendingState.DEAD, one.id

    def write(self) -> None:
        """Staff wrote an answer, and a word about the request; somebody entered a draw."""
        now = self.bot.clock.now()
        drawn = self.session(now + timedelta(days=9))
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.conversation_id)
            answer, word, whom = (
                Words(resident_id=talk.resident_id, text=self.words, created_at=now)
                for _ in range(3)
            )
            db.add_all([answer, word, whom])
            db.flush()
            request = db.query(ServiceRequest).filter_by(reference=self.reference).one()
            said = {"request_id": request.id, "status": request.status, "happened_at": now}
            owner = {"team_id": request.team_id, "tier": request.tier}
            db.add(Update(**said, **owner, words=word))
            lot = {"session_id": drawn, "resident_id": talk.resident_id, "places": 1}
            lot |= {"conversation_id": talk.id, "ticket": "T1", "entered_at": now}
            db.add(DrawEntry(**lot, whom_id=whom.id, area_id="guali/qicai/"))
            own = staff.to_sign_in(db, "own")
            assert own
            outbox.put(
                db,
                conversation_id=talk.id,
                response="",
                due_at=now,
                words_id=answer.id,
                staff_id=own.id,
            )

    def house(self) -> None:
        """The resident of 七彩 lives with an elder who has a phone alone."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            where = households.Where("guali/qicai/")
            home = households.found(db, where=where, now=now)
            talk = db.get_one(Conversation, self.conversation_id)
            who = Caller(self.words, "13800000001")
            elder = callers.conversation_with(db, who, area_id="guali/qicai/", key="k", now=now)
            for one in (talk.resident, elder.resident):
                households.join(db, home.id, one)
            nicknames.call(db, talk.resident_id, self.words[:12], now=now)
            asked = acting.ask(db, talk.resident_id, elder.resident_id, "mother", now=now)
            self.household_id, self.elder_id = home.id, elder.resident_id
            self.acting_id = asked.id

    def meet(self) -> None:
        """A round table of 七彩 that goes on, one that is planned, and a topic that waits."""
        now = self.bot.clock.now()
        self.fresh = self.file("rubbish", "垃圾")
        reference = self.file("public-facility", "长椅坏了")
        with self.bot.parts.database.transaction() as db:
            by = By(db.scalars(select(Staff.id).filter_by(username="own")).one(), now)
            talk = db.get_one(Conversation, self.conversation_id)

            def topic(title: str, reference: str) -> Topic:
                raised = db.query(ServiceRequest).filter_by(reference=reference)
                return meetings.make_topic(
                    db, title=title, area_id="guali/qicai/", raised=raised, by=by
                )

            def meeting(after: timedelta) -> Meeting:
                area, at = "guali/qicai/", now + after
                return meetings.plan(db, area_id=area, starts_at=at, place="文化客厅", by=by)

            self.topic_id = topic("长椅", reference).id
            on_agenda, going_on = topic("路灯", self.reference), meeting(timedelta(hours=1))
            self.on_agenda_id, self.meeting_id = on_agenda.id, going_on.id
            self.planned_id = meeting(timedelta(days=7)).id
            meetings.put_on(db, going_on, on_agenda, now=now)
            meetings.announce(db, going_on, now=now)
            coming.begin_question(db, PACK, Tap(talk, str(going_on.id), now))
            coming.take_question(db, talk, CANARY, now=now)
            self.asked_id = meetings.questions(db, going_on)[0].id
            going_on.starts_at = now

    def tell_news(self) -> None:
        """Urgent notices of 七彩: a draft, one that is out, one being sent, one paused."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            boss, editor = (
                db.scalars(select(Staff.id).filter_by(username=name)).one()
                for name in ("boss", "editor")
            )
            content = news.Content(
                topic="outage",
                title_zh=NEWS,
                body_zh="八点到五点停水。",
                publish_at=now,
                expires_at=now + timedelta(days=90),
                source="社区办公室",
                urgent=True,
            )

            def item() -> NewsItem:
                area = "guali/qicai/"
                return news.write(db, PACK, content, area_id=area, staff_id=boss, now=now)

            def out() -> NewsItem:
                made = item()
                news.approve(db, made, number=1, staff_id=editor, now=now)
                return made

            self.draft_id, self.out_id = item().id, out().id
            sending, paused = out(), out()
            for one in (sending, paused):
                broadcast.send(db, one, staff_id=boss, now=now)
            broadcast.move(db, paused, NewsState.PAUSED, staff_id=boss, now=now)
            self.sending_id, self.paused_id = sending.id, paused.id

    def care(self) -> None:
        """Somebody of 七彩 was reported, somebody is worried about, somebody is asked daily."""
        now, square = self.bot.clock.now(), Square(PACK, self.bot.parts.wording)
        area, words = "guali/qicai/", self.words
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.conversation_id)
            other = conversations.at_address(db, channel="webchat", address="other", now=now)
            other.area_id = other.resident.area_id = area
            nicknames.call(db, other.resident_id, words, now=now)
            until = now + timedelta(days=1)
            relay = relaying.open_between(
                db, talk, other, about="help:1", now=now, closes_at=until
            )
            said = Words(resident_id=other.resident_id, text=words, created_at=now)
            passed_on = RelayMessage(relay_id=relay.id, sender_id=other.id, words=said)
            passed_on.masked, passed_on.sent_at = False, now
            db.add(passed_on)
            met = whom.Met(relay, other)
            self.report_id = reports.report(
                db, square, reporter=talk, met=met, words=words, now=now
            ).id
            alert = alerts.raise_once(
                db,
                AlertKind.WORRIED,
                other.resident_id,
                about="help:1",
                key="worried",
                now=now,
            )
            assert alert
            alert.words, alert.note = (
                Words(resident_id=talk.resident_id, text=words, created_at=now)
                for _ in range(2)
            )
            self.alert_id = alert.id
            told = Caller(words, "13800000000")
            caller = callers.conversation_with(
                db, told, area_id="guali/qicai/a/", key="k", now=now
            )
            check_in = check_ins.begin(
                db, square, conversation=caller, plan=Plan(), channel="desk", now=now
            )
            self.enrolled_id, day = caller.resident_id, check_ins.today(square, now)
            question = CheckInDay(resident_id=caller.resident_id, day=day, asked_at=now)
            db.add(question)
            db.flush()
            check_ins.put(db, square, check_in, question, "utter_check_in_ask")
            asked = db.scalars(select(Notice).order_by(Notice.id.desc())).first()
            assert asked
            asked.state, self.question_id = NoticeState.TO_PHONE, asked.id

    def talk_by_phone(self) -> None:
        """A neighbour says something to who had a need written down; it is to be read out."""
        now, square = self.bot.clock.now(), Square(PACK, self.bot.parts.wording)
        with self.bot.parts.database.transaction() as db:
            phones = db.get_one(HelpRequest, self.phoned_id).conversation_id
            helper = conversations.at_address(db, channel="webchat", address="helper", now=now)
            line = relaying.open_between(
                db,
                db.get_one(Conversation, phones),
                helper,
                about=f"help:{self.phoned_id}",
                now=now,
                closes_at=now + timedelta(days=1),
            )
            relaying.pass_on(db, square, line, helper, "您在家吗？", now)
            read_out = db.scalars(select(Notice).order_by(Notice.id.desc())).first()
            assert read_out
            read_out.state, self.said_id = NoticeState.TO_PHONE, read_out.id

    def speak(self, *, for_neighbour: bool = False, heard: str = "sure") -> str:
        """The resident at the desk says something aloud; returns the recording's id."""
        upload_id, now = secrets.token_hex(16), self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, self.conversation_id)
            recording = Upload(id=upload_id, resident_id=talk.resident_id, created_at=now)
            recording.content_type, recording.size = "audio/ogg", len(SPOKEN)
            db.add(recording)
            message = conversations.say(
                db,
                talk,
                self.words if heard == "sure" else "",
                author=Author.RESIDENT,
                attachments=[Attachment("voice", upload_id=upload_id, heard=heard)],
                now=now,
            )
            message.for_neighbour = for_neighbour
        (self.bot.parts.webchat.uploads / upload_id).write_bytes(SPOKEN)
        return upload_id

    def file(self, category_id: str, what: str, *, anonymous: bool = False) -> str:
        """A resident of 七彩 reports something; returns its reference."""
        now = self.bot.clock.now()
        with self.bot.parts.database.transaction() as db:
            request = service.file(
                db,
                pack=PACK,
                report=Report(
                    category_id,
                    what,
                    Where(words=self.words, lat=30.2, lon=120.4),
                    photos=(self.upload_id,),
                    anonymous=anonymous,
                ),
                conversation=db.get_one(Conversation, self.conversation_id),
                now=now,
            )
            request.area_id = "guali/qicai/"
            return request.reference


@pytest.fixture
def village(bot: Bot) -> Village:
    return planted(bot)


def planted(bot: Bot, words: str = CANARY, missed: str = MISSED) -> Village:
    """Staff of all kinds, and something at the desk of 七彩."""
    village, now = Village(bot, words=words, missed=missed), bot.clock.now()
    with bot.parts.database.transaction() as db:
        for area in AREAS:
            db.add(Area(id=area, tier="village"))
        db.flush()
        for name, (role, area, team) in STAFF.items():
            member = Staff(username=name, role=role, area_id=area, team_id=team, created_at=now)
            member.password_hash = password_hash()
            db.add(member)
        imported = revisions.import_files(db, DOCUMENTS, now=now)
        first = Edition(index_version="0" * 16, revisions=imported, published_at=now)
        editions.activate(db, first)
        draft = Revision(path="help.yml", text=DOCUMENTS["help.yml"] + "\n", written_at=now)
        db.add(draft)
        placed = publications.order(db, imported, staff_id=None, now=now)
        placed.state, village.publication_id = State.REFUSED, placed.id
        village.edition_id, village.revision_id = first.id, imported["articles/ed-card.md"]
        address = bot.parts.webchat.address(bot.session)
        talk = conversations.at_address(db, channel="webchat", address=address, now=now)
        talk.area_id, talk.introduced_at = "guali/qicai/", now
        photo = Upload(id=village.upload_id, resident_id=talk.resident_id, created_at=now)
        photo.content_type, photo.size = "image/jpeg", len(PHOTO)
        db.add(photo)
        conversations.say(
            db,
            talk,
            words,
            author=Author.RESIDENT,
            now=now,
            attachments=[
                Attachment("photo", upload_id=village.upload_id),
                Attachment("location", lat=30.2, lon=120.4),
            ],
        )
        conversations.open_for_staff(db, talk, now=now)
        village.conversation_id = talk.id
    bot.parts.webchat.uploads.mkdir(parents=True, exist_ok=True)
    (bot.parts.webchat.uploads / village.upload_id).write_bytes(PHOTO)
    village.reference = village.file("road-light", words)
    village.need_id, village.taken_id = (
        village.need(Status.REVIEW),
        village.need(Status.MATCHED),
    )
    village.offer_id = village.help_out(checked=False)
    village.checked_id = village.help_out(checked=True)
    return village
