"""我的求助: a resident sees their own needs, how far each has come, and nothing of others."""

from datetime import timedelta

import pytest

from actions import conversations
from actions.conversations import Conversation, Draft
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.neighbours import actions as neighbours
from actions.neighbours import asking, checking, need_taps
from actions.neighbours.model import HelpRequest, Status
from actions.taps import Done, Tap
from bot.taps import TAPS
from tests.actions.conftest import Heard, Talk
from tests.actions.neighbours.conftest import Town


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, neighbours.actions, address="a")


def check(talk: Talk) -> Heard:
    return talk.do("action_check_help", "我发的求助怎么样了", intent="check_help")


def tap(town: Town, who: str, intent: str, need_id: int) -> Done:
    with town.database.transaction() as db:
        tapped = Tap(db.get_one(Conversation, who), str(need_id), town.now)
        return need_taps.TAPS[intent](db, town.square, tapped)


def intents(heard: Heard) -> list[str]:
    return [choice["payload"].partition("{")[0] for choice in heard.choices]


def move(town: Town, need_id: int, status: Status) -> None:
    with town.database.transaction() as db:
        db.get_one(HelpRequest, need_id).status = status


def test_who_asked_for_nothing_is_told_how_to(town: Town, talk: Talk) -> None:
    town.post(town.somebody("other"))
    assert "最近没有" in check(talk).text


def test_one_need_is_told_with_what_can_be_done(town: Town, talk: Talk) -> None:
    need_id = town.post(town.somebody("a"))
    heard = check(talk)
    assert "取快递" in heard.text
    assert "在等邻居接" in heard.text
    assert intents(heard) == ["/need_change_when", "/need_change_what", "/need_withdraw"]
    assert heard.values == [str(need_id)] * 3


@pytest.mark.parametrize(
    ("status", "says", "offers"),
    [
        (
            Status.REVIEW,
            "工作人员在看",
            ["/need_change_when", "/need_change_what", "/need_withdraw"],
        ),
        (Status.MATCHED, "有邻居接了", ["/need_withdraw"]),
        (Status.DONE, "帮好了", ["/need_again"]),
        (Status.CANCELLED, "取消了", ["/need_again"]),
    ],
)
def test_each_state_has_its_words_and_its_deeds(
    town: Town, talk: Talk, status: Status, says: str, offers: list[str]
) -> None:
    move(town, town.post(town.somebody("a")), status)
    heard = check(talk)
    assert says in heard.text
    assert intents(heard) == offers


def test_a_need_for_no_moment_may_wait_longer(town: Town, talk: Talk) -> None:
    town.post(town.somebody("a"), wanted=(town.now, town.now + timedelta(hours=48)))
    assert intents(check(talk))[0] == "/need_more_time"


def test_several_are_a_list_to_tap(town: Town, talk: Talk) -> None:
    asker = town.somebody("a")
    ids = [town.post(asker), town.post(asker, "buy-groceries")]
    heard = check(talk)
    assert heard.values == [str(one) for one in reversed(ids)]
    assert heard.text.count("在等邻居接") == 2
    shown = tap(town, asker, "need_show", ids[0])
    assert shown.response == "utter_help_own_waiting"


def test_what_is_over_for_long_is_not_shown(town: Town, talk: Talk) -> None:
    town.post(town.somebody("a"))
    town.clock.pass_by(timedelta(days=2))
    with town.database.transaction() as db:
        asking.look_after(db, town.square, now=town.now)
    assert "到期了" in check(talk).text
    town.clock.pass_by(checking.LATELY)
    assert "最近没有" in check(talk).text


def test_elder_mode_shows_three_with_short_words(town: Town, ground: Ground) -> None:
    asker = town.somebody("a")
    for _ in range(3):
        town.post(asker)
    move(town, town.need(1).id, Status.DONE)
    town.post(asker)
    heard = check(Talk(ground, neighbours.actions, address="a", elder=True))
    assert len(heard.values) == 3
    assert len(heard.text) <= 60


