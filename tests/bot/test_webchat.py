"""The chat API, line by line of its contract."""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from structlog.testing import capture_logs

from actions import conversations
from actions.conversations import Conversation, Feedback, Message, Upload
from actions.people.model import Address, Words
from actions.turns import EntryState, InboxEntry
from bot import open_pages
from bot.channels import webchat
from bot.limits import Limits
from bot.photos import redraw
from bot.uploads import LARGEST_PHOTO
from tests.bot.conftest import Bot, photo

PHOTO = photo()


def count(bot: Bot, table: type) -> int:
    with bot.parts.database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def sentence(answer: httpx.Response) -> dict[str, str]:
    """The refusal's sentences; a refusal without them fails."""
    told = answer.json()
    assert told["code"]
    assert told["zh"]
    assert told["en"]
    return dict(told)


async def send_photo(
    bot: Bot, content: bytes = PHOTO, session: str | None = None
) -> httpx.Response:
    return await bot.client.post(
        "/api/chat/uploads",
        files={"file": ("我家.jpg", content, "image/jpeg")},
        headers={"X-Session": session or bot.session},
    )


async def test_an_answer_has_the_form_of_the_contract(bot: Bot) -> None:
    answer = (await bot.post("约课")).json()
    assert answer["status"] == "pending"
    reply = answer["replies"][-1]
    assert set(reply) == {"id", "text", "choices"}
    assert isinstance(reply["id"], str)
    assert [set(choice) for choice in reply["choices"]] == [{"label", "value"}] * 2


@pytest.mark.parametrize(
    "text",
    [
        "一",
        "长" * webchat.LONGEST_TEXT,
        "😀👨‍👩‍👧‍👦🏳️‍🌈",
        "مرحبا كيف حالك",
        "\u202eabc\u202c",
        "约\x00课",
        "半个\ud83d字",
        "'; DROP TABLE messages; --",
        "<script>alert(1)</script>&lt;",
        '/book_session{"x":1}',
        "{{7*7}} ${7*7} {number} %s %(x)s",
        "a\u0301\u0300" * 50,
        "\n\n两\r\n行\t",
    ],
    ids=lambda text: f"{len(text)} characters",
)
async def test_whatever_is_written_is_plain_text_and_answered(bot: Bot, text: str) -> None:
    body = {"session": bot.session, "message_id": "one", "text": text}
    answer = await bot.client.post("/api/chat", content=json.dumps(body))
    assert answer.status_code == 200
    assert "你说：" in answer.json()["replies"][-1]["text"]
    assert count(bot, InboxEntry) == 1


async def test_nothing_written_gets_help(bot: Bot) -> None:
    help_text = bot.parts.wording.render("utter_empty_message").text
    assert (await bot.say(""))[-1] == help_text


async def test_one_character_too_many_is_refused_and_not_kept(bot: Bot) -> None:
    answer = await bot.post("长" * (webchat.LONGEST_TEXT + 1))
    assert answer.status_code == 413
    sentence(answer)
    assert count(bot, InboxEntry) == 0


async def test_a_huge_body_is_refused_before_it_is_read(bot: Bot) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 50 * webchat.LARGEST_BODY:
            sent += 64 * 1024
            yield b" " * 64 * 1024

    answer = await bot.client.post("/api/chat", content=endless())
    assert answer.status_code == 413
    sentence(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"words"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"session": ' + b"9" * 5000 + b"}",
        b"NaN",
        b"session=abc&text=x",
    ],
    ids=lambda body: str(body[:12]),
)
async def test_malformed_json_is_refused_with_a_sentence(bot: Bot, body: bytes) -> None:
    for path in ("/api/chat", "/api/chat/feedback"):
        answer = await bot.client.post(path, content=body)
        assert answer.status_code == 422
        sentence(answer)
    assert count(bot, InboxEntry) == 0


PLACE = {"kind": "location", "lat": 30.17, "lon": 120.46}


