"""Questions looked up: answered with where it comes from, asked back, or honestly not known."""

from dataclasses import replace

from actions.content import editions
from actions.content.model import Edition, Offline
from actions.learning import learned
from actions.learning.learned import Question
from actions.wording import read_payload
from tests.actions.conftest import Heard, Talk


def ask(talk: Talk, text: str, **said: object) -> Heard:
    return talk.do("action_answer_question", text, intent="ask_knowledge", **said)


def test_an_answer_says_where_it_comes_from_and_that_it_is_a_sample(talk: Talk) -> None:
    heard = ask(talk, "停车一个小时收多少钱")
    assert "停车" in heard.text
    assert "示例数据" in heard.text
    assert heard.news == []


def test_an_english_question_is_answered_in_english(talk: Talk) -> None:
    talk.language = "en"
    heard = ask(talk, "What if I lose my library card?")
    assert "card" in heard.text.lower()
    assert "Sample data" in heard.text


def test_what_nobody_here_can_know_is_said_not_to_be_known(talk: Talk) -> None:
    heard = ask(talk, "帮我写一首诗")
    assert "不知道" in heard.text
    assert [read_payload(c["payload"])[0] for c in heard.choices] == ["ask_person"]


def test_a_chosen_record_is_shown_whatever_the_words_are(talk: Talk) -> None:
    heard = ask(talk, "", choice="article:ed-card")
    assert "身份证" in heard.text
    assert "据存档报道" in heard.text


def test_a_facility_tells_where_it_is_and_whether_it_is_open(talk: Talk) -> None:
    heard = ask(talk, "", choice="facility:fac-convenience")
    assert "便民中心" in heard.text
    assert "现在开着" in heard.text


def test_an_activity_tells_its_weekday_and_how_to_book_it(talk: Talk) -> None:
    heard = ask(talk, "", choice="activity:club-calligraphy")
    assert "每周六 14:00–15:30" in heard.text
    assert "我要报书法社" in heard.text
    assert "请带：毛笔(可借)" in heard.text
    talk.language = "en"
    assert "Fee: free" in ask(talk, "", choice="activity:club-calligraphy").text


def test_an_unknown_choice_is_looked_up_as_a_question(talk: Talk) -> None:
    heard = ask(talk, "借书证怎么办", choice="article:gone")
    assert "身份证" in heard.text


def test_an_answer_says_who_keeps_it(talk: Talk) -> None:
    assert "由书房服务台维护" in ask(talk, "", choice="article:ed-card").text


def test_an_answer_that_has_run_out_says_until_when_it_held_and_whom_to_call(
    talk: Talk,
) -> None:
    heard = ask(talk, "", choice="article:tr-senior")
    assert "截至 2019-12-31 有效，现在可能变了，请打电话 12345 确认。" in heard.text
    assert "截至" not in ask(talk, "", choice="article:ed-card").text


def test_an_answer_others_disagree_with_says_that_it_is_being_checked(talk: Talk) -> None:
    assert "工作人员正在核实" in ask(talk, "", choice="article:ed-renew").text
    assert "工作人员正在核实" not in ask(talk, "", choice="article:ed-card").text


def test_of_two_records_that_disagree_the_better_one_is_told(talk: Talk) -> None:
    gym = talk.ground.pack.articles["he-gym-fee"]
    late = gym.body.model_copy(update={"zh": "健身房开到 23:45。"})
    changed = {"he-gym-fee": gym.model_copy(update={"body": late})}
    pack = talk.ground.pack.model_copy(update={"articles": talk.ground.pack.articles | changed})
    talk = Talk(replace(talk.ground, pack=pack), talk.topic)
    heard = ask(talk, "", choice="article:he-gym-fee")
    assert "23:45" not in heard.text
    assert "七彩健身房" in heard.text
    assert "工作人员正在核实" in heard.text


def test_an_index_that_is_gone_leaves_the_present_one_answering(talk: Talk) -> None:
    with talk.ground.database.transaction() as db:
        gone = "0123456789abcdef"
        now = talk.ground.clock.now()
        editions.activate(db, Edition(index_version=gone, revisions={}, published_at=now))
    assert "停车" in ask(talk, "停车一个小时收多少钱").text


def test_an_answer_is_marked_with_its_record_and_the_version_of_it(talk: Talk) -> None:
    heard = ask(talk, "", choice="article:ed-card")
    record = talk.ground.pack.articles["ed-card"]
    told = {"kind": "article", "id": "ed-card", "version": record.fingerprint}
    assert heard.marks == [told | {"chosen": True, "likely": []}]


def test_a_facility_and_an_activity_are_marked_too(talk: Talk) -> None:
    for key in ("facility:fac-convenience", "activity:club-calligraphy"):
        (mark,) = ask(talk, "", choice=key).marks
        assert f"{mark['kind']}:{mark['id']}" == key
        assert len(mark["version"]) == 16


def test_opening_hours_are_a_telling_of_their_facility(talk: Talk) -> None:
    heard = talk.do("action_answer_hours", "", choice="fac-convenience")
    assert [(mark["kind"], mark["id"]) for mark in heard.marks] == [
        ("facility", "fac-convenience")
    ]


def test_not_knowing_is_marked_with_the_records_that_came_nearest(talk: Talk) -> None:
    (mark,) = ask(talk, "帮我写一首诗").marks
    assert (mark["kind"], mark["id"], mark["version"]) == ("unknown", "", "")
    assert len(mark["likely"]) == 3


POEM = "能不能帮我孙女写首诗"


def test_what_staff_taught_is_answered_from_the_next_question_on(talk: Talk) -> None:
    assert "不知道" in ask(talk, POEM).text  # negative control: nobody has taught it
    now = talk.ground.clock.now()
    with talk.ground.database.transaction() as db:
        taught = Question("article", "ed-calligraphy", "zh", POEM)
        learned.teach(db, taught, staff_id=None, now=now)
        number = learned.present(db)[0].id
    assert ask(talk, f"{POEM}？").marks[0]["id"] == "ed-calligraphy"
    with talk.ground.database.transaction() as db:
        assert learned.retire(db, [number], now=now) == 1
    assert "不知道" in ask(talk, POEM).text


def take_offline(talk: Talk, kind: str, subject_id: str) -> None:
    with talk.ground.database.transaction() as db:
        db.add(Offline(kind=kind, subject_id=subject_id, since_at=talk.ground.clock.now()))


def test_a_record_that_is_offline_is_said_to_be_checked(talk: Talk) -> None:
    assert "身份证" in ask(talk, "借书证怎么办").text
    take_offline(talk, "article", "ed-card")
    for heard in (ask(talk, "借书证怎么办"), ask(talk, "", choice="article:ed-card")):
        assert "正在核对" in heard.text
        assert "身份证" not in heard.text
        assert [read_payload(c["payload"])[0] for c in heard.choices] == ["ask_person"]


def test_a_topic_that_is_offline_is_neither_told_nor_suggested(talk: Talk) -> None:
    question = "停车"
    before = ask(talk, question)
    parking = {value for value in before.values if value.startswith("article:tr-")}
    take_offline(talk, "topic", "交通")
    after = ask(talk, question)
    assert "正在核对" in ask(talk, "", choice="article:tr-parking-fee").text
    assert not parking & set(after.values)


def test_the_hours_of_a_place_that_is_offline_are_not_told(talk: Talk) -> None:
    take_offline(talk, "facility", "fac-convenience")
    heard = talk.do("action_answer_hours", "", choice="fac-convenience")
    assert "正在核对" in heard.text
    assert "现在" not in heard.text.replace("现在不敢", "")
