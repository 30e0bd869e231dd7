"""Whom a need goes to: rules forbid, the score orders, in few statements."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event, select

from actions import conversations
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.neighbours import candidates, offers
from actions.neighbours.candidates import Candidate, Who
from actions.neighbours.model import HelpOffer, HelpRequest, Match, MatchStatus
from actions.neighbours.offers import Terms
from actions.people import blocks, consents, scope, staff
from actions.people.model import Household, Resident, Role, Suspension
from actions.people.scope import Reach
from actions.square import Square
from tests.conftest import StandingClock

GRID, OTHER_GRID = "guali/qicai/a/", "guali/qicai/b/"
VILLAGE, TOWN = "guali/qicai/", "guali/"
HERE = (30.2, 120.5)
KIND = "borrow-tools"  # takes any resident; fetch-parcel takes who is verified


@dataclass
class Neighbourhood:
    """A need in a grid, and neighbours who offer help."""

    ground: Ground
    now: datetime
    request_id: int = 0
    asker_id: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def square(self) -> Square:
        return Square(self.ground.pack, self.ground.wording)

    @property
    def database(self) -> Database:
        return self.ground.database

    def somebody(self, db: Db, name: str, area: str | None, metres: float | None) -> str:
        talk = conversations.at_address(db, channel="webchat", address=name, now=self.now)
        home = Household(area_id=area, created_at=self.now)
        if metres is not None:
            home.lat, home.lon = HERE[0] + metres / 111_195, HERE[1]
        db.add(home)
        db.flush()
        talk.resident.area_id, talk.resident.household_id = area, home.id
        db.flush()
        self.ids[name] = talk.resident_id
        return talk.id

    def need(self, **facts: Any) -> int:
        with self.database.transaction() as db:
            talk = self.somebody(db, "asker", facts.pop("area", GRID), 0)
            starts = self.now + timedelta(hours=4)
            request = HelpRequest(
                **{
                    "kind_id": KIND,
                    "status": "open",
                    "area_id": GRID,
                    "wanted_from": starts,
                    "wanted_until": starts,
                    "resident_id": self.ids["asker"],
                    "conversation_id": talk,
                    "created_at": self.now,
                    "opened_at": self.now,
                    "expires_at": self.now + timedelta(days=2),
                }
                | facts
            )
            db.add(request)
            db.flush()
            self.request_id, self.asker_id = request.id, request.resident_id
            return request.id

    def helper(
        self, name: str, area: str | None = GRID, metres: float | None = 100, **terms: Any
    ) -> str:
        with self.database.transaction() as db:
            talk = db.get_one(conversations.Conversation, self.somebody(db, name, area, metres))
            told = Terms(**{"reach": "town"} | terms)
            offers.write(db, conversation=talk, terms=told, now=self.now)
            return talk.resident_id

    def change(self, name: str, **facts: Any) -> None:
        with self.database.transaction() as db:
            offer = offers.require(db, self.ids[name])
            for fact, value in facts.items():
                setattr(offer, fact, value)

    def match(self, name: str, **facts: Any) -> None:
        """Another need the neighbour was asked about."""
        with self.database.transaction() as db:
            talk = conversations.of_resident(db, self.ids[name])
            asker = facts.pop("asker", self.ids[name])
            assert talk is not None
            request = HelpRequest(
                kind_id=KIND,
                status="done",
                wanted_from=self.now,
                wanted_until=self.now,
                resident_id=asker,
                conversation_id=talk.id,
                created_at=self.now,
                expires_at=self.now,
            )
            db.add(request)
            db.flush()
            told = {"status": MatchStatus.DONE, "step": "town", "asked_at": self.now} | facts
            db.add(
                Match(
                    request_id=request.id,
                    helper_id=self.ids[name],
                    conversation_id=talk.id,
                    **told,
                )
            )

    def best(self, step: str = "town", limit: int = 10) -> list[Candidate]:
        with self.database.reading() as db:
            request = db.get_one(HelpRequest, self.request_id)
            return candidates.best(
                db, self.square, request, step=step, now=self.now, limit=limit
            )

    def names(self, step: str = "town", limit: int = 10) -> list[str]:
        of = {resident_id: name for name, resident_id in self.ids.items()}
        return [of[one.resident_id] for one in self.best(step, limit)]


@pytest.fixture
def around(ground: Ground, clock: StandingClock) -> Neighbourhood:
    around = Neighbourhood(ground, clock.now())
    around.need()
    around.helper("near")
    return around


def test_whom_nothing_forbids_is_asked(around: Neighbourhood) -> None:
    (one,) = around.best()
    assert one.resident_id == around.ids["near"]
    assert one.metres == 100
    assert 0.5 < one.score <= 1
    assert "distance" in one.reasons


def _block(around: Neighbourhood, mine: str, other: str) -> None:
    with around.database.transaction() as db:
        blocks.block(db, around.ids[mine], around.ids[other], now=around.now)


def _suspend(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        area = db.scalars(select(Resident.area_id)).first() or TOWN
        member = staff.add(
            db, staff.Newcomer("li", Role.STAFF, area, None), "correct horse", now=around.now
        )
        db.add(
            Suspension(
                resident_id=around.ids["near"],
                cause="report:1",
                staff_id=member.id,
                since=around.now - timedelta(days=1),
                until=around.now + timedelta(days=1),
            )
        )


def _unconsent(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        consents.withdraw(db, around.ids["near"], "help", now=around.now)


def _never(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        offers.never(db, offers.require(db, around.ids["near"]), KIND)


def _other_kinds(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        offers.set_kinds(db, offers.require(db, around.ids["near"]), ["walk-dog"])


def _same_household(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        near = db.get_one(Resident, around.ids["near"])
        near.household_id = db.get_one(Resident, around.asker_id).household_id


def _asked(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        talk = conversations.of_resident(db, around.ids["near"])
        assert talk is not None
        db.add(
            Match(
                request_id=around.request_id,
                helper_id=around.ids["near"],
                conversation_id=talk.id,
                status=MatchStatus.DECLINED,
                step="building",
                asked_at=around.now,
            )
        )


def _asked_often(around: Neighbourhood) -> None:
    for _ in range(6):
        around.match("near", status=MatchStatus.LAPSED)


def _helped(around: Neighbourhood, times: int) -> None:
    for _ in range(times):
        around.match("near")


def _spoke_for(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        talk = conversations.of_resident(db, around.ids["near"])
        assert talk is not None
        db.get_one(HelpRequest, around.request_id).conversation_id = talk.id


FORBIDDING: dict[str, Callable[[Neighbourhood], None]] = {
    "withdrawn": lambda a: a.change("near", withdrawn_at=a.now),
    "paused": lambda a: a.change("near", paused_until=date(2026, 11, 24)),
    "blocked": lambda a: _block(a, "near", "asker"),
    "blocked by the asker": lambda a: _block(a, "asker", "near"),
    "suspended": _suspend,
    "consent taken back": _unconsent,
    "never for this kind": _never,
    "other kinds": _other_kinds,
    "same household": _same_household,
    "asked before": _asked,
    "spoke for who has the need": _spoke_for,
    "helped enough this week": lambda a: _helped(a, 2),
    "asked enough this week": _asked_often,
    "other hours": lambda a: a.change("near", hours=["6 00:00-24:00"]),
}


@pytest.mark.parametrize("rule", FORBIDDING)
def test_a_rule_forbids_to_ask(around: Neighbourhood, rule: str) -> None:
    """The control: before, the same neighbour is asked."""
    assert around.names() == ["near"]
    FORBIDDING[rule](around)
    assert around.names() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.change("near", paused_until=date(2026, 11, 23)),
        lambda a: a.match("near"),
        lambda a: [a.match("near", asked_at=a.now - timedelta(days=8)) for _ in range(3)],
    ],
)
def test_what_is_over_forbids_nothing(
    around: Neighbourhood, change: Callable[[Neighbourhood], Any]
) -> None:
    change(around)
    assert around.names() == ["near"]


def test_a_kind_for_known_neighbours_goes_to_who_is_verified(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        db.get_one(HelpRequest, around.request_id).kind_id = "fetch-parcel"
    assert around.names() == []
    around.change("near", verified_at=around.now)
    assert around.names() == ["near"]


@pytest.mark.parametrize("kind", ["pick-up-child"])
def test_what_staff_alone_may_bring_together_goes_to_nobody(
    around: Neighbourhood, kind: str
) -> None:
    around.change("near", verified_at=around.now)
    with around.database.transaction() as db:
        db.get_one(HelpRequest, around.request_id).kind_id = kind
    assert around.names() == []


def test_words_of_the_pack_we_do_not_know_are_for_staff_alone(ground: Ground) -> None:
    kind = ground.pack.help_kinds[KIND]
    assert candidates.who_may_help(kind) is Who.ANYBODY
    strange = kind.model_copy(update={"who_may_help": "anybody-with-a-car"})
    assert candidates.who_may_help(strange) is Who.NOBODY
    assert candidates.who_may_help(None) is Who.VERIFIED


def test_each_step_reaches_farther(around: Neighbourhood) -> None:
    around.helper("village", OTHER_GRID, 400)
    around.helper("town", "guali/meilin/", 3000)
    around.helper("nowhere", None, None)
    assert set(around.names("building")) == {"near"}
    assert set(around.names("village")) == {"near", "village"}
    assert set(around.names("town")) == {"near", "village", "town", "nowhere"}


def test_nobody_is_asked_for_farther_than_they_go(around: Neighbourhood) -> None:
    around.change("near", reach="building")
    around.helper("village", OTHER_GRID, 400, reach="village")
    around.helper("lazy", OTHER_GRID, 300, reach="building")
    assert set(around.names("town")) == {"near", "village"}


def test_who_has_moved_away_is_asked_by_where_they_live_now(around: Neighbourhood) -> None:
    with around.database.transaction() as db:
        db.get_one(Resident, around.ids["near"]).area_id = "guali/meilin/"
    assert around.names("building") == []
    assert around.names("town") == ["near"]


def test_a_need_of_no_area_is_heard_of_in_the_whole_town(
    ground: Ground, clock: StandingClock
) -> None:
    around = Neighbourhood(ground, clock.now())
    around.need(area=None, area_id=None)
    around.helper("far", "guali/meilin/", None)
    around.helper("home", GRID, None, reach="village")
    assert around.names("building") == ["far"]


def test_the_nearer_comes_first_when_all_else_is_equal(around: Neighbourhood) -> None:
    for name, metres in (("b", 700), ("a", 300), ("c", 1500)):
        around.helper(name, metres=metres)
    assert around.names() == ["near", "a", "b", "c"]
    assert [one.metres for one in around.best()] == [100, 300, 700, 1500]


def test_of_whom_only_the_area_is_known_no_metres_are_told(around: Neighbourhood) -> None:
    around.helper("unknown", metres=None)
    assert {one.metres for one in around.best()} == {100, None}


def test_who_named_the_kind_comes_before_who_does_anything(around: Neighbourhood) -> None:
    around.helper("named", kinds=(KIND,))
    assert around.names() == ["named", "near"]
    assert "kind" in around.best()[0].reasons


def test_skills_told_in_words_count_by_their_meaning(around: Neighbourhood) -> None:
    ladder, dog = np.eye(8, dtype=np.float16)[:2]
    with around.database.transaction() as db:
        db.get_one(HelpRequest, around.request_id).meaning = ladder.tobytes()
    around.helper("dog", meaning=dog.tobytes())
    around.helper("ladder", meaning=ladder.tobytes())
    assert around.names() == ["ladder", "near", "dog"]


def test_promises_kept_and_broken_count(around: Neighbourhood) -> None:
    around.helper("kept", per_week=9)
    around.helper("broke", per_week=9)
    long_ago = around.now - timedelta(days=60)
    for _ in range(5):
        around.match("kept", asked_at=long_ago)
        around.match("broke", asked_at=long_ago, status=MatchStatus.WITHDRAWN)
    assert around.names() == ["kept", "near", "broke"]


def test_who_was_asked_lately_lets_others_come_first(around: Neighbourhood) -> None:
    around.helper("busy", metres=60, per_week=9)
    assert around.names()[0] == "busy"
    for _ in range(3):
        around.match("busy", asked_at=around.now - timedelta(days=10))
    assert around.names()[0] == "near"


def test_two_who_were_content_with_one_another_meet_again(around: Neighbourhood) -> None:
    around.helper("friend", metres=100)
    around.helper("stranger", metres=100)
    long_ago = around.now - timedelta(days=100)
    content = dict.fromkeys(("helper_done_at", "asker_done_at", "thanked_at"), long_ago)
    around.match("friend", asker=around.asker_id, asked_at=long_ago, **content)
    around.match("stranger", asked_at=long_ago, **content)
    assert around.names()[0] == "friend"
    assert "past" in around.best()[0].reasons


@pytest.mark.both_stores
def test_a_language_that_is_asked_for_counts(around: Neighbourhood) -> None:
    around.helper("speaks", metres=140, languages=("dialect",))
    assert around.names()[0] == "near"
    with around.database.transaction() as db:
        db.get_one(HelpRequest, around.request_id).special = ["dialect", "heavy"]
    assert around.names()[0] == "speaks"


def test_when_the_first_hundreds_may_not_be_asked_the_next_are(
    around: Neighbourhood, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "AT_ONCE", 2)
    for number in range(6):
        around.helper(f"h{number}")
        with around.database.transaction() as db:
            if number < 5:
                consents.withdraw(db, around.ids[f"h{number}"], "help", now=around.now)
    assert set(around.names(limit=2)) == {"near", "h5"}


def test_staff_of_another_village_find_the_same_neighbours(around: Neighbourhood) -> None:
    """The control: the scope does hide the offer from a plain query of theirs."""
    with around.database.reading() as db:
        request = db.get_one(HelpRequest, around.request_id)
        with scope.limited(db, Reach(("guali/meilin/",))):
            assert db.scalars(select(HelpOffer)).all() == []
            found = candidates.best(
                db, around.square, request, step="town", now=around.now, limit=5
            )
    assert [one.resident_id for one in found] == [around.ids["near"]]


def test_many_candidates_cost_no_more_statements_than_one(around: Neighbourhood) -> None:
    said: list[str] = []
    event.listen(
        around.database.engine,
        "before_cursor_execute",
        lambda *told: said.append(told[2]),
    )
    around.best()
    few, said[:] = len(said), []
    for number in range(30):
        around.helper(f"h{number}", metres=number * 10)
    said.clear()
    assert len(around.best(limit=30)) == 30
    assert len(said) == few


def test_the_same_need_finds_the_same_order_again(around: Neighbourhood) -> None:
    for number in range(12):
        around.helper(f"h{number}")
    assert around.names() == around.names()
    ids = [around.ids[name] for name in around.names(limit=20)]
    with around.database.reading() as db:
        by_id = list(db.scalars(select(HelpOffer.resident_id).order_by(HelpOffer.id)))
    assert ids != by_id
