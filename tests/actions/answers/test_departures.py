"""Questions about buses: from a stop that is named, tapped, shared or misspelled."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.answers.departures import AnswerDeparture, AskDepartureForm
from actions.conversations import Attachment, Draft
from actions.dialogue import Events, Ground, Turn
from actions.intents import DEEDS
from actions.smalltalk import Say
from knowledge.transit import RECORD, open_timetable
from knowledge.transit.swap import import_feed
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock
from tests.knowledge.transit.conftest import real_feed, write_feed

FORM, DEED = "ask_departure_form", "action_answer_departure"
STATION = ("stop", "s_guali", "瓜沥公交站")
AIRPORT = ("stop", "s_airport", "机场")


def topic(ground: Ground) -> Iterable[Any]:
    """The actions that answer about buses; what the timetable does not say goes elsewhere."""

    def otherwise(turn: Turn) -> Events:
        turn.say("utter_answer_unknown")
        return []

    form = AskDepartureForm(ground)
    return [form, *form.questions(), AnswerDeparture(ground, otherwise)]


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, topic)


# What only reads the timetable need not be asked on both databases.
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def begin(talk: Talk, text: str, **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="ask_departure", **said)


def test_a_stop_in_the_question_is_answered_at_once(talk: Talk) -> None:
    heard = begin(talk, "瓜沥公交站下一班车几点", entities=[STATION])
    assert heard.done
    assert "瓜沥公交站上车" in heard.text
    assert "10:" in heard.text
    assert "没有实时位置" in heard.text


def test_without_a_stop_stops_are_offered(talk: Talk) -> None:
    heard = begin(talk, "下一班公交几点")
    assert "哪一站" in heard.text
    assert len(heard.choices) == 4
    assert talk.say("", choice=heard.values[0]).done


@pytest.mark.parametrize(
    "text", ["从人民广场到瓜沥公交站怎么坐车", "从人民广场怎么坐车到瓜沥公交站"]
)
def test_a_start_the_timetable_does_not_have_is_named(talk: Talk, text: str) -> None:
    heard = begin(talk, text)
    assert "没有“人民广场”这一站" in heard.text
    assert len(heard.choices) == 4


def test_an_unknown_start_is_named_in_english(talk: Talk) -> None:
    talk.language = "en"
    assert "no stop “Paris”" in begin(talk, "how do I get from Paris to the airport").text


def test_a_misspelled_stop_is_understood_when_it_is_asked_for(talk: Talk) -> None:
    begin(talk, "下一班公交几点")
    assert "瓜沥公交站上车" in talk.say("瓜丽公交站", intent="nlu_fallback").text


def test_a_shared_place_takes_the_nearest_stop(talk: Talk) -> None:
    begin(talk, "下一班公交几点")
    here = Attachment("location", lat=30.1717, lon=120.4600)
    told = talk.say("", attach=[here]).text
    assert "离您最近的是瓜沥公交站，直线大约 111 米" in told
    assert "瓜沥公交站上车" in told


def drafts(talk: Talk) -> int:
    with talk.ground.database.reading() as db:
        return len(db.scalars(select(Draft)).all())


def test_another_question_ends_asking_for_the_stop(talk: Talk) -> None:
    begin(talk, "下一班公交几点")
    assert drafts(talk) == 1
    heard = talk.say("停车多少钱", intent="ask_knowledge")
    assert heard.stepped_aside
    assert drafts(talk) == 0
    answering = Say(talk.ground, "action_thank", "utter_thank")
    assert talk.form
    talk.run(answering, heard, "停车多少钱", intent="ask_knowledge")
    assert not talk.form


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_another_wish_need_not_wait_for_the_stop(talk: Talk, deed: str) -> None:
    begin(talk, "下一班公交几点")
    heard = talk.say("先说别的", intent=deed)
    assert heard.stepped_aside
    assert drafts(talk) == 0


def test_what_was_asked_before_is_forgotten_when_another_wish_came_between(talk: Talk) -> None:
    begin(talk, "末班车几点")
    talk.say("停车多少钱", intent="ask_knowledge")
    heard = begin(talk, "瓜沥公交站下一班车几点", entities=[STATION])
    assert "末班" not in heard.text


@on_one_database
def test_a_time_that_may_be_soon_or_tomorrow_is_asked(talk: Talk) -> None:
    heard = begin(talk, "瓜沥公交站八点有什么时候的车", entities=[STATION])
    assert "哪个时间" in heard.text
    labels = [choice["title"] for choice in heard.choices]
    assert labels == ["11月25日（周三）08:00", "11月24日（周二）20:00"]
    told = talk.do(DEED, "", choice=heard.values[0], intent="ask_departure").text
    assert "瓜沥公交站上车" in told
    assert "11月25日（周三）08:" in told


@on_one_database
def test_a_line_asked_for_at_no_sure_time_keeps_its_line(talk: Talk) -> None:
    heard = begin(talk, "740路九点半从瓜沥公交中心站开吗")
    told = talk.do(DEED, "", choice=heard.values[0], intent="ask_departure").text
    assert "11月25日（周三）10:00 740" in told


@pytest.mark.parametrize(
    "text", ["2月30日瓜沥公交站下一班", "31 June, next bus from Guali Bus Station"]
)
@on_one_database
def test_a_day_no_calendar_has_gets_no_bus_of_today(talk: Talk, text: str) -> None:
    heard = begin(talk, text)
    assert heard.done
    assert "在日历上对不上" in heard.text
    assert "上车" not in heard.text


@on_one_database
def test_a_fare_is_told_without_asking_the_time(talk: Talk) -> None:
    assert "2 元" in begin(talk, "八点的党湾专线票价多少").text


def test_a_place_to_go_to_is_no_place_to_get_on(talk: Talk) -> None:
    heard = begin(talk, "下一班去机场的车几点", entities=[AIRPORT])
    assert not heard.done
    done = talk.say("瓜沥公交站", entities=[STATION])
    assert "从瓜沥公交站到萧山国际机场" in done.text


def test_a_line_that_does_not_stop_here_is_said_not_to(talk: Talk) -> None:
    line = ("line", "rdw", "党湾专线")
    heard = begin(talk, "瓜沥公交站的党湾专线几点", entities=[STATION, line])
    assert "没有查到这样的车" in heard.text


@pytest.mark.parametrize("which", ["末班车", "最后一班"])
def test_the_last_bus_is_one_bus(talk: Talk, which: str) -> None:
    line = ("line", "r740", "740")
    stop = ("stop", "s_center", "瓜沥公交中心站")
    heard = begin(talk, f"瓜沥公交中心站740路{which}几点", entities=[stop, line])
    assert heard.text.count("740") == 1


def test_late_at_night_the_first_bus_of_tomorrow_is_told(
    talk: Talk, clock: StandingClock
) -> None:
    clock.moment = datetime(2026, 11, 24, 15, 58, tzinfo=UTC)  # 23:58 in Hangzhou
    line = ("line", "r740", "740")
    stop = ("stop", "s_center", "瓜沥公交中心站")
    heard = begin(talk, "瓜沥公交中心站的740", entities=[stop, line])
    assert "已经没有了" in heard.text
    assert "11月25日" in heard.text


def test_a_time_that_is_named_is_where_the_search_begins(talk: Talk) -> None:
    heard = begin(talk, "瓜沥公交站明天早上七点有车吗", entities=[STATION])
    assert "11月25日（周三）07:" in heard.text


def test_once_answered_nothing_is_left_of_the_form(talk: Talk) -> None:
    begin(talk, "瓜沥公交站下一班车几点", entities=[STATION])
    assert talk.slots["departure_stop"] is None
    assert talk.slots["departure_asked"] is None


@pytest.mark.parametrize(
    ("text", "entities"),
    [("下一班车几点", []), ("瓜沥公交站下一班车几点", [STATION])],
)
def test_in_the_middle_of_another_form_it_is_told_at_once_and_the_form_is_kept(
    talk: Talk, text: str, entities: list[tuple[str, str, str]]
) -> None:
    conversation, now = talk.conversation_id, talk.ground.clock.now()
    with talk.ground.database.transaction() as db:
        conversations.keep_draft(db, conversation, "x_form", {"x": None}, now=now)
    talk.slots["requested_slot"] = "x"
    heard = talk.do(DEED, text, intent="ask_departure", entities=entities)
    assert "上车" in heard.text
    with talk.ground.database.reading() as db:
        assert db.get_one(Draft, conversation).form == "x_form"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # from one stop to another
        (
            "从瓜沥公交站到机场怎么坐车",
            ["从瓜沥公交站到萧山国际机场", "10:30 坐机场专线", "10:57 到"],
        ),
        ("从瓜瀝公交站到機場怎麼坐", ["从瓜沥公交站到萧山国际机场", "10:57 到"]),
        ("农贸市场去机场坐什么车", ["镇区环线", "再换", "机场专线", "大约的"]),
        ("中心站到永盛路地铁站怎么坐", ["没有直达的车，换一次车也到不了"]),
        ("从瓜沥公交站去西湖怎么坐", ["没有找到“西湖”", "瓜沥公交站上车"]),
        # lines of a stop, stops of a line
        ("瓜沥公交站有哪些车", ["在瓜沥公交站可以坐", "360，开往婺江路银鼓路口"]),
        ("360路停哪些站", ["360，共 6 站：婺江路银鼓路口 → ", "→ 瓜沥公交站"]),
        ("环线停哪些站", ["镇区环线，共 9 站"]),
        # timetables, first and last
        (
            "瓜沥公交站周六的时刻表",
            ["11月28日（周六）的班次", "360，开往", "首班", "末班", "分钟一班"],
        ),
        ("740路明天的时刻表", ["萧棉路工人路口上车", "瓜沥公交中心站上车", "共 21 班"]),
        ("740首班车几点", ["瓜沥公交中心站上车", "06:00"]),
        ("368头班车和末班车几点", ["首班 05:50，末班 21:00"]),
        ("748B几点到光华路", ["光华路建设四路口上车", "10:40 748B"]),
        # fares
        ("党湾专线票价多少", ["党湾专线：全票 2 元", "存档报道", "老年卡"]),
        # wheelchairs
        ("公交总站轮椅能上车吗", ["我没有资料，不敢乱说"]),
        ("哪些公交站是无障碍的", ["没有资料，不敢乱说"]),
    ],
)
@on_one_database
def test_a_question_is_answered_off_the_timetable(
    talk: Talk, text: str, told: list[str]
) -> None:
    heard = begin(talk, text)
    assert heard.done
    assert [words for words in told if words not in heard.text] == []
    assert "没有实时位置" in heard.text or "存档报道" in heard.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("how do I get from Guali bus station to the airport by bus", "10:30 take Airport"),
        ("which buses stop at the central bus station", "740, to Xiaomian Rd"),
        ("where does the 360 stop", "360, 6 stops: Wujiang Rd"),
        ("Saturday timetable of the 740", "first 06:20, last 18:40"),
        ("how much is the ticket for the Dangwan line", "full fare 2 yuan"),
        ("can a wheelchair board at Guali bus station", "I will not guess"),
        ("next bus from the food market stop", "From Food Market (sample):"),
    ],
)
@on_one_database
def test_english_questions_get_english_answers(talk: Talk, text: str, told: str) -> None:
    talk.language = "en"
    heard = begin(talk, text)
    assert told in heard.text
    assert "not live" in heard.text or "archived report" in heard.text


@pytest.mark.parametrize(
    "text", ["360票价多少", "老人坐党湾专线多少钱", "坐公交有优惠吗，多少钱"]
)
@on_one_database
def test_a_fare_the_feed_does_not_have_is_left_to_the_articles(talk: Talk, text: str) -> None:
    heard = begin(talk, text)
    assert "不敢乱答" in heard.text
    assert talk.slots["departure_stop"] is None


@on_one_database
def test_what_several_stops_are_called_is_asked_back(talk: Talk) -> None:
    heard = begin(talk, "公胶站下一班车")
    assert heard.text == "您说的是哪一站？"
    assert set(heard.values) == {"s_guali", "s_center", "s_binsheng"}
    assert "瓜沥公交中心站上车" in talk.say("", choice="s_center").text


@on_one_database
def test_a_stop_nobody_knows_is_said_to_be_none_and_the_nearest_sounds_are_offered(
    talk: Talk,
) -> None:
    heard = begin(talk, "火星站下一班车几点")
    assert "没有找到这一站" in heard.text
    assert 0 < len(heard.choices) <= 3


@on_one_database
def test_a_line_asked_for_settles_which_stop_is_meant(talk: Talk) -> None:
    assert "瓜沥公交中心站上车" in begin(talk, "公胶站740路下一班").text


@on_one_database
def test_where_to_is_asked_back_when_it_may_be_several_stops(talk: Talk) -> None:
    heard = begin(talk, "从大西村到党湾怎么坐")
    assert heard.text == "您说的是哪一站？"
    assert {label["title"] for label in heard.choices} == {"党湾镇政府", "党湾一小"}
    again = begin(talk, "党湾镇政府", choice=heard.values[0])
    assert "从大西村到党湾" in again.text
    assert "党湾专线" in again.text


@on_one_database
def test_a_line_nobody_knows_is_said_to_be_none(talk: Talk) -> None:
    heard = begin(talk, "瓜沥公交中心站74路末班几点")
    assert "没有“74”这条线" in heard.text
    wanted = next(c for c in heard.choices if c["title"] == "740")
    again = begin(talk, "740", choice=heard.values[heard.choices.index(wanted)])
    assert "740，开往" in again.text
    assert "瓜沥公交中心站上车" in again.text


def test_the_whole_question_is_kept_while_the_stop_is_asked(talk: Talk) -> None:
    begin(talk, "星期六的公交时刻表")
    assert "11月28日（周六）的班次" in talk.say("", choice="s_guali").text


@on_one_database
def test_an_old_person_gets_two_ways_in_short_sentences(talk: Talk) -> None:
    talk.elder = True
    heard = begin(talk, "从瓜沥公交站到机场怎么坐车")
    assert heard.text.count("坐机场专线") == 2
    assert "开往" not in heard.text
    assert "示例数据" in heard.text


@pytest.mark.parametrize(
    "text",
    [
        "瓜沥公交站昨天八点有车吗",
        "昨天瓜沥公交站的末班车",
        "瓜沥公交站今天早上六点的车",
        "瓜沥公交站上周三有车吗",
    ],
)
def test_a_time_that_is_over_is_said_to_be_before_the_next_buses(talk: Talk, text: str) -> None:
    heard = begin(talk, text, entities=[STATION])
    assert heard.done
    assert "已经过去了" in heard.text
    assert "瓜沥公交站上车" in heard.text


@pytest.mark.parametrize(
    "text", ["瓜沥公交站今天的首班车", "瓜沥公交站早上第一班车", "瓜沥公交站今天有车吗"]
)
def test_what_can_still_be_told_of_today_is_told_without_a_word(talk: Talk, text: str) -> None:
    heard = begin(talk, text, entities=[STATION])
    assert heard.done
    assert "过去" not in heard.text


def test_another_day_after_one_that_is_over_is_answered_for_that_day(talk: Talk) -> None:
    begin(talk, "瓜沥公交站昨天八点有车吗", entities=[STATION])
    heard = begin(talk, "瓜沥公交站明天上午八点呢", entities=[STATION])
    assert "过去" not in heard.text


@on_one_database
def test_after_the_timetables_last_day_it_is_said_to_have_expired(talk: Talk) -> None:
    heard = begin(talk, "2029年1月1日瓜沥公交站的车")
    assert "只到 2027-12-31，已经过期了" in heard.text


def test_another_bus_question_while_the_stop_is_asked_is_taken_along(talk: Talk) -> None:
    begin(talk, "下一班公交几点")
    again = talk.say("740的末班车呢", intent="ask_departure")
    assert not again.done
    told = talk.say("瓜沥公交中心站", intent="ask_departure").text
    assert told.count("740，开往") == 1
    assert "19:" in told


def of_feed(talk: Talk, folder: Path, feed: Path | None = None, **tables: str | None) -> Talk:
    """The same resident in a community with another feed."""
    pack = talk.ground.pack.model_copy(update={"folder": folder / "pack"})
    (folder / "pack").mkdir()
    import_feed(feed or write_feed(folder / "feed", **tables), pack.gtfs)
    return Talk(replace(talk.ground, pack=pack), topic)


@on_one_database
def test_a_day_without_any_bus_is_said_plainly(talk: Talk, tmp_path: Path) -> None:
    heard = begin(
        of_feed(talk, tmp_path), "东站周六中午有车吗", entities=[("stop", "a", "东站")]
    )
    assert "11月28日（周六）时刻表里一班车也没有" in heard.text


@on_one_database
def test_times_after_the_feeds_own_last_day_come_with_a_warning(
    talk: Talk, tmp_path: Path
) -> None:
    ended = "feed_lang,feed_end_date\nzh,20261101\n"
    heard = begin(
        of_feed(talk, tmp_path, feed_info=ended),
        "东站现在的车",
        entities=[("stop", "a", "东站")],
    )
    assert "东站上车" in heard.text
    assert "有效期到 2026-11-01，已经过了" in heard.text


@on_one_database
def test_without_a_timetable_it_is_said_that_there_is_none(talk: Talk, tmp_path: Path) -> None:
    pack = talk.ground.pack.model_copy(update={"folder": tmp_path})
    nowhere = Talk(replace(talk.ground, pack=pack), topic)
    assert "还没有公交时刻表" in begin(nowhere, "下一班车几点").text


@on_one_database
@pytest.mark.parametrize(
    "text", ["瓜沥公交站下一班车几点", "瓜沥公交站有哪些车", "党湾专线多少钱"]
)
def test_what_the_timetable_tells_is_marked_with_its_version(talk: Talk, text: str) -> None:
    said = [("line", "rdw", "党湾专线")] if "党湾专线" in text else [STATION]
    heard = begin(talk, text, entities=said)
    version = open_timetable(talk.ground.pack).version
    assert [(m["kind"], m["id"], m["version"]) for m in heard.marks] == [(*RECORD, version)]


@on_one_database
def test_what_asks_back_or_tells_nothing_of_a_feed_carries_no_mark(
    talk: Talk, tmp_path: Path
) -> None:
    assert begin(talk, "下一班公交几点").marks == []
    pack = talk.ground.pack.model_copy(update={"folder": tmp_path})
    nowhere = Talk(replace(talk.ground, pack=pack), topic, address="b")
    assert begin(nowhere, "下一班车几点").marks == []


@on_one_database
def test_a_stop_of_an_older_timetable_is_no_stop(talk: Talk, tmp_path: Path) -> None:
    """Rasa's model may have been trained before the feed was swapped."""
    other = of_feed(talk, tmp_path)
    heard = begin(other, "瓜沥公交站下一班车几点", entities=[STATION])
    assert not heard.done
    assert set(heard.values) <= {"a", "b"}


@on_one_database
def test_a_real_feed_is_spoken_of_by_its_own_names(
    talk: Talk, tmp_path: Path, clock: StandingClock
) -> None:
    clock.moment = datetime(2017, 9, 1, 0, 0, tzinfo=UTC)  # 9:00 in Kobe
    kobe = of_feed(talk, tmp_path, real_feed("kobe-subway"))
    heard = begin(kobe, "从新神戸到名谷怎么坐")
    assert "从新神戸到名谷" in heard.text
    assert "西神・山手線" in heard.text
    assert "示例" not in heard.text
    clock.moment = datetime(2018, 9, 1, 0, 0, tzinfo=UTC)
    assert "只到 2017-11-17，已经过期了" in begin(kobe, "新神戸下一班车").text
    assert "轮椅可以上车" in begin(kobe, "新神戸轮椅能上车吗").text
