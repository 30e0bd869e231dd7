import pytest
from starlette.requests import Request

from bot.limits import SESSIONS_PER_ADDRESS, Limits
from bot.problems import Problem


def from_address(host: str | None) -> Request:
    return Request({"type": "http", "headers": [], "client": (host, 1) if host else None})


def test_a_session_may_write_so_often_and_is_told_when_there_is_room_again() -> None:
    limits = Limits("2/minute")
    for _ in range(2):
        limits.check(from_address("192.0.2.1"), "one")
    with pytest.raises(Problem) as refused:
        limits.check(from_address("192.0.2.1"), "one")
    assert refused.value.status == 429
    assert 1 <= refused.value.retry_after <= 60
    limits.check(from_address("192.0.2.1"), "another")


def test_an_address_of_the_net_may_write_as_much_as_a_whole_house() -> None:
    limits = Limits("1/minute")
    for n in range(SESSIONS_PER_ADDRESS):
        limits.check(from_address("192.0.2.1"), f"s{n}")
    with pytest.raises(Problem):
        limits.check(from_address("192.0.2.1"), "one more")
    limits.check(from_address("192.0.2.2"), "one more elsewhere")


def test_a_caller_without_an_address_is_counted_too() -> None:
    limits = Limits("1/minute")
    limits.check(from_address(None), "one")
    with pytest.raises(Problem):
        limits.check(from_address(None), "one")
