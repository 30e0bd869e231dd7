"""Sessions are written from the pack: some weeks ahead, once, never against a booking."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.booking import service
from actions.booking.model import Session
from actions.booking.schedule import AHEAD, write_sessions
from actions.dialogue import Ground
from actions.outbox import Notice
from knowledge.pack import Pack
from knowledge.programme import in_week
from tests.actions.booking.conftest import ZONE, at, book, cancel, session_of, wait
from tests.conftest import StandingClock


def changed(pack: Pack, activity_id: str, **facts: Any) -> Pack:
    """The pack as its editor has changed one activity."""
    activity = pack.activities[activity_id].model_copy(update=facts)
    return pack.model_copy(update={"activities": {**pack.activities, activity_id: activity}})


def only(pack: Pack, *ids: str) -> Pack:
    return pack.model_copy(
        update={"activities": {k: a for k, a in pack.activities.items() if k in ids}}
    )


def write(ground: Ground, pack: Pack) -> int:
    with ground.database.transaction() as db:
        return write_sessions(db, pack, now=ground.clock.now())


def starts(ground: Ground, activity_id: str) -> list[str]:
    with ground.database.reading() as db:
        found = service.sessions_between(db, start=at(24, 0), activity_ids=[activity_id])
        return [f"{session.starts_at.astimezone(ZONE):%m-%d %H:%M}" for session in found]


def test_the_coming_weeks_are_written_on_the_communitys_clock(ground: Ground) -> None:
    assert write(ground, ground.pack) > 200
    assert starts(ground, "club-calligraphy") == [
        "11-28 14:00",
        "12-05 14:00",
        "12-12 14:00",
        "12-19 14:00",
        "12-26 14:00",
    ]
    # the clock stands at Tuesday 10:00: this morning's are over, tonight's are not
    assert starts(ground, "club-wushu")[:2] == ["11-26 06:30", "11-28 06:30"]
    assert starts(ground, "club-choir")[0] == "11-24 19:00"
    assert starts(ground, "club-dance")[0] == "11-25 18:30"  # its Monday has passed
    with ground.database.reading() as db:
        last = db.scalars(select(Session.starts_at).order_by(Session.starts_at.desc())).first()
    assert last is not None
    assert last <= ground.clock.now() + AHEAD


def test_writing_again_changes_nothing(ground: Ground) -> None:
    write(ground, ground.pack)
    assert write(ground, ground.pack) == 0


def test_day_by_day_the_next_ones_are_added(ground: Ground, clock: StandingClock) -> None:
    pack = only(ground.pack, "club-calligraphy")
    assert write(ground, pack) == 5
    new = 0
    for _day in range(7):
        clock.pass_by(timedelta(days=1))
        new += write(ground, pack)
    assert new == 1
    assert starts(ground, "club-calligraphy")[-1] == "01-02 14:00"


def test_what_happens_once_is_counted_from_the_first_loading(
    ground: Ground, clock: StandingClock
) -> None:
    pack = only(ground.pack, "one-basketball", "one-market")
    write(ground, pack)
    assert starts(ground, "one-market") == ["12-05 09:00"]
    assert starts(ground, "one-basketball") == ["12-26 14:00"]
    for _week in range(8):
        clock.pass_by(timedelta(weeks=1))
        assert write(ground, pack) == 0


def test_what_begins_in_the_far_future_keeps_its_date(
    ground: Ground, clock: StandingClock
) -> None:
    tea = ground.pack.activities["club-tea"]
    far = tea.first.model_copy(update={"week_offset": 9})
    pack = changed(only(ground.pack, "club-tea"), "club-tea", first=far)
    write(ground, pack)
    assert starts(ground, "club-tea") == ["01-27 09:30"]
    clock.pass_by(timedelta(weeks=8))
    write(ground, pack)
    assert starts(ground, "club-tea")[:2] == ["01-27 09:30", "02-03 09:30"]


def test_a_changed_pack_changes_places_but_never_below_those_taken(ground: Ground) -> None:
    pack = only(ground.pack, "club-calligraphy")
    write(ground, pack)
    for who in "abc":
        book(ground, 1, who=who)
    write(ground, changed(pack, "club-calligraphy", places=2))
    assert [session_of(ground, i).places for i in (1, 2)] == [3, 2]
    write(ground, changed(pack, "club-calligraphy", places=9))
    assert [session_of(ground, i).places for i in (1, 2)] == [9, 9]


def test_more_places_are_offered_to_those_who_wait(ground: Ground) -> None:
    pack = only(ground.pack, "club-calligraphy")
    write(ground, changed(pack, "club-calligraphy", places=1))
    book(ground, 1, who="a")
    wait(ground, 1, who="b")
    write(ground, pack)
    assert session_of(ground, 1).taken == 2
    with ground.database.reading() as db:
        told = db.scalars(select(Notice).where(Notice.response == "utter_offer"))
        assert len(list(told)) == 1


def test_a_moved_activity_moves_no_booking(ground: Ground) -> None:
    pack = only(ground.pack, "club-calligraphy")
    write(ground, pack)
    book(ground, 1)
    later = ground.pack.activities["club-tea"].start
    write(ground, changed(pack, "club-calligraphy", start=later))
    assert starts(ground, "club-calligraphy")[:3] == [
        "11-28 09:30",
        "11-28 14:00",  # booked: it stays as it was
        "12-05 09:30",
    ]
    assert len(starts(ground, "club-calligraphy")) == 6


def test_what_the_pack_no_longer_has_is_closed_until_it_is_back(ground: Ground) -> None:
    pack = only(ground.pack, "club-calligraphy")
    write(ground, pack)
    cancel(ground, book(ground, 1))
    write(ground, only(ground.pack))
    assert starts(ground, "club-calligraphy") == []
    write(ground, pack)
    assert len(starts(ground, "club-calligraphy")) == 5
    assert session_of(ground, 1).places == 20


def test_an_activity_over_midnight_ends_the_next_day(ground: Ground) -> None:
    early = ground.pack.activities["club-wushu"].start
    write(ground, changed(only(ground.pack, "club-choir"), "club-choir", end=early))
    assert session_of(ground, 1).ends_at == at(25, 6, 30)


@pytest.mark.parametrize("week_of", [date(2026, 11, 30), date(2026, 12, 5), date(2026, 12, 21)])
def test_what_is_printed_for_a_week_is_what_can_be_booked_in_it(
    ground: Ground, week_of: date
) -> None:
    write(ground, ground.pack)
    printed = in_week(ground.pack, week_of, loaded_on=date(2026, 11, 24))
    begin = at(23, 0) + timedelta(weeks=(week_of - date(2026, 11, 23)).days // 7)
    with ground.database.reading() as db:
        offered = service.sessions_between(db, start=begin, end=begin + timedelta(weeks=1))
        assert offered
        assert sorted((s.activity_id, s.starts_at, s.ends_at, s.places) for s in offered) == (
            sorted((o.activity.id, o.starts_at, o.ends_at, o.activity.places) for o in printed)
        )
