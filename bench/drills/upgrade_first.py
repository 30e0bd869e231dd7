"""Spoken by the project's first finished form: fills a database of its, and reads one.

`python -P THIS fill|read ADDRESS` in a folder with that form's code: it writes by its own
functions, and a row into every table it has. What was read is printed as one line of JSON.
Types are not checked here: what it names is no longer as it was.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from actions import conversations, migrate, outbox, turns
from actions.answers import service as answers
from actions.booking import service as booking
from actions.booking.model import Booking, Session
from actions.booking.programme import Programme
from actions.conversations import Choice, Conversation, Feedback, Message, Upload
from actions.db import Base, Database, Db
from actions.governance import service as governance
from actions.governance.model import ServiceRequest, Status
from actions.neighbours import service as neighbours
from actions.neighbours.model import HelpRequest
from actions.outbox import Notice
from actions.people import audit, staff
from actions.people.model import Consent, Household, Resident, Role
from actions.people.staff import Guess, Newcomer
from actions.turns import InboxEntry, TurnRow
from actions.wording import Said, read_wording, to_json
from bot.assistant import AssistantSilent
from bot.channels.webchat import NAME, Webchat
from bot.gateway import Gateway, Ground
from bot.limits import Limits
from bot.message import InboundMessage
from knowledge.pack import load_pack

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning there
KEY, PASSWORD = "key", "a drill's long password"
PACK = load_pack(Path("knowledge/data/guali"))
WORDING = read_wording(PACK.zone)
AREA = "guali/qicai/"
OF_A_BOOKING = ("utter_booking_reminder", "utter_waitlist_booked")
TOLD_OF_A_BOOKING = (
    "utter_booked",
    "utter_waiting",
    "utter_waiting_left",
    "utter_booking_cancelled",
)
OF_A_REQUEST = tuple(f"utter_request_{one}" for one in Status if one != Status.RECEIVED)
OF_A_NEED = (
    "utter_help_found",
    "utter_help_approved",
    "utter_help_declined",
    "utter_help_expired",
)
TOLD_OF_A_NEED = ("utter_help_posted", "utter_help_in_review", "utter_help_taken_on")
OF_NOTHING = (
    *("utter_help_none_wanted", "utter_elder_mode_on", "utter_elder_mode_off"),
    *("utter_language_set", "utter_nothing_cancelled", "utter_person_hours_sample"),
    *("utter_returned_unanswered", "utter_staff_resolved"),
)
Deed = Callable[[Db, Conversation], None]


class Clock:
    """It stands."""

    def now(self) -> datetime:
        return NOW


class NoEmergency:
    """A gate that knows none."""

    def check(self, text: str) -> None:
        return None


class Assistant:
    """Answers with one sentence and a choice, does the deed it was given, or is silent."""

    def __init__(self, database: Database) -> None:
        self.database, self.silent = database, False
        self.deed: tuple[str, Deed] | None = None

    async def reply(self, *, turn_id: str, **_more: Any) -> list[Said]:
        if self.silent:
            raise AssistantSilent("it is silent in this drill")
        if self.deed:
            step, deed = self.deed
            with self.database.transaction() as db:
                row, _, conversation = turns.load(db, turn_id)
                turns.act(db, row, step, now=NOW)
                deed(db, conversation)
                outbox.put(
                    db,
                    conversation_id=conversation.id,
                    response="utter_person_there",
                    due_at=NOW,
                    values={"closes": "17:00", "numbers": "110"},
                    turn_id=turn_id,
                )
        return [Said("这是回答。", (Choice("好", "choose", "yes"),))]


class First:
    """The first form, on a database."""

    def __init__(self, address: str) -> None:
        self.database = Database(address)
        self.assistant = Assistant(self.database)
        ground = Ground(self.database, Clock(), WORDING, PACK, NoEmergency(), self.assistant)
        ground.turn_seconds = ground.store_seconds = 30
        self.gateway = Gateway(ground)
        self.channel = Webchat(
            self.gateway, self.database, Clock(), Limits("1000/minute"), KEY, Path("uploads")
        )
        self.programme = Programme(PACK, WORDING)
        self.square = neighbours.Square(PACK, WORDING)
        self.sent = 0

    def say(self, who: str, text: str, deed: tuple[str, Deed] | None = None) -> None:
        """Let somebody say something; who they are is the secret of their page."""
        self.sent += 1
        self.assistant.deed = deed
        address = self.channel.address(who * 16)
        message = InboundMessage(NAME, address, f"{who}:{self.sent}", text)
        asyncio.run(self.gateway.receive(message))

    def conversation(self, db: Db, who: str) -> Conversation:
        """Return somebody's conversation."""
        found = self.channel.conversation(db, who * 16)
        assert found is not None
        return found

    def fill(self) -> None:
        """Write a row into each table, as it comes of what people do."""
        migrate.run(self.database, PACK, "v1", now=NOW)
        with self.database.transaction() as db:
            answers.activate(db, "v2", now=NOW)
            scarce = db.scalars(
                select(Session).where(
                    Session.activity_id == "club-calligraphy", Session.starts_at > NOW
                )
            ).first()
            scarce.places, session = 1, scarce.id
        self._residents(session)
        self._staff()
        self._further()
        self._owed()
        self._waiting()

    def _residents(self, session: int) -> None:
        order = booking.Order(session)

        def book(db: Db, them: Conversation) -> None:
            booking.book(db, self.programme, order=order, conversation=them, now=NOW)

        def wait(db: Db, them: Conversation) -> None:
            booking.join_waitlist(db, self.programme, order=order, conversation=them, now=NOW)

        def report(db: Db, them: Conversation) -> None:
            where = governance.Where(words="公交综合楼门口")
            told = governance.Report("road-light", "路灯坏了", where)
            governance.file(db, pack=PACK, report=told, conversation=them, now=NOW)

        def ask(db: Db, them: Conversation) -> None:
            moment = NOW + timedelta(days=1)
            need = neighbours.Need("fetch-parcel", (moment, moment), "帮忙拿一下快递")
            neighbours.post(db, square=self.square, need=need, conversation=them, now=NOW)

        def take(db: Db, them: Conversation) -> None:
            neighbours.offer(db, conversation=them, now=NOW)
            need = db.scalars(select(HelpRequest)).one()
            need.opened_at = NOW - timedelta(days=1)
            db.flush()
            neighbours.take(db, square=self.square, request_id=need.id, helper=them, now=NOW)

        self.say("a", "书法课还有位置吗")
        self.say("a", "帮我报名", ("action_book", book))
        self.say("b", "Calligraphy, please", ("action_book", wait))
        self.say("c", "路灯坏了", ("action_report", report))
        self.say("d", "谁能帮我拿快递", ("action_request_help", ask))
        self.say("e", "我来帮忙", ("action_offer_help", take))
        self.say("a", "谢谢")

    def _staff(self) -> None:
        with self.database.transaction() as db:
            them = Newcomer("drill", Role.STAFF, AREA)
            member = staff.add(db, them, PASSWORD, now=NOW)
            guess = staff.count_guess(db, Guess("drill", "here"), key=KEY, now=NOW)
            staff.open_session(db, member, guess, now=NOW)
            staff.count_guess(db, Guess("drill", "elsewhere"), key=KEY, now=NOW)
            audit.append(
                db, staff_id=member.id, deed="signed in", subject="drill", key=KEY, now=NOW
            )
            request = db.scalars(select(ServiceRequest)).one()
            whose = {"to": Status.ACKNOWLEDGED, "staff_id": member.id, "now": NOW}
            governance.move(db, pack=PACK, request=request, words="已派人查看", **whose)
            conversations.open_for_staff(db, self.conversation(db, "b"), now=NOW)
            outbox.put(
                db,
                conversation_id=self.conversation(db, "c").id,
                response="utter_person_there",
                due_at=NOW - timedelta(minutes=1),
                values={"closes": "17:00", "numbers": "110"},
                staff_id=member.id,
            )

    def _further(self) -> None:
        """What people do seldom, or nobody could do yet."""
        with self.database.transaction() as db:
            them = self.conversation(db, "a")
            household = Household(area_id=AREA, created_at=NOW)
            db.add(household)
            db.flush()
            db.get_one(Resident, them.resident_id).household_id = household.id
            db.add(Consent(resident_id=them.resident_id, purpose="contact", given_at=NOW))
            db.add(
                Upload(
                    id="0" * 32,
                    resident_id=them.resident_id,
                    content_type="image/jpeg",
                    size=3,
                    created_at=NOW,
                )
            )
            reply = db.scalars(select(Message).where(Message.author == "assistant")).first()
            db.add(Feedback(message_id=reply.id, good=True, given_at=NOW))
            slots = {"report_what": "电梯坏了", "requested_slot": "report_where"}
            conversations.keep_draft(
                db, self.conversation(db, "c").id, "report_problem_form", slots, now=NOW
            )

    def _owed(self) -> None:
        """Owe everything that form could owe, as its own functions would."""
        with self.database.transaction() as db:
            booked = db.scalars(select(Booking)).one()
            place = booking._values(self.programme, booked) | {"hours": 2, "number": 1}
            request = db.scalars(select(ServiceRequest)).one()
            filed = governance.described(PACK, request)
            need = db.scalars(select(HelpRequest)).one()
            helped = neighbours.described(self.square, need) | {"until": need.expires_at}
            for who, about, values, responses in (
                ("a", booking.about(booked), place, OF_A_BOOKING),
                ("a", "", place, TOLD_OF_A_BOOKING),
                ("c", f"request:{request.id}", filed, OF_A_REQUEST),
                ("c", "", filed, ("utter_request_filed",)),
                ("d", f"help:{need.id}", helped, OF_A_NEED),
                ("d", "", helped, TOLD_OF_A_NEED),
                ("e", "", {}, OF_NOTHING),
            ):
                them = self.conversation(db, who).id
                turns_of = select(TurnRow.id).where(TurnRow.conversation_id == them)
                turn = db.scalars(turns_of).first()
                for response in responses:
                    outbox.put(
                        db,
                        conversation_id=them,
                        response=response,
                        due_at=NOW + timedelta(minutes=30),
                        values=to_json(values),
                        about=about,
                        turn_id=None if about else turn,
                    )

    def _waiting(self) -> None:
        """Messages nobody has answered: the assistant is silent from now on."""
        self.assistant.silent = True
        self.say("a", "明天几点开门")
        self.say("c", "在门口")
        self.say("b", "有人吗")  # to a person

    def read(self) -> dict[str, Any]:
        """Return what the first form's own functions find, and how much is in each table."""
        with self.database.reading() as db:
            found = {who: self._of(db, self.conversation(db, who)) for who in "abcde"}
            found["tables"] = {
                table.name: db.scalar(select(func.count()).select_from(table))
                for table in Base.metadata.sorted_tables
            }
            found["index"] = answers.active_version(db)
            found["unfinished"] = [one.reference for one in governance.unfinished(db)]
            to_see = neighbours.for_staff(db, now=NOW)
            found["help"] = [[one.kind_id, one.status] for one in to_see]
            found["audit"] = str(audit.check(db, KEY))
            found["entries"] = sorted(db.scalars(select(InboxEntry.state)))
            found["outbox"] = sorted(db.scalars(select(Notice.state)))
        return found

    def _of(self, db: Db, them: Conversation) -> dict[str, Any]:
        said = db.scalars(
            select(Message).where(Message.conversation_id == them.id).order_by(Message.id)
        )
        whose = {"resident_id": them.resident_id, "now": NOW}
        booked = booking.bookings_of(db, **whose)
        waits = booking.waiting_of(db, **whose)
        requests = governance.requests_of(db, resident_id=them.resident_id)
        return {
            "status": them.status,
            "said": [[one.author, one.text] for one in said],
            "bookings": [[one.session_id, one.places] for one in booked],
            "waits": [[one.session_id, one.position] for one in waits],
            "requests": [[one.reference, one.status, one.what.text] for one in requests],
        }


if __name__ == "__main__":
    what, address = sys.argv[1:]
    first = First(address)
    if what == "fill":
        first.fill()
    print(json.dumps(first.read(), ensure_ascii=False))
