"""Questions looked up: answered with where it comes from, asked back, or honestly not known."""

from actions.content.model import Offline
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


def test_an_unknown_choice_is_looked_up_as_a_question(talk: Talk) -> None:
    heard = ask(talk, "借书证怎么办", choice="article:gone")
    assert "身份证" in heard.text


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
