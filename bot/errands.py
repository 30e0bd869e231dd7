"""Several things in one message, and forms that were left: told apart, queued, offered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm.exc import ObjectDeletedError

from actions import errands, turns
from actions.booking.unfinished import is_past
from actions.conversations import Choice, Conversation, Draft, Message, Status
from actions.db import Db
from actions.errand_taps import named
from actions.errands import RESUMED, Errand, ErrandState
from actions.intents import DEEDS, QUESTIONS, SURE
from actions.turns import EntryState, InboxEntry, TurnRow, TurnState
from bot import several
from bot.assistant import Meant
from bot.ground import Ground
from bot.replies import Replies
from bot.work import Work, as_words

RESUME = "resume_errand"
# What leaves a form that nobody has answered for long; thanks and goodbyes do not.
ELSEWHERE = QUESTIONS - {"thank", "goodbye"} | DEEDS
ONCE_IN = timedelta(days=1)  # what was left is offered at most so often
# Forms that only ask back: nobody would take them up again.
NOT_OFFERED = frozenset({"ask_departure_form", "add_to_request_form"})


@dataclass(frozen=True)
class Errands:
    """What the gateway does with messages that ask several things, in its transactions."""

    ground: Ground
    replies: Replies

    def to_read(self, db: Db, message: Message) -> tuple[str, ...]:
        """Return what has to be understood before it is known what a message asks."""
        if not message.text or self.ground.reader is None:
            return ()
        parts = several.clauses(message.text)
        if len(parts) < 2 and not self._is_left(db.get(Draft, message.conversation_id)):
            return ()
        return (message.text, *(part.of(message.text) for part in parts))

    def _is_left(self, draft: Draft | None) -> bool:
        """Whether somebody left a form long ago, that may be offered again."""
        return (
            draft is not None
            and draft.form not in NOT_OFFERED
            and self.ground.clock.now() - draft.updated_at >= errands.FRESH
        )

    def sort_out(self, db: Db, work: Work, meant: Sequence[Meant]) -> Work:
        """Note what a message asks, now that it is understood; the turn is about the first."""
        turn = db.get_one(TurnRow, work.turn_id, with_for_update=True)
        if turn.state != TurnState.RUNNING:
            return work
        conversation = db.get_one(Conversation, turn.conversation_id)
        message = db.get_one(Message, turn.message_id)
        draft = db.get(Draft, conversation.id)
        if draft and self._is_left(draft) and _goes_elsewhere(draft, meant[0]):
            errands.leave_form(db, conversation, draft)
            turn.draft = draft = None
            work = replace(work, tracker_id=conversation.tracker_id)
        form = draft.form if draft else None
        things = several.things(message.text, several.clauses(message.text), meant[1:], form)
        if len(things) < 2 or (form and not things[0].at_once):
            return work
        errands.note(db, inbox_id=turn.inbox_id, message=message, things=things)
        entry = db.get_one(InboxEntry, turn.inbox_id)
        self._say_what_waits(db, entry, form)
        first = errands.due(db, entry.id)
        if first is None:
            first = errands.take_up(db, conversation, entry.id, now=self.ground.clock.now())
        if first is None:
            return work
        turns.be_about(turn, first)
        return replace(work, text=as_words(first.words))

    def _say_what_waits(self, db: Db, entry: InboxEntry, form: str | None) -> None:
        """Tell which deeds come later; the first begins at once if nothing is under way."""
        later = errands.waiting_of(db, entry.id)
        for errand in later if form else later[1:]:
            self.replies.reply(db, entry, "utter_errand_noted", values={"what": errand.words})

    def done(self, db: Db, turn_id: str) -> None:
        """The errand of a turn is dealt with, if it had one."""
        turn = db.get_one(TurnRow, turn_id)
        if turn.errand_id is not None:
            errand = db.get_one(Errand, turn.errand_id)
            errands.end(db, errand, ErrandState.DONE, now=self.ground.clock.now())

    def close(self, db: Db, entry: InboxEntry, conversation: Conversation) -> None:
        """Close an entry that was answered, unless something is still to be done in it."""
        now = self.ground.clock.now()
        try:
            goes_on = self._goes_on(db, entry, conversation)
        except ObjectDeletedError:  # they had themselves forgotten
            goes_on = False
        if goes_on:
            entry.tries, entry.next_try_at = 0, now
        else:
            turns.close_entry(entry, EntryState.ANSWERED, now=now)

    def _goes_on(self, db: Db, entry: InboxEntry, conversation: Conversation) -> bool:
        """Whether more is to be done in an entry; what was left earlier is offered instead."""
        now = self.ground.clock.now()
        db.flush()
        is_due = errands.due(db, entry.id) is not None
        if conversation.status == Status.OPEN:
            if is_due:
                errands.give_over(db, entry.id, now=now)
            return False
        if is_due:
            return True
        if taken := errands.take_up(db, conversation, entry.id, now=now):
            if errands.came_after_another(db, taken) or taken.message_id != entry.message_id:
                values = {"what": taken.words}
                self.replies.reply(db, entry, "utter_errand_next", values=values)
            return True
        self._offer(db, entry, conversation)
        return False

    def _offer(self, db: Db, entry: InboxEntry, conversation: Conversation) -> None:
        """Ask, once a day, whether to go on with what was left; say when it is too late."""
        now = self.ground.clock.now()
        left = errands.to_offer(db, conversation, now=now, again_after=ONCE_IN)
        if left is None:
            return
        values = {**self._told(conversation, left), "errand": left.id}
        if is_past(db, left, now=now):
            errands.end(db, left, ErrandState.DROPPED, now=now)
            self.replies.reply(db, entry, "utter_errand_past", values=values)
            return
        left.offered_at = now
        self.replies.reply(db, entry, "utter_errand_left", values=values)

    def _told(self, conversation: Conversation, errand: Errand) -> dict[str, Any]:
        """Return what a waiting errand is called, and of which day it is."""
        words = named(self.ground.wording, errand, conversation.resident.language)
        return {"what": words, "day": errand.said_at.astimezone(self.ground.pack.zone).date()}

    def resumed(
        self, db: Db, entry: InboxEntry, conversation: Conversation, choice: Choice
    ) -> list[Choice]:
        """Take up what was left, if that was chosen; returns the choice that Rasa is told.

        What was only said is due in the entry then; a form asks again where it stopped.
        """
        if choice.intent != RESUME:
            return [choice]
        now = self.ground.clock.now()
        errand = errands.find(db, conversation.id, choice.value)
        if errand and errand.draft is None:
            errands.make_due(db, errand, entry.id)
            return []
        if errand and db.get(Draft, conversation.id) is None:
            errands.resume_form(db, conversation, errand, now=now)
        return [Choice(choice.label, "choose", RESUMED)]


def _goes_elsewhere(draft: Draft, meant: Meant) -> bool:
    """Whether a message is surely about something else than the form that was left."""
    return (
        meant.confidence >= SURE
        and meant.intent in ELSEWHERE
        and meant.intent != draft.form.removesuffix("_form")
    )
