"""Who met the same follows: told once, counted by household, shown nothing private."""

import pytest

from actions.db import Db
from actions.errors import Refusal
from actions.governance import following
from actions.governance.model import Follower, ServiceRequest, Status
from actions.people.model import Household
from tests.actions.governance.conftest import Hall


def follow(hall: Hall, db: Db, request: ServiceRequest, who: str) -> Follower | None:
    return following.follow(
        db, request=request, conversation=hall.talk(db, who), now=hall.clock.now()
    )


def test_who_follows_is_told_what_the_reporter_is_told_once_each(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        assert follow(hall, db, request, "neighbour") is not None
        assert follow(hall, db, request, "neighbour") is None
        hall.reply(db, request)
        news = ["utter_request_acknowledged", "utter_request_replied", "words"]
        assert hall.told(db) == hall.told(db, "neighbour") == news


@pytest.mark.parametrize("category", ["noise", "ebike"])
def test_what_is_not_for_all_to_see_is_not_followed(hall: Hall, category: str) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, category)
        with pytest.raises(Refusal, match="utter_request_not_to_follow"):
            follow(hall, db, request, "neighbour")


def test_ones_own_and_what_is_over_are_not_followed(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        with pytest.raises(Refusal, match="utter_request_yours"):
            follow(hall, db, request, "reporter")
        hall.move(db, request, Status.DECLINED)
        with pytest.raises(Refusal, match="utter_request_not_to_follow"):
            follow(hall, db, request, "neighbour")


def test_urgency_counts_households_and_not_heads(hall: Hall) -> None:
    with hall.database.transaction() as db:
        home = Household(created_at=hall.clock.now())
        db.add(home)
        db.flush()
        request, alone = hall.file(db), hall.file(db, who="hermit")
        for who in ("reporter", "wife", "son"):
            hall.talk(db, who).resident.household_id = home.id
        for who in ("wife", "son", "neighbour"):
            follow(hall, db, request, who)
        counted = following.households(db, [request, alone])
        assert counted == {request.id: 2, alone.id: 1}
