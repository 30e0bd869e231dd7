"""Staff: who may sign in to the desk, with which password, for how long."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.sql.dml import Delete

from actions.db import Db
from actions.errors import XiaoliError
from actions.people import links
from actions.people.locks import alone
from actions.people.model import Area, Role, SignInAttempt, Staff, StaffSession
from actions.people.roles import OWN_TEAM_ALONE, TOPMOST_ALONE, WORKS
from actions.people.scope import Reach, inside, is_topmost, reaches

# Some 30 ms and 19 MiB a guess. Old passwords keep the cost they were set with.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORTEST_PASSWORD = 10
SESSION_LASTS = timedelta(hours=12)
GUESSES = 10
GUESSES_WITHIN = timedelta(minutes=15)
USERNAME = re.compile(r"[\w.-]{2,40}")


class StaffUnfit(XiaoliError):
    """A member of staff cannot be like this; the message says what to change.

    `response` says the same at the desk.
    """

    def __init__(self, response: str, message: str) -> None:
        super().__init__(message)
        self.response = response


@dataclass(frozen=True)
class Newcomer:
    """Somebody about to become a member of staff."""

    username: str
    role: Role
    area_id: str
    team_id: str | None = None


@dataclass(frozen=True)
class Guess:
    """A try to sign in: which name, from which address of the net."""

    username: str
    address: str


@dataclass(frozen=True)
class Opened:
    """A new session: the secret is for the cookie alone, the table holds its hash."""

    secret: str
    csrf_token: str


def add(db: Db, newcomer: Newcomer, password: str, *, now: datetime) -> Staff:
    """Make somebody a member of staff.

    Raises:
        StaffUnfit: the name is taken or not a name, there is no such area, a weak password,
            or the role does not go with the area or without a team.
    """
    username = _tidy(newcomer.username)
    if not USERNAME.fullmatch(username):
        raise StaffUnfit(
            "utter_desk_staff_name",
            f"{newcomer.username!r} cannot be a name; use 2 to 40 letters, digits, . - _",
        )
    if _named(db, username) is not None:
        raise StaffUnfit(
            "utter_desk_staff_taken", f"The name {username} is taken; choose another"
        )
    place = area(db, newcomer.area_id)
    _check_role(newcomer, place)
    staff = Staff(
        username=username,
        password_hash=hashed(password),
        role=newcomer.role,
        area_id=place.id,
        team_id=newcomer.team_id,
        created_at=now,
    )
    db.add(staff)
    db.flush()
    return staff


def reset(db: Db, username: str, password: str) -> Staff:
    """Set a new password; whoever is signed in with the old one no longer is.

    Raises:
        StaffUnfit: there is nobody of that name, or the password is weak.
    """
    staff = _known(db, username)
    staff.password_hash = hashed(password)
    db.execute(_sessions_of(staff))
    return staff


def disable(db: Db, username: str, *, now: datetime) -> Staff:
    """Let somebody in no longer, from this moment; what they did keeps their name.

    Raises:
        StaffUnfit: there is nobody of that name.
    """
    staff = _known(db, username)
    staff.disabled_at = staff.disabled_at or now
    db.execute(_sessions_of(staff))
    links.unlink(db, staff)
    return staff


def change(db: Db, staff: Staff, guess_number: int, *, before: str, after: str) -> bool:
    """Give somebody the password they chose (`after`, hashed); every session of theirs ends.

    False when their password is no longer the one that was looked at (`before`, hashed).
    """
    changed = db.execute(
        update(Staff)
        .where(Staff.id == staff.id, Staff.password_hash == before)
        .values(password_hash=after)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    db.execute(delete(SignInAttempt).where(SignInAttempt.id == guess_number))
    db.execute(_sessions_of(staff))
    return True


def named(db: Db, username: str) -> Staff:
    """Return a member of staff who may act.

    Raises:
        StaffUnfit: there is nobody of that name, or they were disabled.
    """
    staff = _known(db, username)
    if staff.disabled_at:
        raise StaffUnfit(
            "utter_desk_staff_disabled",
            f"{staff.username} was disabled and can be linked to nothing",
        )
    return staff


def everybody(db: Db, areas: Iterable[str] | None = None) -> list[Staff]:
    """Return the members of staff (of these areas) by name, those of former days included."""
    asked = select(Staff).order_by(Staff.username)
    if areas is not None:
        asked = asked.where(inside(Staff.area_id, tuple(areas)))
    return list(db.scalars(asked))


def reach_of(staff: Staff) -> Reach:
    """Return how far somebody sees: the own area and everything below, within their work."""
    role = Role(staff.role)
    return Reach((staff.area_id,), staff.team_id, WORKS[role], role in OWN_TEAM_ALONE)


def may_manage(manager: Staff, area_id: str, team_id: str | None) -> bool:
    """Whether it is for this person to say who somebody of an area and a team is.

    A team opens what is restricted: only the topmost area's give one, or touch who has one.
    """
    within = reaches([manager.area_id], area_id)
    return within and (team_id is None or is_topmost(manager.area_id))


def hashed(password: str) -> str:
    """Return what is kept of a password; slow on purpose.

    Raises:
        StaffUnfit: the password is weak.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise StaffUnfit(
            "utter_desk_password_short",
            f"The password is too short; use {SHORTEST_PASSWORD} characters or more",
        )
    return HASHER.hash(password)


