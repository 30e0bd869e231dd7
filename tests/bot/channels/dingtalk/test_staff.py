"""Staff deal with a request on DingTalk, from its notice to the reply with a photo."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Author, Message
from actions.governance.model import Status
from actions.people import links
from actions.people.links import Door
from actions.people.model import LinkCode
from bot.channels.dingtalk.reading import NAME
from tests.bot.channels.dingtalk.conftest import GROUP, WANG, Office
from tests.bot.conftest import Echo, photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CODE = "mIofN681YE3f/+m+NntqpTtest0FakeDownloadCode=="
STRANGER = "9876543210"


def assistant(office: Office) -> Echo:
    found = office.parts.gateway.ground.assistant
    assert isinstance(found, Echo)
    return found


async def test_a_request_is_dealt_with_from_notice_to_reply(office: Office) -> None:
    assert "您是 wang" in await office.say(f"绑定 {office.code('wang')}")
    assert "道路养护" in await office.say(f"绑定群 {office.code()}", group=GROUP)
    reference = office.file()
    await office.deliver()
    notice = office.ding.texts(GROUP)[-1]
    assert reference in notice
    assert notice.endswith("\n1. 接\n2. 转\n3. 查")
    assert "归 wang 办" in await office.say("接", group=GROUP)
    assert reference in await office.say(f"查 {reference[-4:]}", group=GROUP)
    office.ding.files[CODE] = photo()
    done = [
        {"text": "@小沥"},
        {"text": f" 办结 {reference[-4:]} 灯换好了"},
        {"downloadCode": CODE, "type": "picture"},
    ]
    told = office.payload("rich_text_in_group", group=GROUP, content={"richText": done})
    await office.bring(told)
    assert "已答复居民，附照片 1 张" in office.ding.texts(GROUP)[-1]
    assert office.request(reference).status == Status.REPLIED
    assert assistant(office).heard == []
    assert office.ding.refused == []


async def test_a_photo_sent_before_goes_with_the_reply(office: Office) -> None:
    await office.move_in()
    reference = office.file()
    await office.say(f"接 {reference[-4:]}")
    office.ding.files[CODE] = photo()
    await office.bring(office.payload("picture_alone"))
    assert "照片收到了" in office.ding.texts(WANG)[-1]
    assert "附照片 1 张" in await office.say(f"办结 {reference[-4:]} 灯换好了")


async def test_the_number_of_a_line_is_the_word_that_stands_there(office: Office) -> None:
    await office.move_in()
    reference = office.file()
    await office.deliver()
    assert f"转 小组 {reference}" in await office.say("2", group=GROUP)
    assert "归 wang 办" in await office.say("1", group=GROUP)


async def test_a_number_names_no_request_where_several_were_told_at_once(
    office: Office,
) -> None:
    """As the word does: the notice told last may not be the one that is meant."""
    await office.move_in()
    references = [office.file(), office.file(who="another")]
    await office.deliver()
    answer = await office.say("1", group=GROUP)
    assert all(reference in answer for reference in references)
    assert {office.request(one).status for one in references} == {Status.RECEIVED}


@pytest.mark.parametrize("said", ["接", "1"])
async def test_a_quoted_notice_is_the_one_that_is_meant_though_dingtalk_tells_no_words(
    office: Office, said: str
) -> None:
    await office.move_in()
    first, second = office.file(), office.file(who="another")
    await office.deliver()
    notice = next(one for one in office.ding.sent if first in one.text)
    quoting = {"isReplyMsg": True, "repliedMsg": {"msgType": "interactiveCard"}}
    key = {"originalProcessQueryKey": notice.key}
    assert first in await office.say(said, group=GROUP, quoting=quoting, **key)
    statuses = [office.request(one).status for one in (first, second)]
    assert statuses == [Status.ACKNOWLEDGED, Status.RECEIVED]


async def test_what_was_said_in_another_chat_is_no_quote_here(office: Office) -> None:
    await office.move_in()
    reference = office.file()
    await office.say(f"查 {reference[-4:]}")
    alone = next(one for one in office.ding.sent if reference in one.text)
    assert "金丝雀" in alone.text
    key = {"originalProcessQueryKey": alone.key}
    assert reference not in await office.say("接", group=GROUP, **key)


async def test_words_of_residents_are_shown_alone_and_never_in_a_group(office: Office) -> None:
    await office.move_in()
    reference = office.file()
    await office.deliver()
    await office.say(f"查 {reference[-4:]}", group=GROUP)
    await office.say(f"查 {reference[-4:]}")
    assert any("金丝雀" in text for text in office.ding.texts(WANG))
    assert not any("金丝雀" in text for text in office.ding.texts(GROUP))


async def test_whoever_is_not_linked_gets_a_kind_sentence_and_no_assistant(
    office: Office,
) -> None:
    office.ding.members.add(STRANGER)
    for text in ("你好", "下一班 368 几点", "接 0001", "人工", "我要报修路灯"):
        answer = await office.say(text, who=STRANGER)
        assert answer == office.render("utter_staff_unlinked")
    assert assistant(office).heard == []


async def test_a_stranger_in_a_group_learns_nothing(office: Office) -> None:
    await office.move_in()
    reference = office.file()
    answer = await office.say(f"查 {reference[-4:]}", who=STRANGER, group=GROUP)
    assert answer == office.render("utter_staff_unlinked")
    other = "cidT1RIRVJHUk9VUEZBS0U="
    office.ding.groups.add(other)
    answer = await office.say("你好", who=STRANGER, group=other)
    assert answer == office.render("utter_group_not_here")
    assert assistant(office).heard == []


async def test_an_emergency_gets_its_number_whoever_writes_of_it(office: Office) -> None:
    office.ding.members.add(STRANGER)
    assert "119" in await office.say("3幢着火了", who=STRANGER)


async def test_a_residents_code_is_left_to_the_resident(office: Office) -> None:
    now = office.clock.now()
    with office.parts.database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address="r", now=now)
        said = links.code_for_resident(db, talk.resident_id, key="key", now=now)
    assert await office.say(f"绑定 {said}") == office.render("utter_staff_not_linked")
    with office.parts.database.reading() as db:
        kept = db.scalars(select(LinkCode)).one()
        assert (kept.tries, kept.used_at, kept.said_by) == (0, None, None)


async def test_a_member_of_another_organisation_is_not_ours_though_the_ids_are_alike(
    office: Office,
) -> None:
    await office.move_in()
    answer = await office.say("查 全部", group=GROUP, senderCorpId="dingffffffffffffffff")
    assert answer == office.render("utter_staff_unlinked")
    assert await office.say("查 全部", group=GROUP) != answer


async def test_in_a_group_nobody_is_answered_who_did_not_call_us(office: Office) -> None:
    await office.move_in()
    before = len(office.ding.sent)
    await office.bring(office.payload("text_in_group_to_others", group=GROUP))
    assert len(office.ding.sent) == before
    assert office.render("utter_staff_unlinked") not in office.ding.texts(GROUP)


async def test_the_group_gets_no_more_in_a_minute_than_dingtalk_takes(office: Office) -> None:
    await office.move_in()
    for n in range(30):
        now = office.clock.now()
        with office.parts.database.transaction() as db:
            talk = conversations.at_address(db, channel=NAME, address=GROUP, now=now)
            conversations.say(db, talk, f"{n:02}", author=Author.ASSISTANT, now=now)
    for _ in range(200):
        await office.courier.bring_due()
        office.clock.pass_by(timedelta(seconds=1))
    assert office.ding.texts(GROUP)[-30:] == [f"{n:02}" for n in range(30)]
    assert office.ding.refused == []


async def test_what_staff_say_is_theirs_and_of_the_log(office: Office) -> None:
    await office.move_in()
    await office.say("帮助", group=GROUP)
    with office.parts.database.reading() as db:
        assert links.speaker(db, Door(NAME, WANG))
        staff = select(Message).where(Message.author == Author.STAFF)
        assert "帮助" in {one.text for one in db.scalars(staff)}
