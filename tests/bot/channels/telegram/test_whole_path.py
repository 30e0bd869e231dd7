"""From a call of Telegram's to the answer that stands in the chat, and what may go wrong."""

import logging
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from structlog.testing import capture_logs

from actions import conversations, pacing
from actions.conversations import Author, Choice, Message, Status
from actions.leasing import LEASE
from actions.people.model import Address
from actions.sending import Priority, SendingState, Way
from bot import logs
from bot.channels.parts import parts
from bot.channels.platform import Letter
from bot.courier import Courier
from bot.unread import LOST, UNREAD
from tests.bot.channels.telegram.conftest import SECRET, WHO, Town
from tests.bot.channels.telegram.fake_api import A_MINUTE, A_SECOND, TOKEN
from tests.bot.conftest import photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECOND = timedelta(seconds=1)


async def test_who_writes_is_answered_in_the_chat(town: Town) -> None:
    await town.say("下一班公交几点")
    assert town.heard() == [town.said("utter_introduction"), "你说：下一班公交几点"]
    assert [one["text"] for one in town.api.sent[-1].buttons] == ["是", "否"]


async def test_a_tap_is_seen_at_once_understood_and_its_buttons_go(town: Town) -> None:
    await town.say("要报名")
    asked = town.api.sent[-1]
    await town.tap(asked, 1)
    assert town.assistant.heard[-1][1] == '/choose{"choice": "yes"}'
    assert [words for _, words in town.api.answered] == [""]
    assert (town.api.edited, asked.buttons) == ([asked.id], [])


async def test_a_double_tap_does_and_says_one_thing(town: Town) -> None:
    await town.say("要报名")
    first, second = (town.tapped(town.api.sent[-1], 1) for _ in range(2))
    for update in (first, second):
        assert await town.hook(update) == 200
    await town.hear()
    assert len(town.assistant.heard) == 2
    assert [words for _, words in town.api.answered] == ["", town.said("utter_tapped_before")]


async def test_a_tap_on_buttons_of_long_ago_changes_nothing(town: Town) -> None:
    await town.say("要报名")
    asked = town.api.sent[-1]
    await town.say("还有什么")
    await town.tap(asked, 1)
    await town.send("tap_on_something_old")
    assert town.heard()[-2:] == [town.said("utter_old_choice")] * 2
    assert len(town.assistant.heard) == 2


async def test_a_platform_that_forgot_a_tap_hinders_nothing(town: Town) -> None:
    await town.say("要报名")
    update = town.tapped(town.api.sent[-1], 1)
    town.api.taps.clear()
    assert await town.hook(update) == 200
    await town.hear()
    assert len(town.assistant.heard) == 2


async def test_an_edit_changes_nothing_and_is_spoken_of_once_a_message(town: Town) -> None:
    await town.say("要报名")
    for text in ("改成周六", "改成周日"):
        await town.send("edited_text", text=text)
    assert town.heard()[2:] == [town.said("utter_unread_edit")]
    await town.say("1")  # what was asked before still waits
    assert [heard for _, heard in town.assistant.heard] == [
        "要报名",
        '/choose{"choice": "yes"}',
    ]


UNSAID = {"tap", "edit", LOST}  # told of elsewhere
KINDS = {kind: kind for kind in UNREAD if kind not in UNSAID} | {
    "large": "voice_too_large",
    "other": "",
    "forwarded": "forwarded_text",
}


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if KINDS[kind]))
async def test_what_we_cannot_read_is_said_so_and_changes_nothing(
    town: Town, kind: str
) -> None:
    await town.say("要报名")
    await town.send(KINDS[kind])
    assert town.heard()[2:] == [town.said(UNREAD[kind])]
    await town.say("2")
    assert [heard for _, heard in town.assistant.heard] == ["要报名", '/choose{"choice": "no"}']


async def test_words_under_a_video_are_answered_and_the_video_is_not_passed_over(
    town: Town,
) -> None:
    await town.send("video_with_caption")
    assert town.heard()[1:] == [town.said("utter_unread_video"), "你说：水管一直在漏"]


async def test_a_payload_that_is_typed_is_plain_words(town: Town) -> None:
    await town.send("typed_intent")
    assert town.assistant.heard[-1][1] == '／book_activity{"choice": "1"}'


async def test_an_emergency_gets_its_number_also_when_it_is_forwarded(town: Town) -> None:
    await town.send("emergency")
    await town.send("forwarded_text", text="3幢着火了")
    assert ["119" in text for text in town.heard()] == [True, True]
    assert town.assistant.heard == []


