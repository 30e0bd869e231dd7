"""Letters out, files in: what arrives, what does not, and what each refusal becomes."""

import asyncio
import json
import logging
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from actions import conversations, pacing
from actions.channels import CHANNELS
from actions.conversations import Attachment, Author, Choice
from actions.people.model import Address, Words
from actions.sending import Priority, SendingState, Way
from bot import logs
from bot.channels.feishu import sending
from bot.channels.feishu.sending import StillSending
from bot.channels.parts import in_pieces, utf16
from bot.channels.platform import Blocked, Closed, Letter, Refused, Slowed
from bot.channels.servers import NoToken
from tests.bot.channels.feishu.conftest import Office
from tests.bot.channels.feishu.open_feishu import (
    COLLEAGUE,
    GROUP,
    KEY,
    LARGEST,
    SECRET,
    TOKEN,
    WHO,
)
from tests.bot.conftest import photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECOND = timedelta(seconds=1)
LETTER = Letter(to=GROUP, text="新的诉求", key="1-0", is_group=True)


def owe(office: Office, to: str, text: str, *, photos: int = 0, choices: int = 0) -> None:
    """Owe a chat a message, with photos and buttons."""
    now, attached = office.clock.now(), []
    for n in range(photos):
        office.courier.uploads.mkdir(parents=True, exist_ok=True)
        (office.courier.uploads / (f"{n}" * 32)).write_bytes(photo())
        attached.append(Attachment("photo", upload_id=f"{n}" * 32))
    offered = [Choice(f"第{n}个", "staff_show", str(n)) for n in range(1, choices + 1)]
    with office.database.transaction() as db:
        talk = conversations.at_address(db, channel="feishu", address=to, now=now)
        db.get_one(Address, talk.address_id).is_group = to.startswith("oc_")
        conversations.say(
            db,
            talk,
            text,
            author=Author.ASSISTANT,
            now=now,
            choices=offered,
            attachments=attached,
            way=Way(Priority.REPLY),
        )


async def test_words_are_a_post_and_words_with_choices_a_card(office: Office) -> None:
    owe(office, GROUP, "第一行\n\n第三行")
    owe(office, WHO, "接不接？", choices=2)
    await office.hear()
    post, card = sorted(office.feishu.sent, key=lambda one: one.type, reverse=True)
    assert (post.type, post.to, post.text) == ("post", GROUP, "第一行\n\n第三行")
    assert (card.type, card.to, card.text) == ("interactive", WHO, "接不接？")
    assert [one["text"]["content"] for one in card.buttons] == ["第1个", "第2个"]


async def test_a_button_carries_an_id_and_where_it_is_and_no_words(office: Office) -> None:
    owe(office, GROUP, "接不接？", choices=1)
    await office.hear()
    (button,) = office.feishu.sent[-1].buttons
    choice = button["value"].pop("choice")
    assert conversations.CHOICE_ID.fullmatch(choice)
    assert button["value"] == {"group": True}


async def test_choices_beyond_the_buttons_are_numbered_lines(office: Office) -> None:
    most = CHANNELS["feishu"].choices
    owe(office, GROUP, "哪一个？", choices=most + 2)
    await office.hear()
    (card,) = office.feishu.sent
    assert len(card.buttons) == most
    assert card.text == f"哪一个？\n{most + 1}. 第{most + 1}个\n{most + 2}. 第{most + 2}个"


async def test_a_photo_is_a_message_of_its_own(office: Office) -> None:
    owe(office, GROUP, "修好了", photos=2)
    await office.hear()
    assert [one.type for one in office.feishu.sent] == ["post", "image", "image"]
    assert [office.feishu.images[one.image] for one in office.feishu.sent[1:]] == [photo()] * 2


async def test_a_photo_that_was_forgotten_is_given_up(office: Office, tmp_path: Path) -> None:
    letter = Letter(GROUP, "", "1-0", photos=(tmp_path / "gone",))
    with pytest.raises(Refused, match="no_file"):
        await office.platform.send(letter)


HOSTILE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"])
    | st.sampled_from("<>&_*[]()~`#+-=|{}.!\\/@\u202e😀\n\"'"),
    min_size=1,
    max_size=300,
)


