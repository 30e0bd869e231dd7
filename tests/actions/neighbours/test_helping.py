"""From a claim to thanks: arrived, left, done by both, or by one and a day."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.neighbours import helping, hours
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.people.model import Words
from actions.quiet import is_quiet
from actions.relay.model import Relay
from tests.actions.neighbours.conftest import DAY, HOUR, MINUTE, Village, die_everywhere


@pytest.fixture
def need(village: Village) -> int:
    """Taken on by b; tomorrow at three."""
    village.willing("b", nickname="小陈")
    posted = village.need()
    assert village.tap("b", "claim_help", posted) == "utter_help_yours"
    village.deliver()
    return posted


def only(village: Village) -> Match:
    with village.database.reading() as db:
        return db.scalars(select(Match)).one()


def last_words(village: Village, who: str) -> str:
    with village.database.reading() as db:
        words_id = village.notices(who)[-1].words_id
        return db.get_one(Words, words_id).text


def test_who_asked_hears_once_that_the_helper_is_there(village: Village, need: int) -> None:
    village.clock.pass_by(29 * HOUR)
    for _ in range(2):
        assert village.tap("b", "help_arrived", need) == "utter_help_arrived_noted"
    assert village.told("asker").count("utter_help_arrived") == 1
    assert last_words(village, "asker") == "帮您的邻居到了：小陈。\n要见面，先核对称呼。"


@pytest.mark.parametrize("why", ["kind", "special", "elder"])
def test_where_care_is_due_they_are_told_to_ask_before_they_open(
    village: Village, why: str
) -> None:
    village.willing("b", nickname="小陈")
    need = village.need("move-things" if why == "kind" else "fetch-parcel", wanted_in=HOUR)
    with village.database.transaction() as db:
        if why == "special":
            db.get_one(HelpRequest, need).special = ["hearing"]
        if why == "elder":
            village.talk(db, "asker").resident.elder = True
    village.tap("b", "claim_help", need)
    village.tap("b", "help_arrived", need)
    assert "开门前先问称呼" in last_words(village, "asker")


def test_who_needs_it_hears_it_too_where_another_has_asked(village: Village) -> None:
    village.willing("b")
    need = village.need(wanted_in=HOUR)
    village.somebody("daughter")
    with village.database.transaction() as db:
        db.get_one(HelpRequest, need).conversation_id = village.talk(db, "daughter").id
    village.tap("b", "claim_help", need)
    village.tap("b", "help_arrived", need)
    for who in ("asker", "daughter"):
        assert village.told(who) == ["utter_help_coming", "utter_help_arrived"]
    assert village.tap("daughter", "call_off_help", need) == "utter_help_here_already"


def test_nobody_has_arrived_the_day_before(village: Village, need: int) -> None:
    assert village.tap("b", "help_arrived", need) == "utter_help_too_early"
    assert only(village).arrived_at is None


def test_who_leaves_came_first_and_the_other_is_asked_whether_it_is_done(
    village: Village, need: int
) -> None:
    village.clock.pass_by(29 * HOUR)
    assert village.tap("b", "help_left", need) == "utter_help_arrive_first"
    village.tap("b", "help_arrived", need)
    village.clock.pass_by(40 * MINUTE)
    for _ in range(2):
        assert village.tap("b", "help_left", need) == "utter_help_left_noted"
    village.deliver()
    assert "utter_help_done_asker" in village.told("asker")
    village.clock.pass_by(DAY)
    assert village.told("asker").count("utter_help_done_asker") == 1


@pytest.mark.parametrize("order", [("asker", "b"), ("b", "asker")])
def test_with_the_word_of_both_it_is_done(
    village: Village, need: int, order: tuple[str, str]
) -> None:
    village.clock.pass_by(30 * HOUR)
    first, second = order
    said = {"asker": "utter_help_done_thanks", "b": "utter_help_done_well"}
    assert village.tap(first, "help_done", need) == said[first]
    assert village.request(need).status == Status.MATCHED
    assert village.tap(second, "help_done", need) == said[second]
    assert village.request(need).status == Status.DONE
    assert only(village).status == MatchStatus.DONE
    village.clock.pass_by(2 * DAY)
    assert "utter_help_done_asker" not in village.told("asker")
    assert "utter_help_done_helper" not in village.told("b")
    assert village.tap(first, "help_done", need) == said[first]  # a second tap


def test_the_word_of_one_is_enough_after_a_day(village: Village, need: int) -> None:
    village.clock.pass_by(30 * HOUR)
    village.tap("b", "help_done", need)
    village.live(DAY - MINUTE)
    assert village.request(need).status == Status.MATCHED
    village.live(MINUTE)
    assert village.request(need).status == Status.DONE


def test_each_is_asked_once_by_day(village: Village) -> None:
    village.willing("b")
    need = village.need("lost-found", wanted_in=10 * HOUR)  # 20:00; two hours later is night
    village.tap("b", "claim_help", need)
    village.live(13 * HOUR)
    assert "utter_help_done_asker" not in village.told("asker")
    village.live(8 * HOUR + MINUTE)
    village.deliver()
    village.live(5 * DAY)
    for who, response in (("asker", "utter_help_done_asker"), ("b", "utter_help_done_helper")):
        due = [n.due_at for n in village.notices(who) if n.response == response]
        assert len(due) == 1
        assert not is_quiet(due[0], village.square.zone)


def test_what_nobody_says_a_word_about_is_not_written_down_as_done(
    village: Village, need: int
) -> None:
    village.live(29 * HOUR + 3 * DAY)
    assert village.request(need).status == Status.CANCELLED
    assert village.statuses(need) == {MatchStatus.LAPSED: 1}
    assert hours_of(village, "b").times == 0


def test_who_was_there_has_helped_even_if_nobody_says_more(village: Village, need: int) -> None:
    village.clock.pass_by(29 * HOUR)
    village.tap("b", "help_arrived", need)
    village.live(3 * DAY)
    assert village.request(need).status == Status.DONE
    assert hours_of(village, "b").minutes == 30


def test_thanks_are_passed_on_once_and_never_unasked(village: Village, need: int) -> None:
    assert village.tap("asker", "thank_helper", need) == "utter_help_not_yours"
    village.clock.pass_by(30 * HOUR)
    village.tap("asker", "help_done", need)
    for _ in range(2):
        assert village.tap("asker", "thank_helper", need) == "utter_help_thanks_sent"
    assert village.told("b").count("utter_help_thanked") == 1


def test_strangers_buttons_do_nothing(village: Village, need: int) -> None:
    village.willing("c")
    village.clock.pass_by(29 * HOUR)
    before = village.everything()
    for intent in (
        *("help_arrived", "help_left", "help_done", "thank_helper", "withdraw_help"),
        *("help_not_come", "ask_other_helpers", "call_off_help"),
    ):
        assert village.tap("c", intent, need) == "utter_help_not_yours"
        assert village.tap("c", intent, 4711) == "utter_help_not_yours"
    assert village.tap("asker", "help_arrived", need) == "utter_help_not_yours"
    assert village.tap("b", "call_off_help", need) == "utter_help_not_yours"
    assert village.everything() == before


def test_nothing_is_half_done_wherever_the_last_word_dies(village: Village, need: int) -> None:
    village.clock.pass_by(30 * HOUR)
    village.tap("b", "help_done", need)
    deaths = die_everywhere(
        village,
        lambda db: helping.done(
            db, village.square, need, village.talk(db, "asker"), now=village.now
        ),
    )
    assert deaths > 3
    assert village.request(need).status == Status.DONE


def test_when_a_need_is_gone_its_helper_hears_and_the_line_is_closed(
    village: Village, need: int
) -> None:
    """`need_gone`, as whoever cancels a need calls it."""
    with village.database.transaction() as db:
        request = db.get_one(HelpRequest, need)
        request.status = Status.CANCELLED
        helping.need_gone(db, village.square, request, village.now)
        assert db.scalars(select(Relay.closed_at)).one() == village.now
    assert village.told("b") == ["utter_help_called_off"]
    assert village.notices("asker", owed_later=True)[-1].response == "utter_help_coming"
    assert village.request(need).look_at is None
    assert village.tap("b", "help_done", need) == "utter_help_not_yours"


def hours_of(village: Village, who: str) -> hours.Record:
    with village.database.reading() as db:
        since = (village.now - 400 * DAY).astimezone(village.square.zone)
        return hours.of_resident(db, village.resident_id(who), since)


@pytest.mark.parametrize(
    ("stayed", "planned", "minutes"),
    [(40 * MINUTE, 20, 40), (None, 20, 20), (None, None, 30), (timedelta(hours=20), 20, 20)],
)
def test_a_helpers_record_says_how_long(
    village: Village,
    need: int,
    stayed: timedelta | None,
    planned: int | None,
    minutes: int,
) -> None:
    with village.database.transaction() as db:
        db.get_one(HelpRequest, need).minutes = planned
    village.clock.pass_by(29 * HOUR)
    if stayed is not None:
        village.tap("b", "help_arrived", need)
        village.clock.pass_by(stayed)
        village.tap("b", "help_left", need)
    village.tap("b", "help_done", need)
    village.tap("asker", "help_done", need)
    record = hours_of(village, "b")
    assert (record.times, record.minutes) == (1, minutes)
    assert record.by_month == {"2026-11": minutes}
    assert hours_of(village, "asker").times == 0  # everybody's own


def test_a_record_begins_where_it_is_asked_from(village: Village, need: int) -> None:
    village.clock.pass_by(30 * HOUR)
    village.tap("b", "help_done", need)
    village.tap("asker", "help_done", need)
    with village.database.reading() as db:
        later = hours.of_resident(db, village.resident_id("b"), village.now + HOUR)
    assert (later.times, later.minutes, later.by_month) == (0, 0, {})
