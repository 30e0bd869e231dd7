"""Whoever leaves is waited for by nobody: the other side is told, what is public goes on."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from actions import conversations
from actions.acquaintance.model import Introduction, Openness
from actions.care.model import CheckIn
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.governance import service as governance
from actions.governance.model import ServiceRequest
from actions.governance.service import Report, Where
from actions.leaving import ends, farewell
from actions.neighbours.model import HelpOffer, HelpRequest, Match, MatchStatus, Status
from actions.outbox import Notice
from actions.people import consents
from actions.people.model import Words
from actions.relay import relaying
from actions.relay.model import Relay
from actions.square import Square
from actions.wording import read_wording
from knowledge.pack import load_pack
from tests.conftest import StandingClock

PACK = load_pack(Path("knowledge/data/guali"))
SQUARE = Square(PACK, read_wording(ZoneInfo("Asia/Shanghai")))
KIND = next(iter(PACK.help_kinds))
CANARY = "金丝雀"


@dataclass
class Two:
    """Two neighbours, by the ids of their conversations."""

    database: Database
    clock: StandingClock
    first: str = ""
    second: str = ""

    def talk(self, db: Db, which: str) -> Conversation:
        return db.get_one(Conversation, which)

    def leave(self) -> None:
        with self.database.transaction() as db:
            who = self.talk(db, self.first).resident_id
            farewell.leave(db, SQUARE, who, now=self.clock.now())

    def told(self, which: str) -> list[str]:
        with self.database.reading() as db:
            told = select(Notice.response).where(Notice.conversation_id == which)
            return list(db.scalars(told.order_by(Notice.id)))

    def need(self, db: Db, asker: str, status: Status) -> HelpRequest:
        now, talk = self.clock.now(), self.talk(db, asker)
        need = HelpRequest(
            kind_id=KIND,
            status=status,
            what=Words(resident_id=talk.resident_id, text=CANARY, created_at=now),
            wanted_from=now + timedelta(days=1),
            wanted_until=now + timedelta(days=1, hours=1),
            resident_id=talk.resident_id,
            conversation_id=talk.id,
            created_at=now,
            opened_at=now,
            expires_at=now + timedelta(days=1),
        )
        db.add(need)
        db.flush()
        return need

    def match(self, db: Db, need: HelpRequest, helper: str, status: MatchStatus) -> Match:
        talk = self.talk(db, helper)
        match = Match(
            request_id=need.id,
            helper_id=talk.resident_id,
            conversation_id=talk.id,
            status=status,
            step="town",
            asked_at=self.clock.now(),
        )
        db.add(match)
        db.flush()
        return match


@pytest.fixture
def two(database: Database, clock: StandingClock) -> Two:
    made = Two(database, clock)
    with database.transaction() as db:
        made.first, made.second = (
            conversations.at_address(db, channel="webchat", address=a, now=clock.now()).id
            for a in ("a", "b")
        )
    return made


def test_who_waits_for_a_helper_that_leaves_is_told_and_waits_anew(two: Two) -> None:
    with two.database.transaction() as db:
        need = two.need(db, two.second, Status.MATCHED)
        two.match(db, need, two.first, MatchStatus.ACCEPTED)
        one, other = two.talk(db, two.second), two.talk(db, two.first)
        closes = two.clock.now() + timedelta(days=2)
        about, now = f"help:{need.id}", two.clock.now()
        relaying.open_between(db, one, other, about=about, now=now, closes_at=closes)
    two.leave()
    assert two.told(two.second) == ["utter_help_expired", "utter_helper_left"]
    with two.database.reading() as db:
        need = db.scalars(select(HelpRequest)).one()
        match = db.scalars(select(Match)).one()
        line = db.scalars(select(Relay)).one()
        assert (need.status, match.status) == (Status.OPEN, MatchStatus.WITHDRAWN)
        assert need.what is not None
        assert need.what.text == CANARY  # it is the other's
        assert line.closed_at is not None


def test_a_helper_of_somebody_who_leaves_need_not_go(two: Two) -> None:
    with two.database.transaction() as db:
        need = two.need(db, two.first, Status.MATCHED)
        two.match(db, need, two.second, MatchStatus.ACCEPTED)
    two.leave()
    assert two.told(two.second) == ["utter_help_called_off"]
    with two.database.reading() as db:
        need = db.scalars(select(HelpRequest)).one()
        assert (need.status, need.what) == (Status.CANCELLED, None)
        assert CANARY not in str(db.scalars(select(Words.text)).all())


def test_who_was_only_asked_is_told_nothing(two: Two) -> None:
    with two.database.transaction() as db:
        need = two.need(db, two.first, Status.OPEN)
        two.match(db, need, two.second, MatchStatus.PROPOSED)
    two.leave()
    assert two.told(two.second) == []
    with two.database.reading() as db:
        assert db.scalars(select(Match.status)).one() == MatchStatus.LAPSED


def check_in(two: Two, db: Db, who: str, family: str) -> CheckIn:
    asked = CheckIn(
        resident_id=two.talk(db, who).resident_id,
        conversation_id=who,
        family_id=two.talk(db, family).resident_id,
        asks_at="09:00",
        answer_by="11:00",
        next_at=two.clock.now(),
        begun_at=two.clock.now(),
    )
    db.add(asked)
    db.flush()
    return asked


def test_family_is_told_that_silence_means_nothing_any_more(two: Two) -> None:
    with two.database.transaction() as db:
        check_in(two, db, two.first, two.second)
    two.leave()
    assert two.told(two.second) == ["utter_check_in_over"]
    with two.database.reading() as db:
        assert db.scalars(select(CheckIn)).all() == []


def test_who_named_them_as_family_keeps_the_question(two: Two) -> None:
    with two.database.transaction() as db:
        check_in(two, db, two.second, two.first)
    two.leave()
    assert two.told(two.second) == ["utter_check_in_family_left"]
    with two.database.reading() as db:
        left = db.scalars(select(CheckIn)).one()
        assert (left.family_id, left.ended_at) == (None, None)


def test_who_had_met_them_is_told_that_the_line_is_closed(two: Two) -> None:
    now = two.clock.now()
    with two.database.transaction() as db:
        one, other = two.talk(db, two.first), two.talk(db, two.second)
        ids = sorted((one.resident_id, other.resident_id))
        met = Introduction(
            one_id=ids[0],
            other_id=ids[1],
            interest="chess",
            asked_at=now,
            one_agreed=True,
            other_agreed=True,
            introduced_at=now,
            expires_at=now + timedelta(days=9),
        )
        db.add(met)
        db.flush()
        about, closes = f"meet:{met.id}", now + timedelta(days=9)
        relaying.open_between(db, one, other, about=about, now=now, closes_at=closes)
    two.leave()
    assert two.told(two.second) == ["utter_met_left"]


def reported(two: Two, db: Db, category: str) -> ServiceRequest:
    talk = two.talk(db, two.first)
    return governance.file(
        db,
        pack=PACK,
        report=Report(category, CANARY, Where(words=CANARY, lat=30.1, lon=120.4)),
        conversation=talk,
        now=two.clock.now(),
    )


def test_what_is_public_stays_the_towns_without_who_and_what_they_wrote(two: Two) -> None:
    with two.database.transaction() as db:
        request = reported(two, db, "road-light")
        number, reference = request.id, request.reference
        before = request.resident_id
    two.leave()
    with two.database.reading() as db:
        request = db.get_one(ServiceRequest, number)
        assert (request.reference, request.status) == (reference, "received")
        assert request.resident_id != before
        assert (request.what.text, request.where) == ("", None)
        assert request.lat == pytest.approx(30.1)
        assert CANARY not in str(db.scalars(select(Words.text)).all())


def test_what_only_staff_may_see_is_withdrawn_and_where_it_is_goes(two: Two) -> None:
    private = next(c for c in PACK.categories.values() if c.visibility != "public")
    with two.database.transaction() as db:
        number = reported(two, db, private.service_code).id
    two.leave()
    with two.database.reading() as db:
        request = db.get_one(ServiceRequest, number)
        assert request.status == "withdrawn"
        assert (request.lat, request.place_id) == (None, None)


def test_the_help_consent_ends_the_offer_and_what_was_only_proposed(two: Two) -> None:
    now = two.clock.now()
    with two.database.transaction() as db:
        talk = two.talk(db, two.first)
        who = talk.resident_id
        consents.give(db, who, "help", channel="webchat", now=now)
        db.add(HelpOffer(resident_id=who, conversation_id=talk.id, created_at=now))
        need = two.need(db, two.second, Status.OPEN)
        proposed = two.match(db, need, two.first, MatchStatus.PROPOSED).id
        agreed_need = two.need(db, two.second, Status.MATCHED)
        agreed = two.match(db, agreed_need, two.first, MatchStatus.ACCEPTED).id
    with two.database.transaction() as db:
        assert ends.take_back(db, SQUARE, who, "help", now=now)
        assert not ends.take_back(db, SQUARE, who, "help", now=now)  # once
    with two.database.reading() as db:
        assert db.scalars(select(HelpOffer.withdrawn_at)).one() == now
        assert db.get_one(Match, proposed).status == MatchStatus.LAPSED
        assert db.get_one(Match, agreed).status == MatchStatus.ACCEPTED  # a promise stands


def test_the_other_consents_end_what_stands_on_them(two: Two) -> None:
    now = two.clock.now()
    with two.database.transaction() as db:
        who = two.talk(db, two.first).resident_id
        for purpose in ("check_in", "meet", "care"):
            consents.give(db, who, purpose, channel="webchat", now=now)
        check_in(two, db, two.first, two.second)
        db.add(Openness(resident_id=who, conversation_id=two.first, begun_at=now))
        db.flush()
        for purpose in ("check_in", "meet", "care"):
            assert ends.take_back(db, SQUARE, who, purpose, now=now)
    with two.database.reading() as db:
        asked = db.scalars(select(CheckIn)).one()
        assert (asked.ended_at, asked.next_at) == (now, None)
        assert db.scalars(select(Openness.ended_at)).one() == now
        assert consents.in_force(db, who) == []
