"""Talking about talking: greetings, what Xiaoli can do, elder mode and language."""

import re
from abc import ABC

from rasa_sdk.events import SlotSet
from rasa_sdk.interfaces import Action

from actions import elder, turns
from actions.dialogue import Answer, DialogueAction, Events, Ground, Turn
from actions.people import acting
from actions.people.model import Acting
from actions.told import MISHEARD, Told
from knowledge.text import normalise

# action → what it says; nothing is looked up and nothing changes.
SAYINGS = {
    "action_greet": "utter_greet",
    "action_thank": "utter_thank",
    "action_goodbye": "utter_goodbye",
    "action_ask_help": "utter_ask_help",
    "action_clarify": "utter_clarify",
}
MARKS = {"action_clarify": Told(MISHEARD)}

ELDER_OFF = re.compile(
    r"正常|普通|标准|平常|平时|换回|恢复|关闭|关掉|退出|取消|我不老|(?:不用|不要|不需要|别用).{0,3}(?:长辈|老人|老年|大字|关怀|这个)"
    r"|\b(?:normal|standard|usual|regular|off|disable|exit)\b"
)
# The last language a message names is the one that is wanted, unless it is refused.
REFUSED = re.compile(
    r"(?:不要|别说|别用|别讲|不会|不懂|看不懂|听不懂|不说)(?:说|讲)?(?:英语|英文|中文|汉语|普通话)"
    r"|(?:don'?t|do not|can'?t|cannot|can not|no) (?:\w+ )?(?:english|chinese|mandarin)"
)
NAMED = {
    "zh": r"中文|汉语|普通话|中国话|国语|chinese|mandarin",
    "en": r"英文|英语|老外|外国人|english",
}


class Say(Answer):
    """Says one thing."""

    def __init__(self, ground: Ground, name: str, response: str) -> None:
        super().__init__(ground)
        self._name, self._response = name, response

    def name(self) -> str:
        return self._name

    def act(self, turn: Turn) -> Events:
        turn.say(self._response, told=MARKS.get(self._name))
        return []


class Prefer(DialogueAction, ABC):
    """Remembers how a resident wants to be spoken to; a form in hand goes on afterwards."""

    def claim(self, turn: Turn) -> None:
        turns.act(turn.db, turn.row, self.name(), now=turn.now)


class SetElderMode(Prefer):
    """action_set_elder_mode: on, or off where the words say so; only ever when asked."""

    def name(self) -> str:
        return "action_set_elder_mode"

    def act(self, turn: Turn) -> Events:
        on = wants_elder_mode(turn.text)
        if one := _deputy(turn):
            done = elder.switch_for(turn.db, turn.square, one, on=on, now=turn.now)
            turn.tell(done.response, **done.values)
            return []
        elder.switch(turn.db, turn.conversation.resident, on=on)
        turn.tell("utter_elder_mode_on" if on else "utter_elder_mode_off")
        return [SlotSet("elder", on)]


class SetLanguage(Prefer):
    """action_set_language: the language the words ask for, else the other one."""

    def name(self) -> str:
        return "action_set_language"

    def act(self, turn: Turn) -> Events:
        language = wanted_language(turn.text) or ("en" if turn.language == "zh" else "zh")
        turn.conversation.resident.language = language
        turn.tell("utter_language_set")
        return [SlotSet("language", language)]


def actions(ground: Ground) -> list[Action]:
    """Make all of small talk's actions."""
    sayings = [Say(ground, name, response) for name, response in SAYINGS.items()]
    return [*sayings, SetElderMode(ground), SetLanguage(ground)]


def _deputy(turn: Turn) -> Acting | None:
    """Return how they act for the parent their words name (给我妈说简单些), if they do."""
    parent = acting.principal(turn.db, turn.resident_id, turn.text)
    lasting = acting.lasting_of(turn.db, turn.resident_id)
    return next((o for o in lasting if parent and o.principal_id == parent.id), None)


def wants_elder_mode(text: str) -> bool:
    """Whether the words ask for elder mode; otherwise they ask to be rid of it."""
    return ELDER_OFF.search(normalise(text)) is None


def wanted_language(text: str) -> str | None:
    """Return the language the words ask for, None when they name neither."""
    said = normalise(text)
    refused = " ".join(REFUSED.findall(said))
    left = REFUSED.sub(" ", said)
    places = {
        language: max((hit.end() for hit in re.finditer(names, left)), default=0)
        for language, names in NAMED.items()
    }
    if any(places.values()):
        return max(places, key=lambda language: places[language])
    if re.search(NAMED["zh"], refused):
        return "en"
    return "zh" if re.search(NAMED["en"], refused) else None
