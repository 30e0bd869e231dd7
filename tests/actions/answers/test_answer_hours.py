"""Questions about opening hours, put as residents put them, and what is answered."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.answers.answer_hours import AnswerHours
from actions.dialogue import Ground
from actions.wording import read_payload
from knowledge.pack import Pack
from tests.actions.conftest import Heard, Named, Talk
from tests.conftest import StandingClock

HZBOOK = ("facility", "fac-hzbook", "杭州书房")
COUNTER = ("facility", "fac-convenience", "便民中心")
GYM = ("facility", "fac-gym", "健身房")

# What is told comes from the pack alone: one store is enough.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return talk_of(ground)


def talk_of(ground: Ground, **said: Any) -> Talk:
    return Talk(ground, lambda g: [AnswerHours(g, lambda _: None, lambda _: [])], **said)


def ask(talk: Talk, text: str, *named: Named, choice: str | None = None) -> Heard:
    return talk.do(
        "action_answer_hours", text, intent="ask_hours", entities=named, choice=choice
    )


def with_pack(ground: Ground, pack: Pack) -> Ground:
    return Ground(ground.database, ground.clock, ground.wording, pack)


def asked() -> list[tuple[str, ...]]:
    """Day (it is 10:00), question, the facility named in these words, parts of the answer."""
    rows = (Path(__file__).parent / "hours_asked.tsv").read_text("utf-8").splitlines()[1:]
    return [tuple(row.split("\t")) for row in rows]


@pytest.mark.parametrize(("on", "text", "facility", "words", "parts"), asked())
def test_what_is_asked_is_answered(  # noqa: PLR0913, PLR0917 - a row of the table
    talk: Talk, clock: StandingClock, on: str, text: str, facility: str, words: str, parts: str
) -> None:
    clock.moment = datetime.fromisoformat(f"{on}T10:00+08:00")
    heard = ask(talk, text, ("facility", facility, words))
    for part in parts.split(" | "):
        assert part in heard.text
    assert "示例数据" in heard.text


def test_after_closing_the_next_opening_is_told(talk: Talk, clock: StandingClock) -> None:
    clock.moment = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)  # 21:00
    assert "现在没开，11月25日（周三）09:30 开门" in ask(talk, "杭州书房几点关门", HZBOOK).text
    assert "11月25日（周三）09:30 开门" in ask(talk, "杭州书房几点开门", HZBOOK).text


def test_the_same_in_english(ground: Ground) -> None:
    talk = talk_of(ground, language="en")
    named = ("facility", "fac-convenience", "counter")
    assert (
        "Yes, Convenience counter is open on Wed 25 Nov, 15:00"
        in ask(talk, "is the counter open tomorrow at 3 pm", named).text
    )
    assert (
        "closes for lunch 12:00–13:30"
        in ask(talk, "does the counter close at noon", named).text
    )
    week = ask(talk, "opening hours of the counter", named).text
    assert "Mon–Fri: 08:30–12:00, 13:30–17:30" in week
    assert "Public holidays: closed" in week
    assert "as usual" in ask(talk, "is the canteen open on new year's day",
                             ("facility", "fac-canteen", "canteen")).text  # fmt: skip


def test_an_elder_gets_short_sentences(ground: Ground) -> None:
    talk = talk_of(ground, elder=True)
    assert ask(talk, "便民中心中午休息吗", COUNTER).text.startswith("中午 12:00–13:30 休息。")


def test_a_kind_of_place_is_asked_back_and_the_question_goes_on(talk: Talk) -> None:
    heard = ask(talk, "图书馆周日开吗")
    assert "您问哪一个" in heard.text
    assert [c["title"] for c in heard.choices] == ["萧山图书馆(新馆)", "萧山图书馆(老馆)"]
    assert "11月29日（周日）开放：09:00–17:00" in ask(talk, "", choice=heard.values[0]).text


def test_a_shared_alias_is_asked_back(talk: Talk) -> None:
    both = ("facility", "fac-yongxing", "图书馆"), ("facility", "fac-hzbook", "图书馆")
    heard = ask(talk, "图书馆国庆开不开", *both)
    assert len(heard.choices) == 2
    assert "国庆期间" in ask(talk, "", choice=heard.values[1]).text


def test_two_places_named_are_both_told(talk: Talk) -> None:
    heard = ask(talk, "杭州书房和健身房几点关门", HZBOOK, GYM)
    assert "20:30 关门" in heard.texts[0]
    assert "22:00 关门" in heard.texts[1]


def test_a_place_that_moved_says_where_to_and_gives_those_hours(ground: Ground) -> None:
    pack = ground.pack
    old = pack.facilities["fac-xslib-old"].model_copy(update={"moved_to": "fac-xslib"})
    moved = pack.model_copy(update={"facilities": pack.facilities | {old.id: old}})
    talk = talk_of(with_pack(ground, moved))
    heard = ask(talk, "老图书馆开着吗", ("facility", old.id, "老图书馆"))
    assert "萧山图书馆(老馆)已经不开了，请去萧山图书馆(新馆)。" in heard.text
    assert "萧山图书馆(新馆)现在开着" in heard.text
    assert "萧山图书馆(新馆)现在开着" in ask(talk, "图书馆开着吗").text  # the one that stands


def test_what_is_open_now_is_shown_five_at_a_time_until_all_are(talk: Talk) -> None:
    heard = ask(talk, "现在有什么地方开着")
    shown: list[str] = []
    while read_payload(heard.choices[-1]["payload"])[1].startswith("after:"):
        assert len(heard.choices) == 6
        shown += [c["title"] for c in heard.choices[:-1]]
        heard = ask(talk, "", choice=heard.values[-1])
    shown += [c["title"] for c in heard.choices]
    assert len(shown) == len(set(shown)) == 31  # of 40: seven unknown, two closed by now
    assert "便民中心，开到 12:00" in shown
    assert shown[-1] == "电动车充电棚，一直开"


def test_what_is_open_at_a_time_that_is_named(ground: Ground) -> None:
    heard = ask(talk_of(ground, elder=True), "晚上十一点还有什么地方开着")
    assert [c["title"] for c in heard.choices] == [
        "七彩电影院，开到 24:00",
        "七彩停车场，一直开",
        "梅林村 24 小时数字书房，一直开",
        "再看后面 2 个",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("现在有什么地方开着", "现在开着的有这些"),
        ("晚上八点有什么地方还开着", "11月24日（周二）20:00开着的有这些"),
        ("明天有哪些地方开门", "11月25日（周三）10:00开着的有这些"),
    ],
)
def test_what_is_open_says_of_which_time(talk: Talk, text: str, told: str) -> None:
    assert told in ask(talk, text).text


def test_that_nothing_is_open_says_of_which_time(ground: Ground) -> None:
    closed = with_pack(ground, ground.pack.model_copy(update={"facilities": {}}))
    said = ask(talk_of(closed), "早上五点哪里开着").text
    assert said.startswith("11月25日（周三）05:00我没有查到开着的地方")
    english = ask(talk_of(closed, language="en", address="b"), "is anything open").text
    assert english.startswith("I know of no place that is open then (now).")


@pytest.mark.parametrize("text", ["杭州书房2月30日开吗", "2月30号有什么地方开着"])
def test_a_day_no_calendar_has_is_said_to_be_none(talk: Talk, text: str) -> None:
    named = [HZBOOK] if "书房" in text else []
    heard = ask(talk, text, *named)
    assert "在日历上对不上" in heard.text
    assert "现在" not in heard.text


def test_of_a_time_that_may_be_soon_or_tomorrow_both_are_told(talk: Talk) -> None:
    told = ask(talk, "杭州书房八点开着吗", HZBOOK).text
    assert "不开，杭州书房·瓜沥 11月25日（周三）08:00 不开门" in told
    assert "开的，杭州书房·瓜沥 11月24日（周二）20:00 开着" in told


def test_a_time_that_is_not_clear_goes_on_with_a_choice(talk: Talk) -> None:
    heard = ask(talk, "图书馆八点开着吗")
    told = ask(talk, "", choice=heard.values[0]).text
    assert "08:00" in told
    assert "20:00" in told


def test_without_a_name_the_question_is_kept_for_the_place_that_is_chosen(talk: Talk) -> None:
    heard = ask(talk, "周日开门吗")
    assert "哪里的开放时间" in heard.text
    assert "11月29日（周日）" in ask(talk, "", choice=heard.values[0]).text
