"""Staff: who may sign in to the desk, with which password, for how long."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.sql.dml import Delete

from actions.db import Db
from actions.errors import XiaoliError
from actions.people import links
from actions.people.locks import alone
from actions.people.model import Area, Role, SignInAttempt, Staff, StaffSession

# Some 30 ms and 19 MiB a guess. Old passwords keep the cost they were set with.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORTEST_PASSWORD = 10
SESSION_LASTS = timedelta(hours=12)
GUESSES = 10
GUESSES_WITHIN = timedelta(minutes=15)
USERNAME = re.compile(r"[\w.-]{2,40}")

# Whose work is the desk's inbox. An editor's is the knowledge base: the inbox is empty there.
ANSWERS = frozenset({Role.STAFF, Role.ADMIN})

EDITS = frozenset({Role.EDITOR, Role.ADMIN})  # may change what residents are told

ADMINISTERS = frozenset({Role.ADMIN})  # says who is staff, and where they are told


class StaffUnfit(XiaoliError):
    """A member of staff cannot be like this; the message says what to change."""


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
        StaffUnfit: the name is taken or not a name, there is no such area, a weak password.
    """
    username = _tidy(newcomer.username)
    if not USERNAME.fullmatch(username):
        raise StaffUnfit(
            f"{newcomer.username!r} cannot be a name; use 2 to 40 letters, digits, . - _"
        )
    if _named(db, username) is not None:
        raise StaffUnfit(f"The name {username} is taken; choose another")
    staff = Staff(
        username=username,
        password_hash=_hash(password),
        role=newcomer.role,
        area_id=area(db, newcomer.area_id).id,
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
    staff.password_hash = _hash(password)
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


def everybody(db: Db) -> list[Staff]:
    """Return all members of staff by name, those of former days included."""
    return list(db.scalars(select(Staff).order_by(Staff.username)))


def named(db: Db, username: str) -> Staff:
    """Return a member of staff who may act.

    Raises:
        StaffUnfit: there is nobody of that name, or they were disabled.
    """
    staff = _known(db, username)
    if staff.disabled_at:
        raise StaffUnfit(f"{staff.username} was disabled and can be linked to nothing")
    return staff


def areas_of(staff: Staff) -> list[str]:
    """Return the areas whose conversations and requests are this person's work."""
    return [staff.area_id] if staff.role in ANSWERS else []


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
        raise StaffUnfit(f"There is no member of staff called {username}; see `staff list`")
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
        raise StaffUnfit(f"There is no area {area_id}; there are: {known or 'none yet'}")
    return found


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise StaffUnfit(
            f"The password is too short; use {SHORTEST_PASSWORD} characters or more"
        )
    return HASHER.hash(password)


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
