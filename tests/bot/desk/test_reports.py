"""Staff read what was reported, decide once, and tell nobody who said it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.care import reports, whom
from actions.care.model import NeighbourReport
from actions.outbox import Notice
from actions.people import blocks
from actions.people.model import AuditEntry, StaffChat
from actions.relay.model import Relay, RelayMessage
from actions.square import Square
from bot.desk import deeds, labels
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import CANARY, Village


@pytest.fixture
def village(village: Village) -> Village:
    village.care()
    return village


def report(village: Village) -> NeighbourReport:
    with village.bot.parts.database.reading() as db:
        return db.get_one(NeighbourReport, village.report_id)


def noted(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return [
            f"{entry.deed} {entry.subject}"
            for entry in db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]


def told(village: Village, resident_id: str) -> list[str]:
    with village.bot.parts.database.reading() as db:
        talk = conversations.of_resident(db, resident_id)
        assert talk
        owed = select(Notice.response).where(Notice.conversation_id == talk.id)
        return list(db.scalars(owed.order_by(Notice.id)))


async def test_a_report_waits_in_the_inbox_and_is_read_with_what_the_two_wrote(
    village: Village,
) -> None:
    own = village.colleague("own")
    assert "/desk/reports" in (await own.get("/inbox")).text
    page = (await own.get("/reports")).text
    assert f"/desk/reports/{village.report_id}" in page
    assert CANARY not in page
    page = (await own.get(f"/reports/{village.report_id}")).text
    assert page.count(CANARY) >= 3  # the report, the nickname, what was passed on
    relay = report(village).relay_id
    assert noted(village)[-2:] == [
        f"read_report report:{village.report_id}",
        f"read_relay relay:{relay}",
    ]


async def test_what_the_two_wrote_is_not_read_once_it_is_dismissed(village: Village) -> None:
    own = village.colleague("own")
    path = f"/reports/{village.report_id}"
    await own.post(f"{path}/outcome", outcome="dismissed")
    before = len(noted(village))
    assert "两人通过小沥说的话" not in (await own.get(path)).text
    assert not [one for one in noted(village)[before:] if one.startswith("read_relay")]


async def test_a_relay_nobody_reported_is_on_no_page(village: Village) -> None:
    """Control: the same words, passed on in another relay, are shown nowhere."""
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        known = db.get_one(Relay, report(village).relay_id)
        said = db.scalars(select(RelayMessage).where(RelayMessage.relay_id == known.id)).first()
        assert said is not None
        other = Relay(about="help:2", one_id=known.one_id, other_id=known.other_id)
        other.opened_at, other.closes_at = now, now + timedelta(days=1)
        db.add(other)
        db.flush()
        said.relay_id = other.id
    page = (await village.colleague("own").get(f"/reports/{village.report_id}")).text
    assert "两人通过小沥说的话" not in page


@pytest.mark.parametrize(
    ("sent", "hears"),
    [
        ({"outcome": "dismissed"}, []),
        ({"outcome": "warned"}, ["utter_care_warned"]),
        ({"outcome": "suspended", "days": "30"}, ["utter_care_suspended"]),
        ({"outcome": "police"}, []),
    ],
)
async def test_each_outcome_tells_both_sides_what_is_theirs_to_know(
    village: Village, sent: dict[str, str], hears: list[str]
) -> None:
    own, about = village.colleague("own"), report(village)
    path = f"/reports/{village.report_id}/outcome"
    assert (await own.post(path, **sent)).status_code == 303
    now = village.bot.clock.now()
    assert told(village, about.reported_id) == hears
    assert told(village, about.reporter_id)[-1] == "utter_report_dealt_with"
    assert report(village).outcome == sent["outcome"]
    with village.bot.parts.database.reading() as db:
        rests = blocks.is_suspended(db, about.reported_id, now=now + timedelta(days=29))
        after = blocks.is_suspended(db, about.reported_id, now=now + timedelta(days=30))
    assert (rests, after) == (sent["outcome"] == "suspended", False)
    again = await village.colleague("town").post(path, outcome="warned")
    assert again.status_code == 409
    assert "别的同事已经定了" in again.text


async def test_the_police_posts_chat_hears_of_what_is_handed_over(village: Village) -> None:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        chat = conversations.at_address(db, channel="staff", address="post", now=now)
        db.add(
            StaffChat(
                conversation_id=chat.id,
                area_id="guali/",
                team_id="police-post",
                created_at=now,
            )
        )
        chat_id = chat.id
    own, path = village.colleague("own"), f"/reports/{village.report_id}"
    await own.post(f"{path}/outcome", outcome="police")
    with village.bot.parts.database.reading() as db:
        heard = db.scalars(select(Notice.response).where(Notice.conversation_id == chat_id))
        assert heard.all() == ["utter_staff_report_handed"]
    assert CANARY in (await village.colleague("police").get(path)).text


@pytest.mark.parametrize(
    "sent",
    [{}, {"outcome": "shot"}, {"outcome": "suspended"}, {"outcome": "suspended", "days": "9"}],
)
async def test_what_is_no_outcome_decides_nothing(
    village: Village, sent: dict[str, str]
) -> None:
    own = village.colleague("own")
    answer = await own.post(f"/reports/{village.report_id}/outcome", **sent)
    assert answer.status_code == 409
    assert report(village).closed_at is None


async def test_staff_who_have_looked_end_what_came_by_itself(village: Village) -> None:
    about, now = report(village), village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        until = now + timedelta(days=14)
        cause = f"report:{about.id}"
        blocks.suspend(db, about.reported_id, cause=cause, until=until, now=now)
    own = village.colleague("own")
    await own.post(f"/reports/{village.report_id}/outcome", outcome="dismissed")
    with village.bot.parts.database.reading() as db:
        assert not blocks.is_suspended(db, about.reported_id, now=now)


async def test_earlier_reports_are_counted_and_never_shown(village: Village) -> None:
    own = village.colleague("own")
    await own.post(f"/reports/{village.report_id}/outcome", outcome="warned")
    about, now = report(village), village.bot.clock.now()
    square = Square(PACK, village.bot.parts.wording)
    with village.bot.parts.database.transaction() as db:
        relay = db.get_one(Relay, about.relay_id)
        third = conversations.at_address(db, channel="webchat", address="third", now=now)
        third.area_id = "guali/meilin/"  # another village
        relay.one_id = third.id
        db.flush()
        (met,) = whom.met(db, third.resident_id, now=now)
        second = reports.report(db, square, reporter=third, met=met, words="也骂我", now=now).id
    page = (await village.colleague("other").get(f"/reports/{second}")).text
    assert "提醒对方" in page
    assert "warned</small> 1" in page
    first = await village.colleague("other").get(f"/reports/{village.report_id}")
    assert first.status_code == 404
    assert (await village.colleague("town").get(f"/reports/{second}")).status_code == 200


async def test_staff_write_to_either_side_within_their_scope(village: Village) -> None:
    own, path = village.colleague("own"), f"/reports/{village.report_id}/talks"
    for side in ("reporter", "reported"):
        answer = await own.post(path, side=side)
        assert answer.headers["location"].startswith("/desk/conversations/")
    assert (await own.post(path, side="x")).status_code == 409


def test_everything_about_a_report_has_its_label(village: Village) -> None:
    assert set(labels.REPORT_OUTCOMES) == {"open", *reports.OUTCOMES}
    written = AuditEntry(deed="decided_warned", subject="report:1")
    assert deeds.done(written).zh == "定了举报"
