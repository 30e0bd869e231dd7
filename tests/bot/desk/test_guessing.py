"""A hundred guesses at once, over the network: no more than ten are looked at (P37)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select

from actions.db import Db
from actions.people import staff
from actions.people.model import SignInAttempt
from actions.people.staff import Guess
from bot.desk.visit import COOKIE
from tests.bot.conftest import on_a_port
from tests.bot.desk.conftest import Village

AT_ONCE = 100
RIGHT = "correct horse"


@pytest.fixture
def busy_seconds() -> float:
    return 60


def guess_at_once(village: Village, guesses: int = AT_ONCE) -> list[int]:
    """Send them from as many connections; returns how each was answered."""
    limits = httpx.Limits(max_connections=guesses)
    with (
        on_a_port(village.bot.app) as url,
        httpx.Client(base_url=url, headers={"Origin": url}, timeout=120, limits=limits) as net,
        ThreadPoolExecutor(guesses) as pool,
    ):

        def guess(number: int) -> int:
            said = {"username": "own", "password": f"wrong horse {number}"}
            return net.post("/desk/sign-in", data=said).status_code

        return list(pool.map(guess, range(guesses)))


@pytest.mark.both_stores
def test_a_hundred_guesses_at_once_are_ten(village: Village) -> None:
    answers = guess_at_once(village)
    assert (answers.count(403), answers.count(429)) == (staff.GUESSES, AT_ONCE - staff.GUESSES)


@pytest.mark.both_stores
def test_counting_after_the_password_is_looked_at_lets_more_through(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the naive way looks how many there were, and counts what was wrong."""

    def look_only(db: Db, guess: Guess, **facts: object) -> int | None:
        counted = db.scalars(select(func.count(SignInAttempt.id))).one()
        return 0 if counted < staff.GUESSES else None

    fits = staff.fits

    def count_later(*asked: object) -> bool:
        right = fits(*asked)  # type: ignore[arg-type]
        with village.bot.parts.database.transaction() as db:
            now = village.bot.clock.now()
            db.add(SignInAttempt(username_hash="x", address_hash="x", tried_at=now))
        return right

    monkeypatch.setattr(staff, "count_guess", look_only)
    monkeypatch.setattr(staff, "fits", count_later)
    assert guess_at_once(village, guesses=30).count(403) > staff.GUESSES


async def test_a_session_is_new_at_every_sign_in_and_a_brought_one_is_not_taken(
    village: Village,
) -> None:
    brought = {"Cookie": f"{COOKIE}=brought-along-by-somebody-else", "Origin": "http://bot"}
    given = set()
    for _ in range(3):
        answer = await village.bot.client.post(
            "/desk/sign-in", data={"username": "own", "password": RIGHT}, headers=brought
        )
        given.add(answer.cookies[COOKIE])
    assert len(given) == 3
    assert "brought-along-by-somebody-else" not in given
    (secret, *_) = given
    village.bot.clock.pass_by(staff.SESSION_LASTS + timedelta(seconds=1))
    headers = {"Cookie": f"{COOKIE}={secret}"}
    answer = await village.bot.client.get("/desk/", headers=headers)
    assert answer.headers["location"] == "/desk/sign-in"
