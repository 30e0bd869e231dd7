"""offer_help_form: what is missing is asked, read back, agreed to; then needs are shown."""

import pytest
from sqlalchemy import select

from actions.conversations import Choice
from actions.dialogue import Ground
from actions.neighbours import actions as neighbours
from actions.neighbours import offers
from actions.neighbours.model import HelpOffer, OfferedKind
from actions.people import consents, nicknames
from actions.people.model import Words
from tests.actions.conftest import Heard, Talk

FORM, DEED = "offer_help_form", "action_offer_help"


def begin(talk: Talk, text: str) -> Heard:
    return talk.begin(FORM, DEED, text, intent="offer_help")


def post(
    asker: Talk, text: str = "谁能借我一个梯子用一个小时，我姓王", when: str = "明天下午三点"
) -> None:
    asker.begin("request_help_form", "action_request_help", text, intent="request_help")
    asker.say(when)
    asker.say("不说了", choice="do_not_say")  # what neighbours may call them
    asker.say("1", choice="yes")


def shown(heard: Heard) -> list[Choice]:
    return [Choice(**choice) for notice in heard.news for choice in notice.choices]


def sign_up(talk: Talk, text: str = "什么都行，随时，全镇都可以，我愿意帮忙") -> Heard:
    begin(talk, text)
    talk.say("王阿姨")
    return talk.say("1", choice="yes")


@pytest.fixture
def helper(ground: Ground) -> Talk:
    return Talk(ground, neighbours.actions, address="helper")


def offer_of(talk: Talk) -> HelpOffer:
    with talk.ground.database.reading() as db:
        return offers.require(db, talk.resident_id)


def kinds_of(talk: Talk) -> list[str]:
    with talk.ground.database.reading() as db:
        return offers.given(db, offers.require(db, talk.resident_id))


def test_what_the_first_message_tells_is_not_asked(helper: Talk) -> None:
    heard = begin(helper, "我会修水管，周末有空，我愿意帮忙")
    assert "走多远" in heard.text
    heard = helper.say("本楼", choice="building")
    assert "怎么称呼" in heard.text
    heard = helper.say("老李")
    assert "修水电小活" in heard.text
    assert "周末 全天" in heard.text
    assert "邻居会看到" in heard.text
    done = helper.say("1", choice="yes")
    assert done.done
    assert "登记好了" in helper.told(done)
    offer = offer_of(helper)
    assert offer.hours == ["6 00:00-24:00", "7 00:00-24:00"]
    assert offer.reach == "building"
    assert kinds_of(helper) == ["small-repairs"]
    assert offer.skills is not None
    assert offer.skills.text == "我会修水管，周末有空，我愿意帮忙"


def test_consent_is_given_with_the_yes_and_not_before(helper: Talk) -> None:
    begin(helper, "什么都行，随时，全镇，我愿意帮忙")
    helper.say("王阿姨")
    with helper.ground.database.reading() as db:
        assert not consents.is_given(db, helper.resident_id, "help")
        assert offers.of(db, helper.resident_id) is None
    helper.say("1", choice="yes")
    with helper.ground.database.reading() as db:
        assert consents.is_given(db, helper.resident_id, "help")
        assert nicknames.called(db, helper.resident_id) == "王阿姨"


def test_several_kinds_are_tapped_one_after_the_other(helper: Talk) -> None:
    begin(helper, "我愿意帮忙")
    helper.say("取快递", choice="fetch-parcel")
    heard = helper.say("买菜代购", choice="buy-groceries")
    assert "取快递" in heard.text
    assert "fetch-parcel" not in heard.values
    helper.say("就这些", choice="enough")
    helper.say("周二下午和周四上午")
    helper.say("附近")
    helper.say("小王")
    helper.say("1", choice="yes")
    assert kinds_of(helper) == ["buy-groceries", "fetch-parcel"]
    assert offer_of(helper).hours == ["2 12:00-18:00", "4 08:00-12:00"]


