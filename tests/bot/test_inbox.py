import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, func, select
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Sent

from actions import conversations
from actions.conversations import Author, Conversation, Message
from actions.db import Database, Db
from actions.turns import EntryState, InboxEntry
from bot import inbox
from bot.message import InboundMessage
from tests.bot.conftest import Bot
from tests.conftest import StandingClock

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ

CONNECTIONS = 8


def update(update_id: str, text: str = "约书法课", address: str = "a") -> InboundMessage:
    return InboundMessage("webchat", address, update_id, text)


def count(database: Database, table: type) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


class Inbox:
    """As the gateway keeps updates."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database, self.clock = database, clock

    def keep(self, message: InboundMessage) -> object:
        return inbox.keep(self.database, message, now=self.clock.now()).entry_id


class LookThenLeap(Inbox):
    """The naive way: look whether it is known, and write it down if it is not."""

    meet = Barrier(CONNECTIONS)

    def keep(self, message: InboundMessage) -> object:
        with self.database.reading() as db:
            known = db.scalar(select(InboxEntry).where(InboxEntry.update_id == "one"))
        self.meet.wait()
        if known is None:
            with self.database.transaction() as db:
                where = conversations.at_address(
                    db, channel="webchat", address="a", now=self.clock.now()
                )
                now = self.clock.now()
                conversations.say(db, where, message.text, author=Author.RESIDENT, now=now)
        return None


@pytest.mark.parametrize(
    ("way", "effects"),
    [(Inbox, 1), (LookThenLeap, CONNECTIONS)],
    ids=["inbox", "negative control"],
)
def test_copies_of_an_update_from_eight_connections_have_one_effect(
    database: Database, clock: StandingClock, way: type[Inbox], effects: int
) -> None:
    keeper = way(database, clock)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        kept = list(pool.map(keeper.keep, [update("one")] * CONNECTIONS))
    assert len(set(kept)) == 1
    assert count(database, Message) == effects
    assert count(database, Conversation) == 1


@pytest.mark.parametrize("copies", [1, 2, 5, 20])
def test_as_many_copies_as_a_channel_may_send_are_kept_once(
    database: Database, clock: StandingClock, copies: int
) -> None:
    sent = [update(f"u{n}") for n in range(3) for _ in range(copies)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        kept = Counter(pool.map(Inbox(database, clock).keep, sent))
    assert sorted(kept.values()) == [copies] * 3
    assert count(database, InboxEntry) == count(database, Message) == 3
    assert count(database, Conversation) == 1


def test_the_same_update_after_a_restart_is_known(
    database: Database, clock: StandingClock
) -> None:
    before = Inbox(database, clock).keep(update("one"))
    database.close()  # all connections are gone, as after a restart
    assert Inbox(database, clock).keep(update("one")) == before


def test_the_same_text_in_two_messages_is_two_messages(
    database: Database, clock: StandingClock
) -> None:
    keeper = Inbox(database, clock)
    assert keeper.keep(update("one")) != keeper.keep(update("two"))
    assert count(database, Message) == 2


def test_what_cannot_wait_is_done_in_the_transaction_that_keeps(
    database: Database, clock: StandingClock
) -> None:
    def answer(db: Db, entry: InboxEntry) -> None:
        entry.state = EntryState.ANSWERED

    def fail(db: Db, entry: InboxEntry) -> None:
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        inbox.keep(database, update("one"), now=clock.now(), at_once=fail)
    assert count(database, InboxEntry) == 0
    assert not inbox.keep(database, update("one"), now=clock.now(), at_once=answer).waiting
    again = inbox.keep(database, update("one"), now=clock.now(), at_once=fail)
    assert not again.waiting


def test_an_update_is_kept_only_whole(
    database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_more: Any) -> Message:
        raise OSError("disk full")

    monkeypatch.setattr(conversations, "say", full)
    with pytest.raises(OSError, match="disk full"):
        inbox.keep(database, update("one"), now=clock.now())
    assert count(database, InboxEntry) == count(database, Conversation) == 0


# Commit before acknowledge (P2): what happens, in order, as the channel and the store see it.


async def happenings(database: Database, app: ASGIApp) -> list[str]:
    """Send one message and return what was inserted, committed and answered, in order."""
    seen: list[str] = []

    def wrote(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO inbox"):
            seen.append("insert")

    async def send(message: Sent) -> None:
        if message["type"] == "http.response.start":
            seen.append("answer")

    async def receive() -> Sent:
        body = {"session": "s" * 16, "message_id": "one", "text": "约书法课"}
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    event.listen(database.engine, "after_cursor_execute", wrote)
    event.listen(database.engine, "commit", lambda _: seen.append("commit"))
    path = {"path": "/api/chat", "raw_path": b"/api/chat", "query_string": b"", "headers": []}
    await app({"type": "http", "method": "POST", **path}, receive, send)
    return seen


def committed_first(seen: list[str]) -> bool:
    kept = seen.index("insert")
    return "commit" in seen[kept:] and seen.index("commit", kept) < seen.index("answer")


async def test_an_update_is_committed_before_it_is_acknowledged(bot: Bot) -> None:
    assert committed_first(await happenings(bot.parts.database, bot.app))


async def test_a_channel_that_acknowledges_first_is_seen_to_do_so(bot: Bot) -> None:
    """The negative control: quick to acknowledge, then kept."""

    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        inbox.keep(bot.parts.database, update("one"), now=bot.clock.now())

    assert not committed_first(await happenings(bot.parts.database, hasty))
