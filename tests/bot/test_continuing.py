"""Backed up, destroyed, brought back elsewhere: residents and staff go on where they were."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from actions import conversations
from actions.backup import making, sealed
from actions.backup.restoring import restore
from actions.booking import service as booking
from actions.booking.bookings import Order
from actions.booking.model import Session
from actions.booking.programme import Programme
from actions.conversations import Conversation, Draft
from actions.db import Database
from actions.people import staff
from actions.people.model import Area, Role
from actions.people.staff import Guess, Newcomer
from actions.settings import BackupSettings, secret_key
from bot.app import put_together
from bot.desk.visit import COOKIE
from tests.bot.conftest import PACK, Bot, Echo, made_of, photo
from tests.conftest import StandingClock

pytestmark = pytest.mark.both_stores

FORM, SLOTS = "book_activity_form", {"activity": "club-calligraphy", "people": 2}


@dataclass
class Left:
    """What somebody had when the machine was lost."""

    replies: list[dict[str, object]]
    upload_id: str
    conversation_id: str
    staff_secret: str


async def live(bot: Bot) -> Left:
    """A resident talks, sends a photo, books and is in the middle of a form; staff sign in."""
    replies = (await bot.post("你好")).json()["replies"]
    upload_id = (await bot.upload(photo())).json()["upload_id"]
    await bot.say("看这个", attachments=[{"kind": "photo", "upload_id": upload_id}])
    now = bot.clock.now()
    with bot.parts.database.transaction() as db:
        talk = db.scalars(select(Conversation)).one()
        session = Session(
            activity_id="club-calligraphy",
            planned_at=now + timedelta(days=3),
            starts_at=now + timedelta(days=3),
            ends_at=now + timedelta(days=3, hours=1),
            places=5,
        )
        db.add_all([session, Area(id="guali/", tier="town")])
        db.flush()
        programme = Programme(PACK, bot.parts.wording)
        booking.book(db, programme, order=Order(session.id), conversation=talk, now=now)
        conversations.keep_draft(db, talk.id, form=FORM, slots=SLOTS, now=now)
        newcomer = Newcomer("li", Role.STAFF, "guali/")
        member = staff.add(db, newcomer, "correct horse battery", now=now)
        guess = staff.count_guess(db, Guess("li", "1.1.1.1"), key="key", now=now)
        opened = staff.open_session(db, member, guess or 0, now=now)
        assert opened
        return Left(replies, upload_id, talk.id, opened.secret)


@asynccontextmanager
async def elsewhere(place: BackupSettings, clock: StandingClock) -> AsyncIterator[Bot]:
    """The bot on what was brought back, and nothing else."""
    assert secret_key(place) == "key"  # which `made_of` has
    database, assistant = Database(place.database, busy_seconds=20), Echo()
    parts = made_of(database, clock, place.state_dir, assistant)
    app = put_together(parts, httpx.AsyncClient())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Bot(parts, assistant, clock, client, app)
    database.close()


@pytest.fixture
def place(tmp_path: Path, migrated: Database, request: pytest.FixtureRequest) -> BackupSettings:
    on_postgres = migrated.engine.dialect.name == "postgresql"
    url = request.getfixturevalue("empty_database") if on_postgres else ""
    return settings(tmp_path / "other", url)


def settings(state: Path, database: str) -> BackupSettings:
    return BackupSettings(
        state_dir=state,
        database_url=database,
        community_dir=PACK.folder,
        backup_key="a key that is long enough",
    )


async def test_a_conversation_goes_on_on_another_machine(
    bot: Bot, place: BackupSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "COST", 2)
    lost, url = tmp_path, bot.parts.database.engine.url.render_as_string(hide_password=False)
    (lost / "secrets.json").write_text('{"SECRET_KEY": "key"}')
    left = await live(bot)

    made = making.make(
        settings(lost, url), tmp_path.parent / f"{tmp_path.name}-kept", bot.clock
    )
    await bot.say("这句在备份之后")
    kept = (lost / "uploads" / left.upload_id).read_bytes()
    shutil.rmtree(lost / "uploads")
    restore(Path(made.file), place)

    bot.clock.pass_by(timedelta(minutes=20))
    async with elsewhere(place, bot.clock) as there:
        again = await there.post("你好")  # the client sends its first message once more
        assert again.json()["replies"] == left.replies
        assert there.assistant.heard == []
        there.sent = 10
        assert await there.say("还在吗") == ["你说：还在吗"]
        (tracker_id, _), *_ = there.assistant.heard
        assert tracker_id.startswith(left.conversation_id)

        with there.parts.database.reading() as db:
            talk = db.scalars(select(Conversation)).one()
            draft = db.get_one(Draft, talk.id)
            booked = booking.bookings_of(
                db, resident_id=talk.resident_id, now=there.clock.now()
            )
            said = {message.text for message in db.scalars(select(conversations.Message))}
        assert (draft.form, draft.slots) == (FORM, SLOTS)
        assert len(booked) == 1
        assert "这句在备份之后" not in said
        assert (place.uploads_dir / left.upload_id).read_bytes() == kept

        cookie = {"Cookie": f"{COOKIE}={left.staff_secret}"}
        assert (await there.client.get("/desk/inbox", headers=cookie)).status_code == 200
        assert (await there.client.get("/desk/inbox")).status_code != 200
