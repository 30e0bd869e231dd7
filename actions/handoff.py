"""To a person, and to the numbers everybody may call: one word away in any state."""

from typing import Any

from rasa_sdk.interfaces import Action

from actions import conversations, turns
from actions.conversations import Choice
from actions.dialogue import Answer, DialogueAction, Events, Ground, Turn
from actions.people.office import office, office_opening
from knowledge.hours import Opening
from knowledge.pack import Pack, Text


class AskPerson(DialogueAction):
    """action_ask_person: opens the conversation for staff and says when somebody is there.

    Nothing is called off: Rasa leaves the form, its draft stays, and when the conversation is
    returned, its new epoch takes the form up again at the same question.
    """

    def name(self) -> str:
        return "action_ask_person"

    def claim(self, turn: Turn) -> None:
        turns.act(turn.db, turn.row, self.name(), now=turn.now)

    def act(self, turn: Turn) -> Events:
        conversations.open_for_staff(turn.db, turn.conversation, now=turn.now)
        pack = turn.ground.pack
        there = office_opening(pack, turn.now)
        turn.tell(_response(there), **_values(pack, there))
        counter = office(pack)
        if counter and counter.level == "sample":
            turn.tell("utter_person_hours_sample")
        return []


class AskQuickLinks(Answer):
    """action_ask_quick_links: the pack's numbers and shortcuts, at most eight together."""

    def name(self) -> str:
        return "action_ask_quick_links"

    def act(self, turn: Turn) -> Events:
        pack = turn.ground.pack
        shortcuts = [
            Choice(link.label.in_(turn.language), link.value)
            for link in pack.quick_links
            if link.kind == "intent"
        ]
        turn.say("utter_quick_links", choices=shortcuts, numbers=numbers(pack))
        return []


def actions(ground: Ground) -> list[Action]:
    """Make all of hand-off's actions."""
    return [AskPerson(ground), AskQuickLinks(ground)]


def numbers(pack: Pack) -> Text:
    """Return the numbers of the pack's quick links, each with its name."""
    links = [link.label for link in pack.quick_links if link.kind == "phone"]
    return Text(
        zh="、".join(link.zh for link in links), en=", ".join(link.en for link in links)
    )


def _response(there: Opening) -> str:
    if there.is_open and there.closes_at:
        return "utter_person_there"
    return "utter_person_later" if there.opens_at else "utter_person_unknown_hours"


def _values(pack: Pack, there: Opening) -> dict[str, Any]:
    return {"closes": there.closes_at, "opens": there.opens_at, "numbers": numbers(pack)}
