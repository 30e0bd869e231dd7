"""What words tell of a need beside its kind, and what of them is not shown."""

from pathlib import Path

import pytest

from actions.neighbours import details
from actions.relay import masking
from actions.wording import read_wording
from knowledge.pack import Pack, load_pack


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("明天上午陪我妈去二院，拐杖不方便", ["crutches"]),
        ("我爸坐輪椅，耳朵背", ["wheelchair", "hearing"]),
        ("没电梯，五楼，要两个人抬", ["stairs", "two_people"]),
        ("只会讲萧山话", ["dialect"]),
        ("家里有条狗", ["pet"]),
        ("东西很重", ["heavy"]),
        ("最好是女的来", ["woman"]),
        (
            "he is deaf and uses a wheelchair, there is no lift",
            ["wheelchair", "hearing", "stairs"],
        ),
        ("it needs two people, quite heavy", ["two_people", "heavy"]),
        ("帮我取个快递", []),
        ("please fetch a parcel", []),
    ],
)
def test_what_a_helper_must_know_is_seen(text: str, known: list[str]) -> None:
    assert details.special(text) == known


def test_all_of_it_has_words(pack: Pack) -> None:
    wording = read_wording(pack.zone)
    for name in details.SPECIAL:
        assert wording.render(f"utter_help_special_{name}").text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("半小时", 30),
        ("大概两个小时", 120),
        ("一个半钟头", 90),
        ("用三天", 3 * 1440),
        ("半天就够", 240),
        ("40分钟", 40),
        ("四十分钟差不多", 40),
        ("二十来分钟", 20),
        ("十五分钟", 15),
        ("一刻钟", 15),
        ("三刻钟够了", 45),
        ("半个多小时", 30),
        ("一个多钟头", 60),
        ("两三个小时", 180),
        ("forty minutes or so", 40),
        ("an hour and a half", 90),
        ("twenty mins", 20),
        ("forty-five minutes", 45),
        ("half an hour", 30),
        ("about two hours", 120),
        ("a couple of days", 2 * 1440),
        ("三天后", None),
        ("两小时内", None),
        ("明天下午三点", None),
        ("下周一", None),
        ("今天天气好", None),
        ("十分钟后来", None),
    ],
)
def test_how_long_it_takes_is_read(text: str, minutes: int | None) -> None:
    assert details.minutes(text) == minutes


def test_an_answer_may_be_a_part_of_a_day() -> None:
    assert details.answered_minutes("一下午吧") == 240
    assert details.answered_minutes("不知道") is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("明天上午陪我妈去二院", "gz-hospital"),
        ("去萧山区第二人民医院", "gz-hospital"),
        ("陪我走走", None),
        ("送我去医院拿药", "gz-hospital"),
        ("陪我妈到图书馆坐坐", "gz-library"),
        ("帮我去诊所拿个药", "gz-clinic"),
        ("walk with me to the library", "gz-library"),
        ("找人一起打麻将", None),
        ("陪我看电影", None),
    ],
)
def test_a_public_place_is_read(pack: Pack, text: str, place: str | None) -> None:
    found = details.place(pack, text)
    assert (found.id if found else None) == place


def test_a_home_is_no_place(pack: Pack) -> None:
    homes = [place for place in pack.places.values() if place.kind == "building"]
    assert homes
    for home in homes:
        found = details.place(pack, home.name.zh)
        assert found is None or found.kind != "building"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("我住3幢2单元302", ("302", "3幢")),
        ("打我电话13911112222", ("13911112222",)),
        ("电话 139 1111 2222", ("139", "2222")),
        ("加微信abc12345", ("abc12345",)),
        ("一三九一一一一二二二二", ("一三九",)),
        ("去302敲门", ("302",)),
        ("打１３９１１１１２２２２，别告诉人", ("１３９", "139")),
        ("flat 12, call +86 139 1111 2222", ("1111", "flat 12")),
    ],
)
def test_doors_and_numbers_are_masked(text: str, gone: tuple[str, ...]) -> None:
    assert masking.mask(text).kinds
    assert not [secret for secret in gone if secret in masking.mask(text).text]


@pytest.mark.parametrize(
    "text", ["明天15:00，取2个快递！", "帮我买3斤米", "王阿姨陪我去二院", "at 3 pm for 2 hours"]
)
def test_times_amounts_and_names_stay(text: str) -> None:
    assert masking.mask(text).text == text
    assert not masking.mask(text).kinds