async def test_a_photo_is_fetched_before_it_is_answered(town: Town) -> None:
    town.api.files["AgAClarge"] = photo()
    await town.send("photo_with_caption")
    assert town.heard()[-1] == "你说：东门的路灯坏了"
    with town.parts.database.reading() as db:
        kept = db.scalars(select(Message).where(Message.author == Author.RESIDENT)).one()
    (attachment,) = kept.attachments
    file = town.parts.webchat.uploads / attachment["upload_id"]
    assert (attachment["remote"], file.is_file()) == ("", True)


async def test_a_photo_that_does_not_come_through_is_said_so(town: Town) -> None:
    await town.send("photo")
    assert town.heard()[-1] == town.said("utter_unread_lost")


async def test_a_talk_with_a_person_goes_to_the_desk_and_a_sticker_is_said_to_be_unread(
    town: Town,
) -> None:
    await town.say("你好")
    with town.parts.database.transaction() as db:
        now = town.clock.now()
        talk = conversations.at_address(db, channel="telegram", address=str(WHO), now=now)
        conversations.open_for_staff(db, talk, now=now)
        assert talk.status == Status.OPEN
    await town.send("sticker")
    await town.say("灯还没修")
    assert town.heard()[2:] == [
        town.said("utter_unread_sticker"),
        town.said("utter_receipt"),
    ]


async def test_elders_answer_with_a_key(town: Town) -> None:
    await town.say("你好")
    with town.parts.database.transaction() as db:
        now = town.clock.now()
        talk = conversations.at_address(db, channel="telegram", address=str(WHO), now=now)
        talk.resident.elder = True
    await town.say("要报名")
    assert town.api.sent[-1].keys == [["1", "2"], ["人工"]]
    assert town.heard()[-1] == "你说：要报名\n1. 是\n2. 否"
    await town.say("2")
    assert town.assistant.heard[-1][1] == '/choose{"choice": "no"}'


async def test_in_a_group_nobody_is_answered_who_did_not_speak_to_us(town: Town) -> None:
    await town.send("group_talk")
    assert (town.entries(), town.api.sent) == ([], [])
    await town.send("group_mention", text="@xiaoli_guali_bot 我要报名")
    group = town.api.texts("-1001234567890")
    assert group[-1] == town.said("utter_group_not_here")
    assert town.assistant.heard == []


# Delivery.


def owe(town: Town, who: int | str, text: str, priority: Priority = Priority.REPLY) -> None:
    with town.parts.database.transaction() as db:
        now = town.clock.now()
        talk = conversations.at_address(db, channel="telegram", address=str(who), now=now)
        conversations.say(db, talk, text, author=Author.ASSISTANT, now=now, way=Way(priority))


async def test_everything_arrives_once_and_in_order_in_each_chat(town: Town) -> None:
    for n in range(12):
        owe(town, WHO + n % 3, f"{n:02}")
    await town.hear()
    for n in range(3):
        assert town.heard(WHO + n) == [f"{k:02}" for k in range(n, 12, 3)]
    assert town.api.refused == []


async def test_our_limits_stay_within_telegrams(town: Town) -> None:
    for n in range(60):
        owe(town, WHO + n, "停水", Priority.BROADCAST)
    for n in range(25):
        owe(town, -100, f"{n}")
    with town.parts.database.transaction() as db:
        talk = conversations.at_address(
            db, channel="telegram", address="-100", now=town.clock.now()
        )
        db.get_one(Address, talk.address_id).is_group = True
    for step in [SECOND / 8] * 40 + [SECOND] * 90:
        await town.courier.bring_due()
        town.clock.pass_by(step)
    assert len(town.api.sent) == 85
    assert town.api.refused == []