@pytest.mark.both_stores
def test_several_kinds_are_said_at_once_and_the_rest_beside_it(helper: Talk) -> None:
    begin(helper, "我愿意帮忙")
    heard = helper.say("取快递和遛狗，一周最多一次，我会讲萧山话和英语，随时，全镇都行")
    assert "怎么称呼" in heard.text
    helper.say("小王")
    helper.say("1", choice="yes")
    offer = offer_of(helper)
    assert kinds_of(helper) == ["fetch-parcel", "walk-dog"]
    assert (offer.per_week, offer.languages, offer.hours) == (1, ["dialect", "en"], [])


@pytest.mark.parametrize(
    "name", ["13812345678", "3幢402", "加我微信", "这个称呼实在是太太太太长了"]
)
def test_a_nickname_is_no_phone_and_no_address(helper: Talk, name: str) -> None:
    begin(helper, "什么都行，随时，全镇，我愿意帮忙")
    heard = helper.say(name)
    assert "不要写电话" in heard.text or "有点长" in heard.text
    assert helper.slots["offer_name"] is None
    helper.say("不用了", choice="no_name")
    assert helper.slots["requested_slot"] == "offer_confirm"


@pytest.mark.parametrize(
    ("said", "read_back"),
    [("全镇都行", "全镇"), ("晚上也有空", "18:00"), ("anywhere is fine", "全镇")],
)
def test_what_tells_how_far_or_when_is_no_nickname(
    helper: Talk, said: str, read_back: str
) -> None:
    begin(helper, "我会修水管，周末有空，我愿意帮忙")
    helper.say("本楼", choice="building")
    assert "怎么称呼" in helper.say(said).text
    assert read_back in helper.say("阿强").text
    helper.say("1", choice="yes")
    with helper.ground.database.reading() as db:
        assert nicknames.called(db, helper.resident_id) == "阿强"


def test_who_is_known_by_a_nickname_is_not_asked_for_it(helper: Talk) -> None:
    resident_id = helper.resident_id
    with helper.ground.database.transaction() as db:
        nicknames.call(db, resident_id, "王阿姨", now=helper.ground.clock.now())
    heard = begin(helper, "什么都行，随时，全镇，我愿意帮忙")
    assert "同意吗" in heard.text


def test_the_read_back_is_put_right_in_words(helper: Talk) -> None:
    begin(helper, "什么都行，随时，全镇，我愿意帮忙")
    helper.say("王阿姨")
    heard = helper.say("改成周二下午", intent="manage_offer")
    assert "周二 12:00-18:00" in heard.text
    helper.say("1", choice="yes")
    assert offer_of(helper).hours == ["2 12:00-18:00"]


def test_a_question_in_between_is_no_answer(helper: Talk) -> None:
    begin(helper, "我会修水管，我愿意帮忙")
    heard = helper.say("周末图书馆几点开门？", intent="ask_hours")
    assert heard.stepped_aside
    assert helper.slots["offer_hours"] is None


def test_children_are_never_offered_for(helper: Talk) -> None:
    heard = begin(helper, "我愿意接送孩子")
    assert "pick-up-child" not in heard.values
    assert helper.slots["offer_kinds"] is None


def test_elders_get_three_choices_and_short_questions(ground: Ground) -> None:
    elder = Talk(ground, neighbours.actions, address="elder", elder=True)
    heard = [begin(elder, "我愿意帮忙")]
    for said in ("取快递，买菜", "周末", "附近", "王阿姨"):
        heard.append(elder.say(said))
    assert all(len(one.choices) <= 3 for one in heard)
    assert all(len(one.text) <= 60 for one in heard)


def test_who_says_no_is_not_signed_up(helper: Talk) -> None:
    begin(helper, "什么都行，随时，全镇，我愿意帮忙")
    helper.say("王阿姨")
    heard = helper.say("不对", intent="deny")
    assert "哪里不对" in heard.text
    with helper.ground.database.reading() as db:
        assert offers.of(db, helper.resident_id) is None


