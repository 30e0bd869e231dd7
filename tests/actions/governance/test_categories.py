"""Which category a problem belongs to, by what people write."""

from pathlib import Path

import pytest

from actions.governance import categories
from knowledge.pack import Pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("路灯坏了，晚上黑漆漆的", "road-light"),
        ("路燈壞了", "road-light"),
        ("窨井盖没了", "manhole"),
        ("垃圾没人收，臭死了", "rubbish"),
        ("电梯坏了", "lift"),
        ("下水道堵了", "drainage"),
        ("消防通道被堵", "fire-hazard"),
        ("电瓶车在楼道充电", "ebike"),
        ("家里停水了", "water-power"),
        ("广场舞太吵了", "noise"),
        ("路口标志牌倒了", "signal-sign"),
        ("这事不知道归谁管", "other"),
        ("天上飘来一朵云", "other"),
    ],
)
def test_the_keywords_tell(pack: Pack, text: str, category: str) -> None:
    guessed = categories.guess(pack, text)
    assert guessed is not None
    assert guessed.service_code == category


def test_a_word_spelled_by_its_sound_is_understood(pack: Pack) -> None:
    guessed = categories.guess(pack, "路登不亮")
    assert guessed is not None
    assert guessed.service_code == "road-light"


def test_what_fits_two_about_as_well_is_left_to_the_resident(pack: Pack) -> None:
    assert categories.guess(pack, "楼上太吵了") is None
    offered = [c.service_code for c in categories.alternatives(pack, "楼上太吵了", 4)]
    assert offered == ["noise", "dispute", "other"]


def test_other_is_always_offered_last_and_once(pack: Pack) -> None:
    for limit in (2, 4):
        several = "电梯坏了，楼道堵了，垃圾没人收，停电"
        offered = categories.alternatives(pack, several, limit)
        assert len(offered) <= limit
        assert [c.service_code for c in offered].index("other") == len(offered) - 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("我要报修", False),
        ("我想反映一个问题", False),
        ("你好，我要投诉", False),
        ("I want to report a problem", False),
        ("我要报修，电梯坏了", True),
        ("路灯坏了", True),
    ],
)
def test_a_first_message_is_taken_only_when_it_tells_the_problem(
    pack: Pack, text: str, says: bool
) -> None:
    assert categories.says_what(pack, text) is says


def test_a_pack_without_a_category_for_other_things_uses_its_last(pack: Pack) -> None:
    few = {code: pack.categories[code] for code in ("lift", "noise")}
    small = pack.model_copy(update={"categories": few})
    guessed = categories.guess(small, "天上飘来一朵云")
    assert guessed is not None
    assert guessed.service_code == "noise"


def test_an_english_sentence_that_tells_the_problem_is_not_asked_for_it_again(
    pack: Pack,
) -> None:
    assert categories.says_what(pack, "The street lamp is broken in front of the complex")
    assert not categories.says_what(pack, "I want to report a problem, please")
