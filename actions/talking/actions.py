"""What Rasa may call for the relay: words for a neighbour, said without a tap before."""

from rasa_sdk.interfaces import Action

from actions import turns
from actions.conversations import Choice
from actions.dialogue import DoDeed, Events, Ground, Turn
from actions.relay import lead_in, relaying, taps, telling
from actions.relay.model import Relay
from actions.taps import Done
from actions.turns import InboxEntry

CHOICES = 4


class RelayMessage(DoDeed):
    """action_relay_message: passes on what somebody wants their neighbour to be told.

    Only words that say so are passed on at once; of others we ask. Who has several neighbours
    says which.
    """

    def name(self) -> str:
        return "action_relay_message"

    def act(self, turn: Turn) -> Events:
        lines = relaying.open_of(turn.db, turn.resident_id, now=turn.now)
        text = lead_in.without(turn.text)
        if not lines:
            turn.tell("utter_relay_nobody")
        elif len(lines) > 1:
            offered = [_named(turn, line, text) for line in lines[:CHOICES]]
            turn.tell("utter_relay_which", choices=offered)
        elif text is None or turn.elder:
            turn.tell("utter_relay_sure", value=_again(turn, lines[0]))
        else:
            self._pass_on(turn, lines[0], text)
        return []

    def claim(self, turn: Turn) -> None:
        super().claim(turn)
        turns.load(turn.db, turn.row.id)[1].for_neighbour = True

    def _pass_on(self, turn: Turn, relay: Relay, text: str) -> None:
        if text:
            square = turn.square
            done = relaying.pass_on(turn.db, square, relay, turn.conversation, text, turn.now)
        else:
            line = relaying.ends(turn.db, relay, turn.conversation, now=turn.now)
            done = taps.wait_for(turn.db, line, "words", now=turn.now)
        _tell(turn, done)


def actions(ground: Ground) -> list[Action]:
    """Make all of this topic's actions."""
    return [RelayMessage(ground)]


def _tell(turn: Turn, done: Done) -> None:
    turn.tell(done.response, choices=done.choices, **done.values)


def _named(turn: Turn, relay: Relay, text: str | None) -> Choice:
    """Offer a neighbour by who helps whom and since when; a name would be words."""
    line = relaying.ends(turn.db, relay, turn.conversation, now=turn.now)
    label = turn.wording.render(
        telling.which(line), language=turn.language, values={"since": relay.opened_at}
    ).text
    if text == "":
        return Choice(label, "write_to_neighbour", relay.about)
    return Choice(label, "relay_to", _again(turn, relay))


def _again(turn: Turn, relay: Relay) -> str:
    """Name the message by its number: its words stay where words are."""
    entry = turn.db.get_one(InboxEntry, turn.row.inbox_id)
    return f"{relay.about} {entry.message_id}"
