import pytest
from sqlalchemy import select, update

from actions.conversations import Conversation, at_address
from actions.db import Database
from actions.people import scope
from actions.people.model import Area
from actions.people.scope import Reach
from tests.conftest import StandingClock


@pytest.fixture
def placed(database: Database, clock: StandingClock) -> Database:
    areas = ["guali/", "guali/qicai/", "guali/qicai/1/", "guali/qicai2/", "guali/meilin/"]
    with database.transaction() as db:
        for area in areas:
            db.add(Area(id=area, parent_id=None, tier="grid"))
            db.flush()
            at_address(db, channel="webchat", address=area, now=clock.now()).area_id = area
        at_address(db, channel="webchat", address="nobody's", now=clock.now())
    return database


@pytest.mark.parametrize(
    ("areas", "seen"),
    [
        (["guali/"], 6),
        (["guali/qicai/"], 2),
        (["guali/qicai/1/"], 1),
        (["guali/qicai/1/", "guali/meilin/"], 2),
        ([], 0),
        (["guali_/qicai/"], 0),
    ],
)
def test_staff_see_their_area_and_everything_below(
    placed: Database, areas: list[str], seen: int
) -> None:
    with placed.reading() as db:
        everything = db.scalars(select(Conversation)).all()
    with placed.reading() as db:
        scope.limit(db, Reach(tuple(areas)))
        assert len(db.scalars(select(Conversation)).all()) == seen
        found = [db.get(Conversation, conversation.id) for conversation in everything]
        assert sum(conversation is not None for conversation in found) == seen


def test_nothing_outside_the_scope_can_be_changed(placed: Database) -> None:
    with placed.transaction() as db:
        scope.limit(db, Reach(("guali/qicai/",)))
        db.execute(update(Conversation).values(epoch=9))
    with placed.reading() as db:
        assert len(db.scalars(select(Conversation).where(Conversation.epoch == 9)).all()) == 2


def test_a_scope_for_a_while_ends_with_it(placed: Database) -> None:
    with placed.reading() as db:
        with scope.limited(db, Reach(("guali/meilin/",))):
            assert len(db.scalars(select(Conversation)).all()) == 1
        assert len(db.scalars(select(Conversation)).all()) == 6
        scope.limit(db, Reach(("guali/qicai/",)))
        with scope.limited(db, Reach(())):
            assert db.scalars(select(Conversation)).all() == []
        assert len(db.scalars(select(Conversation)).all()) == 2


@pytest.mark.parametrize(
    ("mine", "here", "shared"),
    [
        (["guali/"], "guali/qicai/", ["guali/qicai/"]),
        (["guali/qicai/1/"], "guali/qicai/", ["guali/qicai/1/"]),
        (["guali/meilin/"], "guali/qicai/", []),
        (["guali/qicai2/"], "guali/qicai/", []),
        ([], "guali/", []),
    ],
)
def test_what_two_share_is_the_smaller_of_areas_that_lie_in_one_another(
    mine: list[str], here: str, shared: list[str]
) -> None:
    assert scope.shared(mine, here) == tuple(shared)