async def test_no_words_are_taken_for_markup_and_none_fail_to_arrive(office: Office) -> None:
    """They stand in elements that Feishu shows as they are; the fake takes no others."""
    written: list[tuple[str, str, bool]] = []

    @settings(
        max_examples=200,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(HOSTILE.filter(str.strip), HOSTILE, st.booleans())
    def collect(text: str, label: str, card: bool) -> None:
        written.append((text.strip(), label, card))

    collect()
    written += [('<at user_id="all">所有人</at> **路灯** [x](http://x)', "<at>", True)]
    for n, (text, label, card) in enumerate(written):
        choices = (Choice(label, "x", "", f"c.{n:011}"),) if card else ()
        await office.platform.send(Letter(GROUP, text, str(n), choices))
        office.clock.pass_by(SECOND)
        arrived = office.feishu.sent[-1].text
        assert arrived == (text if card else "\n".join(map(str.rstrip, text.splitlines())))
    assert office.feishu.refused == []


async def test_the_longest_that_we_send_is_within_what_feishu_takes(office: Office) -> None:
    facts = CHANNELS["feishu"]
    for sign in ("长", '"', "\\", "😀", "\n字"):
        choices = [Choice("标" * 200, "x", "", f"c.{n:011}") for n in range(facts.choices)]
        text = (sign * facts.longest)[: facts.longest]
        message = conversations.Message(
            words=Words(text=text),
            choices=list(map(asdict, choices)),
            attachments=[],
        )
        for n, piece in enumerate(in_pieces(message, [], facts)):
            letter = Letter(GROUP, piece.text, f"{sign}{n}", piece.choices, is_group=True)
            await office.platform.send(letter)
            office.clock.pass_by(SECOND)
            assert utf16(piece.text) <= facts.longest
    assert office.feishu.refused == []
    with pytest.raises(Refused, match="230025"):  # negative control
        await office.platform.send(Letter(GROUP, "长" * LARGEST, "x"))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("99991400", Slowed),
        ("11232", Slowed),
        ("230020", Slowed),
        ("230002", Blocked),
        ("230013", Blocked),
        ("230029", Blocked),
        ("230053", Blocked),
        ("232009", Blocked),
        ("230018", Closed),
        ("230035", Closed),
        ("230049", StillSending),
        ("230001", Refused),
        ("230022", Refused),
        ("230025", Refused),
        ("230099", Refused),
    ],
)
async def test_what_feishu_says_no_with_has_a_meaning(
    office: Office, code: str, error: type[Exception]
) -> None:
    office.feishu.faults = [code]
    with pytest.raises(error):
        await office.platform.send(LETTER)
    await office.platform.send(LETTER)


async def test_a_pause_is_as_long_as_feishu_says_and_of_all_or_of_that_chat(
    office: Office,
) -> None:
    office.feishu.faults = ["slow down", "230020"]
    with pytest.raises(Slowed) as all_of_us:
        await office.platform.send(LETTER)
    with pytest.raises(Slowed) as that_chat:
        await office.platform.send(LETTER)
    assert (all_of_us.value.seconds, all_of_us.value.everywhere) == (7, True)
    assert (that_chat.value.seconds, that_chat.value.everywhere) == (sending.PAUSE, False)


async def test_the_fake_refuses_what_feishu_refuses(office: Office) -> None:
    office.feishu.dissolved, office.feishu.unknown = {"oc_dissolved"}, {COLLEAGUE}
    for to in ("oc_another", "oc_dissolved", COLLEAGUE):
        with pytest.raises(Blocked):
            await office.platform.send(Letter(to, "在吗", "1"))
    with pytest.raises(Refused, match="empty"):
        await office.platform.send(Letter(GROUP, " ", "1"))


async def test_what_arrived_and_was_not_heard_to_arrives_once(office: Office) -> None:
    office.feishu.faults = ["lost"] * 3 + ["230049", "down"]
    owe(office, GROUP, "提醒")
    await office.hear(3000)
    assert office.feishu.heard_in(GROUP) == ["提醒"]
    assert [one.state for one in office.sendings()] == [SendingState.SENT]
    assert office.sendings()[0].platform_id == office.feishu.sent[0].id


async def test_without_an_id_of_its_own_it_would_arrive_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the letter's uuid."""
    numbers = iter(range(100))
    monkeypatch.setattr(sending, "uuid_of", lambda _letter: f"{next(numbers)}")
    office.feishu.faults = ["lost"] * 3
    owe(office, GROUP, "提醒")
    await office.hear(3000)
    assert office.feishu.heard_in(GROUP) == ["提醒"] * 4


