"""report_problem_form and its deed, as a resident goes through them."""

import pytest
from sqlalchemy import func, select

from actions import turns
from actions.conversations import Attachment, Draft
from actions.db import Database
from actions.dialogue import CancelForm, Ground
from actions.governance import actions as governance
from actions.governance import places
from actions.governance.model import ServiceRequest, Status, Update
from actions.turns import TurnRow
from tests.actions.conftest import Heard, Talk

FORM, DEED = "report_problem_form", "action_report_problem"
YOUYI = ("place", "gz-youyi", "友谊路")


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, governance.actions)


def begin(talk: Talk, text: str, **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="report_problem", **said)


def requests(database: Database) -> list[ServiceRequest]:
    with database.reading() as db:
        return list(db.scalars(select(ServiceRequest).order_by(ServiceRequest.id)))


def test_a_sentence_that_says_all_is_read_back_and_filed(talk: Talk) -> None:
    heard = begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    assert "友谊路的路灯坏了" in heard.text
    assert "路灯不亮" in heard.text
    assert "道路养护" in heard.text
    assert "11月26日（周四）10:00" in heard.text
    assert requests(talk.ground.database) == []
    done = talk.say("对", intent="affirm")
    assert done.done
    (request,) = requests(talk.ground.database)
    assert request.reference == "GQ-261124-0001"
    assert (request.category_id, request.team_id) == ("road-light", "road-team")
    assert (request.place_id, request.area_id) == ("gz-youyi", "guali/qicai/")
    assert request.what.text == "友谊路的路灯坏了"
    assert request.status == Status.RECEIVED
    told = talk.told(done)
    assert "GQ-261124-0001" in told
    assert "道路养护" in told
    assert "11月26日（周四）10:00" in told


def file(talk: Talk) -> ServiceRequest:
    """Say yes to the read-back and return what was filed."""
    assert talk.say("1", choice="yes").done
    return requests(talk.ground.database)[-1]


def test_what_and_where_are_asked_one_after_the_other(talk: Talk) -> None:
    assert "是什么事" in begin(talk, "我要报修").text
    heard = talk.say("路灯坏了，晚上黑漆漆的")
    assert "什么地方" in heard.text
    assert len(heard.choices) == 4
    read_back = talk.say("公交综合楼门口", entities=[("place", "gz-complex", "公交综合楼")])
    assert "公交综合楼门口" in read_back.text
    request = file(talk)
    assert request.where is not None
    assert (request.place_id, request.where.text) == ("gz-complex", "公交综合楼门口")
    assert request.area_id == "guali/qicai/a/"


def test_the_same_in_english(ground: Ground) -> None:
    talk = Talk(ground, governance.actions, language="en")
    assert "What is wrong" in begin(talk, "I want to report a problem").text
    assert "Where" in talk.say("The street lamp is broken and it is dark at night").text
    read_back = talk.say("In front of the bus and service complex")
    assert "Shall I file it?" in read_back.text
    assert "GQ-261124-0001" in talk.told(talk.say("1", choice="yes"))


def test_elder_mode_asks_shorter_and_offers_every_common_place(ground: Ground) -> None:
    talk = Talk(ground, governance.actions, elder=True)
    heard = begin(talk, "路灯坏了")
    assert heard.text == "在哪里？点下面的，或者说给我听。"
    assert heard.values == [place.id for place in places.common(ground.pack, 99)]


def test_an_elder_may_choose_what_kind_of_thing_it_is(ground: Ground) -> None:
    talk = Talk(ground, governance.actions, elder=True)
    assert begin(talk, "我要报修").values == list(ground.pack.categories)
    assert "在哪里" in talk.say(choice="rubbish").text
    assert talk.slots["problem_what"] == "垃圾堆积清运"


def test_when_two_categories_fit_the_resident_chooses(talk: Talk) -> None:
    heard = begin(talk, "楼上太吵了")
    assert "哪一种" in heard.text
    assert heard.values == ["noise", "dispute", "other"]
    assert "什么地方" in talk.say("1", choice="noise").text
    talk.say("12幢")
    assert file(talk).category_id == "noise"


