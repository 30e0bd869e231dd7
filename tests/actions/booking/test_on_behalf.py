"""代办: what a child books for a parent is the parent's, and only while that was confirmed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import callers, outbox
from actions.booking import actions as booking
from actions.booking import draw, on_behalf, organising, service, waitlist
from actions.booking.bookings import Order
from actions.booking.model import (
    Booking,
    BookingStatus,
    DrawEntry,
    EntryStatus,
    WaitlistEntry,
)
from actions.booking.taps import TAPS
from actions.db import Db
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from actions.people.model import Acting
from actions.taps import Done, Tap
from bot.delivery import Delivery
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    book,
    conversation_of,
    programme_of,
    staff_of,
)
from tests.actions.conftest import Talk
from tests.conftest import StandingClock

FORM, DEED = "book_activity_form", "action_book_activity"
CANCEL = ("cancel_booking_form", "action_cancel_booking")
CHANGE = ("change_booking_form", "action_change_booking")
SATURDAY = "周六的书法社"
On = Callable[[str, datetime], int]


def let_act(
    ground: Ground,
    *,
    actor: str = "a",
    principal: str = "mother",
    kin: str = "mother",
    confirmed: bool = True,
) -> int:
    """One resident asked to act for another, who has said yes (or not yet)."""
    now = ground.clock.now()
    with ground.database.transaction() as db:
        acting = Acting(kin=kin, asked_at=now, confirmed_at=now if confirmed else None)
        acting.actor_id = conversation_of(db, actor).resident_id
        acting.principal_id = conversation_of(db, principal).resident_id
        db.add(acting)
        db.flush()
        return acting.id


def end_acting(ground: Ground) -> None:
    with ground.database.transaction() as db:
        db.execute(update(Acting).values(ended_at=ground.clock.now()))


def resident(ground: Ground, who: str) -> str:
    with ground.database.transaction() as db:
        return conversation_of(db, who).resident_id


def the(ground: Ground, table: type[Any]) -> list[Any]:
    with ground.database.reading() as db:
        return list(db.scalars(select(table).order_by(table.id)))


def owed(ground: Ground, who: str) -> list[Notice]:
    """What is still to be told to somebody."""
    with ground.database.transaction() as db:
        wanted = select(Notice).where(
            Notice.conversation_id == conversation_of(db, who).id,
            Notice.state == NoticeState.WAITING,
        )
        return list(db.scalars(wanted.order_by(Notice.id)))


def responses(ground: Ground, who: str) -> list[str]:
    return [notice.response for notice in owed(ground, who)]


def tap(ground: Ground, intent: str, value: str, who: str) -> Done:
    with ground.database.transaction() as db:
        tapped = Tap(conversation_of(db, who), value, ground.clock.now())
        return TAPS[intent](db, programme_of(ground), tapped)


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    return Talk(ground, booking.actions)


def book_for_mother(talk: Talk, text: str = f"给我妈约{SATURDAY}") -> None:
    talk.begin(FORM, DEED, text, intent="book_activity")
    assert talk.say("对", intent="affirm").done


def test_it_is_read_back_and_becomes_the_parents(talk: Talk) -> None:
    let_act(talk.ground)
    heard = talk.begin(FORM, DEED, f"给我妈约{SATURDAY}", intent="book_activity")
    assert "名额：1 个（给您妈妈，代办）" in heard.text
    heard = talk.say("对", intent="affirm")
    (made,) = the(talk.ground, Booking)
    assert made.resident_id == resident(talk.ground, "mother")
    assert made.conversation_id == talk.conversation_id  # the answers go to the child
    assert heard.news[0].response == "utter_booked"
    assert "utter_theirs_reminder" in responses(talk.ground, "a")


def test_the_parent_is_told_once_with_a_way_out(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    (told,) = owed(talk.ground, "mother")
    said = talk.ground.wording.render(told.response, values=told.values)
    assert "您的家人帮您约好了：书法社" in said.text
    assert [(c.label, c.intent) for c in said.choices] == [("不要", "refuse_booking")]
    assert "我妈" not in str(told.values)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_elders_are_told_in_a_line(talk: Talk, language: str) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    (told,) = owed(talk.ground, "mother")
    said = talk.ground.wording.render(
        told.response, values=told.values, language=language, elder=True
    )
    assert "\n" not in said.text
    assert language == "en" or len(said.text) <= 60
    assert len(said.choices) == 1


def test_the_parent_refuses_and_the_child_hears_of_it(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    (made,) = the(talk.ground, Booking)
    done = tap(talk.ground, "refuse_booking", str(made.id), "mother")
    assert done.response == "utter_theirs_not_wanted"
    assert the(talk.ground, Booking)[0].status == BookingStatus.CANCELLED
    assert responses(talk.ground, "a") == ["utter_booked", "utter_theirs_refused"]
    with pytest.raises(Refusal, match="utter_no_such_booking"):  # a second tap
        tap(talk.ground, "refuse_booking", str(made.id), "mother")


def test_nobody_else_can_refuse_it(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    (made,) = the(talk.ground, Booking)
    with pytest.raises(Refusal, match="utter_no_such_booking"):
        tap(talk.ground, "refuse_booking", str(made.id), "stranger")
    assert the(talk.ground, Booking)[0].status == BookingStatus.BOOKED


def test_a_parent_with_a_phone_alone_is_rung_up(
    ground: Ground, on: On, clock: StandingClock
) -> None:
    now = clock.now()
    with ground.database.transaction() as db:
        told = callers.read("示例", "13800000000")
        mother = callers.conversation_with(db, told, area_id=None, key="k", now=now)
        acting = Acting(kin="mother", asked_at=now, confirmed_at=now)
        acting.actor_id = conversation_of(db, "a").resident_id
        acting.principal_id = mother.resident_id
        db.add(acting)
    book_for_mother(Talk(ground, booking.actions))
    worker = Delivery(ground.database, clock, ground.wording, timedelta(days=9))
    while worker.deliver_due():
        pass
    with ground.database.reading() as db:
        ((notice, talk),) = outbox.to_phone(db, now=now)
    assert notice.response == "utter_theirs_booked"
    assert talk.resident_id == mother.resident_id


def test_at_night_the_parent_is_not_woken(talk: Talk, clock: StandingClock) -> None:
    clock.moment = at(24, 22)
    let_act(talk.ground)
    book_for_mother(talk)
    (told,) = owed(talk.ground, "mother")
    assert told.due_at == at(25, 7)


def test_one_booking_for_each_parent_and_session(talk: Talk, on: On) -> None:
    let_act(talk.ground)
    session_id = on("club-calligraphy", at(28, 14))
    book(talk.ground, session_id, who="a")  # the child's own does not stand in the way
    book_for_mother(talk)
    heard = talk.begin(FORM, DEED, f"给我妈约{SATURDAY}", intent="book_activity")
    assert "已经给这位家人约过书法社" in heard.text
    assert len(the(talk.ground, Booking)) == 2


def test_the_childs_own_list_does_not_mix(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    assert "没有约活动" in talk.do("action_list_bookings", "我的报名").text
    heard = talk.do("action_list_bookings", "我妈的报名")
    assert "您妈妈约了这些（代办）" in heard.text
    assert "书法社" in heard.text


def test_the_parents_own_list_has_it(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    mother = Talk(talk.ground, booking.actions, address="mother")
    heard = mother.do("action_list_bookings", "我的报名")
    assert "书法社" in heard.text
    assert "（家人帮您办的）" in heard.text
    assert "我妈" not in heard.text
    mother.begin(*CANCEL, "取消书法社的预约", intent="cancel_booking")
    assert mother.say("确定", intent="affirm").done
    assert the(talk.ground, Booking)[0].status == BookingStatus.CANCELLED
    assert responses(talk.ground, "a")[-1] == "utter_theirs_refused"


def test_the_child_cancels_what_the_parent_booked(talk: Talk, on: On) -> None:
    let_act(talk.ground)
    book(talk.ground, on("club-calligraphy", at(28, 14)), who="mother")
    heard = talk.begin(*CANCEL, "替我妈取消书法社", intent="cancel_booking")
    assert "书法社" in heard.text
    talk.say("确定", intent="affirm")
    assert the(talk.ground, Booking)[0].status == BookingStatus.CANCELLED
    assert responses(talk.ground, "mother") == ["utter_theirs_taken_back"]


def test_among_several_the_child_chooses(talk: Talk, on: On) -> None:
    let_act(talk.ground)
    kept = book(talk.ground, on("club-calligraphy", at(28, 14)), who="mother")
    gone = book(talk.ground, on("club-wushu", at(26, 6, 30)), who="mother")
    book(talk.ground, on("club-tea", at(25, 9, 30)), who="a")
    heard = talk.begin(*CANCEL, "取消我妈的课", intent="cancel_booking")
    assert sorted(heard.values) == sorted([str(kept), str(gone)])  # none of one's own
    talk.say("武术那个")  # said, not tapped: it is still about the mother's
    talk.say("确定", intent="affirm")
    assert [b.status for b in the(talk.ground, Booking)] == ["booked", "cancelled", "booked"]


def test_the_child_changes_it(talk: Talk, on: On) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    talk.begin(*CHANGE, "把我妈的书法社改成两个人", intent="change_booking")
    assert talk.say("对", intent="affirm").done
    (made,) = the(talk.ground, Booking)
    assert made.places == 2
    assert made.resident_id == resident(talk.ground, "mother")


def test_what_is_moved_stays_the_parents(ground: Ground, make_session: MakeSession) -> None:
    let_act(ground)
    first, other = make_session(), make_session(starts_at=at(29, 14), ends_at=at(29, 15))
    booking_id = book(ground, first, who="mother")
    with ground.database.transaction() as db:
        moved = service.move_booking(
            db,
            programme_of(ground),
            booking_id=booking_id,
            to_session_id=other,
            conversation=conversation_of(db, "a"),
            now=ground.clock.now(),
        )
        assert moved.resident_id == conversation_of(db, "mother").resident_id


def test_the_line_and_the_draw_are_the_parents_too(
    ground: Ground, make_session: MakeSession
) -> None:
    acting_id = let_act(ground)
    session_id = make_session(places=1)
    book(ground, session_id, who="other")
    with ground.database.transaction() as db:
        service.join_waitlist(
            db,
            programme_of(ground),
            order=Order(session_id, acting_id=acting_id),
            conversation=conversation_of(db, "a"),
            now=ground.clock.now(),
        )
    (entry,) = the(ground, WaitlistEntry)
    assert entry.resident_id == resident(ground, "mother")
    assert responses(ground, "mother") == ["utter_theirs_waiting"]
    cancel_as(ground, "other")
    assert "utter_offer" in responses(ground, "a")  # who acts is asked
    tap(ground, "accept_offer", str(entry.id), "a")
    made = the(ground, Booking)[-1]
    assert (made.resident_id, made.status) == (entry.resident_id, BookingStatus.BOOKED)
    assert responses(ground, "mother") == ["utter_theirs_waiting", "utter_theirs_booked"]


def cancel_as(ground: Ground, who: str) -> None:
    with ground.database.transaction() as db:
        own = conversation_of(db, who).resident_id
        for one in service.bookings_of(db, resident_id=own, now=ground.clock.now()):
            service.cancel(
                db,
                programme_of(ground),
                booking_id=one.id,
                resident_id=own,
                now=ground.clock.now(),
            )


def test_a_draw_counts_for_the_parent(ground: Ground, on: On, clock: StandingClock) -> None:
    acting_id = let_act(ground)
    session_id = on("class-swim-learn", at(28, 10, 30))
    with ground.database.transaction() as db:
        entry = draw.enter(
            db,
            programme_of(ground),
            order=Order(session_id, acting_id=acting_id),
            conversation=conversation_of(db, "a"),
            now=clock.now(),
        )
        assert entry.resident_id == conversation_of(db, "mother").resident_id
    clock.moment = at(26, 12, 1)
    with ground.database.transaction() as db:
        draw.hold_due(db, programme_of(ground), now=clock.now())
    (made,) = the(ground, Booking)
    assert made.resident_id == resident(ground, "mother")
    assert "utter_draw_won" in responses(ground, "a")


def test_who_organises_it_tells_both(ground: Ground, on: On) -> None:
    let_act(ground)
    book_for_mother(Talk(ground, booking.actions))
    (made,) = the(ground, Booking)
    staff_id = staff_of(ground)
    with ground.database.transaction() as db:
        organising.call_off(
            db,
            programme_of(ground),
            session_id=made.session_id,
            reason="停电",
            staff_id=staff_id,
            now=ground.clock.now(),
        )
    for who in ("a", "mother"):
        assert "utter_session_called_off" in responses(ground, who)


# What was not confirmed, or has ended, changes nothing of anybody else's.


def test_without_a_word_of_the_parent_it_is_ones_own_as_before(talk: Talk) -> None:
    let_act(talk.ground, confirmed=False)
    heard = talk.begin(FORM, DEED, f"给我妈约{SATURDAY}", intent="book_activity")
    assert "（给：我妈）" in heard.text
    talk.say("对", intent="affirm")
    (made,) = the(talk.ground, Booking)
    assert made.resident_id == talk.resident_id
    assert owed(talk.ground, "mother") == []


@pytest.mark.parametrize("text", ["给王奶奶约{}", "给我妈的邻居约{}", "给我爸约{}"])
def test_words_for_somebody_else_are_not_the_parent(talk: Talk, text: str) -> None:
    let_act(talk.ground)
    let_act(talk.ground, principal="grandmother", kin="grandmother")
    talk.begin(FORM, DEED, text.format(SATURDAY), intent="book_activity")
    talk.say("对", intent="affirm")
    assert [one.resident_id for one in the(talk.ground, Booking)] == [talk.resident_id]


def test_two_of_the_same_name_are_not_guessed_at(talk: Talk) -> None:
    let_act(talk.ground)
    let_act(talk.ground, principal="other mother")
    book_for_mother(talk)
    assert [one.resident_id for one in the(talk.ground, Booking)] == [talk.resident_id]


def test_it_is_not_done_when_the_acting_ends_before_the_yes(talk: Talk) -> None:
    let_act(talk.ground)
    talk.begin(FORM, DEED, f"给我妈约{SATURDAY}", intent="book_activity")
    end_acting(talk.ground)
    heard = talk.say("对", intent="affirm")
    assert "不能替这位家人办" in heard.text
    assert the(talk.ground, Booking) == []


def test_nobody_acts_by_anothers_leave(ground: Ground, make_session: MakeSession) -> None:
    """The number of an acting is no secret: it is good for its own actor alone."""
    acting_id, session_id = let_act(ground), make_session(places=1)
    book(ground, session_id, who="other")
    with pytest.raises(Refusal, match="utter_behalf_over"):
        tap(ground, "join_waitlist", f"{session_id}x1a{acting_id}", "stranger")
    tap(ground, "join_waitlist", f"{session_id}x1a{acting_id}", "a")  # the control
    assert len(the(ground, WaitlistEntry)) == 1


Deed = Callable[[Db, Ground, dict[str, int]], object]


def _facts(db: Db, ground: Ground) -> dict[str, Any]:
    return {"resident_id": conversation_of(db, "a").resident_id, "now": ground.clock.now()}


DEEDS: dict[str, Deed] = {
    "cancel": lambda db, g, ids: service.cancel(
        db, programme_of(g), booking_id=ids["booking"], **_facts(db, g)
    ),
    "change places": lambda db, g, ids: service.change_places(
        db, programme_of(g), booking_id=ids["booking"], wanted=2, **_facts(db, g)
    ),
    "move": lambda db, g, ids: service.move_booking(
        db,
        programme_of(g),
        booking_id=ids["booking"],
        to_session_id=ids["other"],
        conversation=conversation_of(db, "a"),
        now=g.clock.now(),
    ),
    "accept": lambda db, g, ids: waitlist.accept(
        db, programme_of(g), entry_id=ids["entry"], **_facts(db, g)
    ),
    "decline": lambda db, g, ids: waitlist.decline(
        db, programme_of(g), entry_id=ids["entry"], **_facts(db, g)
    ),
    "leave the line": lambda db, g, ids: waitlist.leave(
        db, programme_of(g), entry_id=ids["entry"], **_facts(db, g)
    ),
    "leave the draw": lambda db, g, ids: draw.leave(
        db, programme_of(g), entry_id=ids["lot"], **_facts(db, g)
    ),
}


@pytest.fixture
def hers(ground: Ground, on: On, make_session: MakeSession) -> dict[str, int]:
    """What the mother has: a booking, a place she is offered, a lot in a draw."""
    full = make_session(places=1, starts_at=at(28, 17), ends_at=at(28, 18))
    other = make_session(starts_at=at(29, 17), ends_at=at(29, 18))
    ids = {"booking": book(ground, on("club-wushu", at(26, 6, 30)), who="mother")}
    ids["other"] = other
    book(ground, full, who="other")
    with ground.database.transaction() as db:
        facts: dict[str, Any] = {"conversation": conversation_of(db, "mother")}
        facts["now"] = ground.clock.now()
        entry = service.join_waitlist(db, programme_of(ground), order=Order(full), **facts)
        lot = draw.enter(
            db,
            programme_of(ground),
            order=Order(on("class-swim-learn", at(28, 10, 30))),
            **facts,
        )
        ids |= {"entry": entry.id, "lot": lot.id}
    cancel_as(ground, "other")
    return ids


def state_of(ground: Ground) -> list[tuple[str, int]]:
    rows = [*the(ground, Booking), *the(ground, WaitlistEntry), *the(ground, DrawEntry)]
    return [(row.status, row.places) for row in rows]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("state", ["never asked", "not confirmed", "ended"])
def test_who_does_not_act_changes_nothing_of_hers(
    ground: Ground, hers: dict[str, int], deed: str, state: str
) -> None:
    if state != "never asked":
        let_act(ground, confirmed=state == "ended")
    if state == "ended":
        end_acting(ground)
    before = state_of(ground)
    with (
        pytest.raises(Refusal, match="utter_no_such_booking"),
        ground.database.transaction() as db,
    ):
        DEEDS[deed](db, ground, hers)
    assert state_of(ground) == before


@pytest.mark.parametrize("deed", DEEDS)
def test_who_acts_changes_it(ground: Ground, hers: dict[str, int], deed: str) -> None:
    """The control: with her word the same deeds go through."""
    let_act(ground)
    before = state_of(ground)
    with ground.database.transaction() as db:
        DEEDS[deed](db, ground, hers)
    assert state_of(ground) != before


def test_once_it_has_ended_nothing_of_hers_is_seen(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    (made,) = the(talk.ground, Booking)
    seen = talk.do("action_list_bookings", "我妈的报名").text
    assert "书法社" in seen  # the control
    end_acting(talk.ground)
    assert "书法社" not in talk.do("action_list_bookings", "我妈的报名").text
    assert "书法社" not in talk.do("action_list_bookings", "", choice=str(made.id)).text
    code = f"{made.code[:3]} {made.code[3:]}"
    assert "书法社" not in talk.do("action_list_bookings", f"编号 {code}").text
    heard = talk.begin(*CANCEL, "取消我妈的书法社", intent="cancel_booking")
    assert heard.done
    assert the(talk.ground, Booking)[0].status == BookingStatus.BOOKED


def test_once_it_has_ended_she_is_reminded_herself(talk: Talk, clock: StandingClock) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    (before,) = the(talk.ground, Booking)
    assert responses(talk.ground, "a").count("utter_theirs_reminder") == 2
    with talk.ground.database.transaction() as db:
        assert not on_behalf.is_any_to_return(db, now=clock.now())
    end_acting(talk.ground)
    with talk.ground.database.transaction() as db:
        assert on_behalf.return_ended(db, programme_of(talk.ground), now=clock.now()) == 1
    assert "utter_theirs_reminder" not in responses(talk.ground, "a")
    assert responses(talk.ground, "mother").count("utter_booking_reminder") == 2
    (after,) = the(talk.ground, Booking)
    assert after.token != before.token  # the page's address was known to who acted
    with talk.ground.database.transaction() as db:
        assert not on_behalf.is_any_to_return(db, now=clock.now())


def test_acting_anew_leaves_all_as_it_is(talk: Talk, clock: StandingClock) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    end_acting(talk.ground)
    let_act(talk.ground)
    with talk.ground.database.transaction() as db:
        assert on_behalf.return_ended(db, programme_of(talk.ground), now=clock.now()) == 0


def test_preferences_are_of_who_is_reminded(talk: Talk) -> None:
    let_act(talk.ground)
    book_for_mother(talk)
    mother = Talk(talk.ground, booking.actions, address="mother")
    mother.do("action_set_reminders", "不用提醒我", intent="set_reminders")
    assert responses(talk.ground, "a").count("utter_theirs_reminder") == 2
    talk.do("action_set_reminders", "不用提醒我", intent="set_reminders")
    assert "utter_theirs_reminder" not in responses(talk.ground, "a")


def test_an_answer_in_words_is_for_the_offer_one_was_asked(
    ground: Ground, make_session: MakeSession
) -> None:
    acting_id, session_id = let_act(ground), make_session(places=1)
    book(ground, session_id, who="other")
    tap(ground, "join_waitlist", f"{session_id}x1a{acting_id}", "a")
    cancel_as(ground, "other")
    mother = Talk(ground, booking.actions, address="mother")
    assert "候补" not in mother.do("action_answer_offer", "好的", intent="affirm").text
    talk = Talk(ground, booking.actions)
    assert "候补" in talk.do("action_answer_offer", "好的", intent="affirm").text
    assert the(ground, WaitlistEntry)[0].status == EntryStatus.OFFERED
