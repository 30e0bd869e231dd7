"""What may follow what: read from the table, never from anywhere else."""

from datetime import UTC

import pytest

from actions.governance import workflow
from actions.governance.model import Status
from actions.governance.workflow import MOVES
from actions.wording import read_wording


def test_every_status_has_a_row() -> None:
    assert set(MOVES) == set(Status)


def test_every_status_can_be_reached_and_has_its_words() -> None:
    reached = {Status.RECEIVED}.union(*MOVES.values())
    assert reached == set(Status)
    assert {f"utter_request_{status}" for status in Status} <= set(read_wording(UTC).responses)


def test_no_request_is_stuck_for_good() -> None:
    assert all(MOVES.values())


@pytest.mark.parametrize("status", Status)
def test_staff_never_say_for_the_resident_that_it_is_solved(status: Status) -> None:
    moves = workflow.moves_of_staff(status)
    assert not moves & {Status.RESOLVED, Status.REOPENED, Status.UNCONFIRMED}
    assert moves <= MOVES[status]


def test_a_turned_down_or_answered_request_comes_with_words() -> None:
    assert {Status.REPLIED, Status.DECLINED} == workflow.NEEDS_WORDS


def test_only_what_is_still_ours_to_do_waits_for_staff() -> None:
    assert not workflow.UNFINISHED & {Status.REPLIED, Status.RESOLVED, Status.DECLINED}
    assert Status.RECEIVED in workflow.UNFINISHED
