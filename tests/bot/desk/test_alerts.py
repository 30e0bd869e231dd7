"""Who has to be looked after: taken by one, shown as far as agreed, closed with a note."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import alerts, conversations, outbox
from actions.alerts import Alert, AlertKind
from actions.care.model import CheckIn, CheckInDay
from actions.conversations import Conversation, Status
from actions.outbox import Notice, NoticeState
from actions.people import consents
from actions.people.model import AuditEntry, Caller, StaffChat
from bot.desk import labels
from bot.desk.alerts import CONSENTED
from tests.bot.desk.conftest import CANARY, Village

PHONE = "13800000000"


@pytest.fixture
def village(village: Village) -> Village:
    village.care()
    return village


def alert(village: Village) -> Alert:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Alert, village.alert_id)


def wipe_words(village: Village) -> None:
    """Leave the name as the only canary about the alert."""
    with village.bot.parts.database.transaction() as db:
        found = db.get_one(Alert, village.alert_id)
        found.words = found.note = None


def noted(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return list(db.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))


async def test_a_worry_shows_nobody_who_has_not_agreed(village: Village) -> None:
    wipe_words(village)
    own, path = village.colleague("own"), f"/alerts/{village.alert_id}"
    assert "/desk/alerts" in (await own.get("/inbox")).text
    assert CANARY not in (await own.get("/alerts")).text
    page = (await own.get(path)).text
    assert CANARY not in page
    assert "没有同意公开" in page
    with village.bot.parts.database.transaction() as db:
        who, now = alert(village).resident_id, village.bot.clock.now()
        consents.give(db, who, "care", channel="webchat", now=now)
    assert CANARY in (await own.get(path)).text


@pytest.mark.parametrize(
    ("kind", "leads"), [(AlertKind.HELPER_MISSED, True), (AlertKind.WORRIED, False)]
)
async def test_help_that_failed_leads_to_its_need_and_a_worry_to_nobodys(
    village: Village, kind: AlertKind, leads: bool
) -> None:
    with village.bot.parts.database.transaction() as db:
        db.get_one(Alert, village.alert_id).kind = kind
        db.get_one(Alert, village.alert_id).about = f"help:{village.need_id}"
    page = (await village.colleague("own").get(f"/alerts/{village.alert_id}")).text
    assert (f"/desk/help/{village.need_id}" in page) is leads


async def test_where_a_life_is_in_danger_staff_see_it_and_the_log_says_who(
    village: Village,
) -> None:
    wipe_words(village)
    own, path = village.colleague("own"), f"/alerts/{village.alert_id}/danger"
    answer = await own.post(path)
    assert answer.status_code == 200
    assert answer.text.index("先打 120") < answer.text.index(CANARY)
    assert noted(village)[-2:] == ["read_in_danger", "read_alert"]
    assert CANARY not in (await own.get(f"/alerts/{village.alert_id}")).text  # each time anew


async def test_the_phone_of_somebody_enrolled_is_shown_and_that_is_written_down(
    village: Village,
) -> None:
    with village.bot.parts.database.transaction() as db:
        raised = alerts.raise_once(
            db,
            AlertKind.NO_ANSWER,
            village.enrolled_id,
            about="check_in",
            key="k",
            now=village.bot.clock.now(),
        )
        assert raised
        path = f"/alerts/{raised.id}"
    page = (await village.colleague("own").get(path)).text
    assert PHONE in page
    assert noted(village)[-1] == "read_caller"
    with village.bot.parts.database.transaction() as db:
        consents.withdraw(db, village.enrolled_id, "check_in", now=village.bot.clock.now())
    assert PHONE not in (await village.colleague("own").get(path)).text


async def test_one_takes_it_and_the_others_are_told_who(village: Village) -> None:
    own, town = village.colleague("own"), village.colleague("town")
    path = f"/alerts/{village.alert_id}/take"
    assert (await own.post(path)).status_code == 303
    assert (await own.post(path)).status_code == 303  # a double click
    refused = await town.post(path)
    assert refused.status_code == 409
    assert "own 已经接手了" in refused.text
    assert alert(village).taken_at == village.bot.clock.now()


async def test_it_is_closed_once_with_what_came_of_it(village: Village) -> None:
    wipe_words(village)
    own, path = village.colleague("own"), f"/alerts/{village.alert_id}"
    assert (await own.post(f"{path}/close", words=" ")).status_code == 409
    assert (await own.post(f"{path}/close", words="上门看过，人没事")).status_code == 303
    assert (await own.post(f"{path}/close", words="再")).status_code == 409
    assert (await own.post(f"{path}/danger")).status_code == 409
    assert "上门看过，人没事" in (await own.get(path)).text
    assert alert(village).closed_at


async def test_staff_write_to_them_though_they_do_not_see_who_it_is(village: Village) -> None:
    own = village.colleague("own")
    answer = await own.post(f"/alerts/{village.alert_id}/talks")
    found = answer.headers["location"].removeprefix("/desk/conversations/")
    with village.bot.parts.database.reading() as db:
        talk = db.get_one(Conversation, found)
        assert (talk.resident_id, talk.status) == (alert(village).resident_id, Status.OPEN)


# The daily question on the phone.


def call(village: Village) -> Notice:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Notice, village.question_id)


def day(village: Village) -> CheckInDay:
    with village.bot.parts.database.reading() as db:
        return db.scalars(select(CheckInDay)).one()


async def test_staff_enrol_somebody_who_agrees_and_is_asked_from_then_on(
    village: Village,
) -> None:
    own = village.colleague("own")
    sent = {"name": "钱阿婆", "phone": "13900000000", "from": "08:30", "to": "10:00"}
    path = "/alerts/check-ins/enrolled"
    assert (await own.post(path, **sent)).status_code == 409  # not asked whether they agree
    sent["agreed"] = "1"
    assert (await own.post(path, **(sent | {"from": "23:00"}))).status_code == 409
    assert (await own.post(path, **sent)).status_code == 303
    assert "钱阿婆" in (await own.get("/alerts/check-ins")).text
    assert "钱阿婆" not in (await village.colleague("other").get("/alerts/check-ins")).text
    with village.bot.parts.database.reading() as db:
        who = db.scalars(
            select(Caller.resident_id).where(Caller.resident_id != village.enrolled_id)
        ).one()
        check_in = db.get_one(CheckIn, who)
        assert (check_in.asks_at, check_in.answer_by) == ("08:30", "10:00")
        assert consents.is_given(db, who, "check_in")
    assert (await own.post(f"/alerts/check-ins/{who}/end")).status_code == 303
    assert "钱阿婆" not in (await own.get("/alerts/check-ins")).text


@pytest.mark.parametrize(("outcome", "well"), [("well", True), ("unwell", False)])
async def test_what_was_said_on_the_phone_is_the_answer(
    village: Village, outcome: str, well: bool
) -> None:
    own, path = village.colleague("own"), f"/calls/{village.question_id}"
    page = (await own.get("/calls")).text
    assert "今天好吗" in page
    assert f"{path}/answered" in page
    assert (await own.post(f"{path}/told")).status_code == 409  # how they are has to be said
    assert (await own.post(f"{path}/answered", outcome=outcome)).status_code == 303
    assert (day(village).well, call(village).state) == (well, NoticeState.SENT)
    again = await village.colleague("town").post(f"{path}/answered", outcome="no_answer")
    assert again.status_code == 409
    with village.bot.parts.database.reading() as db:
        raised = select(Alert.kind).where(Alert.resident_id == village.enrolled_id)
        assert db.scalars(raised).all() == ([] if well else ["not_well"])


async def test_nobody_answers_the_phone_twice_and_somebody_has_to_look(
    village: Village,
) -> None:
    own = village.colleague("own")
    await own.post(f"/calls/{village.question_id}/answered", outcome="no_answer")
    with village.bot.parts.database.transaction() as db:
        second = db.scalars(
            select(Notice).where(Notice.response == "utter_check_in_remind")
        ).one()
        assert second.due_at == village.bot.clock.now() + timedelta(minutes=20)
        assert db.scalars(select(Alert.id).where(Alert.kind == "no_answer")).all() == []
        second.state = NoticeState.TO_PHONE
    await own.post(f"/calls/{second.id}/answered", outcome="no_answer")
    with village.bot.parts.database.reading() as db:
        assert len(db.scalars(select(Alert.id).where(Alert.kind == "no_answer")).all()) == 1


async def test_a_call_of_another_kind_has_no_such_outcome(village: Village) -> None:
    village.organise()
    own = village.colleague("own")
    answer = await own.post(f"/calls/{village.notice_id}/answered", outcome="well")
    assert answer.status_code == 409


# Who is told, and when again.


def chat_of(village: Village, area: str) -> str:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        chat = conversations.at_address(db, channel="staff", address=area, now=now)
        db.add(StaffChat(conversation_id=chat.id, area_id=area, created_at=now))
        return chat.id


@pytest.mark.parametrize(
    ("kind", "after", "hour", "rises"),
    [
        (AlertKind.NO_ANSWER, 9, 10, False),
        (AlertKind.NO_ANSWER, 10, 10, True),
        (AlertKind.NOT_WELL, 10, 23, True),  # by night, too
        (AlertKind.EMERGENCY, 10, 23, True),
        (AlertKind.HELPER_MISSED, 30, 10, True),
        (AlertKind.WORRIED, 29, 10, False),
        (AlertKind.WORRIED, 30, 10, True),
        (AlertKind.WORRIED, 30, 22, False),  # which waits for the morning
    ],
)
def test_what_nobody_takes_is_told_once_to_the_tier_above(
    village: Village, kind: AlertKind, after: int, hour: int, rises: bool
) -> None:
    near, above = chat_of(village, "guali/qicai/"), chat_of(village, "guali/")
    database, zone = village.bot.parts.database, village.bot.parts.pack.zone
    now = village.bot.clock.now().astimezone(zone).replace(hour=hour) + timedelta(days=1)
    with database.transaction() as db:
        db.get_one(Alert, village.alert_id).closed_at = now
        who = village.enrolled_id
        raised = alerts.raise_once(db, kind, who, about="x", key="k", now=now)
        assert raised
    later = now + timedelta(minutes=after)
    with database.transaction() as db:
        assert alerts.is_any_due(db, zone, now=later) is rises
        assert alerts.rise_due(db, zone, now=later) == rises
        assert alerts.rise_due(db, zone, now=later) == 0
        told = [
            [
                one.response
                for one in db.scalars(select(Notice).where(Notice.conversation_id == chat))
            ]
            for chat in (near, above)
        ]
    risen = ["utter_staff_alert_risen"] if rises else []
    assert told == [[f"utter_staff_alert_{kind}"], risen]


def test_what_is_seen_to_does_not_rise(village: Village) -> None:
    """Control: the same alert, taken."""
    database, zone = village.bot.parts.database, village.bot.parts.pack.zone
    now = village.bot.clock.now() + timedelta(hours=1)
    with database.transaction() as db:
        assert alerts.is_any_due(db, zone, now=now)
        alerts.take(db, db.get_one(Alert, village.alert_id), staff_id=1, now=now)
        assert not alerts.is_any_due(db, zone, now=now)


def test_one_alert_of_a_key_is_open_and_after_it_another(village: Village) -> None:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:

        def again() -> tuple[Alert, bool]:
            return alerts.raise_anew(
                db, AlertKind.NOT_WELL, village.enrolled_id, about="x", key="k", now=now
            )

        first, is_new = again()
        assert is_new
        assert again() == (first, False)
        alerts.close(db, first, staff_id=1, note="", now=now)
        second, is_new = again()
        assert (second.id != first.id, is_new) == (True, True)


def test_what_is_told_in_chats_names_nobody(village: Village) -> None:
    near = chat_of(village, "guali/qicai/")
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        for kind in AlertKind:
            alerts.raise_once(db, kind, village.enrolled_id, about="x", key=kind, now=now)
        for notice in db.scalars(select(Notice).where(Notice.conversation_id == near)):
            said = village.bot.parts.wording.render(notice.response, values=notice.values)
            assert set(notice.values) == {"id"}
            assert f"/desk/alerts/{notice.values['id']}" in said.text
        assert outbox.cancel(db, "alert:999") == 0


def test_every_kind_has_its_label_and_says_who_may_be_shown() -> None:
    assert set(labels.ALERTS) == set(CONSENTED) == set(alerts.RISES) == set(AlertKind)
