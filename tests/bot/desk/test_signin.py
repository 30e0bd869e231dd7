import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from actions.people import staff
from actions.people.model import AuditEntry, SignInAttempt, Staff, StaffSession
from bot.desk.visit import COOKIE
from tests.bot.desk.conftest import ORIGIN, Village

RIGHT = "correct horse"


async def sign_in(
    village: Village, username: str = "own", password: str = RIGHT, **headers: str
) -> httpx.Response:
    return await village.bot.client.post(
        "/desk/sign-in",
        data={"username": username, "password": password},
        headers=ORIGIN | headers,
    )


async def test_signing_in_gives_a_cookie_nobody_else_can_read(village: Village) -> None:
    answer = await sign_in(village)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    for word in ("httponly", "samesite=strict", "path=/desk", "max-age=43200"):
        assert word in cookie
    assert "secure" not in cookie
    assert (await village.bot.client.get("/desk/")).status_code == 200


async def test_over_tls_the_cookie_never_travels_in_the_clear(village: Village) -> None:
    answer = await sign_in(village, Origin="https://bot")
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_a_refusal_says_the_same_for_every_reason(village: Village) -> None:
    with village.bot.parts.database.transaction() as db:
        staff.disable(db, "other", now=village.bot.clock.now())
    refusals = [
        await sign_in(village, "nobody"),
        await sign_in(village, "own", "wrong password"),
        await sign_in(village, "other"),
        await sign_in(village, "", ""),
        await sign_in(village, "own\0", "x" * 5000),
    ]
    assert {answer.status_code for answer in refusals} == {403}
    assert len({answer.content for answer in refusals}) == 1
    assert not any("set-cookie" in answer.headers for answer in refusals)


async def test_a_guess_is_counted_before_the_password_is_looked_at(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    looked = staff.fits

    def fits(who: Staff | None, password: str) -> bool:
        with village.bot.parts.database.reading() as db:
            counted.append(len(db.scalars(select(SignInAttempt)).all()))
        return looked(who, password)

    monkeypatch.setattr(staff, "fits", fits)
    await sign_in(village, password="wrong password")
    assert counted == [1]


@pytest.mark.both_stores
async def test_after_ten_wrong_guesses_even_the_right_one_waits(village: Village) -> None:
    wrong = await asyncio.gather(*(sign_in(village, password=f"wrong {n}") for n in range(14)))
    refused = [answer.status_code for answer in wrong]
    assert refused.count(403) <= staff.GUESSES
    assert refused.count(403) + refused.count(429) == 14
    late = await sign_in(village)
    assert late.status_code == 429
    assert late.headers["retry-after"] == "900"
    village.bot.clock.pass_by(staff.GUESSES_WITHIN + timedelta(seconds=1))
    assert (await sign_in(village)).status_code == 303


async def test_signing_in_again_ends_the_session_before(village: Village) -> None:
    first = (await sign_in(village)).cookies[COOKIE]
    second = (await sign_in(village)).cookies[COOKIE]
    assert first != second
    with village.bot.parts.database.reading() as db:
        assert len(db.scalars(select(StaffSession)).all()) == 1


async def test_signing_out_ends_this_session_and_no_other(village: Village) -> None:
    here, elsewhere = village.colleague("own"), village.colleague("own")
    answer = await here.post("/sign-out")
    assert answer.headers["location"] == "/desk/sign-in"
    assert 'xiaoli_desk=""' in answer.headers["set-cookie"]
    assert (await here.get("/")).headers["location"] == "/desk/sign-in"
    assert (await elsewhere.get("/")).status_code == 200


async def test_a_disabled_member_of_staff_is_out_at_once(village: Village) -> None:
    who = village.colleague("own")
    with village.bot.parts.database.transaction() as db:
        staff.disable(db, "own", now=village.bot.clock.now())
    assert (await who.get("/")).status_code == 303


@pytest.mark.parametrize("secret", ["", "x", "不", "0" * 64])
async def test_a_made_up_cookie_opens_nothing(village: Village, secret: str) -> None:
    answer = await village.bot.client.get(
        "/desk/", headers={b"Cookie": f"{COOKIE}={secret}".encode()}
    )
    assert answer.headers["location"] == "/desk/sign-in"


async def test_the_hash_in_the_table_is_no_key(village: Village) -> None:
    who = village.colleague("own")
    with village.bot.parts.database.reading() as db:
        who.secret = db.scalars(select(StaffSession.id)).one()
    assert (await who.get("/")).status_code == 303


async def test_signing_in_is_written_down(village: Village) -> None:
    await sign_in(village)
    with village.bot.parts.database.reading() as db:
        assert db.scalars(select(AuditEntry.deed)).all() == ["signed_in"]


async def test_a_form_of_unbounded_size_is_not_read(village: Village) -> None:
    assert (await sign_in(village, password="x" * 70_000)).status_code == 413


async def test_a_page_that_is_not_there_is_told_in_a_sentence(village: Village) -> None:
    answer = await village.colleague("own").get("/no/such/page")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
