"""Feishu calls us: what is theirs is kept before they are told so, all else is refused."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot import inbox
from bot.channels.feishu import hearing
from bot.channels.feishu.hearing import LARGEST_BODY
from bot.channels.feishu.reading import Heard, read
from bot.gateway import Gateway
from bot.message import InboundMessage
from tests.bot.channels.feishu.conftest import Office
from tests.bot.channels.feishu.open_feishu import COLLEAGUE, GROUP, TOKEN, sealed

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PROOF = {"type": "url_verification", "challenge": "ajls384kdjx98XX", "token": TOKEN}
AGO, AHEAD = "1795484900", "1795486300"  # eleven minutes before and after the clock's


async def refused(office: Office, body: bytes, headers: dict[str, str]) -> int:
    """Call; returns the status, once it is sure that nothing was kept."""
    status = (await office.caller.post(body, headers)).status_code
    assert (office.entries(), office.addresses()) == ([], [])
    return status


async def test_the_address_is_proven_by_what_is_sealed_and_need_not_be_signed(
    office: Office,
) -> None:
    answer = await office.caller.post(sealed(PROOF), {})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "ajls384kdjx98XX"})
    assert (await office.caller.call(PROOF)).json() == {"challenge": "ajls384kdjx98XX"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps(PROOF).encode(), 400),  # it would show that nothing is sealed
        (sealed(PROOF, key="another key"), 403),
        (sealed(PROOF | {"token": "another"}), 403),
    ],
    ids=["open", "another key", "another token"],
)
async def test_nobody_else_is_told_that_the_address_is_ours(
    office: Office, body: bytes, status: int
) -> None:
    assert await refused(office, body, {}) == status


async def test_what_is_feishus_is_kept(office: Office) -> None:
    """Negative control of all that is refused."""
    body = sealed(office.caller.words("你好"))
    answer = await office.caller.post(body, office.caller.signed(body))
    assert (answer.status_code, answer.json()) == (200, {})
    assert [one.text for one in office.theirs()] == ["你好"]
    await office.settle()


async def test_without_the_signature_anybodys_would_be(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the signature."""
    monkeypatch.setattr("bot.channels.feishu.sealed.Seal.check", lambda *_args, **_more: None)
    body = sealed(office.caller.words("你好"))
    headers = office.caller.signed(body, key="another")
    assert (await office.caller.post(body, headers)).status_code == 200
    assert len(office.entries()) == 1
    await office.settle()


async def test_an_event_that_is_not_signed_is_refused(office: Office) -> None:
    assert await refused(office, sealed(office.caller.words("你好")), {}) == 403


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Lark-Signature", ""),
        ("X-Lark-Signature", "0" * 64),
        ("X-Lark-Signature", "é"),
        ("X-Lark-Request-Timestamp", "1795485601"),
        ("X-Lark-Request-Nonce", "another"),
    ],
)
async def test_a_signature_is_of_this_body_and_this_moment(
    office: Office, header: str, value: str
) -> None:
    body = sealed(office.caller.words("你好"))
    headers = office.caller.signed(body) | {header: value}
    encoded = {name: said.encode() for name, said in headers.items()}
    assert await refused(office, body, encoded) == 403  # type: ignore[arg-type]


async def test_another_body_under_a_right_signature_is_refused(office: Office) -> None:
    headers = office.caller.signed(sealed(office.caller.words("你好")))
    assert await refused(office, sealed(office.caller.words("查")), headers) == 403


@pytest.mark.parametrize("stamp", [AGO, AHEAD, "soon", "", "٣", "9" * 30, "-1795485600"])
async def test_what_is_signed_for_another_time_is_refused(office: Office, stamp: str) -> None:
    body = sealed(office.caller.words("你好"))
    headers = office.caller.signed(body, timestamp=stamp)
    encoded = {name: said.encode() for name, said in headers.items()}
    assert await refused(office, body, encoded) == 403  # type: ignore[arg-type]


