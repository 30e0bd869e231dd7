"""代办: what a child reports for a parent is the parent's; both hear of it while it lasts."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import outbox
from actions.db import Db
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.governance import actions as governance
from actions.governance import following, on_behalf, reporting, service, taps
from actions.governance.model import Follower, ServiceRequest, Status
from actions.governance.service import Report, Where
from actions.outbox import Notice, NoticeState
from actions.people.model import Acting
from actions.taps import Tap
from tests.actions.conftest import Talk
from tests.actions.governance.conftest import Hall

FORM, DEED = "report_problem_form", "action_report_problem"
LAMP = "帮我爸报修楼道灯不亮，友谊路"
PLACE = ("place", "gz-youyi", "友谊路")
Deed = Callable[[Hall, Db, ServiceRequest], object]


def let_act(hall: Hall, *, confirmed: bool = True) -> int:
    now = hall.clock.now()
    with hall.database.transaction() as db:
        acting = Acting(kin="father", asked_at=now, confirmed_at=now if confirmed else None)
        acting.actor_id = hall.talk(db, "child").resident_id
        acting.principal_id = hall.talk(db, "father").resident_id
        db.add(acting)
        db.flush()
        return acting.id


def end_acting(hall: Hall) -> None:
    with hall.database.transaction() as db:
        db.execute(update(Acting).values(ended_at=hall.clock.now()))


def file(hall: Hall, acting_id: int | None) -> int:
    with hall.database.transaction() as db:
        return service.file(
            db,
            pack=hall.pack,
            report=Report("road-light", "路灯坏了", Where("gz-youyi"), acting_id=acting_id),
            conversation=hall.talk(db, "child"),
            now=hall.clock.now(),
        ).id


def the(hall: Hall, number: int = 1) -> ServiceRequest:
    with hall.database.reading() as db:
        return db.get_one(ServiceRequest, number)


def do(hall: Hall, deed: Deed, number: int = 1) -> None:
    with hall.database.transaction() as db:
        deed(hall, db, db.get_one(ServiceRequest, number))


def owed(hall: Hall, who: str) -> list[str]:
    with hall.database.transaction() as db:
        waiting = select(Notice.response).where(
            Notice.conversation_id == hall.talk(db, who).id,
            Notice.state == NoticeState.WAITING,
        )
        return list(db.scalars(waiting.order_by(Notice.id)))


def resident(hall: Hall, who: str) -> str:
    with hall.database.transaction() as db:
        return hall.talk(db, who).resident_id


@pytest.fixture
def child(ground: Ground) -> Talk:
    return Talk(ground, governance.actions, address="child")


@pytest.fixture
def father(ground: Ground) -> Talk:
    return Talk(ground, governance.actions, address="father")


def report(talk: Talk, text: str = LAMP) -> str:
    """Report something up to the read-back; returns all that was said there."""
    heard = talk.begin(FORM, DEED, text, intent="report_problem", entities=[PLACE])
    said = heard.text
    for _ in range(3):
        asked = talk.slots["requested_slot"]
        if asked == "problem_confirm":
            break
        value = heard.values[0] if heard.choices else None
        heard = talk.say("不知道", intent="deny") if value is None else talk.say(choice=value)
        said += heard.text
    assert talk.slots["requested_slot"] == "problem_confirm", said
    return said


def test_it_is_read_back_and_is_the_fathers(hall: Hall, child: Talk) -> None:
    let_act(hall)
    assert "这件事算您爸爸报的（代办）" in report(child)
    assert child.say("对", intent="affirm").done
    filed = the(hall)
    assert filed.resident_id == resident(hall, "father")
    assert filed.conversation_id == child.conversation_id
    assert owed(hall, "father") == ["utter_theirs_filed"]


def test_the_read_back_is_where_it_can_still_be_ones_own(hall: Hall, child: Talk) -> None:
    let_act(hall)
    report(child)
    heard = child.say("是给我自己报的", intent="deny")
    assert "代办" not in heard.text
    child.say("对", intent="affirm")
    assert the(hall).resident_id == child.resident_id
    assert owed(hall, "father") == []


def test_a_sentence_about_him_reports_nothing_for_him(hall: Hall, child: Talk) -> None:
    let_act(hall)
    said = report(child, "我爸要摔跤了，楼道灯不亮，友谊路")
    assert "代办" not in said


def test_both_hear_of_news_and_staff_ask_who_acts(hall: Hall) -> None:
    file(hall, let_act(hall))
    with hall.database.transaction() as db:
        filed = db.get_one(ServiceRequest, 1)
        first, second = following.parties(db, filed)
        assert (first.reader_id, second.reader_id) == (
            hall.talk(db, "child").resident_id,
            hall.talk(db, "father").resident_id,
        )
        hall.reply(db, filed)
    for who in ("child", "father"):
        assert "utter_request_replied" in owed(hall, who)


def test_one_of_them_says_it_is_solved_and_the_other_hears(hall: Hall) -> None:
    file(hall, let_act(hall))
    do(hall, lambda hall, db, one: hall.reply(db, one))
    tap(hall, "request_solved", "1", "child")
    assert the(hall).status == Status.RESOLVED
    assert "utter_request_resolved_told" in owed(hall, "father")
    assert "utter_request_resolved_told" not in owed(hall, "child")


def tap(hall: Hall, intent: str, value: str, who: str) -> str:
    with hall.database.transaction() as db:
        tapped = Tap(hall.talk(db, who), value, hall.clock.now())
        return taps.TAPS[intent](db, hall.pack, tapped).response


def test_it_counts_for_one_household(hall: Hall) -> None:
    file(hall, let_act(hall))
    with hall.database.reading() as db:
        filed = db.get_one(ServiceRequest, 1)
        assert following.households(db, [filed]) == {1: 1}
        assert following.followers(db, filed) == []


def test_he_refuses_it_while_nobody_is_at_it(hall: Hall) -> None:
    file(hall, let_act(hall))
    assert tap(hall, "refuse_request", "1", "father") == "utter_request_withdrawn"
    assert the(hall).status == Status.WITHDRAWN
    assert "utter_theirs_withdrawn" in owed(hall, "child")
    assert tap(hall, "refuse_request", "1", "father") == "utter_request_withdrawn"  # again


def test_what_staff_have_taken_on_is_not_refused(hall: Hall) -> None:
    file(hall, let_act(hall))
    do(hall, lambda hall, db, one: hall.move(db, one, Status.ACKNOWLEDGED))
    with pytest.raises(Refusal, match="utter_request_taken_on"):
        tap(hall, "refuse_request", "1", "father")


def test_the_childs_own_list_does_not_mix(hall: Hall, child: Talk, father: Talk) -> None:
    file(hall, let_act(hall))
    assert "没有" in child.do("action_check_request", "我报的事").text
    reference = the(hall).reference
    assert reference in child.do("action_check_request", "我爸报的路灯怎么样了").text
    assert reference in child.do("action_check_request", f"{reference} 怎么样了").text
    assert reference in father.do("action_check_request", "我报的事").text


def test_the_child_adds_to_what_the_father_reported(hall: Hall, child: Talk) -> None:
    let_act(hall)
    with hall.database.transaction() as db:
        hall.file(db, who="father")
    child.begin(
        "add_to_request_form",
        "action_add_to_request",
        "我爸报的路灯，补充一下：是二单元门口那盏",
        intent="add_to_request",
    )
    assert owed(hall, "child") == ["utter_request_added"]


def test_joining_what_others_reported_is_for_the_father(hall: Hall) -> None:
    acting_id = let_act(hall)
    with hall.database.transaction() as db:
        hall.file(db, who="neighbour")
    with hall.database.transaction() as db:
        tapped = Tap(hall.talk(db, "child"), "1", hall.clock.now())
        taps.join(db, hall.pack, tapped, acting_id)
        (follower,) = following.followers(db, db.get_one(ServiceRequest, 1))
        assert follower.resident_id == hall.talk(db, "father").resident_id
    tap(hall, "leave_request", "1", "child")
    with hall.database.reading() as db:
        assert db.scalars(select(Follower)).all() == []


# What was not confirmed, or has ended, changes nothing of his.


def test_without_his_word_it_is_ones_own(hall: Hall, child: Talk) -> None:
    let_act(hall, confirmed=False)
    assert "代办" not in report(child)
    child.say("对", intent="affirm")
    assert the(hall).resident_id == child.resident_id


def test_nothing_is_filed_when_it_ends_before_the_yes(hall: Hall, child: Talk) -> None:
    let_act(hall)
    report(child)
    end_acting(hall)
    assert "不能替这位家人办" in child.say("对", intent="affirm").text
    with hall.database.reading() as db:
        assert db.scalars(select(ServiceRequest)).all() == []


def test_anothers_acting_is_no_leave(hall: Hall) -> None:
    acting_id = let_act(hall)
    with (
        pytest.raises(Refusal, match="utter_behalf_over"),
        hall.database.transaction() as db,
    ):
        service.file(
            db,
            pack=hall.pack,
            report=Report("road-light", "路灯坏了", Where(), acting_id=acting_id),
            conversation=hall.talk(db, "stranger"),
            now=hall.clock.now(),
        )


def _add(hall: Hall, db: Db, one: ServiceRequest) -> None:
    facts: dict[str, Any] = {"resident_id": hall.talk(db, "child").resident_id}
    facts["now"] = hall.clock.now()
    reporting.add(db, hall.pack, one, words="还有一盏", **facts)


def _put_right(hall: Hall, db: Db, one: ServiceRequest) -> None:
    facts: dict[str, Any] = {"resident_id": hall.talk(db, "child").resident_id}
    facts["now"] = hall.clock.now()
    reporting.put_right(db, hall.pack, one, where=Where("gz-complex"), **facts)


def _withdraw(hall: Hall, db: Db, one: ServiceRequest) -> None:
    facts: dict[str, Any] = {"resident_id": hall.talk(db, "child").resident_id}
    facts["now"] = hall.clock.now()
    reporting.withdraw(db, hall.pack, one, **facts)


def _reroute(hall: Hall, db: Db, one: ServiceRequest) -> None:
    facts: dict[str, Any] = {"resident_id": hall.talk(db, "child").resident_id}
    facts["now"] = hall.clock.now()
    reporting.reroute(db, hall.pack, one, **facts)


def _look_up(hall: Hall, db: Db, one: ServiceRequest) -> None:
    found = reporting.own(
        db, reference=one.reference, resident_id=hall.talk(db, "child").resident_id
    )
    assert found.id == one.id


def _solve(hall: Hall, db: Db, one: ServiceRequest) -> None:
    taps.TAPS["request_solved"](
        db, hall.pack, Tap(hall.talk(db, "child"), str(one.id), hall.clock.now())
    )


DEEDS: dict[str, Deed] = {
    "add": _add,
    "put right": _put_right,
    "withdraw": _withdraw,
    "reroute": _reroute,
    "look up": _look_up,
    "solve": _solve,
}


@pytest.fixture
def his(hall: Hall) -> int:
    with hall.database.transaction() as db:
        return hall.file(db, who="father").id


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("state", ["never asked", "not confirmed", "ended"])
def test_who_does_not_act_changes_and_sees_nothing_of_his(
    hall: Hall, his: int, deed: str, state: str
) -> None:
    if state != "never asked":
        let_act(hall, confirmed=state == "ended")
    if state == "ended":
        end_acting(hall)
    if deed == "solve":
        do(hall, lambda hall, db, one: hall.reply(db, one))
    with pytest.raises(Refusal, match=r"utter_(request_unknown|old_choice)"):
        do(hall, DEEDS[deed])


@pytest.mark.parametrize("deed", DEEDS)
def test_who_acts_does_it(hall: Hall, his: int, deed: str) -> None:
    """The control: with his word the same goes through."""
    let_act(hall)
    if deed == "solve":
        do(hall, lambda hall, db, one: hall.reply(db, one))
    do(hall, DEEDS[deed])


def test_once_it_has_ended_he_alone_is_told_at_once(hall: Hall) -> None:
    file(hall, let_act(hall))
    do(hall, lambda hall, db, one: hall.move(db, one, Status.ACKNOWLEDGED))
    assert "utter_request_acknowledged" in owed(hall, "child")  # the control
    end_acting(hall)
    do(hall, lambda hall, db, one: hall.move(db, one, Status.REPLIED))
    assert "utter_request_replied" not in owed(hall, "child")
    assert "utter_request_replied" in owed(hall, "father")


def test_once_it_has_ended_what_is_still_owed_goes_to_him(hall: Hall) -> None:
    file(hall, let_act(hall))
    do(hall, lambda hall, db, one: hall.move(db, one, Status.ACKNOWLEDGED))
    with hall.database.transaction() as db:
        assert not on_behalf.is_any_to_return(db)
    end_acting(hall)
    with hall.database.transaction() as db:
        assert on_behalf.return_ended(db) == 1
        assert not on_behalf.is_any_to_return(db)
    assert "utter_request_acknowledged" not in owed(hall, "child")
    assert "utter_request_acknowledged" in owed(hall, "father")
    with hall.database.transaction() as db:
        assert the(hall).conversation_id == hall.talk(db, "father").id


def test_the_question_whether_it_is_solved_goes_with_it(hall: Hall) -> None:
    file(hall, let_act(hall))
    do(hall, lambda hall, db, one: hall.reply(db, one))
    with hall.database.transaction() as db:
        outbox.put(
            db,
            conversation_id=hall.talk(db, "child").id,
            response="utter_request_ask_solved",
            due_at=hall.clock.now(),
            about="request:1:solved",
        )
    end_acting(hall)
    with hall.database.transaction() as db:
        on_behalf.return_ended(db)
    assert "utter_request_ask_solved" in owed(hall, "father")
    assert "utter_request_ask_solved" not in owed(hall, "child")