async def test_a_token_is_asked_for_once_by_many_and_again_once_it_has_ended(
    office: Office,
) -> None:
    letters = [Letter(GROUP, str(n), str(n)) for n in range(5)]
    await asyncio.gather(*map(office.platform.send, letters))
    assert office.feishu.asked_for_tokens == 1
    office.feishu.tokens += 1
    office.clock.pass_by(SECOND)
    again = [Letter(GROUP, str(n), f"again {n}") for n in range(5)]
    await asyncio.gather(*map(office.platform.send, again))
    assert (office.feishu.asked_for_tokens, len(office.feishu.sent)) == (2, 10)


async def test_a_token_that_is_never_right_is_no_fault_of_the_letters(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def old(refused: str = "") -> str:
        return "t-old"

    monkeypatch.setattr(office.platform.token, "get", old)
    with pytest.raises(NoToken, match="99991663"):
        await office.platform.send(LETTER)


async def test_a_file_may_not_be_larger_than_so_much(office: Office) -> None:
    office.feishu.files["om_1", "image", "img_1"] = b"x" * 100
    assert await office.platform.fetch("om_1 image img_1", 100) == b"x" * 100
    with pytest.raises(Refused, match="too_large"):
        await office.platform.fetch("om_1 image img_1", 99)
    with pytest.raises(Refused, match="234003"):
        await office.platform.fetch("om_1 file img_1", 100)
    office.feishu.tokens += 1
    assert await office.platform.fetch("om_1 image img_1", 100) == b"x" * 100


async def test_our_limits_stay_within_feishus(office: Office) -> None:
    for n in range(40):
        owe(office, GROUP, str(n))
    for n in range(120):
        owe(office, f"ou_{n:04d}", "通知")
    for step in [SECOND / 20] * 200 + [SECOND] * 30:
        await office.courier.bring_due()
        office.clock.pass_by(step)
    assert (len(office.feishu.sent), office.feishu.refused) == (160, [])
    assert office.feishu.heard_in(GROUP) == [str(n) for n in range(40)]


async def test_without_our_limits_feishu_refuses(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the paces, and of the fake's strictness."""
    monkeypatch.setattr(pacing, "room", lambda _paced, _pace, now: pacing.PLENTY)
    for n in range(8):
        owe(office, GROUP, str(n))
    for _ in range(8):
        await office.courier.bring_due()
    assert 230020 in office.feishu.refused


async def test_a_storm_passes_and_everything_arrives_once_and_in_order(office: Office) -> None:
    office.feishu.faults = ["slow down", "down", "lost", "230020", "lost", "slow down"]
    for n in range(12):
        owe(office, (GROUP, WHO)[n % 2], str(n))
    await office.hear(3000)
    assert office.feishu.heard_in(GROUP) == [str(n) for n in range(0, 12, 2)]
    assert office.feishu.heard_in(WHO) == [str(n) for n in range(1, 12, 2)]


async def test_a_group_that_is_no_more_gets_no_more_and_others_theirs(office: Office) -> None:
    office.feishu.dissolved = {GROUP}
    owe(office, GROUP, "一")
    owe(office, WHO, "二")
    await office.hear()
    assert [one.state for one in office.sendings()] == [SendingState.DEAD, SendingState.SENT]


async def test_a_group_where_only_some_may_speak_gets_it_once_somebody_writes(
    office: Office,
) -> None:
    await office.say("帮助", group=GROUP)
    office.feishu.faults = ["230018"]
    owe(office, GROUP, "新的诉求")
    await office.hear()
    assert "新的诉求" not in office.feishu.heard_in(GROUP)
    assert office.sendings()[-1].state == SendingState.HELD
    await office.say("帮助", group=GROUP)
    assert office.feishu.heard_in(GROUP).count("新的诉求") == 1


async def test_neither_words_nor_secrets_are_logged(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure()
    caplog.set_level(logging.DEBUG)
    canary = "金丝雀-5f1d"
    with capture_logs() as logged:
        await office.say(canary)
        await office.caller.post(json.dumps({"encrypt": canary}).encode(), {})
        office.feishu.faults = ["down", "230001", "lost"]
        owe(office, GROUP, canary)
        owe(office, GROUP, canary)
        await office.hear(60)
    written = caplog.text + repr(logged) + repr(office.platform)
    for secret in (canary, SECRET, KEY, TOKEN, office.feishu.token):
        assert secret not in written
    assert "not sent" in written