def make_password() -> str:
    """Return a password nobody guesses."""
    return secrets.token_urlsafe(12)


# Signing in: `count_guess` in a transaction of its own that is committed, `fits` outside of any
# (it is slow on purpose), then `open_session`, which looks again.


def count_guess(db: Db, guess: Guess, *, key: str, now: datetime) -> int | None:
    """Count a guess before the password is looked at; returns its number.

    None: there were too many, by this name or from this address; this one is not counted.
    """
    alone(db, SignInAttempt)
    db.execute(delete(SignInAttempt).where(SignInAttempt.tried_at <= now - GUESSES_WITHIN))
    counted = SignInAttempt(
        username_hash=_keyed(key, f"name {_tidy(guess.username)}"),
        address_hash=_keyed(key, f"address {guess.address}"),
        tried_at=now,
    )
    for same in (
        SignInAttempt.username_hash == counted.username_hash,
        SignInAttempt.address_hash == counted.address_hash,
    ):
        if db.scalars(select(func.count(SignInAttempt.id)).where(same)).one() >= GUESSES:
            return None
    db.add(counted)
    db.flush()
    return counted.id


def to_sign_in(db: Db, username: str) -> Staff | None:
    """Return whom a name may sign in as; None for nobody, and for the disabled."""
    staff = _named(db, _tidy(username))
    return None if staff is None or staff.disabled_at else staff


def fits(staff: Staff | None, password: str) -> bool:
    """Whether it is the password; costs the same where there is nobody. Keep no store open."""
    decoy = _decoy()
    try:
        return HASHER.verify(staff.password_hash if staff else decoy, password) and bool(staff)
    except (VerificationError, InvalidHashError):
        return False


def open_session(db: Db, staff: Staff, guess_number: int, *, now: datetime) -> Opened | None:
    """Sign somebody in whose password was right; None when it is no longer theirs to use.

    A right guess no longer counts, so that an office behind one address is not locked out.
    """
    current = db.scalars(
        select(Staff).where(Staff.id == staff.id).with_for_update()
    ).one_or_none()
    if current is None or current.disabled_at or current.password_hash != staff.password_hash:
        return None
    db.execute(delete(SignInAttempt).where(SignInAttempt.id == guess_number))
    db.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
    opened = Opened(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    db.add(
        StaffSession(
            id=_hash_of(opened.secret),
            staff_id=staff.id,
            csrf_token=opened.csrf_token,
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    db.flush()
    return opened


def session_of(db: Db, secret: str, *, now: datetime) -> tuple[Staff, StaffSession] | None:
    """Return who is signed in by a cookie's secret, while that holds."""
    found = db.execute(
        select(Staff, StaffSession)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(
            StaffSession.id == _hash_of(secret),
            StaffSession.expires_at > now,
            Staff.disabled_at.is_(None),
        )
    ).one_or_none()
    return (found[0], found[1]) if found else None


def close_session(db: Db, secret: str) -> None:
    """Sign out; a secret that is not known is fine."""
    db.execute(delete(StaffSession).where(StaffSession.id == _hash_of(secret)))


def _known(db: Db, username: str) -> Staff:
    staff = _named(db, _tidy(username))
    if staff is None:
        raise StaffUnfit(
            "utter_desk_staff_unknown",
            f"There is no member of staff called {username}; see `staff list`",
        )
    return staff


def _named(db: Db, username: str) -> Staff | None:
    return db.scalar(select(Staff).where(Staff.username == username))


def _tidy(username: str) -> str:
    """王芳 and ｗａｎｇ Fang are typed in many ways; one is stored."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def area(db: Db, area_id: str) -> Area:
    """Return an area by its path.

    Raises:
        StaffUnfit: there is none.
    """
    found = db.get(Area, area_id.strip("/") + "/")
    if found is None:
        known = ", ".join(db.scalars(select(Area.id).order_by(Area.id).limit(40)))
        raise StaffUnfit(
            "utter_desk_staff_area",
            f"There is no area {area_id}; there are: {known or 'none yet'}",
        )
    return found


def _check_role(newcomer: Newcomer, area: Area) -> None:
    role = newcomer.role
    if role in TOPMOST_ALONE and not is_topmost(area.id):
        raise StaffUnfit(
            "utter_desk_staff_topmost", f"A {role} is of a whole town, not of {area.id}"
        )
    if role in OWN_TEAM_ALONE and not newcomer.team_id:
        raise StaffUnfit(
            "utter_desk_staff_team", f"The role {role} needs a team: it sees its requests alone"
        )


@cache
def _decoy() -> str:
    """A password of nobody, to be compared with where there is no such person."""
    return HASHER.hash(secrets.token_hex())


def _sessions_of(staff: Staff) -> Delete:
    return delete(StaffSession).where(StaffSession.staff_id == staff.id)


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _keyed(key: str, fact: str) -> str:
    """Keyed, so that the table tells nobody which names were tried from where."""
    return hmac.new(f"sign-in {key}".encode(), fact.encode(), hashlib.sha256).hexdigest()
