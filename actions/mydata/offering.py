"""What a resident may do about their data, as choices to tap."""

from actions.conversations import Choice
from actions.db import Db
from actions.people import consents
from actions.people.model import Resident
from actions.wording import Wording

MOST_FOR_ELDERS = 3


def choices(db: Db, wording: Wording, resident: Resident) -> list[Choice]:
    """Return what may be done: a copy, taking back what was agreed to, forgetting.

    A consent is one tap away; elders, who see three choices at most, may need one more.
    """
    given = consents_in_force(db, wording, resident)
    if resident.elder and len(given) > MOST_FOR_ELDERS - 2:
        given = [_choice(wording, resident, "list_consents")]
    return [
        _choice(wording, resident, "export_my_data"),
        *given,
        _choice(wording, resident, "forget_me"),
    ]


def consents_in_force(db: Db, wording: Wording, resident: Resident) -> list[Choice]:
    """Return a choice for each consent that is given: a tap takes it back."""
    return [
        _choice(wording, resident, "withdraw_consent", purpose)
        for purpose in consents.in_force(db, resident.id)
    ]


def _choice(wording: Wording, resident: Resident, intent: str, value: str = "") -> Choice:
    of = f"{intent}_{value}" if value else intent
    said = wording.render(f"utter_label_{of}", language=resident.language)
    return Choice(said.text, intent, value)
