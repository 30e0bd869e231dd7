"""What follows from new content reaches every area, whoever of the staff publishes."""

from dataclasses import replace

import pytest

from actions.booking.model import EntryStatus, Session, WaitlistEntry
from actions.booking.schedule import write_sessions
from actions.changeover import follow
from actions.content.editions import Changeover, changes
from actions.db import Db
from actions.dialogue import Ground
from actions.people import scope
from knowledge.pack import Pack
from tests.actions.booking.conftest import book, wait

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLUB = "club-calligraphy"


def with_places(pack: Pack, places: int) -> Pack:
    """The pack with so many places in the calligraphy club."""
    club = pack.activities[CLUB].model_copy(update={"places": places})
    return pack.model_copy(update={"activities": pack.activities | {CLUB: club}})


def offered(db: Db) -> int:
    return db.query(WaitlistEntry).filter_by(status=EntryStatus.OFFERED).count()


def test_who_waits_is_asked_when_somebody_of_no_area_makes_more_room(ground: Ground) -> None:
    now, before, after = (
        ground.clock.now(),
        with_places(ground.pack, 1),
        with_places(ground.pack, 2),
    )
    with ground.database.transaction() as db:
        write_sessions(db, before, now=now)
        number = db.query(Session).filter_by(activity_id=CLUB).order_by(Session.starts_at)[0].id
    smaller = replace(ground, pack=before)
    book(smaller, number, who="a")
    wait(smaller, number, who="b")
    with ground.database.transaction() as db:
        scope.limit(db, scope.Reach(()))
        follow(db, Changeover(before, after, changes(before, after)), now)
        assert offered(db) == 0  # the scope holds again
    with ground.database.reading() as db:
        assert offered(db) == 1
