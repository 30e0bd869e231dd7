"""What is answered without the assistant: emergencies, taps, talks with staff, old choices."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from actions import conversations, elder, own_phone, turns
from actions.care import check_ins
from actions.conversations import NOT_SURE, SURE, Choice, Conversation, Draft, Message, Status
from actions.db import Db
from actions.errors import Refusal, kind_of
from actions.governance import reporting, telling
from actions.taps import Done, Spoken, Taker, Tap
from actions.turns import EntryState, InboxEntry
from bot import metrics, reading_back, saying, spoken, unread
from bot.asides import Asides, last_said, say_again
from bot.choices import is_id, issued
from bot.ground import Ground
from bot.language import language_of, may_be_a_name
from bot.media import SURE as SURE_HEARD
from bot.media import UNSURE
from bot.reading_back import as_value, is_read_back
from bot.replies import Replies, has_reply, way_of
from bot.staff_chat import StaffChats
from bot.taps import ALWAYS, TAKERS, TAPS, square_of
from knowledge.pack import NeverRequest
from knowledge.text import normalise

log = structlog.get_logger()

MAY_BE_A_WORD = frozenset({UNSURE, "silent", "unclear"})  # how a short word is heard
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

    @property
    def asides(self) -> Asides:
        """Answers what is about our own words."""
        return Asides(self.ground, self.replies)

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
        told = {"number": emergency.number, "advice": emergency.first_sentence}
        said = self.replies.render(conversation, "utter_emergency", told)
        heard = saying.as_heard(said, conversation, self.ground.wording)
        way = way_of(entry)
        saying.write(db, conversation, heard, now=now, inbox_id=entry.id, way=way)
        if conversation.status == Status.OPEN:
            conversation.unanswered_since = conversation.unanswered_since or now
        turns.close_entry(entry, EntryState.ANSWERED, now=now)
        self._alarm(db, conversation)

    def _alarm(self, db: Db, conversation: Conversation) -> None:
        """Have those hear of it who look after whoever agreed to be asked every day.

        Whatever happens here, the number is said.
        """
        now = self.ground.clock.now()
        try:
            with db.begin_nested():
                square = square_of(self.ground.programme(db))
                check_ins.emergency(db, square, conversation.resident_id, now=now)
        except Exception as error:
            log.error("nobody was alarmed of an emergency", error=kind_of(error))

    def answers(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        message: Message,
        meant: Sequence[Choice],
    ) -> bool:
        """Answer what needs no assistant; False when it has to be asked.

        `meant` are the choices a message may mean: the last wins where a person answers.
        """
        if (
            self._cannot_read(db, entry, message)
            or self.staff.answers(db, entry, conversation, message)
            or self._answers_voice(db, entry, conversation, message)
            or self.asides.answers(db, entry, conversation, message, meant)
        ):
            return True
        choice = meant[-1] if meant else None
        if tapped := self._one_tap(db, message, choice):
            self._do_tap(db, entry, conversation, tapped)
        elif conversation.status == Status.OPEN:
            self._to_the_desk(db, entry, conversation, message)
        elif not message.text and not message.attachments:
            self.replies.reply(db, entry, "utter_empty_message")
        elif is_id(message.text) and issued(db, message, message.text):
            return not choice and self._refuse_old(db, entry)
        elif not message.text and db.get(Draft, conversation.id) is None:
            if not self._takes(db, entry, conversation, message):
                self._take_up(db, entry, conversation, message)
        else:
            return choice is None and self._takes(db, entry, conversation, message)
        return True

    def _answers_voice(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> bool:
        """Say what was heard of a voice; whether that is all: it has to be said again.

        A danger is answered at once, as one that was written. With a person nothing is read
        back: they listen themselves.
        """
        heard = spoken.how_heard(message)
        nothing = heard not in (SURE_HEARD, UNSURE)
        if not heard or conversation.status == Status.OPEN or (nothing and message.text):
            return False
        asked = [said for said in last_said(db, message) if said.choices][-1:]
        if nothing:
            self._ask_again(db, entry, conversation, asked, heard)
        elif emergency := self.emergency(message.text):
            self.answer_emergency(emergency, db, entry)
        elif heard == UNSURE and not spoken.is_clear(db, message):
            if asked and spoken.is_short(message):
                self._ask_again(db, entry, conversation, asked, heard)
                return True
            values = {"text": message.text, "message": message.id}
            self.replies.reply(db, entry, "utter_voice_unsure", values=values)
        else:
            if not has_reply(db, entry):
                self.replies.reply(
                    db, entry, "utter_voice_heard", values={"text": message.text}
                )
            return False
        return True

    def _ask_again(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        asked: Sequence[Message],
        heard: str,
    ) -> None:
        """Say that a voice was not understood; what was asked before still waits for it.

        What may have been one short word is not guessed: a number is sure.
        """
        by_number = asked and heard in MAY_BE_A_WORD
        response = "utter_voice_number" if by_number else f"utter_voice_{heard}"
        self.replies.reply(db, entry, response)
        for said in asked:
            now = self.ground.clock.now()
            say_again(db, conversation, said, inbox_id=entry.id, now=now)

    def _cannot_read(self, db: Db, entry: InboxEntry, message: Message) -> bool:
        """Say what of a message cannot be read, once; True where nothing else is left of it."""
        response = unread.said_of(message)
        if response and not entry.tries:
            self.replies.reply(db, entry, response)
        return unread.is_all(message)

    def _takes(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        message: Message,
        takers: tuple[Taker, ...] = TAKERS,
    ) -> bool:
        """Take words somebody waits for; False when nobody does."""
        said = Spoken(
            conversation,
            message.text,
            self.ground.clock.now(),
            channel=conversations.channel_of(db, conversation),
            key=self.ground.secret_key,
            attached=bool(message.attachments),
        )
        square = square_of(self.ground.programme(db))
        done = next((done for take in takers if (done := take(db, square, said))), None)
        if done is not None:
            message.for_neighbour = done.for_neighbour
            self._tell(db, entry, done)
        return done is not None

    def _one_tap(self, db: Db, message: Message, choice: Choice | None) -> Choice | None:
        """Return the choice that was tapped or named if a tap is all its deed needs."""
        if choice is None and is_id(message.text):
            choice = issued(db, message, message.text)
        return choice if choice and choice.intent in (SURE, NOT_SURE, *TAPS) else None

    def _do_tap(
        self, db: Db, entry: InboxEntry, conversation: Conversation, choice: Choice
    ) -> None:
        """Do at once what a button says, and tell what came of it; elders are asked first."""
        elder.heard(db, conversation, understood=True)
        if choice.intent == NOT_SURE:
            self.replies.reply(db, entry, "utter_not_done")
            return
        if is_read_back(conversation, choice):
            values = {"what": choice.label, "deed": as_value(choice)}
            self.replies.reply(db, entry, "utter_read_back", values=values)
            return
        choice = reading_back.meant(choice)
        now, key = self.ground.clock.now(), self.ground.secret_key
        tap = Tap(conversation, choice.value, now, key)
        conversations.hold(db, conversation.id)  # before its notices, as the worker does
        try:
            own_phone.refuse(db, conversation, choice.intent)
            with db.begin_nested():
                done = TAPS[choice.intent](db, self.ground.programme(db), tap)
        except Refusal as refusal:
            self.replies.reply(db, entry, refusal.response, values=refusal.details)
            return
        self._tell(db, entry, done)

    def _tell(self, db: Db, entry: InboxEntry, done: Done) -> None:
        self.ground.to_forget.extend(done.trackers)
        self.replies.reply(db, entry, done.response, values=done.values, choices=done.choices)

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
        if self._takes(db, entry, conversation, message, ALWAYS):
            return
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
    """Answer in the language somebody has just written; a name said to a form is of none."""
    resident = conversation.resident
    if is_id(text):
        return
    if may_be_a_name(text) and db.get(Draft, conversation.id) is not None:
        return
    language = language_of(text, resident.language)
    if language != resident.language:
        conversations.hold(db, conversation.id)  # before the resident, as an emergency does
        resident.language = language
