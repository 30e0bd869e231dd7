"""Messages of staff, in their chats or alone with us: who speaks, and what came of it.

They never reach the assistant. A group is a chat of staff once a code has made it one; a member
of staff is known by an address a code has linked. On the web page nobody is: staff have the
desk.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actions import callers, channels, conversations
from actions.conversations import Author, Conversation, Message
from actions.db import Db
from actions.errors import Refusal
from actions.governance import chat, commands, partners
from actions.governance.chat import Answer, Room
from actions.governance.commands import Order
from actions.people import audit, links, scope, staff
from actions.people.links import Door
from actions.people.model import Address, Role, Staff, StaffChat
from actions.people.scope import Reach
from actions.turns import EntryState, InboxEntry
from bot.choices import is_id, issued, offered_before, resolve
from bot.ground import Ground
from bot.inbox import around
from bot.replies import Replies
from knowledge.pack import Pack
from knowledge.records import Text
from knowledge.text import normalise

RESIDENTS_ONLY = frozenset(
    {"webchat", "kiosk", callers.CHANNEL, partners.CHANNEL}
)  # a session of a page is no sign-in

# What makes and ends a link → the words, which a code may follow.
CODE = r"[\s:]*(?P<code>(?:[a-z0-9][\s-]*){6,12})"
LINKING = {
    "link": re.compile(r"(?:绑定|link)(?!\s*chat)" + CODE),
    "link_chat": re.compile(r"(?:绑定群|link\s*chat)" + CODE),
    "unlink": re.compile(r"(?P<code>)(?:解绑|解除绑定|unlink)"),
    "unlink_chat": re.compile(r"(?P<code>)(?:解绑群|unlink\s*chat)"),
}


@dataclass(frozen=True)
class Heard:
    """A message of staff, or of somebody in their chat: `chat` is None alone with us.

    `group`: others read along. `speaker` is None for somebody we do not know.
    """

    db: Db
    entry: InboxEntry
    conversation: Conversation
    message: Message
    door: Door
    group: bool
    chat: StaffChat | None
    speaker: Staff | None
    quoted: str
    now: datetime

    @property
    def reach(self) -> Reach:
        """How far the speaker sees, as far as those who read along may see it."""
        if self.speaker is None:
            return Reach(())
        mine, chat = staff.reach_of(self.speaker), self.chat
        if chat is None:
            return mine
        team = mine.team if chat.team_id == mine.team else None
        return replace(mine, areas=scope.shared(mine.areas, chat.area_id), team=team)


@dataclass(frozen=True)
class StaffChats:
    """Answers what staff say, in the caller's transaction."""

    ground: Ground
    replies: Replies

    def answers(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> bool:
        """Answer a message of staff; False when it is a resident's."""
        if not self.is_of_staff(db, entry):
            return False
        conversations.hold(db, conversation.id)
        db.refresh(entry)
        if entry.state == EntryState.WAITING:  # else another gateway has just answered it
            heard = self._heard(db, entry, conversation, message)
            conversation.introduced_at = conversation.introduced_at or heard.now
            self._answer(heard)
        return True

    def is_of_staff(self, db: Db, entry: InboxEntry) -> bool:
        """Whether a message is for us here, and for no resident's assistant."""
        if entry.channel in RESIDENTS_ONLY or entry.message_id is None:
            return False
        if channels.is_for_staff(entry.channel):
            return True
        message = db.get_one(Message, entry.message_id)
        if around(entry).sender or links.chat_of(db, message.conversation_id):
            return True
        linking, now = _linking(message.text), self.ground.clock.now()
        if linking and not links.is_alive(db, linking[1], now=now):  # else it is a resident's
            return True
        return links.speaker(db, _door(db, entry)) is not None

    def is_command(self, db: Db, entry: InboxEntry) -> bool:
        """Whether staff order it, who are known: no emergency, whatever words it holds."""
        if not self.is_of_staff(db, entry) or links.speaker(db, _door(db, entry)) is None:
            return False
        said = db.get_one(Message, entry.message_id).text
        return commands.read(self.ground.pack, said) is not None

    def _heard(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> Heard:
        door, said = _door(db, entry), around(entry)
        chat_here = links.chat_of(db, conversation.id)
        return Heard(
            db=db,
            entry=entry,
            conversation=conversation,
            message=message,
            door=door,
            group=bool(said.sender) or chat_here is not None,
            chat=chat_here,
            speaker=links.speaker(db, door),
            quoted=said.quoted,
            now=self.ground.clock.now(),
        )

    def _answer(self, heard: Heard) -> None:
        if heard.speaker is not None:
            heard.message.author, heard.message.staff_id = Author.STAFF, heard.speaker.id
            heard.db.flush()
        answer = self._come_of(heard)
        said = self.ground.wording.render(
            answer.response,
            language=heard.conversation.resident.language,
            values=answer.values,
        )
        self.replies.write(
            heard.db, heard.entry, heard.conversation, said, words_of=answer.words_of
        )
        by = heard.speaker.id if heard.speaker else None
        for deed, subject in answer.notes:  # the last: who appends holds others up
            audit.append(
                heard.db,
                key=self.ground.secret_key,
                staff_id=by,
                deed=deed,
                subject=subject,
                now=heard.now,
            )

    def _come_of(self, heard: Heard) -> Answer:
        """Do what is said; a refusal is rolled back and is the answer."""
        if found := _linking(heard.message.text):
            deed, code = found
            return LINKS[deed](self, heard, code)
        if heard.speaker is None and heard.group and heard.chat is None:
            return Answer("utter_group_not_here")
        if heard.speaker is None:
            return Answer("utter_staff_unlinked")
        if heard.group and heard.chat is None:
            return Answer("utter_staff_chat_unknown")
        try:
            with scope.limited(heard.db, heard.reach), heard.db.begin_nested():
                return self._obey(heard, heard.speaker)
        except Refusal as refusal:
            return Answer(refusal.response, refusal.details)

    def _obey(self, heard: Heard, speaker: Staff) -> Answer:
        programme = self.ground.programme(heard.db)
        order = _order(heard, programme.pack)
        if order is None:
            return self._not_understood(heard)
        room = Room(
            db=heard.db,
            pack=programme.pack,
            wording=programme.wording,
            staff=speaker,
            conversation_id=heard.conversation.id,
            now=heard.now,
            alone=not heard.group,
            team_id=heard.chat.team_id if heard.chat else speaker.team_id,
            quoted=heard.quoted,
        )
        answer = chat.do(room, order)
        if order.command.name == "help":
            return self._with_linking(answer)
        return answer

    def _not_understood(self, heard: Heard) -> Answer:
        if not heard.message.text and heard.message.attachments:
            minutes = int(chat.PHOTOS_WITHIN.total_seconds() // 60)
            return Answer("utter_staff_photo_kept", {"minutes": minutes})
        if emergency := self.ground.gate.check(heard.message.text):
            said = {"number": emergency.number, "advice": emergency.first_sentence}
            return Answer("utter_emergency", said)
        command = commands.nearly(heard.message.text)
        if command is None:
            return Answer("utter_staff_not_understood")
        usage = self._both(f"utter_staff_help_{command.name}")
        return Answer("utter_staff_say_it_so", {"usage": usage})

    def _with_linking(self, answer: Answer) -> Answer:
        """Add to what may be said how links are made and ended."""
        lines = [
            answer.values["commands"],
            *(self._both(f"utter_staff_help_{deed}") for deed in LINKING),
        ]
        return Answer(answer.response, {"commands": chat.together(lines)})

    def _both(self, response: str) -> Text:
        zh, en = (
            self.ground.wording.render(response, language=language).text
            for language in ("zh", "en")
        )
        return Text(zh=zh, en=en)

    def _link(self, heard: Heard, code: str) -> Answer:
        """Know from now on who speaks here. Said where others read it, a code is void."""
        if heard.group:
            links.use_up(heard.db, code, key=self.ground.secret_key, now=heard.now)
            return Answer("utter_staff_link_alone")
        linked = links.link(
            heard.db, code, heard.door, key=self.ground.secret_key, now=heard.now
        )
        if linked is None:
            return Answer("utter_staff_not_linked")
        note = ("linked", f"staff:{linked.id} conversation:{heard.conversation.id}")
        return Answer("utter_staff_linked", {"name": linked.username}, (note,))

    def _unlink(self, heard: Heard, _code: str) -> Answer:
        if heard.speaker is None:
            return Answer("utter_staff_unlinked")
        links.unlink(heard.db, heard.speaker, heard.door.channel)
        note = ("unlinked", f"staff:{heard.speaker.id}")
        return Answer("utter_staff_unlinked_now", notes=(note,))

    def _link_chat(self, heard: Heard, code: str) -> Answer:
        """Make this group a chat of staff: by an administrator's code, said by staff."""
        if heard.speaker is None:
            return Answer("utter_staff_unlinked")
        if not heard.group:
            return Answer("utter_staff_link_in_group")
        opened = links.open_chat(
            heard.db, code, heard.conversation.id, key=self.ground.secret_key, now=heard.now
        )
        if opened is None:
            return Answer("utter_staff_not_linked")
        note = ("chat_linked", f"conversation:{heard.conversation.id}")
        place = place_of(self.ground.programme(heard.db).pack, opened)
        return Answer("utter_staff_chat_linked", {"place": place}, (note,))

    def _unlink_chat(self, heard: Heard, _code: str) -> Answer:
        if heard.speaker is None:
            return Answer("utter_staff_unlinked")
        if heard.chat is None:
            return Answer("utter_staff_chat_unknown")
        if heard.speaker.role != Role.ADMIN or not heard.reach.areas:
            return Answer("utter_staff_only_admin")
        heard.chat.ended_at = heard.now
        note = ("chat_unlinked", f"conversation:{heard.conversation.id}")
        return Answer("utter_staff_chat_unlinked", notes=(note,))


LINKS: Mapping[str, Callable[[StaffChats, Heard, str], Answer]] = {
    "link": StaffChats._link,
    "link_chat": StaffChats._link_chat,
    "unlink": StaffChats._unlink,
    "unlink_chat": StaffChats._unlink_chat,
}


def place_of(pack: Pack, chat: StaffChat | Staff) -> Text:
    """Name what a chat or somebody is for: the area, and the team there, if it is for one."""
    area, team = pack.areas.get(chat.area_id), pack.teams.get(chat.team_id or "")
    names = [known.name for known in (area, team) if known]
    return Text(
        zh="".join(name.zh for name in names) or chat.area_id,
        en=" ".join(name.en for name in names) or chat.area_id,
    )


def _order(heard: Heard, pack: Pack) -> Order | None:
    text = heard.message.text
    if is_id(text):
        choice = issued(heard.db, heard.message, text)
        return commands.tapped(choice.intent, choice.value) if choice else None
    if not text and not heard.message.attachments:  # only our name was called
        return commands.read(pack, "help")
    return commands.read(pack, text) or _numbered(heard)


def _numbered(heard: Heard) -> Order | None:
    """Take the number of a line of the notice told last for the word that stands there.

    It says no more than the word: of which request is found out as for the word.
    """
    last = offered_before(heard.db, heard.message).last
    choice = resolve(heard.message.text, last)
    order = commands.tapped(choice.intent, choice.value) if choice else None
    return replace(order, request_id=None) if order else None


def _linking(text: str) -> tuple[str, str] | None:
    """Return what a text says of links, and the code it says."""
    said = commands.MENTIONS.sub("", normalise(text)).rstrip("。.!！ ")
    for deed, words in LINKING.items():
        if found := words.fullmatch(said):
            return deed, found["code"]
    return None


def _door(db: Db, entry: InboxEntry) -> Door:
    """Return the address of whoever speaks: in a group their own, else the conversation's."""
    sender = around(entry).sender
    if sender:
        return Door(entry.channel, sender)
    talk = db.get_one(Conversation, entry.conversation_id)
    return Door(entry.channel, db.get_one(Address, talk.address_id).address)
