"""I am worried about this neighbour: what a helper may tell staff, in their own words."""

from collections.abc import Mapping
from datetime import datetime

from actions import alerts
from actions.alerts import Alert, AlertKind
from actions.care import awaiting, whom
from actions.conversations import Choice
from actions.db import Db
from actions.people.model import Words
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap

NO_WORDS = "worried_without_words"
LONGEST_WORDS = 1000


def begin(db: Db, square: Square, tap: Tap) -> Done:
    """Ask what worries them. The value is what brought the two together ("help:12")."""
    whom.of_cause(
        db, tap.value, tap.conversation.resident_id
    )  # or it is no neighbour of theirs
    language = tap.conversation.resident.language
    label = square.wording.render("utter_worried_no_words", language=language).text
    return Done("utter_worried_ask", choices=[Choice(label, NO_WORDS, tap.value)])


def without_words(db: Db, square: Square, tap: Tap) -> Done:
    """Have staff look without another word."""
    return _raise(db, Spoken(tap.conversation, "", tap.now), tap.value)


def take_words(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take the words, when they follow the question for them."""
    asked = awaiting.offered(db, spoken.conversation.id, {NO_WORDS}, now=spoken.now)
    if asked is None or not spoken.text.strip():
        return None
    return _raise(db, spoken, asked.value)


TAPS: Mapping[str, Deed] = {"worried_about": begin, NO_WORDS: without_words}


def _raise(db: Db, spoken: Spoken, about: str) -> Done:
    """Raise it once for a cause, until staff have seen to it; words said later are added."""
    worried_id = spoken.conversation.resident_id
    met = whom.of_cause(db, about, worried_id)
    alert, _ = alerts.raise_anew(
        db,
        AlertKind.WORRIED,
        met.other.resident_id,
        about=about,
        key=f"worried:{about}:{worried_id[:16]}",
        now=spoken.now,
    )
    _add(alert, spoken.text.strip()[:LONGEST_WORDS], worried_id, spoken.now)
    db.flush()
    return Done("utter_worried_told")


def _add(alert: Alert, text: str, worried_id: str, now: datetime) -> None:
    if not text:
        return
    if alert.words is None:
        alert.words = Words(resident_id=worried_id, text=text, created_at=now)
    else:
        alert.words.text = f"{alert.words.text}\n{text}"[:LONGEST_WORDS]