@pytest.mark.parametrize(
    "wrong",
    [
        {"session": "short"},
        {"session": None},
        {"session": "\x00" * 40},
        {"session": "s" * 201},
        {"message_id": ""},
        {"message_id": 7},
        {"message_id": "m" * 91},
        {"text": 7},
        {"text": None},
        {"text": ["words"]},
        {"attachments": PLACE},
        {"attachments": [7]},
        {"attachments": [PLACE] * 11},
        {"attachments": [{"kind": "virus"}]},
        {"attachments": [{"kind": "location"}]},
        {"attachments": [PLACE | {"lat": 91}]},
        {"attachments": [PLACE | {"lon": "east"}]},
        {"attachments": [PLACE | {"lat": None}]},
        {"attachments": [PLACE | {"lat": float("nan")}]},
        {"attachments": [PLACE | {"lat": float("inf")}]},
        {"attachments": [{"kind": "photo"}]},
        {"attachments": [{"kind": "photo", "upload_id": "../secrets.json"}]},
        {"attachments": [{"kind": "photo", "upload_id": "a" * 65}]},
    ],
    ids=str,
)
async def test_a_wrong_field_is_refused_with_a_sentence(
    bot: Bot, wrong: dict[str, object]
) -> None:
    body = {"session": bot.session, "message_id": "m", "text": "约课"} | wrong
    answer = await bot.client.post("/api/chat", content=json.dumps(body))
    assert answer.status_code == 422
    sentence(answer)
    assert count(bot, InboxEntry) == 0


async def test_the_longest_session_and_message_id_fit(bot: Bot) -> None:
    answer = await bot.post("约课", session="s" * 200, message_id="m" * 90)
    assert answer.status_code == 200


async def test_the_same_id_with_other_words_is_the_same_message(bot: Bot) -> None:
    first = await bot.post("约课", message_id="one")
    again = await bot.post("别的话", message_id="one")
    assert again.json() == first.json()
    assert [text for _, text in bot.assistant.heard] == ["约课"]


async def test_the_same_id_in_another_session_is_another_message(bot: Bot) -> None:
    await bot.post("约课", message_id="one")
    await bot.post("约课", message_id="one", session="t" * 32)
    assert len(bot.assistant.heard) == 2


async def test_a_copy_that_comes_while_the_first_is_in_flight_gets_the_same_replies(
    bot: Bot,
) -> None:
    bot.assistant.slow = 0.2
    first = asyncio.create_task(bot.post("约课", message_id="one"))
    await asyncio.sleep(0.1)
    copy = await bot.post("约课", message_id="one")
    assert copy.json() == (await first).json()
    assert len(bot.assistant.heard) == 1


async def test_too_fast_is_told_with_when_to_come_back(bot: Bot) -> None:
    object.__setattr__(bot.parts.webchat, "limits", Limits("2/minute"))
    for _ in range(2):
        assert (await bot.post("约课")).status_code == 200
    answer = await bot.post("约课")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    sentence(answer)
    assert len(bot.assistant.heard) == 2
    assert (await bot.post("约课", session="t" * 32)).status_code == 200


async def test_a_session_is_long_random_and_stored_only_as_a_keyed_hash(bot: Bot) -> None:
    made = [(await bot.client.post("/api/chat/session")).json()["session"] for _ in range(2)]
    assert made[0] != made[1]
    assert min(map(len, made)) >= 32
    await bot.post("约课", session=made[0])
    with bot.parts.database.reading() as db:
        address = db.scalars(select(Address)).one().address
        entry = db.scalars(select(InboxEntry)).one()
    assert address == bot.parts.webchat.address(made[0])
    assert made[0] not in address + entry.update_id


# What is attached


async def test_a_photo_is_kept_under_a_random_name_and_may_be_sent_once_uploaded(
    bot: Bot,
) -> None:
    uploaded = (await send_photo(bot)).json()["upload_id"]
    photo = {"kind": "photo", "upload_id": uploaded}
    assert (await bot.post("", attachments=[photo])).status_code == 200
    assert (bot.parts.webchat.uploads / uploaded).read_bytes() == redraw(PHOTO)
    with bot.parts.database.reading() as db:
        message = db.scalars(select(Message).order_by(Message.id)).first()
    assert message
    assert message.attachments[0]["upload_id"] == uploaded


