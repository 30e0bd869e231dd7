"""Changing one's own password."""

import asyncio

import pytest
from sqlalchemy import select

from actions.people import staff
from actions.people.model import AuditEntry, SignInAttempt, StaffSession
from tests.bot.desk.conftest import Village
from tests.bot.desk.test_signin import sign_in

NEW = "battery staple"
RIGHT = {"password": "correct horse", "new": NEW, "again": NEW}


async def test_a_new_password_ends_every_session(village: Village) -> None:
    here, elsewhere = village.colleague("own"), village.colleague("own")
    answer = await here.post("/password", **RIGHT)
    assert answer.headers["location"] == "/desk/sign-in"
    for session in (here, elsewhere):
        assert (await session.get("/")).headers["location"] == "/desk/sign-in"
    assert (await sign_in(village)).status_code == 403
    assert (await sign_in(village, password=NEW)).status_code == 303
    with village.bot.parts.database.reading() as db:
        assert "changed_password" in db.scalars(select(AuditEntry.deed)).all()
        assert len(db.scalars(select(SignInAttempt)).all()) == 1  # the wrong one


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"password": "wrong horse"}, "现在的密码不对"),
        ({"password": ""}, "现在的密码不对"),
        ({"again": NEW + " "}, "两次写的新密码不一样"),
        ({"new": "short", "again": "short"}, "太短"),
        ({"new": "", "again": ""}, "太短"),
    ],
)
async def test_a_mistake_changes_nothing(
    village: Village, changed: dict[str, str], says: str
) -> None:
    own = village.colleague("own")
    answer = await own.post("/password", **(RIGHT | changed))
    assert (answer.status_code, says in answer.text) == (409, True)
    assert (await own.get("/")).status_code == 200
    assert (await sign_in(village)).status_code == 303


@pytest.mark.both_stores
async def test_the_old_password_is_not_guessed_with_a_cookie_that_was_found(
    village: Village,
) -> None:
    own = village.colleague("own")
    wrong = RIGHT | {"password": "wrong horse"}
    answers = await asyncio.gather(*(own.post("/password", **wrong) for _ in range(14)))
    looked_at = ["现在的密码不对" in answer.text for answer in answers]
    assert sum(looked_at) == staff.GUESSES
    assert "试得太多了" in (await own.post("/password", **RIGHT)).text
    with village.bot.parts.database.reading() as db:
        assert db.scalars(select(StaffSession)).all()


@pytest.mark.both_stores
async def test_of_two_changes_at_once_one_holds(village: Village) -> None:
    here, there = village.colleague("own"), village.colleague("own")
    passwords = (NEW, "another " + NEW)
    await asyncio.gather(
        *(
            each.post("/password", **(RIGHT | {"new": new, "again": new}))
            for each, new in zip((here, there), passwords, strict=True)
        )
    )
    signed_in = [(await sign_in(village, password=new)).status_code for new in passwords]
    assert sorted(signed_in) == [303, 403]
