"""Open desks hear that something has changed: what is theirs, and while they are signed in."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from actions import conversations
from actions.conversations import Author, Conversation
from actions.governance import handling
from actions.governance.handling import By
from actions.people.staff import SESSION_LASTS
from bot.desk import events
from bot.desk.visit import COOKIE
from tests.bot.desk.conftest import CANARY, Colleague, Village

WITHIN = 20  # seconds: a machine may stall


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EVERY", 0.05)
    monkeypatch.setattr(events, "KEEP_ALIVE", 0.1)


def events_of(village: Village) -> events.Events:
    """The stream of the desk as it is served."""
    transport: Any = village.bot.client._transport
    mounts = [r for r in transport.app._app.routes if isinstance(r, Mount)]
    (desk,) = [m.app for m in mounts if m.path == "/desk" and isinstance(m.app, Starlette)]
    (route,) = [r for r in desk.routes if getattr(r, "path", "") == "/events"]
    served = route.endpoint.__self__  # type: ignore[attr-defined]
    assert isinstance(served, events.Events)
    return served


@asynccontextmanager
async def listening(
    village: Village, who: Colleague, last: str = ""
) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """Keep a desk open; gives what it is told, by kind, as it comes."""

    async def nothing_more() -> dict[str, Any]:
        await asyncio.sleep(600)
        return {}

    headers = [(b"cookie", f"{COOKIE}={who.secret}".encode())]
    headers += [(b"last-event-id", last.encode())] if last else []
    scope = {"type": "http", "method": "GET", "path": "/events", "headers": headers}
    answer: Any = await events_of(village).see(Request(scope, nothing_more))
    parts = answer.body_iterator

    async def told() -> AsyncIterator[tuple[str, Any]]:
        async for part in parts:
            fields = dict(line.split(": ", 1) for line in str(part).strip().split("\n"))
            if "event" in fields:
                yield fields["event"], json.loads(fields["data"]) | {"id": fields.get("id")}

    assert "retry" in await anext(parts)
    yield told()
    await parts.aclose()


def note(village: Village, reference: str = "") -> int:
    """Something happens to a request; returns its number."""
    with village.bot.parts.database.transaction() as db:
        request = db.merge(village.request(reference))
        handling.note(db, request, by=By(1, village.bot.clock.now()), words=CANARY)
        return request.id


async def next_of(told: AsyncIterator[tuple[str, Any]]) -> tuple[str, Any]:
    return await asyncio.wait_for(anext(told), WITHIN)


async def test_a_desk_hears_which_request_has_changed_and_not_how(village: Village) -> None:
    async with listening(village, village.colleague("own")) as told:
        number = note(village)
        kind, news = await next_of(told)
    assert kind == "changed"
    assert news["requests"] == {str(number): int(village.seen())}
    assert CANARY not in json.dumps(news)


async def test_a_desk_hears_of_the_conversations_that_are_at_it(village: Village) -> None:
    async with listening(village, village.colleague("own")) as told:
        with village.bot.parts.database.transaction() as db:
            talk = db.get_one(Conversation, village.conversation_id)
            now = village.bot.clock.now()
            conversations.say(db, talk, CANARY, author=Author.RESIDENT, now=now)
        _, news = await next_of(told)
    assert news["talks"] == [village.conversation_id]
    assert CANARY not in json.dumps(news)


@pytest.mark.parametrize("name", ["other", "editor"])
async def test_nobody_hears_of_what_is_not_theirs(village: Village, name: str) -> None:
    restricted = village.file("scam-report", "骗子")
    async with listening(village, village.colleague(name)) as told:
        note(village)
        note(village, restricted)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(told), 1)


async def test_a_restricted_request_is_news_for_its_team_alone(village: Village) -> None:
    restricted = village.file("scam-report", "骗子")
    police, own = village.colleague("police"), village.colleague("own")
    async with listening(village, police) as theirs, listening(village, own) as ours:
        hidden, seen = note(village, restricted), note(village)
        _, news = await next_of(ours)
        assert set(news["requests"]) == {str(seen)}
        _, news = await next_of(theirs)
        assert str(hidden) in news["requests"]


async def test_what_was_missed_is_told_when_a_desk_comes_back(village: Village) -> None:
    own = village.colleague("own")
    async with listening(village, own) as told:
        note(village)
        _, news = await next_of(told)
    second = note(village, village.file("parking", "车"))
    async with listening(village, own, last=news["id"]) as told:
        _, news = await next_of(told)
        assert str(second) in news["requests"]


async def test_who_is_signed_out_hears_no_more(village: Village) -> None:
    own = village.colleague("own")
    async with listening(village, own) as told:
        village.bot.clock.pass_by(SESSION_LASTS + timedelta(seconds=1))
        note(village)
        assert (await next_of(told))[0] == "over"


async def test_nobody_listens_who_is_not_signed_in(village: Village) -> None:
    assert (await village.colleague("anonymous").get("/events")).status_code == 403
    forged = await village.bot.client.get("/desk/events", headers={"Cookie": f"{COOKIE}=x"})
    assert forged.status_code == 403


@pytest.mark.parametrize("last", ["x", "1.2.3", "1.2.3.²", "9" * 12 + ".1.1.1"])
async def test_an_event_that_cannot_have_been_is_none(village: Village, last: str) -> None:
    async with listening(village, village.colleague("own"), last=last) as told:
        note(village)
        assert (await next_of(told))[0] == "changed"


@pytest.mark.both_stores
async def test_many_desks_of_one_scope_cost_one_question(village: Village) -> None:
    asked: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "request_updates" in statement and "GROUP BY" in statement:
            asked.append(statement)

    own = village.colleague("own")
    engine = village.bot.parts.database.engine
    async with (
        listening(village, own) as one,
        listening(village, own) as two,
        listening(village, own) as three,
    ):
        event.listen(engine, "before_cursor_execute", count)
        note(village)
        heard = await asyncio.gather(*(next_of(each) for each in (one, two, three)))
        event.remove(engine, "before_cursor_execute", count)
    assert len(heard) == 3
    assert len(asked) == 1
