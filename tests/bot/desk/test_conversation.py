import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.requests import Request

from actions import conversations, outbox
from actions.conversations import Author, Choice, Conversation, Message, Status
from actions.db import Db
from actions.errors import Refusal
from actions.outbox import Notice
from actions.people import audit, scope, staff
from actions.people.model import AuditEntry, Staff, StaffSession
from bot.delivery import Delivery
from bot.desk import conversation
from bot.desk.visit import Visit
from tests.bot.desk.conftest import CANARY, SPOKEN, STAFF, Colleague, Village

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)//'onmouseover='alert(1)",
)


def worker(village: Village) -> Delivery:
    parts = village.bot.parts
    return Delivery(
        parts.database,
        village.bot.clock,
        parts.wording,
        timedelta(minutes=30),
    )


async def answer(
    who: Colleague, village: Village, words: str, seen: int = 0, once: int = 1
) -> Any:
    return await who.post(
        f"/conversations/{village.conversation_id}/answers",
        words=words,
        seen=str(seen),
        once=f"{once:032x}",
    )


def said(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return [
            message.text
            for message in db.scalars(select(Message).order_by(Message.id))
            if message.author != Author.RESIDENT
        ]


async def later(village: Village) -> str:
    """What the chat API's stream brings to the resident's page first, from the beginning on."""

    async def nothing_more() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    headers = [(b"x-session", village.bot.session.encode()), (b"last-event-id", b"0")]
    request = Request(
        {"type": "http", "method": "GET", "path": "/", "headers": headers}, nothing_more
    )
    async for part in (await village.bot.parts.webchat.events(request)).body_iterator:
        if "event: message" in str(part):
            return str(part)
    return ""


async def test_an_answer_of_staff_reaches_the_residents_page(village: Village) -> None:
    own = village.colleague("own")
    assert (await answer(own, village, "我们马上来看。")).status_code == 303
    page = (await own.get(f"/conversations/{village.conversation_id}")).text
    assert "正在送出" in page
    assert "我们马上来看。" in page
    worker(village).deliver_due()
    brought = await later(village)
    assert "我们马上来看。" in brought
    assert '"author": "staff"' in brought
    page = (await own.get(f"/conversations/{village.conversation_id}")).text
    assert "正在送出" not in page
    assert "own" in page


async def test_an_answer_stops_the_waiting_but_not_the_conversation(village: Village) -> None:
    await answer(village.colleague("own"), village, "好的")
    talk = village.conversation()
    assert (talk.status, talk.unanswered_since) == (Status.OPEN, None)
    assert await village.bot.say("谢谢") == [
        village.bot.parts.wording.render("utter_receipt").text
    ]
    assert village.conversation().unanswered_since is not None


async def test_a_conversation_that_was_returned_unanswered_is_taken_over_by_answering(
    village: Village,
) -> None:
    own = village.colleague("own")
    village.bot.clock.pass_by(timedelta(minutes=31))
    assert worker(village).return_unanswered() == 1
    assert "没人答，小沥先接着" in (await own.get("/")).text
    await answer(own, village, "对不起，来晚了。")
    assert village.conversation().status == Status.OPEN


async def test_returning_it_lets_the_assistant_answer_and_tells_the_resident(
    village: Village,
) -> None:
    own = village.colleague("own")
    assert (await own.post(f"/conversations/{village.conversation_id}/return")).headers[
        "location"
    ] == "/desk/"
    worker(village).deliver_due()
    assert said(village) == [village.bot.parts.wording.render("utter_returned").text]
    assert await village.bot.say("几点开门") == ["你说：几点开门"]
    assert village.conversation_id not in (await own.get("/")).text


async def test_resolving_it_tells_the_resident_and_empties_the_inbox(village: Village) -> None:
    own = village.colleague("own")
    await answer(own, village, "修好了")
    await own.post(f"/conversations/{village.conversation_id}/resolve")
    delivery = worker(village)
    while delivery.deliver_due():
        pass
    resolved = village.bot.parts.wording.render("utter_staff_resolved").text
    assert said(village) == ["修好了", resolved]
    assert village.conversation().status == Status.RESOLVED
    assert village.conversation_id not in (await own.get("/")).text
    assert await village.bot.say("谢谢") == ["你说：谢谢"]


async def test_what_is_no_longer_at_the_desk_is_not_read_and_not_changed(
    village: Village,
) -> None:
    own = village.colleague("own")
    await own.post(f"/conversations/{village.conversation_id}/return")
    page = await own.get(f"/conversations/{village.conversation_id}")
    assert page.status_code == 200
    assert CANARY not in page.text
    assert (await own.get(f"/uploads/{village.upload_id}")).status_code == 200  # the request's
    refused = await answer(own, village, "我写了很久的话")
    assert refused.status_code == 409
    assert "已经不在工作台" in refused.text
    assert "我写了很久的话" in refused.text
    for deed in ("return", "resolve"):
        again = await own.post(f"/conversations/{village.conversation_id}/{deed}")
        assert again.status_code == 409


async def test_the_second_to_answer_is_shown_the_first_answer_before(village: Village) -> None:
    own, boss = village.colleague("own"), village.colleague("boss")
    await answer(own, village, "电工明天来")
    refused = await answer(boss, village, "请打物业电话", once=2)
    assert refused.status_code == 409
    assert "own 刚刚已经答复了" in refused.text
    assert "电工明天来" in refused.text
    assert "请打物业电话" in refused.text
    with village.bot.parts.database.reading() as db:
        seen = db.scalar(select(func.max(Notice.id)))
    assert (await answer(boss, village, "请打物业电话", seen or 0, once=2)).status_code == 303
    worker(village).deliver_due()
    worker(village).deliver_due()
    assert said(village) == ["电工明天来", "请打物业电话"]


@pytest.mark.both_stores
async def test_a_double_click_answers_once(village: Village) -> None:
    own = village.colleague("own")
    answers = await asyncio.gather(*(answer(own, village, "好", once=7) for _ in range(4)))
    assert [a.status_code for a in answers] == [303] * 4
    with village.bot.parts.database.reading() as db:
        assert db.scalar(select(func.count(Notice.id))) == 1


def visit_of(village: Village, db: Db, name: str, **sent: str) -> Visit:
    """A visit as the door makes it."""
    who = db.scalars(select(Staff).where(Staff.username == name)).one()
    scope.limit(db, staff.reach_of(who))
    transport: Any = village.bot.client._transport
    (mounted,) = [r for r in transport.app._app.routes if getattr(r, "path", "") == "/desk"]
    desk = mounted.app.routes[0].endpoint.__self__.desk
    path = {"conversation_id": village.conversation_id}
    return Visit(desk, db, who, StaffSession(), village.bot.clock.now(), path, sent)


def guarded(village: Village, name: str, meet: Barrier) -> bool:
    meet.wait()
    try:
        with village.bot.parts.database.transaction() as db:
            once = f"{sum(name.encode()):032x}"
            visit = visit_of(village, db, name, words=name, seen="0", once=once)
            conversation.answer(visit)
    except Refusal:
        return False
    return True


def unguarded(village: Village, name: str, meet: Barrier) -> bool:
    """The naive way: look whether somebody has answered, then answer."""
    with village.bot.parts.database.reading() as db:
        answered = db.scalar(select(func.count(Notice.id)))
    meet.wait()
    return not answered


@pytest.mark.parametrize(
    ("way", "sent"), [(guarded, 1), (unguarded, 2)], ids=["guard", "negative control"]
)
@pytest.mark.both_stores
async def test_of_two_who_answer_at_once_one_is_sent(
    village: Village, way: Callable[[Village, str, Barrier], bool], sent: int
) -> None:
    meet = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(way, village, name, meet) for name in ("own", "boss")]
        assert sum(tried.result() for tried in tries) == sent


