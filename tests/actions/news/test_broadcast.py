"""An urgent notice reaches all of its area once, in batches; is paused, stopped, put right."""

from datetime import timedelta
from typing import Any

import pytest

from actions.errors import Refusal
from actions.news import broadcast
from actions.news.model import Broadcast, State
from tests.actions.news.conftest import MEILIN, QICAI, TOWN, Town

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
URGENT = "utter_news_urgent"


def send(town: Town, *, area: str = QICAI, **changes: Any) -> int:
    news_id = town.publish(area=area, urgent=True, **changes)
    town.send(news_id)
    return news_id


def state(town: Town) -> str:
    with town.database.reading() as db:
        return db.query(Broadcast).order_by(Broadcast.id.desc()).first().state  # type: ignore[union-attr]


def people(town: Town) -> None:
    town.move_in("qi", QICAI)
    town.move_in("grid", "guali/qicai/a/")
    town.move_in("mei", MEILIN)
    town.move_in("nowhere", None)


def test_everybody_of_the_area_is_told_once(town: Town) -> None:
    people(town)
    send(town)
    for _ in range(3):
        town.work()
    assert [town.told(who) for who in ("qi", "grid", "mei", "nowhere")] == [
        [URGENT],
        [URGENT],
        [],
        [],
    ]


def test_who_lives_nobody_knows_where_is_told_what_is_for_the_whole_town(town: Town) -> None:
    people(town)
    send(town, area=TOWN)
    town.work()
    assert all(town.told(who) == [URGENT] for who in ("qi", "grid", "mei", "nowhere"))


def test_on_each_of_ones_channels_and_on_none_where_no_resident_reads(town: Town) -> None:
    with town.database.transaction() as db:
        for channel in ("webchat", "telegram", "staff", "nobody", "open311"):
            town.talk(db, "x", channel).resident.area_id = QICAI
    news_id = send(town)
    town.work()
    assert town.progress(news_id)["waiting"] == 2


def test_only_what_is_urgent_and_out_is_sent_and_only_once(town: Town) -> None:
    plain = town.publish()
    with pytest.raises(Refusal, match="not_urgent"):
        town.send(plain)
    draft = town.write(urgent=True)
    with pytest.raises(Refusal, match="not_out"):
        town.send(draft)
    sent = send(town)
    with pytest.raises(Refusal, match="sent"):
        town.send(sent)


def test_a_town_is_told_in_batches_that_do_not_fill_the_outbox(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "AHEAD", 2)
    names = [f"r{number}" for number in range(5)]
    for name in names:
        town.move_in(name)
    news_id = send(town)
    for told in (2, 4, 5):
        town.work()
        town.work()  # as long as they wait, no more are put
        assert sum(len(town.told(name)) for name in names) == told
        assert town.progress(news_id)["waiting"] + town.progress(news_id)["told"] == 5
        town.deliver()
    town.work()
    assert state(town) == State.DONE
    assert town.progress(news_id) == {"told": 5, "waiting": 0, "to_phone": 0, "failed": 0}


def test_a_pause_takes_back_what_waits_and_going_on_tells_the_rest_once(town: Town) -> None:
    people(town)
    news_id = send(town)
    town.work()
    town.deliver("qi")
    town.move(news_id, State.PAUSED)
    town.work()
    assert (town.told("qi"), town.told("grid")) == ([URGENT], [])
    assert town.progress(news_id)["waiting"] == 1
    town.move(news_id, State.RUNNING)
    town.work()
    assert (town.told("qi"), town.told("grid")) == ([URGENT], [URGENT])


def test_what_was_stopped_does_not_go_on(town: Town) -> None:
    people(town)
    news_id = send(town)
    town.move(news_id, State.STOPPED)
    town.work()
    assert town.told("qi") == []
    with pytest.raises(Refusal, match="cannot"):
        town.move(news_id, State.RUNNING)


@pytest.mark.parametrize("danger", [True, False])
def test_at_night_only_danger_to_life_is_told(town: Town, danger: bool) -> None:
    people(town)
    town.clock.pass_by(timedelta(hours=12))  # 22:00
    send(town, danger=danger)
    town.work()
    assert town.told("qi") == ([URGENT] if danger else [])
    town.clock.pass_by(timedelta(hours=9))  # 07:00
    town.work()
    assert town.told("qi") == [URGENT]


def test_what_still_waits_when_the_night_begins_is_held_back(town: Town) -> None:
    people(town)
    send(town)
    town.work()
    town.clock.pass_by(timedelta(hours=11))  # 21:00
    town.work()
    assert town.told("qi") == []
    town.clock.pass_by(timedelta(hours=10))
    town.work()
    assert town.told("qi") == [URGENT]


def test_who_got_the_wrong_one_is_told_of_the_correction(town: Town) -> None:
    people(town)
    news_id = send(town)
    town.work()
    town.deliver("qi")
    town.move_in("qi", MEILIN)  # moved away since
    town.rewrite(news_id, "后天停水", urgent=True)
    town.work()
    assert town.told("qi") == [URGENT]  # nobody has approved it yet
    town.approve(news_id)
    town.work()
    assert town.told("qi") == [URGENT, "utter_news_corrected"]
    assert town.told("grid") == [URGENT]  # the first had not reached them
    assert town.owed("grid")[0].values["title"]["zh"] == "后天停水"
    assert town.told("mei") == []


def test_a_correction_of_what_was_sent_needs_a_second_person_too(town: Town) -> None:
    news_id = send(town)
    with pytest.raises(Refusal, match="stays_urgent"):
        town.rewrite(news_id, "不停水了", urgent=False)
    town.rewrite(news_id, "不停水了", urgent=True)
    with pytest.raises(Refusal, match="second"):
        town.approve(news_id, by=town.writer)


def test_what_has_expired_is_not_told_any_more(town: Town) -> None:
    people(town)
    send(town, expires_at=town.now + timedelta(hours=1))
    town.clock.pass_by(timedelta(hours=1))
    town.work()
    assert town.told("qi") == []
    assert state(town) == State.STOPPED
