"""What is answered without the assistant: emergencies, taps, talks with staff, old choices."""

from dataclasses import dataclass

import structlog

from actions import conversations, turns
from actions.booking.taps import TAPS as BOOKINGS
from actions.conversations import Author, Choice, Conversation, Draft, Message, Status
from actions.db import Db
from actions.errors import Refusal, kind_of
from actions.governance import reporting, telling
from actions.governance.roundtable import coming
from actions.governance.taps import TAPS as REQUESTS
from actions.taps import Done, Tap
from actions.turns import EntryState, InboxEntry
from bot import metrics
from bot.choices import is_id, issued
from bot.ground import Ground
from bot.language import language_of
from bot.replies import Replies
from bot.staff_chat import StaffChats
from knowledge.pack import NeverRequest
from knowledge.text import normalise

log = structlog.get_logger()

BACK_WORDS = frozenset({"回到小沥", "返回小沥", "回小沥", "back to xiaoli", "xiaoli"})


@dataclass(frozen=True)
class Unaided:
    """Answers what needs no understanding, in the caller's transaction."""

    ground: Ground
    replies: Replies

    @property
    def staff(self) -> StaffChats:
        """Answers what staff say."""
        return StaffChats(self.ground, self.replies)

    def emergency(self, text: str) -> NeverRequest | None:
        """Return the emergency a message tells of; a gate that is broken finds none."""
        if is_id(text):  # a tap
            return None
        try:
            return self.ground.gate.check(text)
        except Exception as error:  # it must not make us deaf
            log.error("the safety gate failed", error=kind_of(error))
            return None

    def answer_emergency(self, emergency: NeverRequest, db: Db, entry: InboxEntry) -> None:
        """The number comes first, whichever form or person the conversation is with.

        What staff order in their chats is none: they write of fires, and have to.
        """
        if self.staff.is_command(db, entry):
            return
        metrics.EMERGENCIES.inc()
        now = self.ground.clock.now()
        conversation = db.get_one(Conversation, entry.conversation_id)
        note_language(db, conversation, db.get_one(Message, entry.message_id).text)
        said = self.ground.wording.render(
            "utter_emergency",
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values={"number": emergency.number, "advice": emergency.first_sentence},
        )
        conversations.say(
            db, conversation, said.text, author=Author.ASSISTANT, now=now, inbox_id=entry.id
        )
        if conversation.status == Status.OPEN:
            conversation.unanswered_since = conversation.unanswered_since or now
        turns.close_entry(entry, EntryState.ANSWERED, now=now)

    def answers(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        message: Message,
        choice: Choice | None,
    ) -> bool:
        """Answer what needs no assistant; False when it has to be asked."""
        if self.staff.answers(db, entry, conversation, message):
            return True
        if tapped := self._one_tap(db, message, choice):
            self._do_tap(db, entry, conversation, tapped)
        elif conversation.status == Status.OPEN:
            self._to_the_desk(db, entry, conversation, message)
        elif not message.text and not message.attachments:
            self.replies.reply(db, entry, "utter_empty_message")
        elif is_id(message.text) and issued(db, message, message.text):
            return not choice and self._refuse_old(db, entry)
        elif not message.text and db.get(Draft, conversation.id) is None:
            self._take_up(db, entry, conversation, message)
        else:
            return choice is None and self._takes_question(db, entry, conversation, message)
        return True

    def _takes_question(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> bool:
        """Take what somebody said they would ask a round table; False when we wait for none."""
        now = self.ground.clock.now()
        done = coming.take_question(db, conversation, message.text, now=now)
        if done is not None:
            self.replies.reply(db, entry, done.response, values=done.values)
        return done is not None

    def _one_tap(self, db: Db, message: Message, choice: Choice | None) -> Choice | None:
        """Return the choice that was tapped or named if a tap is all its deed needs."""
        if choice is None and is_id(message.text):
            choice = issued(db, message, message.text)
        return choice if choice and choice.intent in {*BOOKINGS, *REQUESTS} else None

    def _do_tap(
        self, db: Db, entry: InboxEntry, conversation: Conversation, choice: Choice
    ) -> None:
        """Do at once what a button says, and tell what came of it."""
        tap = Tap(conversation, choice.value, self.ground.clock.now())
        conversations.hold(db, conversation.id)  # before its notices, as the worker does
        try:
            with db.begin_nested():
                done = self._deed(db, choice.intent, tap)
        except Refusal as refusal:
            self.replies.reply(db, entry, refusal.response, values=refusal.details)
            return
        self.replies.reply(db, entry, done.response, values=done.values)

    def _deed(self, db: Db, intent: str, tap: Tap) -> Done:
        programme = self.ground.programme(db)
        if intent in BOOKINGS:
            return BOOKINGS[intent](db, programme, tap)
        return REQUESTS[intent](db, programme.pack, tap)

    def _refuse_old(self, db: Db, entry: InboxEntry) -> bool:
        self.replies.reply(db, entry, "utter_old_choice")
        return True

    def _take_up(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> None:
        """Ask what a photo sent alone is about: likely what was reported of late."""
        request = reporting.filed_lately(
            db, resident_id=conversation.resident_id, now=self.ground.clock.now()
        )
        if request is None or all(one["kind"] != "photo" for one in message.attachments):
            self.replies.reply(db, entry, "utter_attachment_kept")
            return
        told = telling.described(self.ground.programme(db).pack, request)
        values = {**told, "message": message.id}
        self.replies.reply(db, entry, "utter_photo_of_request", values=values)

    def _to_the_desk(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> None:
        """A person answers: one receipt, then silence, until the resident wants us back."""
        now = self.ground.clock.now()
        if normalise(message.text).strip("。.!！「」\"' ") in BACK_WORDS:
            conversations.return_to_assistant(db, conversation)
            self.replies.reply(db, entry, "utter_returned")
            return
        if conversation.receipt_given_at is None:
            conversation.receipt_given_at = now
            self.replies.reply(db, entry, "utter_receipt")
        conversation.unanswered_since = conversation.unanswered_since or now


def note_language(db: Db, conversation: Conversation, text: str) -> None:
    """Answer in the language somebody has just written."""
    resident = conversation.resident
    language = resident.language if is_id(text) else language_of(text, resident.language)
    if language != resident.language:
        conversations.hold(db, conversation.id)  # before the resident, as an emergency does
        resident.language = language