def test_open_needs_are_shown_with_taps_to_claim_them(ground: Ground, helper: Talk) -> None:
    post(Talk(ground, neighbours.actions))
    (choice,) = shown(sign_up(helper))
    assert choice.intent == "claim_help"
    assert choice.label == "借工具 · 11月25日（周三）15:00"
    assert "姓王" not in choice.label


def test_who_is_not_verified_is_not_shown_what_takes_somebody_known(
    ground: Ground, helper: Talk
) -> None:
    post(Talk(ground, neighbours.actions), "帮我取个快递")
    heard = sign_up(helper)
    assert shown(heard) == []
    assert "先认识您" in helper.told(heard)
    resident_id = helper.resident_id
    with ground.database.transaction() as db:
        offers.require(db, resident_id).verified_at = ground.clock.now()
    assert len(shown(begin(helper, "有谁需要帮忙"))) == 1


def test_who_only_looks_is_asked_nothing(ground: Ground, helper: Talk) -> None:
    post(Talk(ground, neighbours.actions))
    heard = begin(helper, "看看求助列表")
    assert heard.done
    assert len(shown(heard)) == 1
    with ground.database.reading() as db:
        assert db.scalars(select(HelpOffer)).all() == []


def test_who_has_an_offer_is_asked_nothing_again(ground: Ground, helper: Talk) -> None:
    sign_up(helper)
    heard = begin(helper, "我想帮忙")
    assert heard.done
    assert "没有您能接的忙" in helper.told(heard)


def test_new_terms_of_an_offer_are_read_back_with_the_old(helper: Talk) -> None:
    sign_up(helper, "取快递，随时，全镇，我愿意帮忙")
    heard = begin(helper, "我愿意帮忙，改到周末有空")
    assert "取快递" in heard.text
    assert "周末 全天" in heard.text
    helper.say("1", choice="yes")
    assert kinds_of(helper) == ["fetch-parcel"]


def test_elder_mode_shows_three_needs_at_most(ground: Ground) -> None:
    for address in "abcd":
        post(Talk(ground, neighbours.actions, address=address))
    elder = Talk(ground, neighbours.actions, address="h", elder=True)
    assert len(shown(begin(elder, "有谁需要帮忙"))) == 3


def test_the_same_yes_twice_signs_up_once(helper: Talk) -> None:
    """P12: Rasa calls an action again when it has not heard back."""
    heard = sign_up(helper)
    news = len(heard.news)
    helper.run(helper.actions[DEED], heard, "1", choice="yes")
    assert len(heard.news) == news
    with helper.ground.database.reading() as db:
        assert len(db.scalars(select(HelpOffer)).all()) == 1


def test_skills_told_anew_leave_no_old_words_behind(helper: Talk) -> None:
    sign_up(helper, "我会修水管，随时，全镇，我愿意帮忙")
    begin(helper, "我会理发，我愿意帮忙")
    helper.say("1", choice="yes")
    with helper.ground.database.reading() as db:
        told = db.scalars(select(Words.text).where(Words.text.contains("修水管"))).all()
    assert all("随时" in one for one in told)  # messages; the offer's own are gone
    assert offer_of(helper).skills is not None


def test_an_offer_of_everything_has_no_rows_of_kinds(helper: Talk) -> None:
    sign_up(helper)
    with helper.ground.database.reading() as db:
        assert db.scalars(select(OfferedKind)).all() == []


def test_in_english(ground: Ground) -> None:
    helper = Talk(ground, neighbours.actions, address="e", language="en")
    begin(helper, "I can fetch parcels on weekday evenings, anywhere in town")
    heard = helper.say("Bob")
    assert "Mon to Fri 18:00-22:00" in heard.text
    assert "the whole town" in heard.text
    assert "signed up" in helper.told(helper.say("yes", intent="affirm"))