def test_another_time_is_asked_and_the_next_message_goes_to_the_form(town: Town) -> None:
    asker = town.somebody("a")
    need_id = town.post(asker)
    assert tap(town, asker, "need_change_when", need_id).response == "utter_ask_help_when"
    with town.database.reading() as db:
        draft = db.get_one(Draft, asker)
        assert draft.form == "request_help_form"
        assert draft.slots["help_changed"] == str(need_id)
        asked = next(slot for slot, value in draft.slots.items() if value is None)
        assert asked == "help_when"
        assert db.get_one(Conversation, asker).epoch == 1
    tap(town, asker, "need_change_what", need_id)  # in the middle of the other
    with town.database.reading() as db:
        slots = db.get_one(Draft, asker).slots
        assert next(slot for slot, value in slots.items() if value is None) == "help_kind"
        assert slots["help_when"] is not None


def test_who_is_in_the_middle_of_something_is_not_interrupted(town: Town) -> None:
    asker = town.somebody("a")
    need_id = town.post(asker)
    with town.database.transaction() as db:
        conversations.keep_draft(db, asker, "report_problem_form", {"a": None}, now=town.now)
    with pytest.raises(Refusal, match="utter_finish_first"):
        tap(town, asker, "need_change_when", need_id)


def test_a_past_need_is_posted_again_with_a_new_time(town: Town) -> None:
    asker = town.somebody("a")
    need_id = town.post(asker, what="取两件快递")
    tap(town, asker, "need_withdraw", need_id)
    assert tap(town, asker, "need_again", need_id).response == "utter_ask_help_when"
    with town.database.reading() as db:
        slots = db.get_one(Draft, asker).slots
    assert slots["help_what"] == "取两件快递"
    assert slots["help_changed"] is None


def test_taking_back_is_asked_again_when_somebody_comes(town: Town) -> None:
    asker = town.somebody("a")
    need_id = town.post(asker)
    move(town, need_id, Status.MATCHED)
    assert tap(town, asker, "need_withdraw", need_id).response == "utter_help_withdraw_sure"
    assert town.need(need_id).status == Status.MATCHED
    for _ in range(2):  # the same tap twice changes nothing more
        done = tap(town, asker, "need_withdraw_sure", need_id)
        assert done.response == "utter_help_withdrawn"
    assert town.need(need_id).status == Status.CANCELLED


def test_a_need_waits_longer_at_one_tap(town: Town) -> None:
    asker = town.somebody("a")
    need_id = town.post(asker, wanted=(town.now, town.now + timedelta(hours=48)))
    assert tap(town, asker, "need_more_time", need_id).response == "utter_help_waits_on"
    assert town.need(need_id).expires_at == town.now + timedelta(hours=96)


@pytest.mark.parametrize("intent", sorted(need_taps.TAPS))
def test_nobody_does_anything_to_anothers_need(town: Town, intent: str) -> None:
    need_id, stranger = town.post(town.somebody("a")), town.somebody("b")
    before = town.need(need_id)
    with pytest.raises(Refusal, match="utter_old_choice"):
        tap(town, stranger, intent, need_id)
    after = town.need(need_id)
    assert (after.status, after.expires_at) == (before.status, before.expires_at)


@pytest.mark.parametrize("intent", ["need_change_when", "need_change_what"])
def test_what_is_taken_or_over_is_not_changed(town: Town, intent: str) -> None:
    asker = town.somebody("a")
    need_id = town.post(asker)
    move(town, need_id, Status.MATCHED)
    with pytest.raises(Refusal, match="utter_help_too_late_to_change"):
        tap(town, asker, intent, need_id)


def test_the_buttons_of_every_answer_are_deeds_there_are(town: Town) -> None:
    for response, variants in town.square.wording.responses.items():
        for variant in variants if response.startswith("utter_help_") else ():
            for button in variant.get("buttons", ()):
                intent = button["payload"].partition("{")[0].removeprefix("/")
                assert intent in TAPS or intent in ("choose", "cancel", "ask_person"), response
