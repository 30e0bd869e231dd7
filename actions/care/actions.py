"""What Rasa may call for care: report a neighbour, or talk about the daily question."""

from rasa_sdk.interfaces import Action

from actions import confirming, turns
from actions.care import check_in_taps, report_taps
from actions.dialogue import Answer, DialogueAction, Events, Ground, Turn
from actions.taps import Done, Tap


class ReportNeighbour(Answer):
    """action_report_neighbour: whom, and then what; all that follows are taps."""

    def name(self) -> str:
        return "action_report_neighbour"

    def act(self, turn: Turn) -> Events:
        square, tap = turn.square, Tap(turn.conversation, "", turn.now)
        if report_taps.is_about_blocks(turn.text):
            _say(turn, report_taps.show_blocks(turn.db, square, tap))
        else:
            message = turn.row.message_id
            _say(turn, report_taps.begin(turn.db, square, tap, words_in=message))
        return []


class ManageCheckIn(DialogueAction):
    """action_manage_checkin: reads back, offers; pauses or ends at once where words say so."""

    ends_passing_form = True

    def name(self) -> str:
        return "action_manage_checkin"

    def claim(self, turn: Turn) -> None:
        if turn.choice or check_in_taps.is_change(turn.text):
            turns.act(turn.db, turn.row, self.name(), now=turn.now)

    def act(self, turn: Turn) -> Events:
        meant = turn
        if turn.choice or check_in_taps.is_change(turn.text):
            asked = confirming.words(turn, "manage_checkin")
            if asked is None:
                return []
            meant = asked
        square, said = turn.square, meant.text
        done = check_in_taps.changes(turn.db, square, turn.conversation, said, now=turn.now)
        if done is not None:
            turn.tell(done.response, choices=done.choices, **done.values)
            return []
        _say(
            turn,
            check_in_taps.talk_of_it(turn.db, square, turn.conversation, said, now=turn.now),
        )
        return []


def actions(ground: Ground) -> list[Action]:
    """Make all of this topic's actions."""
    return [ReportNeighbour(ground), ManageCheckIn(ground)]


def _say(turn: Turn, done: Done) -> None:
    turn.say(done.response, choices=done.choices, **done.values)
