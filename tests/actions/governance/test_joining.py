"""The report form shows what others have reported, and what a category wants to know."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from actions.conversations import Attachment
from actions.db import Database
from actions.dialogue import Ground
from actions.governance import actions as governance
from actions.governance.model import Follower, Kind, ServiceRequest, Update
from knowledge.sorting import Sorter
from tests.actions.conftest import Heard, Talk

FORM, DEED = "report_problem_form", "action_report_problem"
YOUYI = ("place", "gz-youyi", "友谊路")
LIFT = "12幢电梯坏了，按钮没反应，里面没人"


@pytest.fixture
def meaning(ground: Ground, sorter: Sorter) -> Ground:
    return replace(ground, sorter=sorter)


def begin(talk: Talk, text: str, **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="report_problem", **said)


def resident(ground: Ground, address: str, language: str = "zh") -> Talk:
    return Talk(ground, governance.actions, address=address, language=language)


def filed(ground: Ground, text: str = LIFT, address: str = "first") -> Talk:
    """Have somebody report."""
    talk = resident(ground, address)
    begin(talk, text)
    assert talk.say("1", choice="yes").done
    return talk


def requests(database: Database) -> list[ServiceRequest]:
    with database.reading() as db:
        return list(db.scalars(select(ServiceRequest).order_by(ServiceRequest.id)))


def followers(database: Database) -> list[str]:
    with database.reading() as db:
        return list(db.scalars(select(Follower.resident_id)))


def test_what_others_reported_is_shown_before_the_read_back(meaning: Ground) -> None:
    filed(meaning)
    heard = begin(resident(meaning, "second"), "十二号楼的电梯又不动了，里面没有人")
    assert "是同一件，对吗" in heard.text
    assert heard.values == ["same:1", "none"]
    label = heard.label_of("same:1")
    assert label == "我也遇到：安置区12幢，11月24日（周二）报，1户，等待受理"
    assert "按钮" not in heard.text + label  # never the reporter's words


def test_joining_follows_and_tells_owner_and_due_time(meaning: Ground) -> None:
    filed(meaning)
    talk = resident(meaning, "second")
    begin(talk, "十二号楼的电梯又不动了，里面没有人")
    done = talk.say("1", choice="same:1")
    assert done.done
    told = talk.told(done)
    assert "GQ-261124-0001" in told
    assert "物业" in told
    assert "前答复" in told
    assert len(requests(meaning.database)) == 1
    assert followers(meaning.database) == [talk.resident_id]
    assert talk.slots["problem_what"] is None


def test_a_yes_joins_where_one_is_shown(meaning: Ground) -> None:
    filed(meaning)
    talk = resident(meaning, "second")
    begin(talk, "十二号楼的电梯又不动了，里面没有人")
    assert talk.say("对", intent="affirm").done
    assert followers(meaning.database) == [talk.resident_id]


@pytest.mark.parametrize("no", [{"choice": "none"}, {"intent": "deny"}])
def test_none_of_these_goes_on_and_files(meaning: Ground, no: dict[str, str]) -> None:
    filed(meaning)
    talk = resident(meaning, "second")
    begin(talk, "十二号楼的电梯又不动了，里面没有人")
    assert "这样交上去" in talk.say("都不是", **no).text
    assert talk.say("1", choice="yes").done
    assert len(requests(meaning.database)) == 2


def test_ones_own_report_is_named_and_not_filed_again(meaning: Ground) -> None:
    talk = filed(meaning)
    heard = begin(talk, "十二号楼的电梯又不动了，里面没有人")
    assert "就是我" in heard.label_of("same:1")
    assert "GQ-261124-0001" in heard.label_of("same:1")
    joined = talk.say("1", choice="same:1")
    assert "就是您自己报的" in joined.text
    assert len(requests(meaning.database)) == 1


def test_another_place_is_looked_at_again(meaning: Ground) -> None:
    filed(meaning)
    talk = resident(meaning, "second")
    heard = begin(talk, "电梯坏了，里面没有人", entities=[])
    assert "什么地方" in heard.text
    assert "这样交上去" in talk.say("3幢").text
    assert "什么地方" in talk.say("4", choice="change_where").text
    assert talk.say("12幢").values == ["same:1", "none"]


def test_what_nobody_else_may_see_is_not_shown(meaning: Ground) -> None:
    filed(meaning, "12幢楼上半夜拖椅子太吵了")
    talk = resident(meaning, "second")
    assert "这样交上去" in begin(talk, "12幢楼上半夜拖椅子太吵了").text


def test_the_same_in_english(meaning: Ground) -> None:
    filed(meaning)
    talk = resident(meaning, "second", "en")
    heard = begin(talk, "the elevator in building 12 is not working, nobody inside")
    assert "it is the same?" in heard.text
    assert heard.label_of("same:1").startswith("Me too: Block D building 12, since")
    assert "GQ-261124-0001" in talk.told(talk.say("1", choice="same:1"))


def test_a_question_of_the_category_is_asked_and_kept(meaning: Ground) -> None:
    talk = resident(meaning, "a")
    heard = begin(talk, "12幢电梯坏了")
    assert "里面有人困着吗" in heard.text
    assert heard.values == ["0", "1", "skip"]
    assert "这样交上去" in talk.say("没有人", choice="0").text
    assert talk.say("1", choice="yes").done
    (request,) = requests(meaning.database)
    with meaning.database.reading() as db:
        added = db.scalars(select(Update).where(Update.kind == Kind.ADDED)).one()
    assert request.what.text == "12幢电梯坏了"
    assert added.words is not None
    assert added.words.text == "里面有人困着吗？ 没有人"


def test_an_answer_that_tells_of_an_emergency_gets_the_number_first(meaning: Ground) -> None:
    talk = resident(meaning, "a")
    begin(talk, "12幢电梯坏了")
    heard = talk.say("有人困着", choice="1")
    assert heard.texts[0].startswith("快打 119")
    assert "这样交上去" in heard.text


@pytest.mark.parametrize("said", [{"choice": "skip"}, {"intent": "go_back"}])
def test_a_question_may_be_skipped_or_left(meaning: Ground, said: dict[str, str]) -> None:
    talk = resident(meaning, "a")
    begin(talk, "12幢电梯坏了")
    heard = talk.say("跳过", **said)
    asked_for = "这样交上去" if "choice" in said else "什么地方"
    assert asked_for in heard.text


def test_going_back_from_the_read_back_asks_the_question_again(meaning: Ground) -> None:
    talk = resident(meaning, "a")
    begin(talk, "12幢电梯坏了")
    talk.say("没有人", choice="0")
    assert "里面有人困着吗" in talk.say("上一步", intent="go_back").text
    talk.say("没有人", choice="0")
    assert talk.say("1", choice="yes").done


def test_what_was_said_already_is_not_asked(meaning: Ground) -> None:
    heard = begin(resident(meaning, "a"), "12幢电梯坏了，里面没人")
    assert "这样交上去" in heard.text


def test_an_answer_in_own_words_is_kept(meaning: Ground) -> None:
    talk = resident(meaning, "a")
    begin(talk, "12幢电梯坏了")
    assert "这样交上去" in talk.say("好像刚才有个小孩，现在出来了").text
    assert talk.slots["problem_answers"] == {"trapped": "好像刚才有个小孩，现在出来了"}


def test_the_category_that_was_objected_to_is_not_offered_again(meaning: Ground) -> None:
    talk = resident(meaning, "a")
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    heard = talk.say("3", choice="change_category")
    assert len(heard.values) == 4
    assert heard.values[-1] == "other"
    assert "road-light" not in heard.values


@pytest.mark.parametrize(
    ("said", "place"),
    [("三号楼门口", "gz-d1-3"), ("3幢东门", "gz-d1-3"), ("菜场对面", "gz-market")],
)
def test_a_place_in_words_is_found_and_the_words_are_kept(
    meaning: Ground, said: str, place: str
) -> None:
    talk = resident(meaning, "a")
    begin(talk, "路灯坏了")
    east_gate = [("place", "gz-eastgate", "东门")] if "东门" in said else []
    assert said in talk.say(said, entities=east_gate).text
    talk.say("1", choice="yes")
    (request,) = requests(meaning.database)
    assert request.where is not None
    assert (request.place_id, request.where.text) == (place, said)


def test_a_point_that_comes_late_is_looked_at_too(meaning: Ground) -> None:
    filed(meaning)
    talk = resident(meaning, "second")
    begin(talk, "电梯坏了，里面没有人")
    at = meaning.pack.places["gz-d1-12"]
    heard = talk.say("", attach=[Attachment("location", lat=at.lat, lon=at.lon)])
    assert heard.values == ["same:1", "none"]


def test_what_was_joined_is_told_with_ones_own_reports(meaning: Ground) -> None:
    filed(meaning, "社区食堂后面地上的窨井盖不见了")
    talk = resident(meaning, "second")
    heard = begin(talk, "食堂边上有个井没盖子，当心掉下去")
    assert heard.values == ["same:1", "none"]
    assert talk.say("1", choice="same:1").done
    for text in ("我报的事情怎么样了", "查 gq2611240001"):
        told = talk.do("action_check_request", text, intent="check_request").text
        assert "GQ-261124-0001" in told
        assert "窨井盖" in told
