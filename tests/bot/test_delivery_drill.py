"""The short form of `make drill-delivery`: a worker is killed while it brings messages."""

from pathlib import Path

from bench import delivery_drill
from bench.delivery_drill import Received


def test_a_killed_worker_loses_nothing_and_sends_one_message_twice_at_most(
    tmp_path: Path,
) -> None:
    found = delivery_drill.drill(3, folder=tmp_path)
    assert found["kills"] == 3
    wrong = ("missing", "out_of_order", "more_than_one_twice")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0)


def test_the_books_of_the_drill_see_what_is_sent_twice_and_what_comes_too_early() -> None:
    """Negative control of the drill."""
    received = Received([("a", "1", 1), ("a", "2", 1), ("a", "1", 2), ("a", "2", 2)])
    assert received.again() == {1: 2}
    assert received.out_of_order() == 0
    assert Received([("a", "2", 1), ("a", "1", 1)]).out_of_order() == 1
