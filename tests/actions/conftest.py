"""A talk with the action server as Rasa would lead it, without Rasa."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from actions import conversations, outbox, turns
from actions.conversations import Attachment, Author, Conversation
from actions.db import Database
from actions.dialogue import DialogueAction, Form, Ground
from actions.outbox import Notice
from actions.people.model import Area
from actions.turns import EntryState, InboxEntry, Opening, TurnRow
from actions.wording import read_payload, read_wording
from knowledge.pack import load_pack
from tests.conftest import StandingClock

Named = tuple[str, str, str]  # kind of entity, id in the pack, the words that name it


@pytest.fixture
def ground(database: Database, clock: StandingClock) -> Ground:
    """What the actions stand on: a real database, the shipped pack and wording."""
    pack = load_pack(Path("knowledge/data/guali"))
    with database.transaction() as db:
        for area in sorted(pack.areas.values(), key=lambda area: area.id.count("/")):
            db.add(Area(id=area.id, parent_id=area.parent, tier=area.tier))
            db.flush()
    return Ground(database, clock, read_wording(pack.zone), pack)


@dataclass
class Heard:
    """What came of one message."""

    turn: TurnRow
    texts: list[str] = field(default_factory=list)
    choices: list[dict[str, str]] = field(default_factory=list)
    news: list[Notice] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    stepped_aside: bool = False
    done: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def label_of(self, value: str) -> str:
        """The label of the choice with this value."""
        return next(c["title"] for c in self.choices if read_payload(c["payload"])[1] == value)

    @property
    def values(self) -> list[str]:
        """What each offered choice stands for, in order."""
        return [read_payload(choice["payload"])[1] for choice in self.choices]


@dataclass
class Talk:
    """One resident's conversation with one topic's actions; leads a form as Rasa does."""

    ground: Ground
    topic: Callable[[Ground], Iterable[Any]]
    language: str = "zh"
    elder: bool = False
    address: str = "a"
    slots: dict[str, Any] = field(default_factory=dict)
    form: str = ""
    deed: str = ""
    _count: int = 0

    def __post_init__(self) -> None:
        self.actions: dict[str, DialogueAction] = {
            action.name(): action for action in self.topic(self.ground)
        }

    @property
    def conversation_id(self) -> str:
        with self.ground.database.transaction() as db:
            return self._conversation(db).id

    @property
    def resident_id(self) -> str:
        with self.ground.database.transaction() as db:
            return self._conversation(db).resident_id

    def begin(self, form: str, deed: str, text: str, **said: Any) -> Heard:
        """Say what starts a form; `deed` is done when all of it is filled."""
        self.form, self.deed = form, deed
        self.slots["requested_slot"] = None
        return self.say(text, **said)

    def say(self, text: str = "", **said: Any) -> Heard:
        """Say something while a form is active (see `hear` for what may be said)."""
        turn = self.hear(text, choice=said.get("choice"), attach=said.get("attach", ()))
        return self.lead(Heard(turn), text, **said)

    def lead(self, heard: Heard, text: str, **said: Any) -> Heard:
        """Go one step on in the form, as Rasa does."""
        validator = self.actions[f"validate_{self.form}"]
        events = self.run(validator, heard, text, **said)
        heard.stepped_aside = not events
        assert isinstance(validator, Form)
        asked = next((s.slot for s in validator.steps if self.slots.get(s.slot) is None), None)
        self.slots["requested_slot"] = asked
        if asked:
            self.run(self.actions[f"action_ask_{self.form}_{asked}"], heard, text, **said)
        else:
            self.run(self.actions[self.deed], heard, text, **said)
            heard.done, self.form = True, ""
        return heard

    def do(self, action: str, text: str = "", **said: Any) -> Heard:
        """Say something that one action answers."""
        turn = self.hear(text, choice=said.get("choice"), attach=said.get("attach", ()))
        heard = Heard(turn)
        self.run(self.actions[action], heard, text, **said)
        return heard

    def hear(
        self, text: str, choice: str | None = None, attach: Sequence[Attachment] = ()
    ) -> TurnRow:
        """Write a message down and open its turn, as the gateway does."""
        now = self.ground.clock.now()
        self._count += 1
        with self.ground.database.transaction() as db:
            conversation = self._conversation(db)
            message = conversations.say(
                db, conversation, text, author=Author.RESIDENT, now=now, attachments=attach
            )
            entry = InboxEntry(
                channel="webchat",
                bot=self.address,
                update_id=str(self._count),
                conversation_id=conversation.id,
                message_id=message.id,
                state=EntryState.WAITING,
                tries=0,
                received_at=now,
                next_try_at=now,
            )
            db.add(entry)
            db.flush()
            tapped = {"intent": "choose", "value": choice} if choice is not None else None
            return turns.open_turn(
                db, entry, Opening(self.language, self.elder, tapped), now=now
            )

    def run(  # noqa: PLR0913 - all that Rasa says of a message
        self,
        action: DialogueAction,
        heard: Heard,
        text: str = "",
        *,
        intent: str = "",
        confidence: float = 0.95,
        entities: Sequence[Named] = (),
        choice: str | None = None,
        attach: Sequence[Attachment] = (),
    ) -> list[dict[str, Any]]:
        """Run one action on a turn and take over the slots it sets."""
        dispatcher = CollectingDispatcher()
        latest = {
            "text": text,
            "intent": {
                "name": "choose" if choice is not None else intent,
                "confidence": confidence,
            },
            "entities": [
                {
                    "entity": kind,
                    "value": value,
                    "start": text.index(words),
                    "end": text.index(words) + len(words),
                }
                for kind, value, words in entities
            ],
            "metadata": {"turn_id": heard.turn.id},
        }
        form = {"name": self.form} if self.form else {}
        tracker = Tracker("t", dict(self.slots), latest, [], False, None, form, "action_listen")
        events = action._run(dispatcher, tracker)
        if any(event["event"] == "active_loop" for event in events):
            self.form = ""
        self.slots |= {e["name"]: e["value"] for e in events if e["event"] == "slot"}
        heard.messages += dispatcher.messages
        heard.texts += [str(message["text"]) for message in dispatcher.messages]
        heard.marks += [m["custom"]["told"] for m in dispatcher.messages if m["custom"]]
        heard.choices += [b for m in dispatcher.messages for b in m.get("buttons") or ()]
        with self.ground.database.reading() as db:
            heard.news = outbox.of_turn(db, heard.turn.id)
        return events

    def told(self, heard: Heard) -> str:
        """The news of a turn's deeds, as the resident reads them."""
        return "\n".join(
            self.ground.wording.render(
                notice.response,
                language=self.language,
                elder=self.elder,
                values=notice.values,
            ).text
            for notice in heard.news
        )

    def _conversation(self, db: Any) -> Conversation:
        return conversations.at_address(
            db, channel="webchat", address=self.address, now=self.ground.clock.now()
        )
