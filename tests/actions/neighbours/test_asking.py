"""Neighbours are asked a few at a time, farther by and by, by day, nobody twice or too much."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from actions.alerts import Alert
from actions.neighbours import asking, candidates, telling
from actions.neighbours.lapsing import ANSWER_WITHIN
from actions.neighbours.model import HelpRequest, MatchStatus, Status
from actions.neighbours.telling import is_soon, rough
from actions.outbox import Notice, NoticeState
from actions.people.model import Area, Role, Staff, Suspension, Words
from actions.quiet import is_quiet
from tests.actions.neighbours.conftest import DAY, HOUR, MINUTE, Village, die_everywhere

NEIGHBOURS = [f"n{number}" for number in range(40)]


def asked(village: Village, need: int) -> list[tuple[int, str]]:
    """After how many minutes each was asked, and at which step."""
    opened_at = village.request(need).opened_at
    assert opened_at
    return [((m.asked_at - opened_at) // MINUTE, m.step) for m in village.matches(need)]


def test_three_are_asked_at_once_and_more_with_every_step(village: Village) -> None:
    village.willing(*NEIGHBOURS)
    need = village.need()  # in the building, after 20 minutes the village, after 60 the town
    village.live(61 * MINUTE)
    assert asked(village, need) == [
        *[(0, "building")] * 3,
        *[(20, "village")] * 3,
        *[(40, "village")] * 3,
        *[(60, "town")] * 3,
    ]


def test_who_declines_makes_room_for_the_next_at_once(village: Village) -> None:
    village.willing(*NEIGHBOURS[:10])
    need = village.need()
    village.tick()
    who = next(n for n in NEIGHBOURS if village.match(n, need))
    assert village.tap(who, "decline_help", need) == "utter_help_declined_once"
    assert village.tick() == 1
    assert village.statuses(need) == {MatchStatus.DECLINED: 1, MatchStatus.PROPOSED: 3}


def test_nobody_is_asked_twice_however_often_the_worker_looks(village: Village) -> None:
    village.willing(*NEIGHBOURS[:7])
    need = village.need()
    village.live(10 * HOUR)
    helpers = [match.helper_id for match in village.matches(need)]
    assert len(helpers) == len(set(helpers)) == 7


def test_no_need_is_brought_before_everybody(village: Village) -> None:
    village.willing(*NEIGHBOURS)
    need = village.need()
    village.live(9 * HOUR)
    assert len(village.matches(need)) == asking.MOST_ASKED
    assert "utter_help_nobody_yet" in village.told("asker")


def test_a_second_look_at_the_same_moment_asks_nobody(village: Village) -> None:
    village.willing(*NEIGHBOURS[:6])
    need = village.need()
    assert [village.tick(), village.tick()] == [1, 0]
    assert len(village.matches(need)) == 3


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_nobody_is_asked_at_night(village: Village, hour: int) -> None:
    village.clock.pass_by(hour * HOUR)
    village.willing(*NEIGHBOURS[:30])
    # may be wanted all day long
    need = village.need("lost-found", wanted_in=25 * HOUR)
    if village.request(need).status == Status.REVIEW:  # wanted at night
        village.approve(need)
    village.live(25 * HOUR)
    when = [match.asked_at for match in village.matches(need)]
    assert len(when) >= 20
    assert [moment for moment in when if is_quiet(moment, village.square.zone)] == []
    with village.database.reading() as db:
        asking_them = Notice.response == "utter_help_asked"
        due = db.scalars(select(Notice.due_at).where(asking_them)).all()
    assert [moment for moment in due if is_quiet(moment, village.square.zone)] == []
    naive = [village.now - DAY + n * ANSWER_WITHIN for n in range(72)]
    assert any(is_quiet(moment, village.square.zone) for moment in naive)  # the control


def test_in_the_morning_the_building_is_asked_first_all_the_same(village: Village) -> None:
    """A night does not count: else the whole town would hear of it at seven."""
    village.clock.pass_by(10 * HOUR + 50 * MINUTE)  # 20:50
    village.willing(*NEIGHBOURS)
    need = village.need(wanted_in=DAY)
    village.live(9 * MINUTE)
    assert [step for _, step in asked(village, need)] == ["building"] * 3
    village.live(10 * HOUR + 2 * MINUTE)  # 07:01
    assert [step for _, step in asked(village, need)] == ["building"] * 6
    village.live(10 * MINUTE)  # 20 minutes by day
    assert [step for _, step in asked(village, need)][-1] == "village"


def test_a_need_that_is_soon_travels_faster(village: Village) -> None:
    village.willing(*NEIGHBOURS)
    need = village.need(wanted_in=40 * MINUTE)
    village.live(39 * MINUTE)
    town = [minutes for minutes, step in asked(village, need) if step == "town"]
    assert town[0] == 20


def test_what_is_told_is_kind_time_and_a_nickname_but_no_word_and_no_name(
    village: Village,
) -> None:
    village.somebody("asker", nickname="王阿姨")
    village.willing("b")
    village.need()
    village.tick()
    (notice,) = village.notices("b")
    assert notice.words_id
    assert notice.values == {}
    labels = [choice["label"] for choice in notice.choices]
    assert labels == ["我可以", "这次不行", "别再问这类"]
    with village.database.reading() as db:
        words = db.get_one(Words, notice.words_id)
        assert words.resident_id == village.resident_id("asker")
    assert "王阿姨想请人帮忙。\n取快递，11月25日（周三）15:00。" in words.text
    assert "姓王" not in words.text
    assert "三幢" not in words.text
    with village.database.reading() as db:  # the control: it was there to be told
        assert "姓王，住三幢" in db.scalars(select(Words.text).order_by(Words.id)).all()[1]


def test_without_a_nickname_it_is_a_neighbour_who_asks(village: Village) -> None:
    village.willing("b")
    need = village.need()
    village.tick()
    (notice,) = village.notices("b")
    said = village.square.wording.render(notice.response, values=notice.values)
    assert "一位邻居想请人帮忙" in said.text
    assert [c.intent for c in said.choices] == ["claim_help", "decline_help", "never_help"]
    assert {c.value for c in said.choices} == {str(need)}
    assert "姓王" not in said.text


@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_neighbour_may_know_is_told(
    village: Village, elder: bool, language: str
) -> None:
    village.willing("b")
    need = village.need()
    with village.database.transaction() as db:
        request = db.get_one(HelpRequest, need)
        request.minutes, request.place_id = 40, next(iter(village.square.pack.places))
    village.tick()
    (notice,) = village.notices("b")
    said = village.square.wording.render(
        notice.response, language=language, elder=elder, values=notice.values
    ).text
    place = village.square.pack.places[str(village.request(need).place_id)]
    assert "40" in said
    assert place.name.in_(language) in said


def test_special_needs_are_told_by_what_they_are_called(village: Village) -> None:
    named = {"utter_help_special_wheelchair": [{"text": "有轮椅"}]}
    wording = replace(
        village.square.wording, responses={**village.square.wording.responses, **named}
    )
    request = village.request(village.need())
    request.special = ["wheelchair"]
    told = telling.details(replace(village.square, wording=wording), request, 320)
    assert told.zh == "，离您大约300米，有轮椅"
    assert told.en == ", about 300 m from you, 有轮椅"


def test_what_was_not_sent_before_the_need_is_over_is_not_sent(village: Village) -> None:
    village.willing("b")
    need = village.need()
    village.tick()
    (notice,) = village.notices("b")
    assert notice.stale_at == village.request(need).expires_at


def test_restricted_kinds_are_for_staff_alone(village: Village) -> None:
    village.willing(*NEIGHBOURS[:5])
    need = village.need("pick-up-child")
    with village.database.transaction() as db:
        request = db.get_one(HelpRequest, need)
        request.status, request.opened_at = Status.OPEN, village.now
        request.look_at = village.now
    village.live(5 * HOUR)
    assert village.matches(need) == []
    assert village.request(need).look_at is None


def test_for_somebody_suspended_nobody_is_asked(village: Village) -> None:
    village.willing(*NEIGHBOURS[:5])
    need = village.need()
    suspend(village, "asker")
    village.live(5 * HOUR)
    assert village.matches(need) == []


def suspend(village: Village, who: str) -> None:
    with village.database.transaction() as db:
        assert db.get(Area, "guali/")
        staff = Staff(username="desk", role=Role.STAFF, password_hash="-")
        staff.area_id, staff.created_at = "guali/", village.now
        db.add(staff)
        db.flush()
        db.add(
            Suspension(
                resident_id=village.talk(db, who).resident_id,
                cause="report:1",
                staff_id=staff.id,
                since=village.now,
                until=village.now + 7 * DAY,
            )
        )


def test_when_nobody_is_left_who_asked_is_told_once_and_may_wait_on(village: Village) -> None:
    village.willing("b")
    need = village.need()
    village.tick()
    village.tap("b", "decline_help", need)
    village.live(3 * HOUR)
    assert village.told("asker") == ["utter_help_nobody_yet"]
    assert village.tap("asker", "keep_waiting_help", need) == "utter_help_waiting_on"
    village.willing("c")  # somebody new is asked all the same
    village.live(HOUR)
    assert village.told("c") == ["utter_help_asked"]


@pytest.mark.parametrize(("kind", "alerts"), [("fetch-parcel", 0), ("buy-groceries", 1)])
def test_what_is_not_harmless_and_gets_late_is_for_staff_to_see(
    village: Village, kind: str, alerts: int
) -> None:
    village.willing("b")
    need = village.need(kind, wanted_in=6 * HOUR)
    village.live(3 * HOUR + 59 * MINUTE)

    def raised() -> int:
        with village.database.reading() as db:
            return db.scalar(select(func.count(Alert.id))) or 0

    assert raised() == 0
    village.live(HOUR)
    assert raised() == alerts
    assert village.told("asker") == ["utter_help_nobody_yet"]
    assert village.request(need).status == Status.OPEN


def test_what_would_get_late_at_night_is_told_the_evening_before(village: Village) -> None:
    village.need("buy-groceries", wanted_in=21 * HOUR + 30 * MINUTE)  # 07:30
    village.live(10 * HOUR + 29 * MINUTE)
    with village.database.reading() as db:
        assert db.scalars(select(Alert)).all() == []
    village.live(2 * MINUTE)  # 20:31
    with village.database.reading() as db:
        assert len(db.scalars(select(Alert)).all()) == 1


def test_a_need_whose_time_is_over_expires_and_asks_nobody_more(village: Village) -> None:
    village.willing(*NEIGHBOURS[:20])
    need = village.need(wanted_in=HOUR)
    village.live(HOUR)
    before = len(village.matches(need))
    village.willing("late")
    village.live(DAY)
    assert village.request(need).status == Status.EXPIRED
    assert village.statuses(need) == {MatchStatus.LAPSED: before}
    assert village.request(need).look_at is None


def test_nothing_is_half_done_wherever_the_worker_dies(village: Village) -> None:
    village.willing(*NEIGHBOURS[:5])
    need = village.need()
    deaths = die_everywhere(
        village, lambda db: asking.look_after(db, village.square, now=village.now)
    )
    assert deaths > 10
    assert len(village.matches(need)) == 3  # in the end it is done, once
    assert sum(len(village.told(who)) for who in NEIGHBOURS[:5]) == 3


def test_what_was_seen_before_another_worker_looked_is_left_alone(village: Village) -> None:
    """The control of the second look: a stale sight of the need asks nobody."""
    village.willing(*NEIGHBOURS[:6])
    need = village.need()
    with village.database.reading() as db:
        stale = db.get_one(HelpRequest, need)
    village.tick()
    with village.database.transaction() as db:
        seen = db.merge(stale, load=False)
        assert not asking._take_up(db, seen)
    assert len(village.matches(need)) == 3


def test_the_naive_way_asks_the_same_neighbour_twice(village: Village) -> None:
    """Negative control: both look first and ask then. Only the database stops the second."""
    village.willing("b")
    need = village.need()
    with village.database.reading() as db:
        (seen,) = candidates.best(
            db, village.square, village.request(need), step="town", now=village.now, limit=3
        )

    def ask() -> None:
        with village.database.transaction() as db:
            request = db.get_one(HelpRequest, need)
            asking.propose(db, village.square, request, seen, step="town", now=village.now)

    ask()
    with pytest.raises(IntegrityError):
        ask()


@pytest.mark.both_stores
def test_two_workers_at_once_ask_three(village: Village) -> None:
    village.willing(*NEIGHBOURS[:20])
    need = village.need()
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: village.tick(), range(4))) == 1
    assert len(village.matches(need)) == 3
    with village.database.reading() as db:
        told = select(func.count(Notice.id)).where(Notice.response == "utter_help_asked")
        assert db.scalar(told.where(Notice.state == NoticeState.WAITING)) == 3


def test_distances_are_rough(village: Village) -> None:
    assert [rough(m) for m in (0, 20, 74, 76, 320, 499, 540, 1234)] == [
        *(50, 50, 50, 100, 300, 500),
        *(500, 1200),
    ]


def test_days_of_needs_are_for_their_last_day(village: Village) -> None:
    short = village.request(village.need(wanted_in=timedelta(0), lasting=4 * HOUR))
    days = village.request(
        village.need(asker="b", wanted_in=timedelta(0), lasting=timedelta(days=3))
    )
    assert is_soon(village.square, short, village.now)
    assert not is_soon(village.square, days, village.now)
