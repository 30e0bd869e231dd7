"""The short form of the drill: a worker is killed while it brings messages."""

from bench.drills import delivery
from bench.drills.delivery import WRONG, Received


def test_a_killed_worker_loses_nothing_and_sends_one_message_twice_at_most() -> None:
    found = delivery.drill(3)
    assert found["kills"] == 3
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)


def test_the_books_of_the_drill_see_what_is_sent_twice_and_what_comes_too_early() -> None:
    """Negative control of the drill."""
    received = Received([("a", "1", 1), ("a", "2", 1), ("a", "1", 2), ("a", "2", 2)])
    assert received.again() == {1: 2}
    assert received.out_of_order() == 0
    assert Received([("a", "2", 1), ("a", "1", 1)]).out_of_order() == 1
