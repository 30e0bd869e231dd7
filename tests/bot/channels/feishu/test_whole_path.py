"""Staff at work in Feishu: linked, told of a request, on it by a button, done with a photo."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.governance import service
from actions.governance.model import ServiceRequest, Status
from actions.governance.service import Report, Where
from actions.people import links
from actions.people.links import Place
from actions.people.model import Area, Role, Staff, StaffAddress
from bot.delivery import Delivery
from tests.bot.channels.feishu.conftest import Office
from tests.bot.channels.feishu.open_feishu import COLLEAGUE, GROUP, WHO, Message
from tests.bot.conftest import PACK, photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WORDS = '路灯坏了 <at user_id="all"></at> **急**'


@pytest.fixture
def staffed(office: Office) -> Office:
    """Two members of staff of the road team; the first may make chats."""
    with office.database.transaction() as db:
        db.add_all([Area(id="guali/", tier="town"), Area(id="guali/qicai/", tier="village")])
        db.flush()
        for name, role in (("boss", Role.ADMIN), ("wang", Role.STAFF)):
            db.add(
                Staff(
                    username=name,
                    role=role,
                    area_id="guali/",
                    team_id="road-team",
                    password_hash="-",
                    created_at=office.clock.now(),
                )
            )
    return office


def code_of(office: Office, name: str = "") -> str:
    """A code from the desk: of a member of staff, or of the road team's chat."""
    with office.database.transaction() as db:
        now = office.clock.now()
        if not name:
            return links.code_for_chat(db, Place("guali/", "road-team"), key="key", now=now)
        member = db.scalars(select(Staff).where(Staff.username == name)).one()
        return links.code_for_staff(db, member, key="key", now=now)


async def link(office: Office) -> None:
    """Link both members of staff, each alone, and the group."""
    for who, name in ((WHO, "boss"), (COLLEAGUE, "wang")):
        (said,) = await office.say(f"绑定 {code_of(office, name)}", who)
        assert f"您是 {name}" in said
    (said,) = await office.say(f"绑定群 {code_of(office)}", group=GROUP)
    assert said.startswith("绑好了")


def file(office: Office, who: str = "r") -> str:
    """A resident reports something; returns its reference."""
    now = office.clock.now()
    with office.database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address=who, now=now)
        report = Report("road-light", WORDS, Where("gz-youyi"))
        request = service.file(db, pack=PACK, report=report, conversation=talk, now=now)
        request.area_id = "guali/qicai/"
        return request.reference


async def deliver(office: Office) -> None:
    """Have everybody told what they are owed."""
    worker = Delivery(
        office.database, office.clock, office.parts.wording, timedelta(minutes=30)
    )
    while worker.deliver_due():
        pass
    await office.hear()


def request_of(office: Office, reference: str) -> ServiceRequest:
    with office.database.reading() as db:
        found = select(ServiceRequest).where(ServiceRequest.reference == reference)
        return db.scalars(found).one()


async def told_of(office: Office, reference: str) -> Message:
    await deliver(office)
    return next(one for one in office.feishu.sent if reference in one.text)


def post(office: Office, text: str, key: str, who: str) -> Any:
    """A rich text in the group: our name, words, and a photo."""
    made = office.caller.event("group_post_with_photo")
    said = made["event"]["message"]
    said["content"] = json.dumps(
        {
            "title": "",
            "content": [
                [{"tag": "at", "user_id": "@_user_1"}, {"tag": "text", "text": f" {text}"}],
                [{"tag": "img", "image_key": key}],
            ],
        }
    )
    made["event"]["sender"]["sender_id"]["open_id"] = who
    office.feishu.files[said["message_id"], "image", key] = photo()
    return made


async def test_a_request_from_its_card_to_its_reply_with_a_photo(staffed: Office) -> None:
    await link(staffed)
    reference = file(staffed)
    card = await told_of(staffed, reference)
    assert (card.to, card.type) == (GROUP, "interactive")
    assert [one["text"]["content"] for one in card.buttons] == ["接", "转", "查"]
    assert WORDS not in card.text  # a group is not told residents' words
    (taken,) = await staffed.send(staffed.caller.tap(card, "接", COLLEAGUE))
    assert "归 wang 办" in taken
    number = reference[-4:]
    (done,) = await staffed.send(post(staffed, f"办结 {number} 灯换好了", "img_1", COLLEAGUE))
    assert "已答复居民，附照片 1 张" in done
    request = request_of(staffed, reference)
    assert request.status == Status.REPLIED
    (shown,) = await staffed.say(f"查 {number}", COLLEAGUE, group=GROUP)
    assert reference in shown
    assert staffed.assistant.heard == []
    assert staffed.feishu.refused == []


