"""The helper cannot come, or did not, or is not needed: both hear the truth in time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.alerts import Alert, AlertKind
from actions.neighbours import falling_through
from actions.neighbours.model import MatchStatus, Status
from actions.relay.model import Relay
from tests.actions.neighbours.conftest import DAY, HOUR, MINUTE, Village, die_everywhere


def taken(
    village: Village,
    wanted_in: timedelta = 29 * HOUR,
    lasting: timedelta = timedelta(0),
) -> int:
    village.willing("b")
    need = village.need(wanted_in=wanted_in, lasting=lasting)
    assert village.tap("b", "claim_help", need) == "utter_help_yours"
    village.deliver()
    return need


def alerts(village: Village) -> list[str]:
    with village.database.reading() as db:
        return list(db.scalars(select(Alert.kind)))


def test_a_helper_who_cannot_come_says_so_and_others_are_asked_at_once(
    village: Village,
) -> None:
    need = taken(village)
    village.willing("c")
    village.clock.pass_by(2 * HOUR)
    assert village.tap("b", "withdraw_help", need) == "utter_help_withdrawn_noted"
    assert village.told("asker")[-1] == "utter_help_helper_gone"
    assert village.request(need).status == Status.OPEN
    assert village.tick() == 1
    assert village.told("c") == ["utter_help_asked"]
    match = village.match("c", need)
    assert match
    assert match.step == "town"  # the widest it had reached
    assert village.tap("c", "claim_help", need) == "utter_help_yours"
    assert village.statuses(need) == {MatchStatus.WITHDRAWN: 1, MatchStatus.ACCEPTED: 1}
    assert village.told("asker")[-1] == "utter_help_coming"
    assert alerts(village) == []


def test_a_need_that_opens_again_never_draws_back(village: Village) -> None:
    village.willing("b")
    need = village.need()
    village.live(HOUR + MINUTE)  # the town was reached
    village.tap("b", "claim_help", need)
    village.willing("c")
    village.tap("b", "withdraw_help", need)
    village.tick()
    match = village.match("c", need)
    assert match
    assert match.step == "town"


def test_who_withdrew_is_not_asked_and_does_not_take_it_again(village: Village) -> None:
    need = taken(village)
    village.tap("b", "withdraw_help", need)
    village.live(3 * HOUR)
    assert len(village.matches(need)) == 1
    assert village.tap("b", "claim_help", need) == "utter_help_not_possible"
    assert village.tap("b", "withdraw_help", need) == "utter_help_not_yours"


def test_who_was_told_that_another_goes_may_still_take_what_has_come_back(
    village: Village,
) -> None:
    village.willing("b", "c")
    need = village.need()
    village.tick()
    village.tap("b", "claim_help", need)
    assert village.tap("c", "claim_help", need) == "utter_help_taken"
    village.tap("b", "withdraw_help", need)
    assert village.tap("c", "claim_help", need) == "utter_help_yours"


def test_whose_question_lapsed_is_asked_once_more_when_the_need_comes_back(
    village: Village,
) -> None:
    village.willing("b", "c", "d")
    need = village.need()
    village.tick()
    village.deliver()
    village.tap("d", "decline_help", need)
    village.tap("b", "claim_help", need)
    village.clock.pass_by(HOUR)
    village.tap("b", "withdraw_help", need)
    for _ in range(2):
        village.tick()
    heard = ["utter_help_asked", "utter_help_found_other", "utter_help_asked"]
    assert village.told("c") == heard
    assert village.told("d") == ["utter_help_asked"]  # whose no stands
    assert len(village.matches(need)) == 3
    assert village.tap("c", "claim_help", need) == "utter_help_yours"


def test_who_is_asked_once_more_is_told_again_when_another_takes_it(village: Village) -> None:
    village.willing("b", "c", "d")
    need = village.need()
    village.tick()
    village.deliver()
    village.tap("b", "claim_help", need)
    village.clock.pass_by(MINUTE)
    village.tap("b", "withdraw_help", need)
    village.tick()
    village.deliver()
    village.tap("c", "claim_help", need)
    assert village.told("d") == ["utter_help_asked", "utter_help_found_other"] * 2
    match = village.match("d", need)
    assert match
    assert match.status == MatchStatus.LAPSED


@pytest.mark.parametrize(
    ("before", "raised"), [(3 * HOUR + MINUTE, []), (3 * HOUR, ["late_withdrawal"])]
)
def test_within_three_hours_staff_are_told(
    village: Village, before: timedelta, raised: list[str]
) -> None:
    need = taken(village, wanted_in=6 * HOUR)
    village.clock.pass_by(6 * HOUR - before)
    village.tap("b", "withdraw_help", need)
    assert alerts(village) == raised
    assert village.told("asker")[-1] == "utter_help_helper_gone"


def test_a_withdrawal_in_the_night_before_a_morning_is_late_too(village: Village) -> None:
    need = taken(village, wanted_in=22 * HOUR)  # 08:00
    village.clock.pass_by(12 * HOUR)  # 22:00
    village.tap("b", "withdraw_help", need)
    assert alerts(village) == [AlertKind.LATE_WITHDRAWAL]
    assert village.told("asker")[-1] == "utter_help_helper_gone"


def test_after_its_time_a_withdrawal_opens_nothing(village: Village) -> None:
    need = taken(village, wanted_in=2 * HOUR)
    village.clock.pass_by(5 * HOUR)
    assert village.tap("b", "withdraw_help", need) == "utter_help_withdrawn_noted"
    assert village.request(need).status == Status.CANCELLED
    assert village.told("asker")[-1] == "utter_help_helper_gone_over"


def test_a_withdrawal_closes_the_line_and_takes_the_questions_back(village: Village) -> None:
    need = taken(village)
    village.tap("b", "withdraw_help", need)
    with village.database.reading() as db:
        assert db.scalars(select(Relay.closed_at)).one() == village.now
    owed = [n.response for n in village.notices("asker", owed_later=True)]
    assert "utter_help_done_asker" not in owed
    assert owed[-2:] == ["utter_help_expired", "utter_help_helper_gone"]
    assert "utter_help_done_helper" not in [
        n.response for n in village.notices("b", owed_later=True)
    ]


def test_nobody_came_is_for_staff_and_others_may_be_asked(village: Village) -> None:
    need = taken(village, wanted_in=2 * HOUR, lasting=3 * HOUR)
    assert village.tap("asker", "help_not_come", need) == "utter_help_not_time_yet"
    village.clock.pass_by(2 * HOUR + 30 * MINUTE)
    assert village.tap("asker", "help_not_come", need) == "utter_help_not_come"
    assert alerts(village) == [AlertKind.HELPER_MISSED]
    assert village.told("b")[-1] == "utter_help_missed"
    assert village.tap("b", "help_arrived", need) == "utter_help_not_yours"
    village.willing("c")
    for _ in range(2):
        assert village.tap("asker", "ask_other_helpers", need) == "utter_help_asked_again"
    village.tick()
    assert village.told("c") == ["utter_help_asked"]


def test_nobody_came_and_the_time_is_over(village: Village) -> None:
    need = taken(village, wanted_in=2 * HOUR)
    village.clock.pass_by(3 * HOUR)
    assert village.tap("asker", "help_not_come", need) == "utter_help_not_come_over"
    assert village.tap("asker", "ask_other_helpers", need) == "utter_help_ended"


def test_who_was_let_down_and_chooses_nothing_waits_for_nobody(village: Village) -> None:
    need = taken(village, wanted_in=2 * HOUR, lasting=3 * HOUR)
    village.clock.pass_by(3 * HOUR)
    village.tap("asker", "help_not_come", need)
    village.live(DAY)
    assert village.request(need).status == Status.CANCELLED
    assert village.request(need).look_at is None


def test_who_takes_a_need_back_has_the_helper_told_at_once(village: Village) -> None:
    need = taken(village)
    for _ in range(2):
        assert village.tap("asker", "call_off_help", need) == "utter_help_called_off_noted"
    assert village.request(need).status == Status.CANCELLED
    assert village.told("b") == ["utter_help_called_off"]
    assert village.tap("b", "claim_help", need) == "utter_help_not_needed"


def test_an_open_need_taken_back_asks_nobody_more(village: Village) -> None:
    village.willing("b", "c")
    need = village.need()
    village.tick()
    village.tap("asker", "call_off_help", need)
    assert village.told("b") == village.told("c") == []
    assert village.statuses(need) == {MatchStatus.LAPSED: 2}
    village.live(2 * DAY)
    assert "utter_help_expired" not in village.told("asker")


def test_what_is_done_or_has_begun_is_not_called_off(village: Village) -> None:
    need = taken(village, wanted_in=2 * HOUR)
    village.clock.pass_by(2 * HOUR)
    village.tap("b", "help_arrived", need)
    assert village.tap("asker", "call_off_help", need) == "utter_help_here_already"
    village.tap("b", "help_done", need)
    village.tap("asker", "help_done", need)
    assert village.tap("asker", "call_off_help", need) == "utter_help_ended"
    assert village.tap("b", "withdraw_help", need) == "utter_help_ended"
    assert village.tap("asker", "help_not_come", need) == "utter_help_ended"


def test_nothing_is_half_done_wherever_a_withdrawal_dies(village: Village) -> None:
    need = taken(village, wanted_in=2 * HOUR)
    deaths = die_everywhere(
        village,
        lambda db: falling_through.withdraw(
            db, village.square, need, village.talk(db, "b"), now=village.now
        ),
    )
    assert deaths > 8
    assert village.statuses(need) == {MatchStatus.WITHDRAWN: 1}
