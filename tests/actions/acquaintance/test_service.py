"""Two are introduced when both say yes, once; a no is nobody's business."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from actions.acquaintance import interests, service, taps
from actions.acquaintance.model import Introduction, Openness
from actions.errors import Refusal
from actions.people import blocks, consents
from actions.people.model import Consent
from actions.relay import relaying
from actions.relay.model import Relay
from actions.taps import Done, Spoken
from tests.actions.acquaintance.conftest import CHESS, TEA, Village
from tests.conftest import StandingClock

WEEK = timedelta(days=7)
CAME_TO_NOTHING = "utter_meet_came_to_nothing"


@pytest.fixture
def asked(village: Village) -> Village:
    """Two who have been asked, and have heard the question."""
    village.open_up("a", "b")
    village.propose()
    return village


def relays(village: Village) -> list[Relay]:
    with village.database.reading() as db:
        return list(db.scalars(select(Relay)))


def the(village: Village) -> Introduction:
    with village.database.reading() as db:
        return db.get_one(Introduction, 1)


def test_the_first_yes_alone_does_nothing(asked: Village) -> None:
    assert asked.tap("agree_to_meet", "1", "a") == Done("utter_meet_waits")
    assert relays(asked) == []
    assert asked.told("b") == ["utter_meet_asked_village"]


def test_both_are_told_and_may_talk_for_two_weeks(asked: Village, clock: StandingClock) -> None:
    asked.tap("agree_to_meet", "1", "a")
    assert asked.tap("agree_to_meet", "1", "b").response == "utter_meet_introduced"
    assert asked.told("a")[-1] == "utter_meet_introduced"
    (relay,) = relays(asked)
    assert relay.about == "meet:1"
    assert relay.closes_at == clock.now() + timedelta(days=14)
    said = asked.square.wording.render(
        "utter_meet_introduced", values=asked.owed("a")[-1].values
    )
    assert ("write_to_neighbour", "meet:1") in {(c.intent, c.value) for c in said.choices}


def test_nobody_hears_that_it_came_to_nothing_when_it_did_not(asked: Village) -> None:
    asked.tap("agree_to_meet", "1", "a")
    assert CAME_TO_NOTHING in asked.told("a")  # owed, for in a week
    asked.tap("agree_to_meet", "1", "b")
    assert CAME_TO_NOTHING not in asked.told("a") + asked.told("b")


def test_a_no_is_told_to_nobody(asked: Village) -> None:
    """What somebody sees and is owed is the same, whether the other said no, or nothing."""
    asked.tap("decline_to_meet", "1", "b")
    after_a_no = asked.tap("agree_to_meet", "1", "a"), asked.told("a")
    silent = asked
    silent.open_up("c", "d")
    silent.propose()
    after_silence = silent.tap("agree_to_meet", "2", "c"), silent.told("c")
    assert after_a_no == after_silence
    assert asked.told("b") == ["utter_meet_asked_village"]  # whoever said no hears no more


def test_who_said_yes_hears_at_the_end_that_it_came_to_nothing(
    asked: Village, clock: StandingClock
) -> None:
    asked.tap("agree_to_meet", "1", "a")
    (end,) = [one for one in asked.owed("a") if one.response == CAME_TO_NOTHING]
    assert end.due_at >= clock.now() + WEEK
    clock.pass_by(WEEK)
    with pytest.raises(Refusal, match="utter_meet_over"):
        asked.tap("agree_to_meet", "1", "b")
    assert relays(asked) == []


def test_one_may_think_again_until_then(asked: Village) -> None:
    asked.tap("agree_to_meet", "1", "a")
    asked.tap("decline_to_meet", "1", "a")
    assert CAME_TO_NOTHING not in asked.told("a")
    assert asked.tap("agree_to_meet", "1", "b") == Done("utter_meet_waits")
    assert asked.tap("agree_to_meet", "1", "a").response == "utter_meet_introduced"


def test_a_second_yes_changes_nothing(asked: Village) -> None:
    for who in ("a", "b", "b", "a"):
        asked.tap("agree_to_meet", "1", who)
    assert asked.told("a").count("utter_meet_introduced") == 1
    assert len(relays(asked)) == 1


def test_strangers_answer_nothing(asked: Village) -> None:
    for value in ("1", "99"):
        with pytest.raises(Refusal, match="utter_old_choice"):
            asked.tap("agree_to_meet", value, "stranger")
    assert the(asked).one_agreed is the(asked).other_agreed is None


@pytest.mark.parametrize("came_between", ["a block", "stopped", "consent taken back"])
def test_what_came_between_them_is_not_told(asked: Village, came_between: str) -> None:
    asked.tap("agree_to_meet", "1", "a")
    a, b = asked.resident("a"), asked.resident("b")
    with asked.database.transaction() as db:
        match came_between:
            case "a block":
                blocks.block(db, a, b, now=asked.clock.now())
            case "stopped":
                service.stop(db, a, now=asked.clock.now())
            case _:
                consents.withdraw(db, a, "meet", now=asked.clock.now())
    assert asked.tap("agree_to_meet", "1", "b") == Done("utter_meet_waits")
    assert relays(asked) == []
    assert the(asked).introduced_at is None


@pytest.mark.both_stores
def test_two_who_say_yes_at_once_are_introduced_once(asked: Village) -> None:
    barrier = Barrier(2)

    def agree(who: str) -> bool:
        barrier.wait()
        return asked.answer(1, who, agreed=True)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(agree, "ab"))
    assert sorted(said) == [False, True]
    assert the(asked).introduced_at is not None
    assert len(relays(asked)) == 1


@pytest.mark.both_stores
def test_looking_first_would_introduce_nobody(asked: Village) -> None:
    """The control: each looks what the other has said before it says its own."""
    barrier = Barrier(2)

    def naive(mine: str) -> bool:
        other = {"one_agreed": "other_agreed", "other_agreed": "one_agreed"}[mine]
        with asked.database.reading() as db:
            both = bool(getattr(db.get_one(Introduction, 1), other))
        barrier.wait()
        with asked.database.transaction() as db:
            row = db.get_one(Introduction, 1)
            setattr(row, mine, True)
            if both:
                row.introduced_at = asked.clock.now()
        return both

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(naive, ("one_agreed", "other_agreed")))
    assert sorted(said) != [False, True]
    assert the(asked).introduced_at is None


def test_stopping_takes_one_tap_or_one_sentence(asked: Village) -> None:
    assert asked.tap("stop_introductions", "", "a").response == "utter_meet_stopped"
    assert asked.told("a") == []  # the question was not read yet: it is taken back
    assert say(asked, "不想认识新邻居了", "b") == Done("utter_meet_stopped")
    with asked.database.reading() as db:
        assert all(one.ended_at for one in db.scalars(select(Openness)))
        assert all(one.withdrawn_at for one in db.scalars(select(Consent)))
    assert say(asked, "不想认识了", "b") == Done("utter_meet_not_open")


@pytest.mark.parametrize(
    "text",
    [
        "停掉介绍",
        "别再给我介绍了。",
        "不想認識了",
        "Stop introductions",
        "no more introductions!",
    ],
)
def test_it_is_said_in_many_ways(asked: Village, text: str) -> None:
    assert say(asked, text, "a") == Done("utter_meet_stopped")


@pytest.mark.parametrize(
    "text", ["介绍一下书法社", "不要介绍书法社", "想认识邻居", "取消", "停"]
)
def test_what_means_something_else_is_left_alone(asked: Village, text: str) -> None:
    assert say(asked, text, "a") is None


def say(village: Village, text: str, who: str) -> Done | None:
    with village.database.transaction() as db:
        spoken = Spoken(village.talk(db, who), text, village.clock.now())
        return taps.take_stop(db, village.square, spoken)


def test_the_consent_is_asked_for_before_anything_is_kept(village: Village) -> None:
    village.move_in("a")
    done = village.tap("introduce_me", CHESS, "a")
    assert done.response == "utter_meet_consent"
    with village.database.reading() as db:
        assert db.scalars(select(Openness)).all() == []
        assert db.scalars(select(Consent)).all() == []
    said = village.square.wording.render(done.response, values=done.values)
    assert "18 岁" in said.text
    assert said.choices[0].intent == "agree_to_be_asked"
    assert said.choices[0].value == CHESS


def test_once_given_it_is_not_asked_again(village: Village) -> None:
    village.open_up("a")
    assert village.tap("introduce_me", TEA, "a").response == "utter_meet_open"
    with village.database.reading() as db:
        (openness,) = db.scalars(select(Openness))
        assert openness.interests == [CHESS, TEA]
        (consent,) = db.scalars(select(Consent))
        assert (consent.purpose, consent.channel) == ("meet", "webchat")


def test_who_begins_anew_begins_with_what_they_choose_now(village: Village) -> None:
    village.open_up("a")
    village.tap("stop_introductions", "", "a")
    village.open_up("a", interest=TEA)
    with village.database.reading() as db:
        assert db.scalars(select(Openness)).one().interests == [TEA]
        assert len(db.scalars(select(Consent)).all()) == 2


def test_who_lives_nowhere_known_is_told_what_is_missing(village: Village) -> None:
    village.move_in("a", area=None)
    done = village.tap("agree_to_be_asked", CHESS, "a")
    assert done.response == "utter_meet_open_no_area"


@pytest.mark.parametrize("elder", [False, True])
def test_interests_are_shown_a_few_at_a_time(village: Village, elder: bool) -> None:
    with village.database.transaction() as db:
        village.talk(db, "a").resident.elder = elder
        known = [one.id for one in interests.all_of(db, village.square.pack)]
    shown: list[str] = []
    value = ""
    while True:
        choices = village.tap("introduce_me", value, "a").choices
        assert len(choices) <= (3 if elder else 7)
        shown += [c.value for c in choices if not c.value.startswith("more:")]
        more = [c.value for c in choices if c.value.startswith("more:")]
        if not more:
            break
        (value,) = more
    assert shown == known
    assert "club-young-volunteers" not in known  # of children


@pytest.mark.parametrize("interest", ["club-young-volunteers", "class-yoga", "nothing"])
def test_what_is_no_interest_is_none(village: Village, interest: str) -> None:
    village.move_in("a")
    with pytest.raises(Refusal, match="utter_old_choice"):
        village.tap("agree_to_be_asked", interest, "a")


def test_the_line_can_be_closed_as_any(asked: Village) -> None:
    for who in "ab":
        asked.tap("agree_to_meet", "1", who)
    with asked.database.transaction() as db:
        relaying.close(db, "meet:1", now=asked.clock.now())
    assert relays(asked)[0].closed_at is not None


RESPONSES = [
    *("utter_meet_clubs", "utter_meet_children", "utter_meet_consent", "utter_meet_open"),
    *("utter_meet_asked_village", "utter_meet_asked_town", "utter_meet_waits"),
    *("utter_meet_introduced", "utter_meet_came_to_nothing", "utter_meet_stopped"),
]


@pytest.mark.parametrize("response", RESPONSES)
def test_elders_read_little_at_once(village: Village, response: str) -> None:
    values = {"interest": "书法社", "interests": "书法社、茶艺社", "id": 1, "value": "x"}
    said = village.square.wording.render(
        response, elder=True, values=values | {"origin": "示例数据，以社区公布为准"}
    )
    assert len(said.text) <= 60, said.text
    assert len(said.choices) <= 3
