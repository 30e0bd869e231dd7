"""The same report of a partner is one request, however often and at once it comes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from actions import conversations
from actions.db import Db
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.governance import partners
from actions.governance.model import ServiceRequest
from actions.governance.partners import Brought
from actions.governance.service import Report, Where
from actions.people import keys
from actions.people.model import ApiKey

REPORT = Report("road-light", "灯不亮", Where("gz-complex"))
TWICE = 2

File = Callable[[Brought], str]


@pytest.fixture
def key(ground: Ground) -> ApiKey:
    with ground.database.transaction() as db:
        return keys.add(db, "city-app", "guali/qicai/", now=ground.clock.now()).row


@pytest.fixture
def file(ground: Ground, key: ApiKey) -> File:
    def made(brought: Brought) -> str:
        with ground.database.transaction() as db:
            now = ground.clock.now()
            request = partners.file(db, pack=ground.pack, key=key, brought=brought, now=now)
            return request.reference

    return made


def stored(ground: Ground) -> int:
    with ground.database.reading() as db:
        return db.scalar(select(func.count(ServiceRequest.id))) or 0


def at_once(file: File, brought: Brought) -> list[str | None]:
    def try_it(_number: int) -> str | None:
        try:
            return file(brought)
        except IntegrityError:
            return None

    with ThreadPoolExecutor(TWICE) as pool:
        return list(pool.map(try_it, range(TWICE)))


@pytest.mark.both_stores
def test_a_repeat_at_once_is_one_request_and_both_hear_of_it(
    ground: Ground, file: File
) -> None:
    first, second = at_once(file, Brought(REPORT, "a", "repeat", "content"))
    assert first == second is not None
    assert stored(ground) == 1


@pytest.mark.both_stores
def test_looking_before_filing_lets_one_of_two_down(
    ground: Ground, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the lock both look, and the second is told of an error."""
    if ground.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time anyway")
    with ground.database.transaction() as db:  # so that only the report races
        talk = conversations.at_address(
            db, channel="open311", address="a", now=ground.clock.now()
        )
        talk.introduced_at = ground.clock.now()
    meet = Barrier(TWICE)

    def look_together(db: Db, key: ApiKey) -> None:
        db.execute(select(ApiKey.id))
        meet.wait(5)

    monkeypatch.setattr(partners, "_one_at_a_time", look_together)
    assert None in at_once(file, Brought(REPORT, "a", "repeat", "content"))


def test_what_says_it_is_a_repeat_and_is_another_is_refused(ground: Ground, file: File) -> None:
    file(Brought(REPORT, "a", "repeat", "content"))
    with pytest.raises(Refusal):
        file(Brought(REPORT, "a", "repeat", "other"))
    assert stored(ground) == 1
