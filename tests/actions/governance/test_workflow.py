"""What may follow what: read from the table, never from anywhere else."""

from datetime import UTC

import pytest

from actions.governance import workflow
from actions.governance.model import Kind, Status
from actions.governance.workflow import MOVES
from actions.wording import read_wording


def test_every_status_has_a_row() -> None:
    assert set(MOVES) == set(Status)


def test_every_status_can_be_reached_and_has_its_words() -> None:
    reached = {Status.RECEIVED}.union(*MOVES.values())
    assert reached == set(Status)
    assert {f"utter_request_{status}" for status in Status} <= set(read_wording(UTC).responses)


def test_no_request_is_stuck_but_what_was_taken_back_or_became_part_of_another() -> None:
    assert {status for status, may in MOVES.items() if not may} == {
        Status.MERGED,
        Status.WITHDRAWN,
    }


def test_every_tier_but_the_topmost_has_one_above_it_and_none_goes_round() -> None:
    for tier in workflow.ABOVE:
        seen = [tier]
        while seen[-1] != workflow.TOPMOST:
            seen.append(workflow.ABOVE[seen[-1]])
        assert len(set(seen)) == len(seen)


def test_what_is_said_among_staff_is_not_for_residents() -> None:
    assert Kind.NOTED not in workflow.PUBLIC
    assert Kind.NUDGED not in workflow.PUBLIC
    assert Kind.MOVED in workflow.PUBLIC


@pytest.mark.parametrize("status", Status)
def test_staff_never_say_for_the_resident_that_it_is_solved(status: Status) -> None:
    moves = workflow.moves_of_staff(status)
    others = {Status.RESOLVED, Status.REOPENED, Status.UNCONFIRMED, Status.WITHDRAWN}
    assert not moves & (others | {Status.MERGED})
    assert moves <= MOVES[status]


def test_a_turned_down_or_answered_request_comes_with_words() -> None:
    assert {Status.REPLIED, Status.DECLINED} == workflow.NEEDS_WORDS


def test_only_what_is_still_ours_to_do_waits_for_staff() -> None:
    assert not workflow.UNFINISHED & {Status.REPLIED, Status.RESOLVED, Status.DECLINED}
    assert Status.RECEIVED in workflow.UNFINISHED