async def test_an_empty_answer_or_a_novel_is_not_sent(village: Village) -> None:
    own = village.colleague("own")
    for words in ("", "  \r\n ", "长" * 4001):
        assert (await answer(own, village, words)).status_code == 409
    path = f"/conversations/{village.conversation_id}/answers"
    assert (await own.post(path, words="好", once="zz")).status_code == 409
    assert village.conversation().unanswered_since is not None


async def test_an_open_page_gets_only_what_it_has_not_seen(village: Village) -> None:
    own, path = village.colleague("own"), f"/conversations/{village.conversation_id}/later"
    first = (await own.get(f"{path}?after=0")).text
    assert CANARY in first
    with village.bot.parts.database.reading() as db:
        last = db.scalar(select(func.max(Message.id)))
    assert CANARY not in (await own.get(f"{path}?after={last}")).text
    await village.bot.say("还有一件事")
    new = (await own.get(f"{path}?after={last}")).text
    assert "还有一件事" in new
    assert CANARY not in new
    for nonsense in ("x", "-1", "9" * 30, "٣"):
        assert (await own.get(f"{path}?after={nonsense}")).status_code == 200


async def test_every_reading_of_words_is_in_the_audit_log(village: Village) -> None:
    own, path = village.colleague("own"), f"/conversations/{village.conversation_id}"
    await own.get(path)
    await own.get(f"{path}/later?after=999999")  # nothing new: nothing read
    await own.get(f"{path}/later")
    await own.get(f"/requests/{village.reference}")
    await own.get(f"/uploads/{village.upload_id}")
    await answer(own, village, "好")
    await answer(own, village, "", once=2)  # refused: nothing was done, but the page was shown
    await own.get("/")  # shows no words
    with village.bot.parts.database.reading() as db:
        entries = db.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.deed for entry in entries] == [
            "read_conversation",
            "read_conversation",
            "read_request",
            "read_photo",
            "answered",
            "read_conversation",
        ]
        member = staff.to_sign_in(db, "own")
        assert member
        assert {entry.staff_id for entry in entries} == {member.id}
        assert audit.check(db, "key").broken_at is None
        assert CANARY not in str([(e.deed, e.subject) for e in entries])