async def test_anothers_photo_cannot_be_sent(bot: Bot) -> None:
    theirs = (await send_photo(bot, session="t" * 32)).json()["upload_id"]
    await bot.say("你好")
    answer = await bot.post("看", attachments=[{"kind": "photo", "upload_id": theirs}])
    assert answer.status_code == 422
    assert sentence(answer)["code"] == "no_upload"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "no_photo"),
        (PHOTO.ljust(LARGEST_PHOTO + 1, b"\x00"), 413, "too_large"),
    ],
    ids=["empty", "too large"],
)
async def test_only_photos_of_bounded_size_are_taken(
    bot: Bot, content: bytes, status: int, code: str
) -> None:
    answer = await send_photo(bot, content)
    assert answer.status_code == status
    assert sentence(answer)["code"] == code
    assert count(bot, Upload) == 0


async def test_the_largest_photo_is_taken(bot: Bot) -> None:
    answer = await send_photo(bot, PHOTO.ljust(LARGEST_PHOTO, b"\x00"))
    assert answer.status_code == 200


async def test_an_upload_without_end_is_refused_while_it_comes(bot: Bot) -> None:
    begin = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    parts, asked = LARGEST_PHOTO // 2**20 * 10, 0

    async def receive() -> dict[str, object]:
        nonlocal asked
        asked += 1
        body = begin if asked == 1 else b"\x00" * 2**20
        return {"type": "http.request", "body": body, "more_body": asked < parts}

    heard: list[Any] = []

    async def send(message: Any) -> None:
        heard.append(message)

    headers = [
        (b"content-type", b"multipart/form-data; boundary=b"),
        (b"x-session", bot.session.encode()),
    ]
    path = {"path": "/api/chat/uploads", "raw_path": b"", "query_string": b""}
    scope = {"type": "http", "method": "POST", "headers": headers, **path}
    await bot.app(scope, receive, send)
    assert heard[0]["status"] == 413
    assert asked < parts / 2


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"garbage"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n--b--"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="f'),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nwords\r\n--b--\r\n',
        ),
    ],
)
async def test_an_upload_that_is_no_form_is_refused_with_a_sentence(
    bot: Bot, content_type: str, body: bytes
) -> None:
    headers = {"X-Session": bot.session, "Content-Type": content_type}
    answer = await bot.client.post("/api/chat/uploads", content=body, headers=headers)
    assert answer.status_code == 422
    sentence(answer)


async def test_a_place_is_kept_with_its_message(bot: Bot) -> None:
    await bot.say("路灯坏了", attachments=[PLACE])
    with bot.parts.database.reading() as db:
        message = db.scalars(select(Message).order_by(Message.id)).first()
    assert message
    assert (message.attachments[0]["lat"], message.attachments[0]["lon"]) == (30.17, 120.46)


# Whether it helped


async def test_the_latest_word_on_a_reply_counts(bot: Bot) -> None:
    reply = (await bot.post("约课")).json()["replies"][-1]["id"]
    for good in (True, False):
        told = {"session": bot.session, "reply_id": reply, "good": good}
        assert (await bot.client.post("/api/chat/feedback", json=told)).status_code == 200
    with bot.parts.database.reading() as db:
        assert [feedback.good for feedback in db.scalars(select(Feedback))] == [False]


@pytest.mark.parametrize("reply_id", ["999999", "0", "9" * 9])
async def test_feedback_on_what_was_never_said_is_refused(bot: Bot, reply_id: str) -> None:
    await bot.say("约课")
    told = {"session": bot.session, "reply_id": reply_id, "good": True}
    answer = await bot.client.post("/api/chat/feedback", json=told)
    assert answer.status_code == 404
    sentence(answer)


async def test_feedback_on_anothers_reply_is_refused(bot: Bot) -> None:
    reply = (await bot.post("约课")).json()["replies"][-1]["id"]
    await bot.post("约课", session="t" * 32)
    told = {"session": "t" * 32, "reply_id": reply, "good": True}
    assert (await bot.client.post("/api/chat/feedback", json=told)).status_code == 404


@pytest.mark.parametrize("reply_id", ["", "x", "-1", "1.5", "9" * 10, 7])
async def test_feedback_on_no_id_is_refused(bot: Bot, reply_id: object) -> None:
    told = {"session": bot.session, "reply_id": reply_id, "good": True}
    assert (await bot.client.post("/api/chat/feedback", json=told)).status_code == 422