async def test_without_our_limits_telegram_refuses(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the paces, and of the fake's strictness."""
    monkeypatch.setattr(pacing, "room", lambda _paced, _pace, now: pacing.PLENTY)
    for n in range(A_SECOND + A_MINUTE):
        owe(town, WHO + n, "停水")
    while len(town.api.sent) + len(town.api.refused) < A_SECOND + A_MINUTE:
        await town.courier.bring_due()
    assert len(town.api.sent) == A_SECOND
    assert any("Too Many Requests" in refused for refused in town.api.refused)


async def test_a_storm_of_refusals_passes_and_everything_arrives_once(town: Town) -> None:
    for n in range(40):
        owe(town, WHO + n % 20, f"{n:02}")
    town.api.storm_until = town.clock.now() + timedelta(seconds=40)
    await town.hear(100)
    assert sorted(one.text for one in town.api.sent) == [f"{n:02}" for n in range(40)]
    for who in range(WHO, WHO + 20):
        first, second = town.heard(who)
        assert first < second
    stormed = sum("Too Many Requests" in refused for refused in town.api.refused)
    assert 3 <= stormed <= 20
    assert {one.tries for one in town.sendings()} == {0}


async def test_one_chat_that_is_slowed_holds_up_no_other(town: Town) -> None:
    owe(town, WHO, "一")
    await town.hear()
    town.api.sent[-1].at += timedelta(seconds=30)  # as if it had had more than we know
    owe(town, WHO, "二")
    owe(town, WHO + 1, "三")
    for _ in range(3):
        await town.courier.bring_due()
        town.clock.pass_by(SECOND)
    assert town.heard(WHO + 1) == ["三"]
    assert town.heard() == ["一"]


async def test_a_courier_killed_after_it_sent_says_it_once_more_at_most(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object) -> None:
        raise SystemError

    await town.say("要报名")
    owe(town, WHO, "提醒")
    with monkeypatch.context() as patch:
        patch.setattr(Courier, "_sent", killed)
        with pytest.raises(SystemError):
            await town.courier.bring_due()
    town.clock.pass_by(LEASE + SECOND)
    await town.hear()
    assert town.heard().count("提醒") == 2
    assert {one.state for one in town.sendings()} == {SendingState.SENT}


async def test_a_courier_that_marks_before_it_sends_loses_messages(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of sending before it is written down."""

    async def killed(self: Courier, errand: object) -> None:
        self._sent(errand, "")  # type: ignore[arg-type]
        raise SystemError

    owe(town, WHO, "提醒")
    with monkeypatch.context() as patch:
        patch.setattr(Courier, "_bring", killed)
        with pytest.raises(SystemError):
            await town.courier.bring_due()
    town.clock.pass_by(LEASE + SECOND)
    await town.hear()
    assert town.heard() == []


async def test_a_platform_that_took_it_and_did_not_say_so_hears_it_once_more(
    town: Town,
) -> None:
    owe(town, WHO, "提醒")
    town.api.answers_lost = 1
    await town.hear()
    assert town.heard() == ["提醒", "提醒"]


async def test_who_blocked_us_gets_no_more_and_others_theirs(town: Town) -> None:
    town.api.blocked = {str(WHO)}
    owe(town, WHO, "一")
    owe(town, WHO + 1, "二")
    await town.hear()
    assert [one.state for one in town.sendings()] == [SendingState.DEAD, SendingState.SENT]


async def test_a_long_text_comes_in_parts_with_the_buttons_last(town: Town) -> None:
    text = "😀每周二下午两点在三楼。" * 900
    with town.parts.database.transaction() as db:
        now = town.clock.now()
        talk = conversations.at_address(db, channel="telegram", address=str(WHO), now=now)
        conversations.say(
            db, talk, text, author=Author.ASSISTANT, now=now, choices=[Choice("好", "affirm")]
        )
    await town.hear()
    assert "".join(town.heard()) == text
    assert [bool(one.buttons) for one in town.api.sent] == [False, False, True]
    assert all(b.at - a.at >= SECOND for a, b in pairwise(town.api.sent))


HOSTILE = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("<>&_*[]()~`#+-=|{}.!\\/@\u202e😀"),
    min_size=1,
    max_size=300,
)


async def test_no_text_fails_to_be_sent_or_changes_its_meaning(town: Town) -> None:
    """What the platform trims we trim before: what arrives is what was written."""
    written: list[tuple[str, str, bool]] = []

    @settings(
        max_examples=200,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(HOSTILE.filter(str.strip), HOSTILE, st.booleans())
    def collect(text: str, label: str, elder: bool) -> None:
        written.append((text, label, elder))

    collect()
    for n, (text, label, elder) in enumerate(written):
        (part,) = parts(text, longest=4096, bytes_=100_000)
        choices = (Choice(label, "affirm", "", f"c.{n:011}"),)
        await town.telegram.send(Letter(str(n), part, str(n), choices, elder=elder))
        town.clock.pass_by(SECOND / 20)
        arrived = town.api.sent[-1]
        assert arrived.text.startswith(text.strip())
        assert bool(arrived.buttons) != elder
    assert town.api.refused == []


async def test_neither_words_nor_secrets_are_logged(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure()
    caplog.set_level(logging.DEBUG)
    canary = "金丝雀-5f1d"
    with capture_logs() as logged:
        await town.say(canary)
        await town.hook(b"{" + canary.encode())
        town.api.down = True
        owe(town, WHO, canary)
        await town.hear(3)
    written = caplog.text + repr(logged)
    for secret in (canary, TOKEN, SECRET):
        assert secret not in written
    assert "not sent" in written