async def test_alone_with_us_a_photo_comes_first_and_residents_words_are_shown_as_they_are(
    staffed: Office,
) -> None:
    await link(staffed)
    reference = file(staffed)
    await deliver(staffed)
    number = reference[-4:]
    (shown,) = await staffed.say(f"查 {number}", COLLEAGUE)
    assert WORDS in shown
    await staffed.say(f"接 {number}", COLLEAGUE)
    sent = staffed.caller.event("image", content='{"image_key": "img_1"}')
    sent["event"]["sender"]["sender_id"]["open_id"] = COLLEAGUE
    message_id = sent["event"]["message"]["message_id"]
    staffed.feishu.files[message_id, "image", "img_1"] = photo()
    (kept,) = await staffed.send(sent)
    assert "照片收到了" in kept
    (done,) = await staffed.say(f"办结 {number} 灯换好了", COLLEAGUE)
    assert "附照片 1 张" in done


async def test_an_answer_to_a_card_is_about_its_request(staffed: Office) -> None:
    await link(staffed)
    first = file(staffed)
    card = await told_of(staffed, first)
    staffed.clock.pass_by(timedelta(minutes=5))
    second = file(staffed, "another")
    await deliver(staffed)
    (taken,) = await staffed.say("接", COLLEAGUE, group=GROUP, named=False, quoted=card.id)
    assert first in taken
    assert request_of(staffed, second).status == Status.RECEIVED


async def test_a_tap_that_comes_again_does_one_thing_and_says_so_at_once(
    staffed: Office,
) -> None:
    await link(staffed)
    card = await told_of(staffed, file(staffed))
    tap = staffed.caller.tap(card, "接", COLLEAGUE)
    assert (await staffed.caller.call(tap)).json() == {}
    for number in range(20):
        tap["header"]["event_id"] = f"again-{number}"
        answer = (await staffed.caller.call(tap)).json()
        assert answer["toast"]["type"] == "info"
        assert answer["toast"]["content"] == staffed.render("utter_tapped_before")
    before = len(staffed.feishu.sent)
    await staffed.hear()
    assert len(staffed.feishu.sent) == before + 1


async def test_the_second_to_tap_hears_who_was_faster(staffed: Office) -> None:
    await link(staffed)
    card = await told_of(staffed, file(staffed))
    await staffed.send(staffed.caller.tap(card, "接", COLLEAGUE))
    (said,) = await staffed.send(staffed.caller.tap(card, "接", WHO))
    assert "wang" in said


async def test_a_button_of_a_card_that_was_carried_elsewhere_does_nothing(
    staffed: Office,
) -> None:
    await link(staffed)
    reference = file(staffed)
    tap = staffed.caller.tap(await told_of(staffed, reference), "接", COLLEAGUE)
    elsewhere = "oc_" + "1" * 32
    staffed.feishu.groups.add(elsewhere)
    tap["event"]["context"]["open_chat_id"] = elsewhere
    await staffed.send(tap)
    tap["event"]["action"]["value"]["group"] = False
    await staffed.send(tap)
    assert request_of(staffed, reference).status == Status.RECEIVED


async def test_a_stranger_in_the_group_of_staff_does_nothing(staffed: Office) -> None:
    await link(staffed)
    reference = file(staffed)
    card = await told_of(staffed, reference)
    (said,) = await staffed.send(staffed.caller.tap(card, "接", "ou_stranger"))
    assert said == staffed.render("utter_staff_unlinked")
    assert request_of(staffed, reference).status == Status.RECEIVED


async def test_who_is_linked_alone_is_known_in_the_group_and_a_code_said_there_is_void(
    staffed: Office,
) -> None:
    code = code_of(staffed, "boss")
    (said,) = await staffed.say(f"绑定 {code}", group=GROUP)
    assert said == staffed.render("utter_staff_link_alone")
    with staffed.database.reading() as db:
        assert db.scalars(select(StaffAddress)).all() == []
    await link(staffed)
    with staffed.database.reading() as db:
        known = {(one.channel, one.address) for one in db.scalars(select(StaffAddress))}
    assert known == {("feishu", WHO), ("feishu", COLLEAGUE)}
