"""What docs/keys.md says of a change of SECRET_KEY is what happens."""

from dataclasses import replace

from sqlalchemy import select

from actions.people import audit, keys, links, staff
from actions.people.model import AuditEntry
from bot.desk.visit import COOKIE
from tests.bot.desk.conftest import ORIGIN, Village

OLD, NEW = "key", "another"  # the first is the one of the bot that is tested


async def test_who_is_signed_in_stays_so_and_partners_keys_hold(village: Village) -> None:
    said = {"username": "own", "password": "correct horse"}
    entered = await village.bot.client.post("/desk/sign-in", data=said, headers=ORIGIN)
    database, now = village.bot.parts.database, village.bot.clock.now()
    with database.transaction() as db:
        made = keys.add(db, "partner", "guali/", now=now)
    changed = replace(village.bot.parts.webchat, secret_key=NEW)

    with database.reading() as db:
        assert staff.session_of(db, entered.cookies[COOKIE], now=now) is not None
        assert keys.of(db, made.secret) is not None
        before = village.bot.parts.webchat.address(village.bot.session)
        assert changed.address(village.bot.session) != before


async def test_the_audit_log_breaks_where_the_key_was_changed(village: Village) -> None:
    database, now = village.bot.parts.database, village.bot.clock.now()
    with database.transaction() as db:
        for key in (OLD, OLD, NEW):
            audit.append(db, key=key, staff_id=None, deed="looked", subject="x", now=now)
        entries = list(db.scalars(select(AuditEntry).order_by(AuditEntry.id)))

    with database.reading() as db:
        assert audit.check(db, OLD).broken_at == entries[-1].id
        assert audit.check(db, NEW).broken_at == entries[0].id


async def test_a_code_that_was_not_yet_used_is_no_longer_known(village: Village) -> None:
    now, resident = village.bot.clock.now(), village.conversation().resident_id
    with village.bot.parts.database.transaction() as db:
        code = links.code_for_resident(db, resident, key=OLD, now=now)
        assert links.said_by(db, code, resident, key=NEW, now=now) is None
        assert links.said_by(db, code, resident, key=OLD, now=now) is not None
