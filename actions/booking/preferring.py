"""action_set_reminders: which reminders a resident wants, of what is booked already as well."""

import re

from actions import confirming, turns
from actions.booking import bookings, places, service, showing
from actions.booking.reminders import Preference
from actions.dialogue import DialogueAction, Events, Turn
from knowledge.text import normalise

EVENING = (
    r"(?:前一?[天日]|前一?晚|头一?[天晚]|提前一天|\b(?:evening|day|night) before\b"
    r"|\bevening (?:reminder|one)\b)"
)
DAY = r"(?:当[天日]|活动那天|\bon the day\b|\b(?:same|that) day\b|\bmorning of\b)"
TWO_HOURS = r"(?:(?:两|2)个?(?:小时|钟头)|\btwo hours\b)"
NOT = r"(?:不|别|勿|\b(?:don'?t|do not|no|not|without|stop)\b)"
NEAR = r"[^，,。.；;]{0,16}?"  # within the same part of a sentence
# The first that is said counts; whoever asks for reminders without saying which gets all.
SAID = (
    (
        Preference.ALL,
        re.compile(rf"{EVENING}.*(?:和|跟|还有|\band\b).*(?:{DAY}|{TWO_HOURS})"),
    ),
    (Preference.DAY, re.compile(rf"{EVENING}{NEAR}{NOT}|{NOT}{NEAR}{EVENING}")),
    (Preference.EVENING, re.compile(EVENING)),
    (
        Preference.EVENING,
        re.compile(rf"(?:{DAY}|{TWO_HOURS}){NEAR}{NOT}|{NOT}{NEAR}(?:{DAY}|{TWO_HOURS})"),
    ),
    (
        Preference.DAY,
        re.compile(
            rf"{DAY}|(?:只|就|仅|\bonly\b|\bjust\b).*{TWO_HOURS}"
            rf"|{TWO_HOURS}.*(?:就[行好够]|够了|\benough\b)"
        ),
    ),
    (
        Preference.NONE,
        re.compile(
            r"(?:不|别|勿|没必要).{0,8}(?:提醒|通知|发|喊|叫)|(?:提醒|通知|消息).{0,10}(?:不|别|勿|关|停|取消|烦)"
            r"|(?:关|停|取消).{0,4}(?:提醒|通知)"
            r"|\b(?:don'?t|do not|no|stop|off|without|never|not)\b"
        ),
    ),
)
FORGET = re.compile(r"(?:别|不要|勿要?|不能|怕)忘记?了?|\bdon'?t forget\b")  # no refusal
TOLD = {
    Preference.ALL: "utter_reminders_all",
    Preference.EVENING: "utter_reminders_evening",
    Preference.DAY: "utter_reminders_day",
    Preference.NONE: "utter_reminders_none",
}


class SetReminders(DialogueAction):
    """Keeps the preference and owes the reminders anew; a form in hand goes on afterwards."""

    def name(self) -> str:
        return "action_set_reminders"

    def claim(self, turn: Turn) -> None:
        turns.act(turn.db, turn.row, self.name(), now=turn.now)

    def act(self, turn: Turn) -> Events:
        meant = confirming.words(turn, "set_reminders")
        if meant is None:
            return []
        wanted = wanted_reminders(meant.text)
        turn.conversation.resident.reminders = wanted
        turn.db.flush()
        held = service.reminded_of(turn.db, resident_id=turn.resident_id, now=turn.now)
        for session_id in sorted({one.session_id for one in held}):
            places.hold(turn.db, session_id)  # nobody moves it meanwhile
        for booking in held:
            bookings.remind_anew(turn.db, showing.programme(turn), booking, now=turn.now)
        turn.tell(TOLD[wanted])
        return []


def wanted_reminders(text: str) -> Preference:
    """Return which reminders a message asks for; all when it only asks for some."""
    said = FORGET.sub(" ", normalise(text))
    found = (preference for preference, pattern in SAID if pattern.search(said))
    return next(found, Preference.ALL)
