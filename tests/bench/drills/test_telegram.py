"""The drill can fail: it sees what is missing, out of order, said twice, or too quick."""

import httpx
import pytest

from bench.bot_api import A_SECOND, TOKEN, BotApi, served
from bench.drills.telegram import compare


@pytest.mark.parametrize(
    ("came", "found"),
    [
        (["a", "b", "b"], {}),
        (["a", "b"], {"missing": 1}),
        (["a", "a", "b", "b"], {"twice": 1}),
        (["b", "a", "b", "b"], {"told_out_of_order": 1}),
        (["a", "b", "b", "b"], {"twice": 1}),
        ([], {"missing": 3}),
    ],
)
def test_what_came_is_compared_with_what_was_sent(
    came: list[str], found: dict[str, int]
) -> None:
    assert +compare(["a", "b", "b"], came) == found


def test_an_update_comes_again_until_one_asks_for_those_after_it() -> None:
    api = BotApi()
    api.write(7, ["你好", "停车多少钱"])
    with served(api) as url:

        def ask(**offset: int) -> list[int]:
            answer = httpx.get(f"{url}/bot{TOKEN}/getUpdates", params=offset)
            return [one["update_id"] for one in answer.json()["result"]]

        assert ask() == ask() == [1, 2]
        assert ask(offset=2) == [2]
        assert ask() == [2]


def test_what_comes_too_quickly_is_refused_and_counted() -> None:
    api = BotApi()
    sent = [
        api.call("sendMessage", {"chat_id": chat, "text": "好"})[0]
        for chat in ("1", "1", *map(str, range(2, A_SECOND + 2)))
    ]
    assert sent == [200, 429, *[200] * (A_SECOND - 1), 429]
    assert api.too_quick == 2
    assert len(api.arrived) == A_SECOND
