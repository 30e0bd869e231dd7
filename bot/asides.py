"""What is about our own words: which is meant, 再说一遍, by voice or not, and the rest of it.

Nothing moves on by it: a form asks what it asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile, takewhile

from sqlalchemy import select

from actions import conversations
from actions.channels import CHANNELS
from actions.conversations import (
    MORE,
    Attachment,
    Author,
    Choice,
    Conversation,
    Message,
    Status,
)
from actions.db import Db
from actions.people.model import Address
from actions.turns import InboxEntry
from actions.wording import Said
from bot.choices import ENDS, either, is_id, issued, offering
from bot.ground import Ground
from bot.replies import Replies
from bot.voice.wishes import wished
from knowledge.text import normalise

LOOKED_AT = 60  # messages
# These alone: with more words somebody asks for something else.
AGAIN = re.compile(
    r"(?:(?:请|麻烦|能不能|可以|那|啊|哦|[,， ])*(?:您|你|侬|我)?(?:能)?"
    r"(?:(?:再|重新)(?:来|说|讲|念|读|问|发|重复)?一?[遍次](?:给我听)?"
    r"|再(?:说|讲|念)一下|重复一?[遍次下]?|(?:没|不|勿)(?:有|大)?听(?:清楚?|见|到)|听(?:不|勿)(?:清楚?|见|到)"
    r"|(?:刚才|刚刚)?(?:说|讲)(?:了)?(?:的)?(?:是)?(?:什么|啥)(?:来着)?)"
    r"(?:好吗|好不好|可以吗|吧|呢|啊|呀|了|[,， ])*)+"
    r"|(?:please |sorry,? |could you |can you )*"
    r"(?:repeat(?: it| that| please)*|say (?:it|that) again"
    r"|(?:once |one )(?:more|again)(?: time)?|again|pardon(?: me)?|come again"
    r"|what did you say|i (?:did not|didn'?t) (?:hear|catch)(?: you| that| it)?)(?:,? please)?"
)


@dataclass(frozen=True)
class Asides:
    """Answers what is about our own words, in the caller's transaction."""

    ground: Ground
    replies: Replies

    def answers(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        message: Message,
        meant: Sequence[Choice],
    ) -> bool:
        """Answer a message that is only about what we said; False when it is not."""
        if self._says_more(db, entry, conversation, message, meant):
            return True
        if self._minds_its_voice(db, entry, conversation, message):
            return True
        if conversation.status == Status.OPEN:  # that person is meant
            return False
        if len(meant) > 1:
            which = either(db, message, meant)
            self.replies.reply(db, entry, "utter_which_is_meant", choices=which)
            return True
        return is_asked(message.text) and self._says_again(db, entry, conversation, message)

    def _says_more(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        message: Message,
        meant: Sequence[Choice],
    ) -> bool:
        """Tell what was held back of a message, and show its other choices."""
        tapped = issued(db, message, message.text) if is_id(message.text) else None
        choice = meant[-1] if meant else tapped
        if choice is None or choice.intent != MORE:
            return False
        before = offering(db, conversation.id, choice.id)
        if before is None:
            return False
        text = before.rest.text if before.rest else before.text
        self.replies.write(db, entry, conversation, Said(text, tuple(before.held_back)))
        return True

    def _minds_its_voice(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> bool:
        """Speak from now on, or no more, and go on where we were; False: nobody asked.

        Where there is no voice and a person answers, that person is asked.
        """
        if (wants := wished(message.text)) is None:
            return False
        able = self._can_speak(db, conversation)
        if conversation.status == Status.OPEN and not able:
            return False
        conversation.aloud = wants and able
        word = "off" if not wants else "on" if conversation.aloud else "unable"
        self.replies.reply(db, entry, f"utter_aloud_{word}")
        if conversation.aloud or any(said.choices for said in last_said(db, message)):
            self._says_again(db, entry, conversation, message)
        return True

    def _can_speak(self, db: Db, conversation: Conversation) -> bool:
        address = db.get_one(Address, conversation.address_id)
        channel = CHANNELS.get(address.channel)
        return bool(self.ground.speaks and channel and channel.voices and not address.is_group)

    def _says_again(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> bool:
        said, now = last_said(db, message), self.ground.clock.now()
        for one in said:
            say_again(db, conversation, one, inbox_id=entry.id, now=now)
        return bool(said)


def is_asked(text: str) -> bool:
    """Whether a message only asks to hear again what was said."""
    return AGAIN.fullmatch(normalise(text).rstrip(f"{ENDS}?？")) is not None


def last_said(db: Db, message: Message) -> list[Message]:
    """Return what was said to a resident last before a message of theirs, in order."""
    earlier = db.scalars(
        select(Message)
        .where(Message.conversation_id == message.conversation_id, Message.id < message.id)
        .order_by(Message.id.desc())
        .limit(LOOKED_AT)
    )
    ours = dropwhile(_of_resident, earlier)
    return list(takewhile(lambda one: not _of_resident(one), ours))[::-1]


def say_again(
    db: Db, conversation: Conversation, said: Message, *, inbox_id: int, now: datetime
) -> None:
    """Say one message again: the words are the same row, so that they go together."""
    conversations.say(
        db,
        conversation,
        said.text,
        kept=said.words,
        author=Author(said.author),
        staff_id=said.staff_id,
        choices=said.offered,
        held=said.held_back,
        rest=said.rest.text if said.rest else "",
        attachments=[Attachment(**one) for one in said.attachments],
        inbox_id=inbox_id,
        now=now,
    )


def _of_resident(message: Message) -> bool:
    return message.author == Author.RESIDENT
