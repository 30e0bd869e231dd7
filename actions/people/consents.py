"""The consent ledger: what a resident agreed to, which text of it, when, where, until when.

The texts of a purpose are the responses of `TEXTS`. Whoever changes one of them gives the
purpose a new version: who agreed to the text before is asked anew.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update

from actions.db import Db
from actions.people.model import Consent

# Purpose → version of its text.
PURPOSES: Mapping[str, str] = {
    "help": "2026-11",  # neighbours are told nickname, distance and need
    "check_in": "2026-11",  # be asked every day, family and staff told of silence
    "care": "2026-11",  # staff told name and place when somebody worries about them
    "meet": "2026-11",  # be proposed to neighbours who like the same
}

# Purpose → the responses a yes to which is the consent.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "help": ("utter_consent_help", "utter_help_consent"),
    "check_in": ("utter_consent_check_in", "utter_check_in_plan", "utter_check_in_consent"),
    "care": ("utter_consent_care",),
    "meet": ("utter_consent_meet", "utter_meet_consent"),
}


def give(
    db: Db,
    resident_id: str,
    purpose: str,
    *,
    channel: str,
    now: datetime,
    staff_id: int | None = None,
) -> None:
    """Write down that a resident agrees to a purpose as its text is now; again changes nothing.

    `staff_id` is who heard it said, at the counter or on the phone.
    """
    if is_given(db, resident_id, purpose):
        return
    withdraw(db, resident_id, purpose, now=now)  # that to the text before
    db.add(
        Consent(
            resident_id=resident_id,
            purpose=purpose,
            version=PURPOSES[purpose],
            channel=channel,
            staff_id=staff_id,
            given_at=now,
        )
    )
    db.flush()


def withdraw(db: Db, resident_id: str, purpose: str, *, now: datetime) -> bool:
    """Write down that it is taken back; False when it was not in force."""
    gone = db.execute(
        update(Consent)
        .where(
            Consent.resident_id == resident_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def is_given(db: Db, resident_id: str, purpose: str) -> bool:
    """Whether a resident agrees to a purpose, as its text is now."""
    given = select(Consent.id).where(
        Consent.resident_id == resident_id,
        Consent.purpose == purpose,
        Consent.version == PURPOSES[purpose],
        Consent.withdrawn_at.is_(None),
    )
    return db.scalar(given.limit(1)) is not None


def in_force(db: Db, resident_id: str) -> list[str]:
    """Return the purposes a resident agrees to, to whichever text, the first given first."""
    return list(
        db.scalars(
            select(Consent.purpose)
            .where(Consent.resident_id == resident_id, Consent.withdrawn_at.is_(None))
            .order_by(Consent.id)
        )
    )
