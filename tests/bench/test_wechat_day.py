"""A short day of a small town on WeChat."""

from bench.wechat_day import live, not_counting


def test_nothing_is_tried_beyond_what_wechat_allows_and_not_counting_would() -> None:
    day = live(40, seed=3)
    assert day["over"] == 0
    assert day["heard"]
    assert day["arrived"]
    with not_counting():
        assert live(12, seed=3)["over"] > 0  # type: ignore[operator]
