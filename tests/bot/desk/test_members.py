"""Staff, managed at the desk within one's own area, and what they did."""

import re

import httpx
import pytest
from sqlalchemy import select

from actions.people import staff
from actions.people.model import AuditEntry, Role, Staff
from actions.people.staff import Newcomer
from tests.bot.desk.conftest import Village
from tests.bot.desk.test_signin import sign_in

NEW = {"username": "li", "role": "staff", "area": "guali/qicai/"}


def number(village: Village, name: str) -> int:
    with village.bot.parts.database.reading() as db:
        return db.scalars(select(Staff.id).filter_by(username=name)).one()


def shown(answer: httpx.Response) -> str:
    found = re.search(r'class="aloud">([^<]+)<', answer.text)
    assert found, answer.text
    return found[1]


async def test_somebody_is_added_and_signs_in_with_the_password_shown_once(
    village: Village,
) -> None:
    boss = village.colleague("boss")
    answer = await boss.post("/staff", **NEW)
    assert answer.headers["cache-control"] == "no-store"
    assert (await sign_in(village, "li", shown(answer))).status_code == 303
    assert 'class="aloud"' not in (await boss.get("/staff")).text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"username": "own"}, "已经有人用了"),
        ({"username": "l i"}, "名字要 2 到 40"),
        ({"role": "king"}, "不能这样做"),
        ({"area": "guali/"}, "不能这样做"),  # above
        ({"area": "guali/meilin/"}, "不能这样做"),  # beside
        ({"area": "guali/nowhere/"}, "不能这样做"),
        ({"team": "police-post"}, "不能这样做"),  # opens what is restricted
        ({"role": "agency"}, "要选部门"),
        ({"role": "dispatcher"}, "管全镇"),
    ],
)
async def test_nobody_is_added_above_beside_or_beyond(
    village: Village, changed: dict[str, str], says: str
) -> None:
    answer = await village.colleague("boss").post("/staff", **(NEW | changed))
    assert (answer.status_code, says in answer.text) == (409, True)
    with village.bot.parts.database.reading() as db:
        assert staff.to_sign_in(db, "li") is None


async def test_the_town_gives_teams_and_has_dispatchers(village: Village) -> None:
    mayor = village.colleague("mayor")
    for name, role, team in (("chen", "agency", "police-post"), ("wu", "dispatcher", "")):
        sent = {"username": name, "role": role, "area": "guali/", "team": team}
        assert (await mayor.post("/staff", **sent)).status_code == 200
    with village.bot.parts.database.reading() as db:
        chen = staff.to_sign_in(db, "chen")
        assert chen
        assert (chen.role, chen.team_id) == (Role.AGENCY, "police-post")


@pytest.mark.parametrize("deed", ["reset", "disable"])
async def test_a_new_password_or_none_ends_every_session(village: Village, deed: str) -> None:
    boss, own = village.colleague("boss"), village.colleague("own")
    answer = await boss.post(f"/staff/{number(village, 'own')}/{deed}")
    assert (await own.get("/")).status_code == 303
    assert (await sign_in(village)).status_code == 403
    if deed == "reset":
        assert (await sign_in(village, "own", shown(answer))).status_code == 303


@pytest.mark.parametrize("deed", ["reset", "disable"])
@pytest.mark.parametrize("name", ["mayor", "town", "other", "other-boss", "police", "nobody"])
async def test_those_above_and_beside_look_like_nobody(
    village: Village, deed: str, name: str
) -> None:
    whom = 999 if name == "nobody" else number(village, name)
    boss = village.colleague("boss")
    answer, unknown = [await boss.post(f"/staff/{who}/{deed}") for who in (whom, 998)]
    assert (answer.status_code, answer.content) == (404, unknown.content)
    assert f"<bdi>{name}</bdi>" not in (await boss.get("/staff")).text


async def test_a_village_does_not_touch_who_has_a_team(village: Village) -> None:
    """They would be given what is restricted, with the password of somebody who sees it."""
    with village.bot.parts.database.transaction() as db:
        here = Newcomer("wang", Role.STAFF, "guali/qicai/", "police-post")
        staff.add(db, here, "correct horse", now=village.bot.clock.now())
    path = f"/staff/{number(village, 'wang')}/reset"
    assert (await village.colleague("boss").post(path)).status_code == 404
    assert (await village.colleague("mayor").post(path)).status_code == 200


@pytest.mark.parametrize("deed", ["reset", "disable"])
async def test_nobody_locks_themselves_out(village: Village, deed: str) -> None:
    boss = village.colleague("boss")
    answer = await boss.post(f"/staff/{number(village, 'boss')}/{deed}")
    assert (answer.status_code, "不能这样改自己" in answer.text) == (409, True)
    assert (await boss.get("/")).status_code == 200


async def test_what_staff_of_the_own_area_did_can_be_read(village: Village) -> None:
    for name in ("own", "town", "other"):
        await village.colleague(name).get(f"/requests/{village.reference}")
    await village.colleague("other-boss").post("/staff", **(NEW | {"area": "guali/meilin/"}))
    boss = village.colleague("boss")
    text = (await boss.get("/audit")).text
    assert ("<bdi>own</bdi>" in text, "read_request" in text) == (True, True)
    assert "看了事项" in text
    for name in ("town", "other", "other-boss", "staff_added"):
        assert name not in text
    theirs = (await boss.get("/audit", params={"who": str(number(village, "town"))})).text
    assert "read_request" not in theirs
    everything = (await village.colleague("mayor").get("/audit")).text
    assert all(f"<bdi>{name}</bdi>" in everything for name in ("own", "town", "other-boss"))


async def test_the_log_is_read_page_by_page(village: Village) -> None:
    boss, now = village.colleague("boss"), village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        who = number(village, "own")
        for n in range(150):
            entry = AuditEntry(staff_id=who, deed="x", subject=f"n:{n}.", happened_at=now)
            entry.seal = "-"
            db.add(entry)
    first = (await boss.get("/audit")).text
    assert ("n:149." in first, "n:40." in first) == (True, False)
    earlier = re.search(r'href="/desk(/audit\?before=\d+)"', first)
    assert earlier
    second = (await boss.get(earlier[1])).text
    assert ("n:40." in second, "n:149." in second) == (True, False)