async def test_a_moment_in_milliseconds_is_a_moment(office: Office) -> None:
    stamp = str(int(office.clock.now().timestamp() * 1000))
    made = office.caller.words("你好")
    assert (await office.caller.call(made, timestamp=stamp)).status_code == 200
    await office.settle()


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("header", "token", "another"),
        ("header", "token", ""),
        ("header", "app_id", "cli_another"),
        ("header", "app_id", ""),
    ],
)
async def test_what_is_for_another_app_is_refused(
    office: Office, part: str, name: str, value: str
) -> None:
    made = office.caller.words("你好")
    made[part][name] = value
    body = sealed(made)
    assert await refused(office, body, office.caller.signed(body)) == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense", 400),
        (b"[]", 400),
        (b'{"encrypt": 7}', 400),
        (b'{"encrypt": ""}', 400),
        (b"[" * 200_000, 400),
        (b'{"encrypt": "' + b"A" * LARGEST_BODY + b'"}', 413),
        (b'{"encrypt": "!!!"}', 403),
        (b'{"encrypt": "QUJD"}', 403),
        (b'{"encrypt": "' + b"QUJD" * 16 + b'"}', 403),
    ],
    ids=lambda said: str(said[:24]) if isinstance(said, bytes) else str(said),
)
async def test_what_is_not_sealed_with_our_key_is_refused_though_it_is_signed(
    office: Office, body: bytes, status: int
) -> None:
    assert await refused(office, body, office.caller.signed(body)) == status


async def test_open_words_are_refused_though_they_are_signed(office: Office) -> None:
    body = json.dumps(office.caller.words("你好")).encode()
    assert await refused(office, body, office.caller.signed(body)) == 400


async def test_unsigned_guesses_at_what_is_sealed_all_hear_the_same(office: Office) -> None:
    """Else they could be told apart by their padding, and be opened without the key."""
    whole = json.loads(sealed(office.caller.words("你好")))["encrypt"]
    answers = set()
    for at in range(0, len(whole) - 4, 7):
        bent = whole[:at] + ("A" if whole[at] != "A" else "B") + whole[at + 1 :]
        answer = await office.caller.post(json.dumps({"encrypt": bent}).encode(), {})
        answers.add((answer.status_code, answer.text))
    assert [status for status, _ in answers] == [403]


@pytest.mark.parametrize("name", ["group_mention", "tap_in_group", "put_out"])
async def test_what_can_never_be_read_is_acknowledged_and_counted(
    office: Office, name: str
) -> None:
    before = await counted(office)
    made = office.caller.event(name)
    made["event"] = {"message": []}
    answer = await office.caller.call(made)
    assert (answer.status_code, answer.json()) == (200, {})
    assert (office.entries(), await counted(office) - before) == ([], 1)


async def counted(office: Office) -> float:
    transport: Any = office.caller.client._transport
    transport.client = ("127.0.0.1", 1)
    text = (await office.caller.client.get("/metrics")).text
    lines = [one for one in text.splitlines() if 'unreadable_total{channel="feishu"}' in one]
    return float(lines[0].split()[-1]) if lines else 0.0


@pytest.mark.parametrize("made", ["text", "tap_in_group", "put_out"])
async def test_while_the_store_is_down_nothing_is_acknowledged(
    office: Office, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    def down(*_args: object, **_more: object) -> None:
        raise OperationalError("", {}, OSError())

    event = office.caller.event(made)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "keep", down)
        patch.setattr(hearing.Ears, "_note", down)
        assert (await office.caller.call(event)).status_code == 503
    assert office.entries() == []
    assert (await office.caller.call(event)).status_code == 200
    assert len(office.entries()) == (made != "put_out")
    await office.settle()


async def test_what_was_kept_before_a_crash_is_answered_after_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(gateway: Gateway, message: InboundMessage) -> None:
        inbox.keep(gateway.ground.database, message, now=office.clock.now())
        raise SystemError

    made = office.caller.words("帮助")
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "accept", killed)
        assert (await office.caller.call(made)).status_code == 503
    assert (len(office.entries()), office.feishu.sent) == (1, [])
    office.clock.pass_by(timedelta(seconds=15))
    assert await office.send(made) == [office.render("utter_staff_unlinked")]
    assert len(office.entries()) == 1


async def test_twenty_deliveries_of_a_message_are_one(office: Office) -> None:
    """Each is sealed and signed anew, in an event of another id."""
    made = office.caller.words("帮助")
    for number in range(20):
        made["header"]["event_id"] = f"{number:032x}"
        assert (await office.caller.call(made)).status_code == 200
        office.clock.pass_by(timedelta(minutes=20))
    await office.hear()
    assert (len(office.entries()), len(office.feishu.sent)) == (1, 1)


