"""request_help_form and its deed, as a resident goes through them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import turns
from actions.conversations import Draft
from actions.db import Database
from actions.dialogue import Ground
from actions.neighbours import actions as neighbours
from actions.neighbours.model import HelpRequest, Status
from actions.outbox import Notice, NoticeState
from actions.people import nicknames
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

FORM, DEED = "request_help_form", "action_request_help"


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return known(Talk(ground, neighbours.actions))


def known(talk: Talk) -> Talk:
    """Somebody who has said what neighbours may call them."""
    resident_id = talk.resident_id
    with talk.ground.database.transaction() as db:
        nicknames.call(db, resident_id, "王阿姨", now=talk.ground.clock.now())
    return talk


def begin(talk: Talk, text: str, **said: object) -> Heard:
    return talk.begin(FORM, DEED, text, intent="request_help", **said)


def needs(database: Database) -> list[HelpRequest]:
    with database.reading() as db:
        return list(db.scalars(select(HelpRequest).order_by(HelpRequest.id)))


def post(talk: Talk, text: str = "帮我取个快递", when: str = "明天下午三点") -> Heard:
    begin(talk, text)
    heard = talk.say(when)
    while "do_not_say" in heard.values:
        heard = talk.say("不说了", choice="do_not_say")
    return talk.say("1", choice="yes")


def test_a_need_is_told_read_back_and_posted(talk: Talk) -> None:
    assert "什么时候" in begin(talk, "想请邻居帮我取个快递").text
    read_back = talk.say("明天下午三点")
    assert "取快递" in read_back.text
    assert "11月25日（周三）15:00" in read_back.text
    assert "取件码" in read_back.text
    assert "示例数据" in read_back.text
    assert needs(talk.ground.database) == []
    done = talk.say("1", choice="yes")
    assert done.done
    (need,) = needs(talk.ground.database)
    assert (need.kind_id, need.status) == ("fetch-parcel", Status.OPEN)
    assert need.what is not None
    assert need.what.text == "想请邻居帮我取个快递"
    assert need.wanted_from.isoformat() == "2026-11-25T07:00:00+00:00"
    told = talk.told(done)
    assert "发出去了" in told
    assert "取快递" in told


def test_the_same_works_in_english(ground: Ground) -> None:
    talk = known(Talk(ground, neighbours.actions, language="en"))
    assert "When" in begin(talk, "Could a neighbour fetch a parcel for me?").text
    assert "Wed 25 Nov, 15:00" in talk.say("Tomorrow at 3 pm").text
    told = talk.told(talk.say("1", choice="yes"))
    assert "Posted" in told
    assert "Fetch a parcel" in told


def test_elder_mode_offers_every_kind_and_asks_one_short_question(ground: Ground) -> None:
    talk = Talk(ground, neighbours.actions, elder=True)
    heard = begin(talk, "我想请人帮个忙")
    assert heard.text == "想请邻居帮什么忙？"
    assert heard.values == [*ground.pack.help_kinds, "other"]


def test_elder_mode_offers_times_to_choose_from(ground: Ground) -> None:
    talk = Talk(ground, neighbours.actions, elder=True)
    heard = begin(talk, "帮我取快递")
    titles = [choice["title"] for choice in heard.choices]
    assert titles[:2] == ["11月24日（周二）12:00–18:00", "11月25日（周三）08:00–12:00"]
    assert titles[-1] == "随时"
    talk.say(choice=heard.values[1])
    assert talk.slots["help_when"]["start"].startswith("2026-11-25")


def test_one_sentence_may_say_all(talk: Talk) -> None:
    heard = begin(talk, "明天下午三点请邻居帮我取个快递")
    assert "11月25日（周三）15:00" in heard.text
    assert heard.values == ["yes", "change_when", "change_what", ""]


def test_a_tapped_kind_is_asked_for_a_few_words_which_may_be_left_out(talk: Talk) -> None:
    begin(talk, "我想找人帮忙")
    assert "写一句" in talk.say("1", choice="borrow-tools").text
    assert "什么时候" in talk.say("没有", choice="nothing_more").text
    assert "多久" in talk.say("明天下午三点").text
    talk.say("两个小时")
    talk.say("对", intent="affirm")
    (need,) = needs(talk.ground.database)
    assert need.minutes == 120
    assert (need.kind_id, need.what) == ("borrow-tools", None)


def test_what_no_kind_fits_goes_to_staff_first(talk: Talk) -> None:
    begin(talk, "我想找人帮忙")
    talk.say("帮我给阳台的花浇水")
    heard = talk.say("明天下午三点")
    assert "工作人员看过" in heard.text
    done = talk.say("对", intent="affirm")
    assert "收到了：别的事" in talk.told(done)
    (need,) = needs(talk.ground.database)
    assert (need.kind_id, need.status) == ("other", Status.REVIEW)


def test_something_else_has_to_be_put_in_words(talk: Talk) -> None:
    begin(talk, "我想找人帮忙")
    assert talk.say("4", choice="other").choices == []
    assert talk.say("不用了", intent="deny", confidence=0.5).choices == []
    assert "什么时候" in talk.say("帮我给花浇水").text


def test_a_high_risk_kind_waits_for_staff(talk: Talk) -> None:
    done = post(talk, "想找人陪我去医院看病")
    assert "工作人员先看过" in talk.told(done)
    assert needs(talk.ground.database)[0].status == Status.REVIEW


@pytest.mark.parametrize(
    "text", ["请邻居帮我保管存折", "帮我打针", "帮我修煤气灶", "爬到屋顶装天线"]
)
def test_what_the_policy_forbids_is_refused_kindly_and_asked_anew(
    talk: Talk, text: str
) -> None:
    heard = begin(talk, text)
    assert "安全" in heard.text
    assert "人工" in heard.text
    assert "想请邻居帮什么忙" in heard.text
    assert "安全" in talk.say(text).text
    assert needs(talk.ground.database) == []


def test_a_kind_is_asked_of_neighbours_in_its_hours_only(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    heard = talk.say("明天夜里十一点")
    assert "07:00–21:00" in heard.text
    assert "什么时候" in heard.text


def test_a_past_time_is_asked_again(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    assert "已经过去" in talk.say("今天早上八点").text


def test_an_unclear_time_is_asked_back_with_its_readings(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    heard = talk.say("明天三点")
    assert "哪个时间" in heard.text
    assert any("15:00" in choice["title"] for choice in heard.choices)
    chosen = next(v for v in heard.values if "T15:00" in v)
    assert "11月25日（周三）15:00" in talk.say("2", choice=chosen).text


def test_an_unclear_time_may_be_said_again_clearly(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    talk.say("明天三点")
    assert "11月25日（周三）15:00" in talk.say("明天下午三点").text


def test_a_day_is_read_back_within_the_kinds_hours(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    assert "11月25日（周三）12:00–18:00" in talk.say("明天下午").text


def test_any_time_means_until_it_expires(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    heard = talk.say("随时都行")
    assert "11月24日（周二） – 11月26日（周四）" in heard.text


def test_a_question_in_between_is_not_taken_for_an_answer(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    heard = talk.say("杭州书房明天几点开门啊", intent="ask_hours")
    assert heard.stepped_aside
    assert "什么时候" in heard.text


def test_a_person_can_be_asked_for_at_every_step(talk: Talk) -> None:
    begin(talk, "我想找人帮忙")
    for answer in ("帮我取个快递", "明天下午三点", "对"):
        assert talk.say("人工", intent="ask_person").stepped_aside
        talk.say(answer, intent="affirm" if answer == "对" else "")


def test_the_read_back_can_be_changed(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    talk.say("明天下午三点")
    assert "什么时候" in talk.say("2", choice="change_when").text
    assert "12:00–18:00" in talk.say("明天下午").text
    assert "帮什么忙" in talk.say("3", choice="change_what").text
    changed = talk.say("帮我买点菜")
    assert "买菜代购" in changed.text
    assert "12:00–18:00" in changed.text


def test_a_time_outside_the_new_kinds_hours_is_asked_again(talk: Talk) -> None:
    begin(talk, "找一下走丢的猫")
    talk.say("明天夜里十一点")
    talk.say("3", choice="change_what")
    assert "什么时候" in talk.say("帮我取个快递").text


def test_a_no_is_asked_what_is_wrong(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    talk.say("明天下午三点")
    heard = talk.say("不对", intent="deny")
    assert "哪里不对" in heard.text
    assert needs(talk.ground.database) == []


def test_back_and_start_again(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    assert "写一句" in talk.say("上一步", intent="go_back").text
    assert "帮什么忙" in talk.say("重新开始", intent="start_over").text


def test_a_resident_has_three_needs_open_and_no_more(talk: Talk, clock: StandingClock) -> None:
    for _ in range(3):
        post(talk)
    heard = post(talk)
    assert "3 件事" in heard.text
    assert heard.news == []
    assert len(needs(talk.ground.database)) == 3
    clock.pass_by(timedelta(days=3))
    assert "发出去了" in talk.told(post(talk))
    assert len(needs(talk.ground.database)) == 4


def test_it_expires_and_the_resident_is_told_then(talk: Talk) -> None:
    done = post(talk)
    (need,) = needs(talk.ground.database)
    assert need.expires_at == need.wanted_from
    with talk.ground.database.reading() as db:
        notice = db.scalars(select(Notice).where(Notice.about == f"help:{need.id}")).one()
    assert (notice.due_at, notice.state) == (need.expires_at, NoticeState.WAITING)
    assert "15:00" in talk.told(done)


def test_a_turn_that_was_given_up_posts_nothing(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    talk.say("明天下午三点")
    turn = talk.hear("1", choice="yes")
    with talk.ground.database.transaction() as db:
        assert turns.give_up(db, turn.id, now=talk.ground.clock.now())
    talk.slots["help_confirm"] = "yes"
    heard = Heard(turn)
    assert talk.run(talk.actions[DEED], heard, "1", choice="yes") == []
    assert (heard.texts, heard.news) == ([], [])
    assert needs(talk.ground.database) == []


def test_without_the_fence_the_given_up_turn_would_post(talk: Talk) -> None:
    """Negative control: the same deed without its claim."""
    begin(talk, "帮我取个快递")
    talk.say("明天下午三点")
    turn = talk.hear("1", choice="yes")
    with talk.ground.database.transaction() as db:
        turns.give_up(db, turn.id, now=talk.ground.clock.now())
    talk.slots["help_confirm"] = "yes"
    deed = talk.actions[DEED]
    deed.claim = lambda turn: None  # type: ignore[method-assign]
    talk.run(deed, Heard(turn), "1", choice="yes")
    assert len(needs(talk.ground.database)) == 1


def test_a_need_not_confirmed_is_not_posted(talk: Talk) -> None:
    heard = talk.do(DEED, "随便")
    assert "还没有发出去" in heard.text
    assert needs(talk.ground.database) == []


def test_the_draft_is_kept_until_it_is_posted(talk: Talk) -> None:
    begin(talk, "帮我取个快递")
    with talk.ground.database.reading() as db:
        draft = db.get_one(Draft, talk.conversation_id)
        assert draft.slots["help_kind"] == "fetch-parcel"
    talk.say("明天下午三点")
    talk.say("1", choice="yes")
    with talk.ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None


def test_a_refused_need_leaves_no_draft_behind(talk: Talk) -> None:
    for _ in range(3):
        post(talk)
    heard = post(talk)
    assert "3 件事" in heard.text
    with talk.ground.database.reading() as db:
        assert db.get(Draft, talk.conversation_id) is None
    assert talk.slots["help_kind"] is None