# What is said later


async def listen(
    bot: Bot, last_id: str = "", until: int = 1, begun: asyncio.Event | None = None
) -> list[dict[str, Any]]:
    """Read the stream of a session until so many messages have come."""
    headers = {"X-Session": bot.session} | ({"Last-Event-ID": last_id} if last_id else {})
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    gone = asyncio.Event()

    async def receive() -> dict[str, object]:
        if heard.empty() and not started.is_set():
            started.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.put_nowait(message.get("body", b""))

    started = asyncio.Event()
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    path = {"path": "/api/chat/events", "raw_path": b"", "query_string": b""}
    scope = {"type": "http", "method": "GET", "headers": raw, **path}
    streaming = asyncio.ensure_future(bot.app(scope, receive, send))
    messages: list[dict[str, Any]] = []
    try:
        while len(messages) < until:
            event = (await asyncio.wait_for(heard.get(), 120)).decode()
            if begun and "event: status" in event:
                begun.set()
            if "event: message" in event:
                lines = dict(line.split(": ", 1) for line in event.strip().splitlines())
                messages.append(json.loads(lines["data"]) | {"event": lines["id"]})
    finally:
        gone.set()
        await streaming
    return messages


def answer_as_staff(bot: Bot, words: str) -> None:
    """Say something later, as the worker writes it."""
    with bot.parts.database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        conversations.say(
            db, conversation, words, author=conversations.Author.STAFF, now=bot.clock.now()
        )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pages, "EVERY", 0.02)


@pytest.mark.usefixtures("quick")
async def test_what_is_said_later_comes_by_itself(bot: Bot) -> None:
    await bot.say("你好")
    begun = asyncio.Event()
    listening = asyncio.create_task(listen(bot, begun=begun))
    await begun.wait()
    answer_as_staff(bot, "明天来修")
    heard = await listening
    assert [(message["text"], message["author"]) for message in heard] == [
        ("明天来修", "staff")
    ]


@pytest.mark.usefixtures("quick")
async def test_a_stream_that_broke_goes_on_after_the_last_event(bot: Bot) -> None:
    last = (await bot.post("你好")).json()["replies"][-1]["id"]
    for words in ("一", "二", "三"):
        answer_as_staff(bot, words)
    heard = await listen(bot, last_id=last, until=3)
    assert [message["text"] for message in heard] == ["一", "二", "三"]
    again = await listen(bot, last_id=heard[1]["event"])
    assert [message["text"] for message in again] == ["三"]


@pytest.mark.usefixtures("quick")
async def test_a_stream_tells_nothing_of_anothers_conversation(bot: Bot) -> None:
    await bot.say("你好")
    answer_as_staff(bot, "给第一位的话")
    await bot.say("你好", session="t" * 32)
    bot.session = "t" * 32
    heard = await listen(bot, last_id="0", until=2)
    assert "给第一位的话" not in [message["text"] for message in heard]


@pytest.mark.parametrize("last_id", ["²", "x", "-1", "1e3", "9" * 30])
@pytest.mark.usefixtures("quick")
async def test_a_strange_last_event_id_starts_from_now(bot: Bot, last_id: str) -> None:
    await bot.say("你好")
    begun = asyncio.Event()
    listening = asyncio.create_task(listen(bot, last_id=last_id, begun=begun))
    await begun.wait()
    answer_as_staff(bot, "明天来修")
    assert [message["text"] for message in await listening] == ["明天来修"]


@pytest.mark.parametrize(
    "headers", [{}, {"X-Session": "short"}, {"Cookie": "xiaoli_session=x"}]
)
async def test_a_stream_needs_a_session_and_never_one_in_the_address(
    bot: Bot, headers: dict[str, str]
) -> None:
    address = f"/api/chat/events?session={bot.session}"
    answer = await bot.client.get(address, headers=headers)
    assert answer.status_code == 422
    sentence(answer)


async def test_a_retried_answer_is_given_to_who_sends_the_same_message_again(bot: Bot) -> None:
    bot.assistant.silent = 1
    await bot.say("约课", message_id="one")
    bot.clock.pass_by(timedelta(seconds=5))
    await bot.parts.gateway.sweep()
    assert (await bot.say("约课", message_id="one"))[-1] == "你说：约课"