def test_photos_are_kept_whenever_they_come(talk: Talk) -> None:
    begin(talk, "路灯坏了", attach=[Attachment("photo", upload_id="p1")])
    heard = talk.say("", attach=[Attachment("photo", upload_id="p2")], intent="nlu_fallback")
    assert "什么地方" in heard.text
    talk.say("友谊路", entities=[YOUYI], attach=[Attachment("photo", upload_id="p3")])
    assert "照片收到了" in talk.say("", attach=[Attachment("photo", upload_id="p4")]).text
    assert file(talk).attachments == ["p1", "p2", "p3", "p4"]


def test_a_shared_location_is_the_place(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    heard = talk.say("", attach=[Attachment("location", lat=30.1709, lon=120.4603)])
    assert "公交综合楼" in heard.text
    request = file(talk)
    assert (request.place_id, request.lat, request.lon) == ("gz-complex", 30.1709, 120.4603)


def test_a_location_with_no_place_near_is_kept_as_a_point(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    assert (
        "30.19000, 120.46000"
        in talk.say("", attach=[Attachment("location", lat=30.19, lon=120.46)]).text
    )
    assert file(talk).place_id is None


def test_a_location_far_away_is_not_ours(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    heard = talk.say("", attach=[Attachment("location", lat=39.9, lon=116.4)])
    assert "12345" in heard.text
    assert "什么地方" in heard.text


def test_a_place_outside_is_told_who_is_responsible(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    heard = talk.say("衙前那边的大路上")
    assert "衙前镇不在服务范围" in heard.text
    assert "什么地方" in heard.text
    assert requests(talk.ground.database) == []


def test_a_question_about_something_else_is_no_place(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    heard = talk.say("今天天气怎么样", intent="out_of_scope")
    assert "什么地方" in heard.text
    assert not heard.done
    assert "三号楼后面" in talk.say("三号楼后面", intent="out_of_scope").text


def test_what_can_be_said_anew(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    assert "是什么事" in talk.say("2", choice="change_what").text
    heard = talk.say("窨井盖没了")
    assert "窨井盖缺失" in heard.text
    assert "友谊路" in heard.text
    assert file(talk).category_id == "manhole"


@pytest.mark.parametrize("aside", ["药店几点打烊", "药店现在还开着不"])
def test_a_question_about_a_place_is_not_where_the_problem_is(talk: Talk, aside: str) -> None:
    begin(talk, "路灯坏了")
    place = ("place", "gz-pharmacy", "药店")
    talk.say(aside, intent="nlu_fallback", entities=[place])
    assert talk.slots.get("problem_where") is None


def test_where_can_be_said_anew(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    assert "什么地方" in talk.say("4", choice="change_where").text
    assert "12幢后面" in talk.say("12幢后面").text


def test_the_category_can_be_put_right(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    heard = talk.say("3", choice="change_category")
    assert "哪一种" in heard.text
    assert heard.values[-1] == "other"
    assert "其他" in talk.say("2", choice="other").text
    assert file(talk).category_id == "other"


def test_a_no_is_asked_what_is_wrong(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    assert "哪里不对" in talk.say("不对", intent="deny").text
    assert requests(talk.ground.database) == []


def test_an_anonymous_report_stays_anonymous_where_the_category_allows(talk: Talk) -> None:
    heard = begin(talk, "友谊路的路灯坏了，匿名", entities=[YOUYI])
    assert "不会公开是谁反映的" in heard.text
    assert file(talk).anonymous


def test_a_category_that_must_be_verified_says_so(talk: Talk) -> None:
    heard = begin(talk, "友谊路的小摊卖过期的食品，别写我的名字", entities=[YOUYI])
    assert "不能匿名" in heard.text
    assert not file(talk).anonymous


def test_a_dangerous_or_restricted_problem_is_read_back_with_what_to_mind(
    talk: Talk,
) -> None:
    heard = begin(talk, "友谊路有人电瓶车飞线充电", entities=[YOUYI])
    assert "先提醒您" in heard.text
    assert "不会公开" in heard.text
    assert file(talk).visibility != "public"


def test_a_question_inside_is_let_through_and_the_form_asks_again(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    heard = talk.say("杭州书房现在开着吗", intent="ask_hours")
    assert heard.stepped_aside
    assert "什么地方" in heard.text
    assert "路灯坏了" in talk.say("友谊路", entities=[YOUYI]).text


def test_another_deed_inside_is_kept_for_later(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    heard = talk.say("我想约书法社", intent="book_activity")
    assert not heard.stepped_aside
    assert "先把手头这件办完" in heard.text


def test_gibberish_is_asked_again(talk: Talk) -> None:
    begin(talk, "我要报修")
    assert "没听明白" in talk.say("嗯", intent="affirm").text


@pytest.mark.parametrize("intent", ["cancel", "ask_person"])
def test_a_way_out_is_open_at_every_question(talk: Talk, intent: str) -> None:
    begin(talk, "我要报修")
    for answer in ("路灯坏了", "友谊路", ""):
        assert talk.say("算了", intent=intent).stepped_aside
        if answer:
            talk.say(answer)
    assert requests(talk.ground.database) == []


def test_calling_it_off_forgets_the_draft(ground: Ground) -> None:
    talk = Talk(ground, lambda g: [*governance.actions(g), CancelForm(g)])
    begin(talk, "路灯坏了")
    heard = talk.do("action_cancel_form", "算了", intent="cancel")
    assert "不办了" in heard.text
    assert talk.slots["problem_what"] is None
    with ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None


def test_going_back_asks_the_question_before(talk: Talk) -> None:
    begin(talk, "路灯坏了")
    assert "是什么事" in talk.say("上一步", intent="go_back").text
    assert "什么地方" in talk.say("电梯坏了").text


def test_starting_over_asks_from_the_beginning(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    assert "是什么事" in talk.say("重新开始", intent="start_over").text
    assert "什么地方" in talk.say("电梯坏了").text


def test_a_problem_not_confirmed_is_not_filed(talk: Talk) -> None:
    heard = talk.do(DEED, "随便")
    assert "还没有交上去" in heard.text
    assert requests(talk.ground.database) == []


def test_the_same_confirmation_twice_files_once(talk: Talk) -> None:
    """P12: Rasa calls an action again when it has not heard back."""
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    kept = dict(talk.slots)
    done = talk.say("1", choice="yes")
    talk.slots = kept | {"problem_confirm": "yes"}
    assert talk.run(talk.actions[DEED], done, "1", choice="yes") == []
    assert len(requests(talk.ground.database)) == 1
    assert len(done.news) == 1


def given_up(talk: Talk) -> TurnRow:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    turn = talk.hear("1", choice="yes")
    with talk.ground.database.transaction() as db:
        assert turns.give_up(db, turn.id, now=talk.ground.clock.now())
    talk.slots["problem_confirm"] = "yes"
    return turn


def test_a_turn_that_was_given_up_files_nothing(talk: Talk) -> None:
    heard = Heard(given_up(talk))
    assert talk.run(talk.actions[DEED], heard, "1", choice="yes") == []
    assert (heard.texts, heard.news) == ([], [])
    assert requests(talk.ground.database) == []


def test_without_the_fence_the_given_up_turn_would_file(talk: Talk) -> None:
    """Negative control: the same deed without its claim."""
    heard, deed = Heard(given_up(talk)), talk.actions[DEED]
    deed.claim = lambda turn: None  # type: ignore[method-assign]
    talk.run(deed, heard, "1", choice="yes")
    assert len(requests(talk.ground.database)) == 1


def test_the_history_begins_when_it_is_received(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    file(talk)
    with talk.ground.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Update)) == 1
        assert db.scalars(select(Update.status)).one() == Status.RECEIVED


def test_how_a_request_stands_is_told_by_its_number_or_the_latest_ones(talk: Talk) -> None:
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    file(talk)
    for text in ("我报的事情怎么样了", "查 gq2611240001"):
        heard = talk.do("action_check_request", text, intent="check_request")
        assert "GQ-261124-0001" in heard.text
        assert "已收到" in heard.text


def test_somebody_elses_request_looks_like_none(ground: Ground) -> None:
    talk = Talk(ground, governance.actions)
    begin(talk, "友谊路的路灯坏了", entities=[YOUYI])
    file(talk)
    other = Talk(ground, governance.actions, address="b")
    theirs = other.do("action_check_request", "查 GQ-261124-0001", intent="check_request")
    unknown = other.do("action_check_request", "查 GQ-261124-0009", intent="check_request")
    assert theirs.text.replace("0001", "0009") == unknown.text
    assert "没有反映过" in other.do("action_check_request", "我报的事").text
