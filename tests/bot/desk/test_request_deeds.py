"""What staff do with a request besides moving it, one at a time and two at once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Upload
from actions.governance import following, history
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.outbox import Notice
from actions.people.model import Staff
from bot.photos import redraw
from bot.uploads import LARGEST_PHOTO
from tests.bot.conftest import PACK, photo
from tests.bot.desk.conftest import PHOTO as BROUGHT
from tests.bot.desk.conftest import Colleague, Village
from tests.bot.desk.test_conversation import said, worker

PHOTO = photo()
KEPT = redraw(PHOTO)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


async def do(who: Colleague, village: Village, deed: str, **fields: Any) -> Any:
    """Do it as somebody who has just looked."""
    photos = fields.pop("photos", ())
    sent = {"seen": village.seen()} | fields
    return await who.send(f"/requests/{village.reference}/{deed}", photos, **sent)


def updates(village: Village) -> list[Update]:
    with village.bot.parts.database.reading() as db:
        return history.history(db, village.request())


def number_of(village: Village, name: str) -> int:
    with village.bot.parts.database.reading() as db:
        return db.scalars(select(Staff.id).where(Staff.username == name)).one()


def told(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return [one.response for one in db.scalars(select(Notice).order_by(Notice.id))]


async def test_somebody_takes_a_request_and_passes_it_to_a_colleague(village: Village) -> None:
    own = village.colleague("own")
    assert "我来办" in (await own.get(f"/requests/{village.reference}")).text
    await do(own, village, "assign", owner=f"road-team/{number_of(village, 'own')}")
    page = (await own.get(f"/requests/{village.reference}")).text
    assert "我来办" not in page
    await do(own, village, "assign", owner=f"road-team/{number_of(village, 'boss')}")
    assert village.request().staff_id == number_of(village, "boss")
    assert told(village) == []  # it is with the same team: nothing to tell


async def test_another_team_needs_a_reason_which_stays_in_its_form(village: Village) -> None:
    own = village.colleague("own")
    answer = await do(own, village, "assign", owner="cleaning-team")
    assert answer.status_code == 409
    assert "请写一句为什么转交" in answer.text
    assert '<details id="pass" class="card" open>' in answer.text
    assert '<option value="cleaning-team" selected>' in answer.text
    await do(own, village, "assign", owner="cleaning-team", words="是垃圾")
    assert village.request().team_id == "cleaning-team"
    page = (await own.get(f"/requests/{village.reference}")).text
    assert f"→ <span>{PACK.teams['cleaning-team'].name.zh}" in page


@pytest.mark.parametrize("owner", ["nobody", "road-team/x", "road-team/99", "road-team/other"])
async def test_nobody_is_given_a_request_who_is_not_there_or_of_another_village(
    village: Village, owner: str
) -> None:
    owner = owner.replace("other", str(number_of(village, "other")))
    answer = await do(village.colleague("own"), village, "assign", owner=owner, words="给他")
    assert answer.status_code == 409
    assert village.request().team_id == "road-team"


async def test_a_return_says_whose_it_is(village: Village) -> None:
    own = village.colleague("own")
    answer = await do(own, village, "give-back", owner="", words="不是我们的")
    assert "退回要说归哪个小组" in answer.text
    assert "不是我们的" in answer.text
    await do(own, village, "give-back", owner="property-team", words="在小区里面")
    assert village.request().team_id == "property-team"
    assert updates(village)[-1].kind == Kind.RETURNED


async def test_another_category_brings_its_team_and_promise(village: Village) -> None:
    await do(village.colleague("own"), village, "category", category="parking")
    assert village.request().category_id == "parking"
    assert told(village) == ["utter_request_categorised"]


async def test_a_note_stays_among_staff(village: Village) -> None:
    own = village.colleague("own")
    await do(own, village, "note", words="这家人上周也报过")
    assert "这家人上周也报过" in (await own.get(f"/requests/{village.reference}")).text
    assert told(village) == []


async def test_what_is_asked_stops_the_promise_and_is_asked_once(village: Village) -> None:
    own = village.colleague("own")
    await do(own, village, "ask", words="是哪一盏？")
    page = (await own.get(f"/requests/{village.reference}")).text
    assert "计时停了" in page
    assert "/ask" not in page
    assert "等居民" in page
    answer = await do(own, village, "ask", words="是哪一盏？")
    assert "已经问过居民一句" in answer.text


async def test_one_request_becomes_part_of_another(village: Village) -> None:
    other, own = village.file("road-light", "同一盏灯"), village.colleague("own")
    await do(own, village, "merge", into=f" {other.lower()} ")
    assert village.request().status == Status.MERGED
    page = (await own.get(f"/requests/{village.reference}")).text
    assert f'→ <a href="/desk/requests/{other}">' in page
    assert 'id="merge"' not in page


async def test_a_request_nobody_may_see_cannot_be_merged_into(village: Village) -> None:
    own, hidden = village.colleague("own"), village.file("scam-report", "骗子")
    for into in (hidden, "GQ-261124-9999", "乱写"):
        answer = await do(own, village, "merge", into=into)
        assert "没有这个编号的事" in answer.text
    assert village.request().status == Status.RECEIVED


async def test_what_else_it_tells_becomes_a_request_of_its_own(village: Village) -> None:
    own = village.colleague("own")
    await do(own, village, "split", words="井盖也没了", category="manhole")
    made = updates(village)[-1]
    assert made.kind == Kind.SPLIT
    with village.bot.parts.database.reading() as db:
        other = db.get_one(ServiceRequest, made.other_id)
    assert (other.category_id, other.what.text) == ("manhole", "井盖也没了")
    assert other.reference in (await own.get(f"/requests/{village.reference}")).text


async def test_a_restricted_request_that_was_passed_on_leads_to_the_list(
    village: Village,
) -> None:
    police, reference = village.colleague("police"), village.file("scam-report", "骗子")
    answer = await police.post(
        f"/requests/{reference}/assign",
        owner="fire-post",
        words="给消防站",
        seen=village.seen(reference),
    )
    assert answer.headers["location"] == "/desk/requests"
    assert (await police.get(f"/requests/{reference}")).status_code == 404


DEEDS: dict[str, dict[str, str]] = {
    "moves": {"to": "acknowledged"},
    "assign": {"owner": "cleaning-team", "words": "给环卫"},
    "give-back": {"owner": "cleaning-team", "words": "给环卫"},
    "category": {"category": "parking"},
    "note": {"words": "记一笔"},
    "tell": {"words": "在办了"},
    "ask": {"words": "哪一盏"},
    "split": {"words": "还有一件", "category": "manhole"},
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_the_second_of_two_sees_what_the_first_has_done(
    village: Village, deed: str
) -> None:
    seen = village.seen()
    await do(village.colleague("boss"), village, "note", words="我刚打过电话")
    before = len(updates(village))
    own, sent = village.colleague("own"), DEEDS[deed]
    answer = await own.post(f"/requests/{village.reference}/{deed}", seen=seen, **sent)
    assert answer.status_code == 409
    since = answer.text.partition("您看过之后")[2].partition("</section>")[0]
    assert "我刚打过电话" in since
    assert sent.get("words", "") in answer.text
    assert len(updates(village)) == before
    done = await do(own, village, deed, **sent)  # negative control: having looked, it is done
    assert done.status_code == 303


@pytest.mark.both_stores
async def test_of_two_at_the_same_moment_one_is_told(village: Village) -> None:
    sent = {"to": "acknowledged", "seen": village.seen()}
    path = f"/requests/{village.reference}/moves"
    answers = await asyncio.gather(
        *(village.colleague(name).post(path, **sent) for name in ("own", "boss", "town"))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    assert [made.status for made in updates(village)] == ["received", "acknowledged"]


async def take_on(own: Colleague, village: Village) -> None:
    await do(own, village, "moves", to="acknowledged")


async def test_a_reply_brings_its_photo_to_the_resident_alone(village: Village) -> None:
    own = village.colleague("own")
    await take_on(own, village)
    answer = await do(own, village, "moves", to="replied", words="换好了")
    assert "要附一张现场照片" in answer.text
    done = await do(own, village, "moves", to="replied", words="换好了", photos=[PHOTO])
    assert done.status_code == 303
    (photo,) = updates(village)[-1].attachments
    assert f"/desk/uploads/{photo}" in (await own.get(f"/requests/{village.reference}")).text
    assert (await own.get(f"/uploads/{photo}")).content == KEPT
    assert (await village.colleague("other").get(f"/uploads/{photo}")).status_code == 404
    while worker(village).deliver_due():
        pass
    assert said(village)[-1] == "换好了"
    client, where = village.bot.client, f"/api/chat/uploads/{photo}"
    ours = {"X-Session": village.bot.session}
    history = (await client.get("/api/chat/history", headers=ours)).json()["messages"]
    sent = [one["upload_id"] for each in history for one in each["attachments"]]
    assert photo in sent
    shown = await client.get(where, headers=ours)
    assert (shown.content, shown.headers["content-type"]) == (KEPT, "image/jpeg")
    assert shown.headers["cache-control"] == "private, no-store"
    assert (await client.get(where, headers={"X-Session": "x" * 32})).status_code == 404
    assert (await client.get(where)).status_code == 422


async def test_a_resident_gets_no_upload_that_was_not_sent_to_them(village: Village) -> None:
    ours, client = {"X-Session": village.bot.session}, village.bot.client
    mine = await client.get(f"/api/chat/uploads/{village.upload_id}", headers=ours)
    assert mine.content == BROUGHT  # their own
    own = village.colleague("own")
    await do(own, village, "tell", words="看", photos=[PHOTO])
    (photo,) = updates(village)[-1].attachments
    unsent = await client.get(f"/api/chat/uploads/{photo}", headers=ours)
    assert unsent.status_code == 404  # it is on its way, and not theirs yet
    for name in ("0" * 32, "..%2f..%2fetc%2fpasswd", "%", "0" * 31 + "%"):
        assert (await client.get(f"/api/chat/uploads/{name}", headers=ours)).status_code == 404


@pytest.mark.parametrize(
    ("photos", "status", "says"),
    [
        ([SVG], 409, "选的文件不是照片"),
        ([b"PK\x03\x04 zipped"], 409, "选的文件不是照片"),
        ([PHOTO, SVG], 409, "选的文件不是照片"),
        ([PHOTO.ljust(LARGEST_PHOTO + 1, b"\0")], 413, "8 MB"),
        ([PHOTO.ljust(20_000_000, b"\0")] * 2, 413, "8 MB"),
        ([PHOTO] * 5, 422, "不能这样做"),
    ],
    ids=["svg", "zip", "one of two", "too large", "far too large", "too many"],
)
async def test_a_photo_that_cannot_be_taken_changes_nothing(
    village: Village, photos: list[bytes], status: int, says: str
) -> None:
    own = village.colleague("own")
    answer = await do(own, village, "tell", words="看这里", photos=photos)
    assert answer.status_code == status
    assert says in answer.text
    assert len(updates(village)) == 1
    with village.bot.parts.database.reading() as db:
        assert [one.id for one in db.scalars(select(Upload))] == [village.upload_id]
    assert [file.name for file in village.bot.parts.webchat.uploads.iterdir()] == [
        village.upload_id
    ]


async def test_a_refused_deed_leaves_no_photo_behind(village: Village) -> None:
    await do(village.colleague("own"), village, "moves", to="declined", photos=[PHOTO])
    assert len(list(village.bot.parts.webchat.uploads.iterdir())) == 1


async def test_a_form_with_photos_that_was_forged_is_refused(village: Village) -> None:
    own = village.colleague("own")
    forged: list[Callable[[], Any]] = [
        lambda: own._send(
            "POST",
            f"/requests/{village.reference}/tell",
            data={"csrf_token": own.token, "words": "x", "seen": village.seen()},
            files=[("photo", ("a.jpg", PHOTO, "image/jpeg"))],
            headers={"Origin": "http://evil.example"},
        ),
        lambda: do(own, village, "tell", words="x", photos=[PHOTO], csrf_token="no"),
    ]
    for try_it in forged:
        assert (await try_it()).status_code == 403
    assert len(updates(village)) == 1


async def test_households_and_followers_are_counted(village: Village) -> None:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        for name in ("a", "b"):
            talk = conversations.at_address(db, channel="webchat", address=name, now=now)
            request = db.get_one(ServiceRequest, village.request().id)
            following.follow(db, request=request, conversation=talk, now=now)
    page = (await village.colleague("own").get(f"/requests/{village.reference}")).text
    assert "3 户" in page
    assert "2 人也遇到" in page


async def test_a_ready_reply_is_put_into_the_words_without_a_script(village: Village) -> None:
    own, which = village.colleague("own"), village.file("parking", "车停在盲道上")
    page = (await own.get(f"/requests/{which}")).text
    assert f"挡道的车已经请车主挪走了（{which}）。" in page
    assert "清理好了" not in page  # of another category
    with_words = (await own.get(f"/requests/{which}", params={"reply": "moved-car"})).text
    box = with_words.partition('<textarea id="words"')[2].partition("</textarea>")[0]
    assert f"车主挪走了（{which}）" in box


async def test_a_macro_is_a_reply_and_a_move_in_one_tap(village: Village) -> None:
    own, which = village.colleague("own"), village.file("parking", "车停在盲道上")
    path = f"/requests/{which}/moves"
    early = await own.post(path, macro="moved-car", seen=village.seen(which), words="")
    assert "不能这样改" in early.text  # nobody has taken it on
    await own.post(path, to="acknowledged", seen=village.seen(which), words="")
    done = await own.post(path, macro="moved-car", seen=village.seen(which), words="")
    assert done.status_code == 303
    assert village.request(which).status == Status.REPLIED
    while worker(village).deliver_due():
        pass
    assert said(village)[-1] == f"挡道的车已经请车主挪走了（{which}）。"
    unknown = await own.post(path, macro="nothing", seen=village.seen(which), words="x")
    assert "不能这样改" in unknown.text