async def test_hostile_words_stay_words(village: Village) -> None:
    hostile = "".join(HOSTILE)
    own, database = village.colleague("own"), village.bot.parts.database
    with database.transaction() as db:
        talk = db.get_one(Conversation, village.conversation_id)
        conversations.say(
            db,
            talk,
            hostile,
            author=Author.ASSISTANT,
            now=village.bot.clock.now(),
            choices=[Choice(hostile, "x")],
        )
    reference = village.file("road-light", hostile)
    pages = [
        await own.get(f"/conversations/{village.conversation_id}"),
        await own.get(f"/requests/{reference}"),
        await own.post(f"/requests/{reference}/moves", to="declined", seen="x", words=hostile),
        await answer(own, village, hostile, once=0),
    ]
    pages.append(await own.get(f"/conversations/{village.conversation_id}"))
    for page in pages:
        assert page.status_code in (200, 303, 409)
        assert "<script>alert" not in page.text
        assert "<svg" not in page.text
        assert "<img src=x" not in page.text
        assert "'onmouseover='" not in page.text


async def test_a_photo_is_handed_out_as_a_file(village: Village) -> None:
    photo = await village.colleague("own").get(f"/uploads/{village.upload_id}")
    assert photo.headers["content-disposition"].startswith("attachment")
    assert photo.headers["content-type"] == "image/jpeg"
    assert "nosniff" in photo.headers["x-content-type-options"]
    assert photo.headers["cache-control"] == "no-store"


async def test_what_did_not_arrive_is_shown_as_such(village: Village) -> None:
    own = village.colleague("own")
    await answer(own, village, "听得到吗")
    with village.bot.parts.database.transaction() as db:
        db.scalars(select(Notice)).one().state = outbox.NoticeState.DEAD
    assert "没有送到" in (await own.get(f"/conversations/{village.conversation_id}")).text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_staff_switch_elder_mode_which_is_told_and_noted(village: Village) -> None:
    own, page = village.colleague("own"), f"/conversations/{village.conversation_id}"
    assert "开长者模式" in (await own.get(page)).text
    for word in ("on", "on", "off"):
        await own.post(f"{page}/elder", elder=word)
        with village.bot.parts.database.reading() as db:
            resident = db.get_one(Conversation, village.conversation_id).resident
            assert resident.elder == (word == "on")
    worker(village).deliver_due()
    worker(village).deliver_due()
    assert "工作人员帮您开了简单模式" in "".join(said(village))
    with village.bot.parts.database.reading() as db:
        noted = db.scalars(select(AuditEntry.deed).where(AuditEntry.deed.like("elder%"))).all()
    assert noted == ["elder_mode_on", "elder_mode_off"]


async def test_a_voice_is_played_beside_what_a_machine_heard(village: Village) -> None:
    own, path = village.colleague("own"), f"/conversations/{village.conversation_id}"
    assert "<audio" not in (await own.get(path)).text
    understood, not_understood = village.speak(), village.speak(heard="unclear")
    page = (await own.get(path)).text
    for voice in (understood, not_understood):
        assert f'<audio controls preload="none" src="/desk/uploads/{voice}"' in page
    assert page.count("文字是机器听写的") == 1
    assert page.count("机器没有听出话来") == 1


async def test_a_recording_is_handed_out_as_a_file_that_runs_nothing(village: Village) -> None:
    own, path = village.colleague("own"), f"/uploads/{village.speak()}"
    recording = await own.get(path)
    assert recording.content == SPOKEN
    assert recording.headers["content-type"] == "audio/ogg"
    assert re.fullmatch(
        r'attachment; filename="[0-9a-f]{32}\.ogg"', recording.headers["content-disposition"]
    )
    assert recording.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in recording.headers["content-security-policy"]
    assert recording.headers["cache-control"] == "no-store"
    with village.bot.parts.database.reading() as db:
        last = db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (last.deed, f"/uploads/{last.subject.partition(':')[2]}") == (
        "heard_recording",
        path,
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_recording_is_for_those_alone_who_see_the_conversation(
    village: Village,
) -> None:
    talk, voice = f"/conversations/{village.conversation_id}", f"/uploads/{village.speak()}"
    for name in STAFF:
        colleague = village.colleague(name)
        reads = (await colleague.get(talk)).status_code
        assert (await colleague.get(voice)).status_code == reads, name
    assert (await village.colleague("own").get(voice)).status_code == 200
    assert (await village.colleague("other").get(voice)).status_code == 404


async def test_what_is_said_for_a_neighbour_is_played_to_no_staff(village: Village) -> None:
    own = village.colleague("own")
    voice = village.speak(for_neighbour=True)
    assert voice not in (await own.get(f"/conversations/{village.conversation_id}")).text
    assert (await own.get(f"/uploads/{voice}")).status_code == 404


async def test_a_recording_is_out_of_reach_once_the_conversation_is(village: Village) -> None:
    own, voice = village.colleague("own"), village.speak()
    assert (await own.get(f"/uploads/{voice}")).status_code == 200
    await own.post(f"/conversations/{village.conversation_id}/return")
    assert (await own.get(f"/uploads/{voice}")).status_code == 404