async def test_twenty_deliveries_at_once_are_one(office: Office) -> None:
    made = office.caller.words("帮助")
    answers = await asyncio.gather(*(office.caller.call(made) for _ in range(20)))
    assert {one.status_code for one in answers} == {200}
    await office.hear()
    assert (len(office.entries()), len(office.feishu.sent)) == (1, 1)


async def test_without_being_known_again_they_would_be_twenty(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of knowing a message again."""
    numbers = count()

    def another(event: Any, *known: Any) -> Any:
        heard = read(event, *known)
        assert isinstance(heard, Heard)
        message = replace(heard.message, update_id=f"{next(numbers)}")
        return replace(heard, message=message)

    monkeypatch.setattr(hearing, "read", another)
    made = office.caller.words("帮助")
    await asyncio.gather(*(office.caller.call(made) for _ in range(20)))
    await office.hear()
    assert (len(office.entries()), len(office.feishu.sent)) == (20, 20)


async def test_twenty_messages_are_twenty(office: Office) -> None:
    """Negative control of the id they are known by."""
    made = office.caller.words("帮助")
    for number in range(20):
        made["event"]["message"]["message_id"] = f"om_{number:030x}"
        assert (await office.caller.call(made)).status_code == 200
    await office.hear()
    assert len(office.entries()) == 20


async def test_our_name_is_asked_once_and_for_groups_alone(office: Office) -> None:
    await office.say("帮助")
    assert office.feishu.asked_who == 0
    for _ in range(3):
        await office.say("帮助", group=GROUP)
    assert office.feishu.asked_who == 1


async def test_while_our_name_cannot_be_asked_a_group_is_heard_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.caller.words("帮助", group=GROUP)
    office.feishu.tokens += 1
    with monkeypatch.context() as patch:
        patch.setattr("tests.bot.channels.feishu.open_feishu.SECRET", "another")
        assert (await office.caller.call(made)).status_code == 503
    assert office.entries() == []
    assert (await office.caller.call(made)).status_code == 200
    await office.settle()
    assert len(office.entries()) == 1


async def test_in_a_group_nobody_is_heard_who_did_not_speak_to_us(office: Office) -> None:
    assert await office.say("接 0001", group=GROUP, named=False) == []
    assert await office.say("接 0001", group=GROUP, named=False, quoted="om_another") == []
    assert office.entries() == []


async def test_an_answer_to_our_own_words_is_heard_without_our_name(office: Office) -> None:
    await office.say("帮助", group=GROUP)
    ours = office.feishu.sent[-1]
    await office.say("查", group=GROUP, named=False, quoted=ours.id)
    assert len(office.entries()) == 2
    elsewhere = "oc_" + "1" * 32
    await office.say("查", group=elsewhere, named=False, quoted=ours.id)
    assert len(office.entries()) == 2


async def test_put_out_of_a_group_we_write_there_no_more_until_we_are_back(
    office: Office,
) -> None:
    await office.say("帮助", group=GROUP)
    await office.send(office.caller.event("put_out"))
    (group,) = office.addresses()
    assert group.blocked_at is not None
    await office.send(office.caller.event("put_in"))
    assert office.addresses()[0].blocked_at is None
    await office.send(office.caller.event("disbanded"))
    assert office.addresses()[0].blocked_at is not None


async def test_who_writes_is_staff_or_nobody_and_never_a_resident(office: Office) -> None:
    unlinked = office.render("utter_staff_unlinked")
    for text in ("下一班公交几点", "我要报修", "接 0001", "绑定"):
        assert await office.say(text) == [unlinked]
    group = office.render("utter_group_not_here")
    assert await office.say("我要报修", COLLEAGUE, group=GROUP) == [group]
    assert office.assistant.heard == []


async def test_an_emergency_gets_its_number_all_the_same(office: Office) -> None:
    assert "119" in "".join(await office.say("3幢着火了"))


async def test_a_sticker_is_said_to_be_unread(office: Office) -> None:
    said = await office.send(office.caller.event("sticker"))
    assert said[-1] == office.render("utter_unread_sticker")
