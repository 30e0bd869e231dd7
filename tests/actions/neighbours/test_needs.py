"""Needs posted, changed, taken back, left to expire; limits, and what neighbours may read."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from actions.alerts import Alert, AlertKind
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.neighbours import admitting, asking, changing, listing, needs
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.neighbours.need import Need
from actions.outbox import Notice, NoticeState
from actions.people import consents
from actions.people.model import Acting, Role, Staff, Suspension
from actions.relay import relaying
from tests.actions.neighbours.conftest import Town

AT_ONCE = 8  # connections that race; the pool has room for all of them


def notices(town: Town, need_id: int) -> dict[str, NoticeState]:
    with town.database.reading() as db:
        found = db.scalars(select(Notice).where(Notice.about == f"help:{need_id}"))
        return {notice.response: NoticeState(notice.state) for notice in found}


def change(town: Town, need_id: int, **told: object) -> HelpRequest:
    before = town.need(need_id)
    facts = {"kind_id": before.kind_id, "wanted": town.tomorrow} | told
    town.do(changing.change, need_id, square=town.square, need=Need(**facts))  # type: ignore[arg-type]
    return town.need(need_id)


def withdraw(town: Town, need_id: int, by: str) -> None:
    with town.database.transaction() as db:
        changing.withdraw(
            db,
            square=town.square,
            request=db.get_one(HelpRequest, need_id),
            by=db.get_one(Conversation, by),
            now=town.now,
        )


def match(town: Town, need_id: int, helper: str, status: MatchStatus) -> None:
    with town.database.transaction() as db:
        db.add(
            Match(
                request_id=need_id,
                helper_id=db.get_one(Conversation, helper).resident_id,
                conversation_id=helper,
                status=status,
                step="town",
                asked_at=town.now,
            )
        )
        if status == MatchStatus.ACCEPTED:
            db.get_one(HelpRequest, need_id).status = Status.MATCHED


def test_an_open_need_is_looked_after_from_now_on(town: Town) -> None:
    need = town.need(town.post(town.somebody("a")))
    assert (need.status, need.look_at, need.review) == (Status.OPEN, town.now, [])


def test_a_need_in_review_is_looked_after_once_staff_let_it_through(town: Town) -> None:
    need_id = town.post(town.somebody("a"), "go-to-clinic")
    assert town.need(need_id).look_at == town.need(need_id).expires_at
    assert town.need(need_id).review == ["kind", "risk"]
    town.clock.pass_by(timedelta(minutes=5))
    town.do(needs.approve, need_id, square=town.square)
    assert town.need(need_id).look_at == town.now


def test_what_calls_for_care_goes_to_staff_with_the_reasons(town: Town) -> None:
    asker, at = town.somebody("a"), town.tomorrow[0].astimezone(ZoneInfo("Asia/Shanghai"))
    late = at.replace(hour=23)
    for words, kind, wanted, reasons in (
        ("帮我带点水果，钱给你", "buy-groceries", town.tomorrow, ["money"]),
        ("猫丢了", "find-pet", (late, late), ["night"]),
        ("帮我收一笔款", "company", town.tomorrow, ["kind", "scam", "money"]),
    ):
        need_id = town.post(asker, kind, what=words, wanted=wanted)
        assert [r for r in town.need(need_id).review if r != "money"] == [
            r for r in reasons if r != "money"
        ]
        assert town.need(need_id).status == Status.REVIEW


def test_a_fraud_is_never_let_through_as_it_is(town: Town) -> None:
    need_id = town.post(town.somebody("a"), what="帮我接个验证码")
    with pytest.raises(Refusal, match="utter_help_never_shown"):
        town.do(needs.approve, need_id, square=town.square)
    town.do(needs.rewrite, need_id, square=town.square, words="帮我取个快递")
    assert town.need(need_id).review == []
    town.do(needs.approve, need_id, square=town.square)
    assert town.need(need_id).status == Status.OPEN


def test_staff_do_not_write_what_nobody_may_ask(town: Town) -> None:
    need_id = town.post(town.somebody("a"), "go-to-clinic", what="陪我去医院")
    with pytest.raises(Refusal, match="utter_help_refused"):
        town.do(needs.rewrite, need_id, square=town.square, words="帮我打一架")
    assert listing.words_of(town.need(need_id)) == "陪我去医院"


def test_nothing_is_posted_without_consent(town: Town) -> None:
    asker = town.somebody("a", agreed=False)
    with pytest.raises(Refusal, match="utter_help_no_consent"):
        town.post(asker)


def test_who_is_suspended_asks_nobody(town: Town) -> None:
    asker = town.somebody("a")
    with town.database.transaction() as db:
        somebody = Staff(
            username="s",
            password_hash="-",
            role=Role.STAFF,
            area_id="guali/",
            created_at=town.now,
        )
        db.add(somebody)
        db.flush()
        db.add(
            Suspension(
                resident_id=town.resident(asker),
                cause="report:1",
                staff_id=somebody.id,
                since=town.now,
                until=town.now + timedelta(days=1),
            )
        )
    with pytest.raises(Refusal, match="utter_help_suspended"):
        town.post(asker)
    town.clock.pass_by(timedelta(days=2))
    assert town.post(asker)


def test_what_is_told_of_a_need_has_no_word_of_its_asker(town: Town) -> None:
    asker = town.somebody("a")
    need_id = town.post(
        asker, what="我姓王，住3幢2单元302，拐杖不方便", place_id="gz-hospital", minutes=90
    )
    told = needs.described(town.square, town.need(need_id))
    assert told["where"].zh == "萧山区第二人民医院"
    assert told["long"].zh == "1.5 小时"
    assert told["special"].en == "walks with difficulty"
    assert not any(secret in str(told) for secret in ("姓王", "302", "3幢"))


def test_where_somebody_lives_is_never_a_place_that_is_told(town: Town) -> None:
    home = next(p.id for p in town.square.pack.places.values() if p.kind == "building")
    need = town.need(town.post(town.somebody("a"), place_id=home))
    assert needs.described(town.square, need)["where"].zh == "地点两边再定"


def test_a_change_is_looked_at_as_anew_and_neighbours_who_were_asked_are_told(
    town: Town,
) -> None:
    need_id, asked = town.post(town.somebody("a")), town.somebody("b")
    match(town, need_id, asked, MatchStatus.PROPOSED)
    later = town.now + timedelta(days=1, hours=2)
    changed = change(town, need_id, wanted=(later, later))
    assert (changed.status, changed.wanted_from, changed.look_at) == (
        Status.OPEN,
        later,
        town.now,
    )
    with town.database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.response == "utter_help_is_another"))
        assert [notice.conversation_id for notice in told] == [asked]
        expiry = db.scalars(select(Notice).where(Notice.response == "utter_help_expired")).one()
        assert (expiry.state, expiry.due_at) == (NoticeState.WAITING, later)


def test_other_words_alone_are_told_to_nobody(town: Town) -> None:
    need_id, asked = town.post(town.somebody("a"), what="取快递"), town.somebody("b")
    match(town, need_id, asked, MatchStatus.PROPOSED)
    change(town, need_id, what="取两个快递")
    with town.database.reading() as db:
        told = select(Notice).where(Notice.conversation_id == asked)
        assert db.scalars(told).all() == []


def test_a_change_to_what_calls_for_care_goes_back_to_staff(town: Town) -> None:
    need_id = town.post(town.somebody("a"), what="取快递")
    changed = change(town, need_id, what="取快递，钱给你")
    assert (changed.status, changed.look_at, changed.review) == (
        Status.REVIEW,
        changed.expires_at,
        ["money"],
    )


def test_a_change_to_what_is_refused_changes_nothing(town: Town) -> None:
    need_id = town.post(town.somebody("a"), what="取快递")
    with pytest.raises(Refusal, match="utter_help_refused"):
        change(town, need_id, what="去302敲门找我前女友")
    assert listing.words_of(town.need(need_id)) == "取快递"
    assert town.need(need_id).status == Status.OPEN


def test_what_somebody_has_taken_is_not_changed(town: Town) -> None:
    need_id = town.post(town.somebody("a"))
    match(town, need_id, town.somebody("b"), MatchStatus.ACCEPTED)
    with pytest.raises(Refusal, match="utter_help_too_late_to_change"):
        change(town, need_id, what="别的")


def test_of_a_change_and_a_claim_at_once_one_wins(town: Town) -> None:
    """The need the changer looked at has been taken meanwhile."""
    need_id = town.post(town.somebody("a"))
    with town.database.reading() as db:
        seen = db.get_one(HelpRequest, need_id)
    match(town, need_id, town.somebody("b"), MatchStatus.ACCEPTED)
    assert seen.status == Status.OPEN
    with town.database.transaction() as db:
        stale = db.get_one(HelpRequest, need_id)
        stale.__dict__["status"] = Status.OPEN  # as it was when it was read
        with pytest.raises(Refusal, match="utter_help_too_late_to_change"):
            needs.change(
                db,
                square=town.square,
                request=stale,
                need=Need("fetch-parcel", town.tomorrow, "别的"),
                now=town.now,
            )


def test_a_need_taken_back_is_told_to_who_helps_and_nothing_more_is_owed(town: Town) -> None:
    asker, helper = town.somebody("a"), town.somebody("b")
    need_id = town.post(asker)
    match(town, need_id, helper, MatchStatus.ACCEPTED)
    with town.database.transaction() as db:
        relaying.open_between(
            db,
            db.get_one(Conversation, asker),
            db.get_one(Conversation, helper),
            about=f"help:{need_id}",
            now=town.now,
            closes_at=town.now + timedelta(days=2),
        )
    withdraw(town, need_id, by=asker)
    assert (town.need(need_id).status, town.need(need_id).look_at) == (Status.CANCELLED, None)
    with town.database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.state == NoticeState.WAITING)).one()
        assert (told.response, told.conversation_id) == ("utter_help_called_off", helper)
        assert db.scalars(select(Match.status)).one() == MatchStatus.LAPSED
        relay = relaying.of(db, f"help:{need_id}")
        assert relay is not None
        assert relay.closed_at == town.now
    with pytest.raises(Refusal, match="utter_help_over"):
        withdraw(town, need_id, by=asker)


def test_a_need_waits_until_it_is_wanted_not_for_two_days(town: Town) -> None:
    on_sunday = town.now + timedelta(days=5)
    need = town.need(town.post(town.somebody("a"), wanted=(on_sunday, on_sunday)))
    assert need.expires_at == on_sunday


def test_nobody_is_woken_by_the_news_that_a_need_has_expired(town: Town) -> None:
    at_three = (town.now + timedelta(days=2)).replace(hour=19)  # 03:00 in the community
    need_id = town.post(town.somebody("a"), "find-pet", wanted=(town.now, at_three))
    with town.database.reading() as db:
        notice = db.scalars(select(Notice).where(Notice.about == f"help:{need_id}")).one()
    assert notice.due_at.astimezone(ZoneInfo("Asia/Shanghai")).hour == 7


def test_what_expired_is_over_and_waits_for_nobody(town: Town) -> None:
    need_id = town.post(town.somebody("a"))
    town.clock.pass_by(timedelta(days=1))
    with town.database.transaction() as db:
        assert asking.look_after(db, town.square, now=town.now) == 1
    assert (town.need(need_id).status, town.need(need_id).look_at) == (Status.EXPIRED, None)


def test_more_time_puts_the_end_off_and_the_news_with_it(town: Town) -> None:
    wanted = town.now, town.now + timedelta(hours=48)
    need_id = town.post(town.somebody("a"), wanted=wanted)
    town.do(needs.more_time, need_id, square=town.square)
    need = town.need(need_id)
    assert need.expires_at == need.wanted_until == town.now + timedelta(hours=96)
    with town.database.reading() as db:
        notice = db.scalars(select(Notice).where(Notice.about == f"help:{need_id}")).one()
    assert notice.due_at == need.expires_at
    at_a_moment = town.post(town.somebody("a"))
    with pytest.raises(Refusal, match="utter_help_too_late_to_change"):
        town.do(needs.more_time, at_a_moment, square=town.square)


def post_at_once(town: Town, who: list[str]) -> list[bool]:
    barrier = Barrier(len(who))

    def post(conversation: str) -> bool:
        barrier.wait(timeout=30)
        for _ in range(40):
            try:
                town.post(conversation)
                return True
            except Refusal:
                return False
            except OperationalError:
                continue
        raise AssertionError("the store stayed busy")

    with ThreadPoolExecutor(len(who)) as pool:
        return list(pool.map(post, who))


@pytest.mark.both_stores
def test_many_at_once_do_not_pass_the_limit(town: Town) -> None:
    posted = post_at_once(town, [town.somebody("a")] * AT_ONCE)
    assert posted.count(True) == town.square.pack.help_policy.max_open_per_resident
    with town.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(HelpRequest)) == 3


@pytest.mark.both_stores
def test_the_naive_way_passes_the_limit(town: Town) -> None:
    """Negative control: count first, then write, without holding the resident."""
    asker, barrier = town.somebody("a"), Barrier(AT_ONCE)
    resident = town.resident(asker)
    for _ in range(2):
        town.post(asker)

    def naive(_: int) -> bool:
        with town.database.reading() as db:
            theirs = select(func.count()).where(HelpRequest.resident_id == resident)
            room = (db.scalar(theirs) or 0) < 3
        barrier.wait(timeout=30)
        return room

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(naive, range(AT_ONCE))).count(True) > 1


def test_of_fifty_needs_in_an_hour_ten_are_posted_and_nothing_is_lost(town: Town) -> None:
    asker = town.somebody("a")
    posted: list[int] = []
    refused: list[str] = []
    for _ in range(50):
        town.clock.pass_by(timedelta(minutes=1))
        try:
            posted.append(town.post(asker))
            withdraw(town, posted[-1], by=asker)
        except Refusal as refusal:
            refused.append(refusal.response)
    assert len(posted) == town.square.pack.help_policy.max_per_hour == 10
    assert refused == ["utter_help_too_fast"] * 40
    town.clock.pass_by(timedelta(minutes=20))
    assert town.post(asker)
    with town.database.reading() as db:
        found = listing.of_resident(db, town.resident(asker), since=town.now, limit=20)
        kept = db.scalar(select(func.count()).select_from(HelpRequest))
    assert len(found) == 1
    assert kept == 11


def test_staff_are_told_once_of_somebody_who_floods(town: Town) -> None:
    asker = town.somebody("a")
    for _ in range(5):
        with town.database.transaction() as db:
            admitting.tell_of_pace(db, db.get_one(Conversation, asker), now=town.now)
    with town.database.reading() as db:
        alert = db.scalars(select(Alert)).one()
    assert (alert.kind, alert.resident_id) == (
        AlertKind.TOO_MANY_NEEDS,
        town.resident(asker),
    )


def test_a_need_for_a_parent_is_theirs_and_they_are_told(town: Town) -> None:
    child, parent = town.somebody("child"), town.somebody("parent", "guali/qicai/")
    town.acts_for(child, parent)
    need_id = town.post(child, resident_id=town.resident(parent))
    need = town.need(need_id)
    assert (need.resident_id, need.conversation_id, need.area_id) == (
        town.resident(parent),
        child,
        "guali/qicai/",
    )
    with town.database.reading() as db:
        told = db.scalars(
            select(Notice).where(Notice.response == "utter_help_asked_for_you")
        ).one()
        assert told.conversation_id == parent
    withdraw(town, need_id, by=parent)
    with town.database.reading() as db:
        told = db.scalars(
            select(Notice).where(Notice.response == "utter_help_taken_back")
        ).one()
        assert told.conversation_id == child


def test_nobody_asks_for_another_who_has_not_let_them(town: Town) -> None:
    child, parent = town.somebody("child"), town.somebody("parent")
    with pytest.raises(Refusal, match="utter_help_not_for_them"):
        town.post(child, resident_id=town.resident(parent))


def test_of_another_resident_nothing_is_found(town: Town) -> None:
    need_id, stranger = town.post(town.somebody("a")), town.somebody("b")
    with town.database.reading() as db:
        for asked in (str(need_id), "999", "x", "1" * 40):
            with pytest.raises(Refusal, match="utter_old_choice"):
                listing.own(db, asked, db.get_one(Conversation, stranger))


def test_who_may_act_no_more_sees_the_need_no_more(town: Town) -> None:
    child, parent = town.somebody("child"), town.somebody("parent")
    town.acts_for(child, parent)
    need_id = str(town.post(child, resident_id=town.resident(parent)))
    with town.database.transaction() as db:
        talk = db.get_one(Conversation, child)
        assert listing.own(db, need_id, talk)
        db.scalars(select(Acting)).one().ended_at = town.now
        db.flush()
        with pytest.raises(Refusal, match="utter_old_choice"):
            listing.own(db, need_id, talk)


def test_consent_taken_back_stops_the_next_need(town: Town) -> None:
    asker = town.somebody("a")
    town.post(asker)
    with town.database.transaction() as db:
        consents.withdraw(db, town.resident(asker), "help", now=town.now)
    with pytest.raises(Refusal, match="utter_help_no_consent"):
        town.post(asker)
