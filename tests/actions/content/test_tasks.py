"""What owners have to do: look again at what has run out, settle what disagrees."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from actions.content.tasks import SOON, Reason, Task, tasks
from knowledge.pack import Pack, load_pack

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def agreeing() -> Pack:
    """The shipped pack without the records somebody has to look at."""
    pack = load_pack(Path("knowledge/data/guali"))
    due = {task.record_id for task in tasks(pack, TODAY)}
    kinds = ("articles", "facilities", "activities")
    left = {
        kind: {key: each for key, each in getattr(pack, kind).items() if key not in due}
        for kind in kinds
    }
    pack = pack.model_copy(update=left)
    assert tasks(pack, TODAY) == []
    return pack


def with_gym(pack: Pack, **changes: object) -> Pack:
    changed = pack.articles["he-gym-fee"].model_copy(update=changes)
    return pack.model_copy(update={"articles": {**pack.articles, "he-gym-fee": changed}})


@pytest.mark.parametrize(
    ("days", "reason"),
    [(-1, Reason.EXPIRED), (0, Reason.SOON), (14, Reason.SOON), (15, None)],
)
def test_what_has_run_out_or_soon_will_is_a_task_of_its_owner(
    agreeing: Pack, days: int, reason: Reason | None
) -> None:
    until = TODAY + timedelta(days=days)
    found = tasks(with_gym(agreeing, valid_until=until, owner="gym"), TODAY)
    wanted = [Task(reason, "article", "he-gym-fee", "gym", until)] if reason else []
    assert found == wanted
    assert timedelta(days=14) == SOON


def test_two_records_that_disagree_are_a_task_that_says_on_what(agreeing: Pack) -> None:
    body = agreeing.articles["he-gym-fee"].body.model_copy(update={"zh": "开到 23:45。"})
    (task,) = tasks(with_gym(agreeing, body=body, owner="gym"), TODAY)
    assert (task.reason, task.record_id, task.owner) == (
        Reason.CONFLICT,
        "he-gym-fee",
        "gym",
    )
    (conflict,) = task.conflicts
    assert (conflict.what, conflict.found) == ("hours", "23:45")
    assert conflict.other == ("facility", "fac-gym")


def test_what_an_editor_noted_is_a_task_too(agreeing: Pack) -> None:
    (task,) = tasks(with_gym(agreeing, conflicts=("两张海报不一样",)), TODAY)
    assert [(one.what, one.found) for one in task.conflicts] == [("noted", "两张海报不一样")]


def test_what_is_wrong_now_comes_before_what_soon_will_be(agreeing: Pack) -> None:
    soon = with_gym(agreeing, valid_until=TODAY, conflicts=("两张海报不一样",))
    card = soon.articles["ed-card"].model_copy(update={"valid_until": date(2026, 1, 1)})
    both = soon.model_copy(update={"articles": {**soon.articles, "ed-card": card}})
    assert [task.reason for task in tasks(both, TODAY)] == list(Reason)