# Four hundred malformed requests: a sentence for each, and nothing of them anywhere else

CANARY = "金丝雀7c2e canary-91ab"
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
VALID = {
    "session": "s" * 32,
    "message_id": CANARY,
    "text": CANARY,
    "reply_id": "1",
    "good": True,
}
BROKEN = st.builds(
    lambda field, junk: json.dumps(VALID | {field: junk}).encode(),
    st.sampled_from([*VALID, "attachments"]),
    JUNK.filter(lambda junk: not isinstance(junk, str)),
)
BODIES = st.one_of(
    st.binary(max_size=200), JUNK.map(lambda junk: json.dumps(junk).encode()), BROKEN
)
PATHS = ["/api/chat", "/api/chat/feedback", "/api/chat/uploads", f"/api/chat/{CANARY}"]
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "multipart/form-data; boundary=b", "text/plain", "x/y; q"]
        ),
        "X-Session": st.sampled_from(["s" * 32, "canary-91ab", ""]),
        "Cookie": st.sampled_from([f"xiaoli_session={'s' * 32}", "xiaoli_session=canary-91ab"]),
        "Last-Event-ID": st.sampled_from(["canary-91ab", "1"]),
    },
)
METHODS = st.sampled_from(["POST"] * 8 + ["PUT", "DELETE", "PATCH", "OPTIONS"])


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(METHODS, st.sampled_from(PATHS), BODIES, HEADERS)
async def test_a_malformed_request_is_refused_with_a_sentence_and_leaves_no_trace(
    bot: Bot,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
) -> None:
    object.__setattr__(bot.parts.webchat, "limits", Limits("100000/minute"))
    caplog.set_level(logging.DEBUG, logger="bot")
    answer = await bot.client.request(method, path, content=body, headers=headers)
    assert 200 <= answer.status_code < 500
    if answer.status_code >= 400:
        sentence(answer)
        assert "canary" not in answer.text
        assert "金丝雀" not in answer.text


async def test_what_residents_write_is_in_no_log_metric_or_error(
    bot: Bot, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    bot.assistant.slow, bot.parts.gateway.ground.turn_seconds = 9, 0.05
    with capture_logs() as ours:
        await bot.post(CANARY, message_id=CANARY, session="canary-91ab" * 3)
        await bot.post(CANARY * 2000)
        await bot.post(CANARY, attachments=[{"kind": CANARY}])
        await bot.post(CANARY, attachments=[{"kind": "photo", "upload_id": CANARY}])
        await send_photo(bot, CANARY.encode())
        await bot.client.get("/api/chat/events", headers={"X-Session": "canary-91ab"})
        await bot.client.get(f"/api/chat/{CANARY}")
        poison(bot, CANARY)
        await bot.post(CANARY, session="canary-91ab" * 3)
    assert {"the assistant is silent", "an entry cannot be dealt with"} <= {
        line["event"] for line in ours
    }
    out, err = capfd.readouterr()
    metrics = (await bot.client.get("/metrics")).text
    theirs = "".join(line.getMessage() for line in caplog.records if line.name != "httpx")
    for place in (json.dumps(ours, ensure_ascii=False), theirs, out, err, metrics):
        assert "canary-91ab" not in place
        assert "金丝雀" not in place


def poison(bot: Bot, words: str) -> None:
    """Leave behind what makes the next message fail, with words in the error's own text."""
    with bot.parts.database.transaction() as db:
        for entry in db.scalars(select(InboxEntry)):
            entry.state = EntryState.ANSWERED
        for conversation in db.scalars(select(Conversation)).all():
            now, author = bot.clock.now(), conversations.Author.ASSISTANT
            said = conversations.say(db, conversation, "?", author=author, now=now)
            said.choices = [{words: words}]


async def test_the_canaries_lie_in_the_one_table_that_can_be_erased(bot: Bot) -> None:
    await bot.say(CANARY)
    with bot.parts.database.reading() as db:
        assert CANARY in [words.text for words in db.scalars(select(Words))]
        for entry in db.scalars(select(InboxEntry)):
            assert entry.payload is None
