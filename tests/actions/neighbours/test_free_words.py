"""A need told in one go: only what is missing is asked, and what is told is read back."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from actions import dialogue
from actions.dialogue import Ground
from actions.neighbours import actions as neighbours
from actions.neighbours import draft
from actions.neighbours.model import HelpRequest, Status
from actions.outbox import Notice
from actions.people import consents, nicknames
from actions.people.model import Acting, Consent
from knowledge.sorting import Sorter
from tests.actions.conftest import Heard, Talk

FORM, DEED = "request_help_form", "action_request_help"


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, neighbours.actions)


def begin(talk: Talk, text: str) -> Heard:
    return talk.begin(FORM, DEED, text, intent="request_help")


def needs(talk: Talk) -> list[HelpRequest]:
    with talk.ground.database.reading() as db:
        return list(db.scalars(select(HelpRequest).order_by(HelpRequest.id)))


def the_need(talk: Talk) -> HelpRequest:
    (need,) = needs(talk)
    return need


def test_one_sentence_tells_kind_time_place_and_what_to_know(
    ground: Ground, sorter: Sorter
) -> None:
    talk = Talk(replace(ground, sorter=sorter), neighbours.actions)
    heard = begin(talk, "明天上午陪我妈去二院，拐杖不方便")
    assert "怎么称呼" in heard.text  # all else was said
    read_back = talk.say("王阿姨")
    for told in ("陪诊", "11月25日（周三）08:00–12:00", "萧山区第二人民医院", "腿脚不便"):
        assert told in read_back.text
    talk.say("1", choice="yes")
    need = the_need(talk)
    assert (need.kind_id, need.place_id, need.special) == (
        "go-to-clinic",
        "gz-hospital",
        ["crutches"],
    )
    assert need.meaning is not None
    assert need.status == Status.REVIEW


def test_without_an_encoder_it_works_and_has_no_meaning(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    talk.say("", choice="do_not_say")
    talk.say("", choice="yes")
    assert the_need(talk).meaning is None


def test_the_place_is_asked_of_kinds_that_have_one_and_may_be_left_open(talk: Talk) -> None:
    assert "在哪里" in begin(talk, "明天下午三点找人陪诊").text
    talk.say("先不定", choice="do_not_say")
    talk.say("", choice="do_not_say")
    assert "地点" not in talk.say("不对", intent="deny").text
    talk.say("", choice="yes")
    assert (the_need(talk).place_id, the_need(talk).where) == (None, None)


def test_a_place_in_other_words_is_kept_and_not_told(talk: Talk) -> None:
    begin(talk, "明天下午三点找人陪诊")
    talk.say("我姐姐家楼下")
    talk.say("", choice="do_not_say")
    talk.say("", choice="yes")
    need = the_need(talk)
    assert need.place_id is None
    assert need.where is not None
    assert need.where.text == "我姐姐家楼下"


def test_how_long_is_asked_of_what_is_lent(talk: Talk) -> None:
    assert "多久" in begin(talk, "明天下午三点想借梯子").text
    talk.say("两个小时")
    talk.say("", choice="do_not_say")
    talk.say("", choice="yes")
    assert the_need(talk).minutes == 120


def test_what_an_answer_says_along_is_not_asked_again(talk: Talk) -> None:
    begin(talk, "我想找人帮忙")
    heard = talk.say("明天下午三点帮我取个快递")
    assert "什么时候" not in heard.text
    assert "怎么称呼" in heard.text


def test_another_kind_asks_what_it_wants_to_know(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    talk.say("", choice="do_not_say")
    talk.say("", choice="change_what")
    assert "多久" in talk.say("想借梯子").text


def test_doors_and_phones_are_masked_and_that_is_said(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递，送到3幢2单元302，电话13911112222")
    read_back = talk.say("", choice="do_not_say")
    assert "先不写出去" in read_back.text
    assert "302" not in read_back.text
    assert "13911112222" not in read_back.text
    talk.say("", choice="yes")
    what = the_need(talk).what
    assert what is not None
    assert "13911112222" in what.text  # kept for who helps


def test_a_bare_place_is_where_even_if_it_sounds_like_a_question(talk: Talk) -> None:
    begin(talk, "我家钥匙丢了，请邻居帮忙找找，明天上午十点")
    heard = talk.say("七彩公交站", intent="ask_departure")
    assert not heard.stepped_aside
    assert talk.slots["help_where"] == {"place": "gz-busstop"}
    again = Talk(talk.ground, neighbours.actions, address="b")
    begin(again, "我家钥匙丢了，请邻居帮忙找找，明天上午十点")
    asked = again.say("七彩公交站下一班车几点", intent="ask_departure")  # the control
    assert asked.stepped_aside


def test_nothing_is_said_of_masking_where_nothing_is_masked(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    assert "先不写出去" not in talk.say("", choice="do_not_say").text


def test_a_fraud_is_warned_of_and_goes_to_staff_alone(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递，顺便接个验证码")
    read_back = talk.say("", choice="do_not_say")
    assert "96110" in read_back.text
    assert "不会告诉邻居" in read_back.text
    talk.say("", choice="yes")
    assert (the_need(talk).status, the_need(talk).review) == (Status.REVIEW, ["scam"])


def test_what_is_refused_says_why_and_offers_a_person(talk: Talk) -> None:
    heard = begin(talk, "去302敲门找我前女友")
    assert "打听或者为难别人" in heard.text
    assert "人工" in heard.text
    assert needs(talk) == []


def test_the_yes_gives_the_consent_that_was_read_out(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    assert "邻居会看到" in talk.say("", choice="do_not_say").text
    with talk.ground.database.reading() as db:
        assert not consents.is_given(db, talk.resident_id, "help")
    talk.say("", choice="yes")
    with talk.ground.database.reading() as db:
        given = db.scalars(select(Consent)).one()
        assert (given.purpose, given.channel, given.staff_id) == ("help", "webchat", None)
    assert "邻居会看到" not in begin(talk, "后天下午三点帮我取个快递").text


def test_the_name_is_asked_once_and_kept(talk: Talk) -> None:
    assert "怎么称呼" in begin(talk, "明天下午三点帮我取个快递").text
    talk.say("叫我王阿姨就行")
    talk.say("", choice="yes")
    with talk.ground.database.reading() as db:
        assert nicknames.called(db, talk.resident_id) == "王阿姨"
    assert "怎么称呼" not in begin(talk, "后天下午三点帮我取个快递").text


def test_who_does_not_want_to_say_is_not_asked_again(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    talk.say("", choice="do_not_say")
    talk.say("", choice="yes")
    assert "怎么称呼" not in begin(talk, "后天下午三点帮我取个快递").text


@pytest.mark.parametrize("name", ["13911112222", "3幢302", "302室", "一" * 13, "要打人的"])
def test_a_phone_or_a_door_is_no_name(talk: Talk, name: str) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    assert "称呼里请不要" in talk.say(name).text
    assert "请您核对" in talk.say("老李").text


def test_a_question_is_no_name(talk: Talk) -> None:
    begin(talk, "明天下午三点帮我取个快递")
    assert talk.say("图书馆几点开门", intent="ask_hours").stepped_aside


@pytest.fixture
def parent(ground: Ground) -> Talk:
    return Talk(ground, neighbours.actions, address="parent")


def acts(child: Talk, parent: Talk) -> None:
    ids = child.resident_id, parent.resident_id
    now = child.ground.clock.now()
    with child.ground.database.transaction() as db:
        db.add(
            Acting(
                actor_id=ids[0],
                principal_id=ids[1],
                kin="mother",
                asked_at=now,
                confirmed_at=now,
            )
        )


def test_who_may_act_for_their_mother_asks_for_her_and_she_is_told(
    talk: Talk, parent: Talk
) -> None:
    acts(talk, parent)
    begin(talk, "明天下午三点给我妈取个快递")
    read_back = talk.say("", choice="do_not_say")
    assert "替谁：妈妈" in read_back.text
    talk.say("", choice="yes")
    need = the_need(talk)
    assert (need.resident_id, need.conversation_id) == (
        parent.resident_id,
        talk.conversation_id,
    )
    with talk.ground.database.reading() as db:
        asked = select(Notice).where(Notice.response == "utter_help_asked_for_you")
        assert db.scalars(asked).one().conversation_id == parent.conversation_id
        given = {one.resident_id: one.channel for one in db.scalars(select(Consent))}
    assert given == {talk.resident_id: "webchat", parent.resident_id: "acting"}


def test_who_may_not_asks_for_themselves(talk: Talk, parent: Talk) -> None:
    begin(talk, "明天下午三点给我妈取个快递")
    assert "替谁" not in talk.say("", choice="do_not_say").text
    talk.say("", choice="yes")
    assert the_need(talk).resident_id == talk.resident_id


def test_too_many_in_an_hour_are_refused_and_staff_told(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from actions.alerts import Alert

    hurried = talk.ground.pack.help_policy.model_copy(update={"max_per_hour": 1})
    pack = talk.ground.pack.model_copy(update={"help_policy": hurried})
    talk = Talk(replace(talk.ground, pack=pack), neighbours.actions)
    for day in ("明天", "后天", "大后天"):
        begin(talk, f"{day}下午三点帮我取个快递")
        if "help_name" in str(talk.slots.get("requested_slot")):
            talk.say("", choice="do_not_say")
        done = talk.say("", choice="yes")
    assert "发了 1 件" in talk.told(done)
    assert len(needs(talk)) == 1
    with talk.ground.database.reading() as db:
        assert len(db.scalars(select(Alert)).all()) == 1


def test_elder_mode_reads_back_in_short(ground: Ground) -> None:
    talk = Talk(ground, neighbours.actions, elder=True)
    begin(talk, "明天下午三点帮我取个快递")
    heard = talk.say("", choice="do_not_say")
    assert "我念一遍" in heard.text
    assert len(heard.values) == 3


def test_the_draft_knows_what_is_skipped_as_the_dialogue_does() -> None:
    assert draft.SKIPPED == dialogue.SKIPPED


Say = Callable[[str], Heard]


def take_up(talk: Talk, need: HelpRequest, *emptied: str, changed: bool) -> None:
    """Let the form go on from a need, as a tap does and Rasa then reads the draft."""
    with talk.ground.database.transaction() as db:
        held = db.get_one(HelpRequest, need.id)
        slots = draft.taken_up(held, *emptied, changed=changed)
    talk.slots |= slots | {"requested_slot": emptied[0]}
    talk.form, talk.deed = FORM, DEED


def posted(talk: Talk) -> HelpRequest:
    begin(talk, "明天下午三点帮我取个快递")
    talk.say("", choice="do_not_say")
    talk.say("", choice="yes")
    return the_need(talk)


def test_another_time_changes_the_need_that_is_there(talk: Talk) -> None:
    take_up(talk, posted(talk), "help_when", changed=True)
    read_back = talk.say("后天下午四点")
    assert "11月26日（周四）16:00" in read_back.text
    told = talk.told(talk.say("", choice="yes"))
    assert "改好了：取快递，11月26日（周四）16:00" in told
    assert the_need(talk).wanted_from.isoformat() == "2026-11-26T08:00:00+00:00"
    assert talk.slots["help_changed"] is None


def test_the_same_once_more_is_a_new_need(talk: Talk) -> None:
    take_up(talk, posted(talk), "help_when", changed=False)
    talk.say("后天下午四点")
    talk.say("", choice="yes")
    first, second = needs(talk)
    assert (first.kind_id, second.kind_id) == ("fetch-parcel", "fetch-parcel")
    assert second.what is not None
    assert first.what is not None
    assert second.what.text == first.what.text
    assert second.what.id != first.what.id


def test_other_words_are_asked_and_the_time_is_kept(talk: Talk) -> None:
    need = posted(talk)
    take_up(talk, need, "help_kind", "help_what", changed=True)
    assert "11月25日（周三）15:00" in talk.say("帮我买点菜").text
    talk.say("", choice="yes")
    assert the_need(talk).kind_id == "buy-groceries"
    assert the_need(talk).wanted_from == need.wanted_from
