"""action_manage_offer: one message pauses, changes, resumes; anything else shows the offer."""

from datetime import date

import pytest

from actions.dialogue import Ground
from actions.neighbours import actions as neighbours
from actions.neighbours import offers
from actions.neighbours.model import HelpOffer
from actions.neighbours.offers import Terms
from tests.actions.conftest import Heard, Talk


@pytest.fixture
def helper(ground: Ground) -> Talk:
    """Somebody who fetches parcels at weekends."""
    talk = Talk(ground, neighbours.actions, address="helper")
    sign_up(talk)
    return talk


def sign_up(talk: Talk) -> None:
    with talk.ground.database.transaction() as db:
        terms = Terms(("fetch-parcel",), ("6 00:00-24:00", "7 00:00-24:00"))
        offers.write(
            db, conversation=talk._conversation(db), terms=terms, now=talk.ground.clock.now()
        )


def manage(talk: Talk, text: str) -> Heard:
    return talk.do("action_manage_offer", text, intent="manage_offer")


def offer_of(talk: Talk) -> HelpOffer:
    with talk.ground.database.reading() as db:
        return offers.require(db, talk.resident_id)


def kinds_of(talk: Talk) -> list[str]:
    with talk.ground.database.reading() as db:
        return offers.given(db, offers.require(db, talk.resident_id))


def tapped(heard: Heard, talk: Talk) -> list[tuple[str, str]]:
    """What may be tapped under the news of a deed."""
    (notice,) = heard.news
    said = talk.ground.wording.render(
        notice.response, language=talk.language, elder=talk.elder, values=notice.values
    )
    return [(choice.intent, choice.value) for choice in said.choices]


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("这周不在，别叫我", date(2026, 11, 29)),
        ("下周去旅游，帮忙先暂停", date(2026, 12, 6)),
        ("暂停到下周一", date(2026, 11, 30)),
        ("出差了，下周一回来", date(2026, 11, 29)),
        ("暂停两个星期", date(2026, 12, 7)),
        ("休息三天", date(2026, 11, 26)),
        ("I'm away this week", date(2026, 11, 29)),
        ("pause for two weeks", date(2026, 12, 7)),
        ("pause until 10 December", date(2026, 12, 10)),
    ],
)
def test_a_pause_is_done_in_one_message_and_read_back(
    helper: Talk, text: str, until: date
) -> None:
    heard = manage(helper, text)
    assert offer_of(helper).paused_until == until
    assert f"{until.month}月{until.day}日" in helper.told(heard)
    assert tapped(heard, helper) == [("resume_offer", "")]


def test_without_a_time_it_is_asked_for_how_long(helper: Talk) -> None:
    heard = manage(helper, "帮忙先暂停一下")
    assert offer_of(helper).paused_until is None
    assert tapped(heard, helper) == [("pause_offer", v) for v in ("week", "month", "open")]


def test_who_is_back_is_asked_again(helper: Talk) -> None:
    manage(helper, "这周不在，别叫我")
    heard = manage(helper, "我回来了，可以叫我帮忙了")
    assert offer_of(helper).paused_until is None
    assert "又可以叫您" in helper.told(heard)


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("帮忙的时间改成周二下午", "hours", ["2 12:00-18:00"]),
        ("改成随时", "hours", []),
        ("愿意帮远一点，改成全镇", "reach", "town"),
        ("一周最多帮一次", "per_week", 1),
        ("help at most three times a week", "per_week", 3),
        ("我还会讲萧山话", "languages", ["dialect"]),
    ],
)
def test_one_term_is_changed_by_words_and_the_others_stay(
    helper: Talk, text: str, fact: str, value: object
) -> None:
    before = {name: getattr(offer_of(helper), name) for name in ("hours", "reach", "per_week")}
    heard = manage(helper, text)
    assert getattr(offer_of(helper), fact) == value
    assert "改好了" in helper.told(heard)
    for name in before.keys() - {fact}:
        assert getattr(offer_of(helper), name) == before[name]
    assert kinds_of(helper) == ["fetch-parcel"]


def test_kinds_are_added_or_put_in_place_of_the_others(helper: Talk) -> None:
    manage(helper, "我还能遛狗，加上")
    assert kinds_of(helper) == ["fetch-parcel", "walk-dog"]
    manage(helper, "以后我只帮忙买菜")
    assert kinds_of(helper) == ["buy-groceries"]


def test_a_kind_is_never_asked_for_again_and_can_be_taken_back(helper: Talk) -> None:
    heard = manage(helper, "别再叫我搬东西了")
    with helper.ground.database.reading() as db:
        assert offers.refused(db, offers.require(db, helper.resident_id)) == ["move-things"]
    assert tapped(heard, helper) == [("set_offer", "again:move-things")]


def test_to_stop_wants_to_be_sure(helper: Talk) -> None:
    heard = manage(helper, "我不帮了")
    assert offer_of(helper).withdrawn_at is None
    assert ("stop_offer", "yes") in tapped(heard, helper)


def test_what_somebody_has_done_is_told(helper: Talk) -> None:
    assert "帮过邻居 0 次" in helper.told(manage(helper, "我帮过几次忙"))


def test_anything_else_shows_the_offer(helper: Talk) -> None:
    heard = manage(helper, "我的帮手设置")
    assert "取快递" in helper.told(heard)
    assert "周末 全天" in helper.told(heard)
    assert ("change_offer", "hours") in tapped(heard, helper)
    manage(helper, "这周不在，别叫我")
    assert "暂停到" in helper.told(manage(helper, "我的帮手设置"))


def test_elders_get_three_choices_and_short_answers(ground: Ground) -> None:
    elder = Talk(ground, neighbours.actions, address="elder", elder=True)
    sign_up(elder)
    for text in ("我的帮手设置", "我不帮了", "先暂停"):
        heard = manage(elder, text)
        assert len(elder.told(heard)) <= 60
        assert len(tapped(heard, elder)) <= 3


@pytest.mark.parametrize("text", ["这周不在，别叫我", "改成随时"])
def test_elders_are_read_back_what_their_words_would_change(ground: Ground, text: str) -> None:
    elder = Talk(ground, neighbours.actions, address="elder", elder=True)
    sign_up(elder)
    before = offer_of(elder)
    asked = manage(elder, text)
    assert (asked.news, text in asked.text) == ([], True)
    assert offer_of(elder).hours == before.hours
    done = elder.do("action_manage_offer", "1", choice=asked.values[0])
    assert done.news


def test_who_offers_nothing_is_told_how_to(ground: Ground) -> None:
    nobody = Talk(ground, neighbours.actions, address="nobody")
    assert "还没有登记" in manage(nobody, "我的帮手设置").text
