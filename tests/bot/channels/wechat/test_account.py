"""The customer-service API: what arrives, what does not, and what each refusal becomes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from actions import conversations, leasing
from actions.conversations import Attachment, Author, Choice
from actions.errors import SettingInvalid
from actions.people.model import Address
from actions.sending import SendingState
from bot import doors
from bot.channels.platform import Blocked, Closed, Letter, Refused, Slowed
from bot.channels.wechat import webhook
from bot.settings import Settings
from tests.bot.channels.wechat.conftest import Chat, settings_of
from tests.bot.channels.wechat.weixin import KNOWN
from tests.bot.conftest import photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LETTER = Letter(to=KNOWN, text="灯修好了", key="1-0")


def tell(chat: Chat, text: str, *, photos: int = 0, choices: tuple[Choice, ...] = ()) -> None:
    """Staff say something, long after the resident wrote."""
    now = chat.clock.now()
    attached = []
    for n in range(photos):
        chat.courier.uploads.mkdir(parents=True, exist_ok=True)
        (chat.courier.uploads / (f"{n}" * 32)).write_bytes(photo())
        attached.append(Attachment("photo", upload_id=f"{n}" * 32))
    with chat.database.transaction() as db:
        talk = conversations.at_address(db, channel="wechat", address=KNOWN, now=now)
        conversations.say(
            db, talk, text, author=Author.STAFF, now=now, choices=choices, attachments=attached
        )


async def test_what_staff_say_later_arrives_with_its_choices_as_numbers(chat: Chat) -> None:
    await chat.caller.say("灯坏了")
    tell(chat, "修好了吗？<b>&", choices=(Choice("好了", "affirm"), Choice("没有", "deny")))
    await chat.bring()
    assert chat.weixin.heard_by(KNOWN) == ["修好了吗？<b>&\n1. 好了\n2. 没有"]


async def test_a_photo_is_a_message_of_its_own_and_counts(chat: Chat) -> None:
    await chat.caller.say("灯坏了")
    tell(chat, "修好了", photos=2)
    await chat.bring(5)
    assert chat.weixin.heard_by(KNOWN) == ["修好了", "media-0", "media-1"]
    assert chat.weixin.files["media-0"] == photo()
    assert chat.addresses()[0].writes_left == 2


async def test_five_arrive_and_the_rest_once_they_write_again(chat: Chat) -> None:
    await chat.caller.say("你好")
    for n in range(8):
        tell(chat, str(n))
    await chat.bring(12)
    assert (chat.weixin.heard_by(KNOWN), chat.weixin.over) == (list("01234"), 0)
    reply = await chat.caller.say("在吗")
    assert reply.startswith("5\n\n6\n\n7\n\n你说：在吗")  # what was held comes in the answer
    await chat.bring()
    assert (chat.weixin.heard_by(KNOWN), chat.weixin.over) == (list("01234"), 0)


async def test_without_counting_more_would_be_tried(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(leasing, "may_write", lambda *_args, **_more: True)
    await chat.caller.say("你好")
    for n in range(8):
        tell(chat, str(n))
    await chat.bring(12)
    assert chat.weixin.over > 0


@pytest.mark.parametrize("code", ["45015", "45047"])
async def test_a_window_that_wechat_says_is_closed_is_closed(chat: Chat, code: str) -> None:
    await chat.caller.say("你好")
    chat.weixin.faults = [code]
    chat.clock.pass_by(timedelta(minutes=5))
    tell(chat, "一")
    tell(chat, "二")
    await chat.bring(4)
    assert chat.weixin.heard_by(KNOWN) == []
    assert [one.state for one in chat.sendings()[2:]] == [SendingState.HELD] * 2
    assert (await chat.caller.say("在吗")).startswith("一\n\n二\n\n")


async def test_a_message_that_came_while_the_window_closed_keeps_it_open(chat: Chat) -> None:
    await chat.caller.say("你好")
    tell(chat, "一")
    (errand,) = chat.courier._take("wechat")
    chat.clock.pass_by(timedelta(seconds=1))
    await chat.caller.say("在吗")
    chat.courier._not_sent(errand, Closed())
    await chat.bring()
    assert chat.weixin.heard_by(KNOWN)[0] == "一"


async def test_what_is_on_its_way_while_somebody_writes_may_count_in_the_new_window(
    chat: Chat,
) -> None:
    await chat.caller.say("你好")
    tell(chat, "一")
    chat.courier._take("wechat")
    await chat.caller.say("在吗")
    assert chat.addresses()[0].writes_left == 4


async def test_what_arrived_before_we_heard_that_they_wrote_counts_in_the_new_window(
    chat: Chat,
) -> None:
    await chat.caller.say("你好")
    chat.clock.pass_by(timedelta(minutes=1))
    words = chat.caller.words("在吗")
    chat.weixin.wrote(KNOWN)
    for n in range(2):
        tell(chat, str(n))
    await chat.bring(2, apart=0.1)
    await chat.caller.call(words)  # half a second on the way
    for n in range(2, 8):
        tell(chat, str(n))
    await chat.bring(12)
    assert (chat.weixin.heard_by(KNOWN), chat.weixin.over) == (list("01234"), 0)


async def test_nothing_is_sent_that_may_arrive_after_the_window(chat: Chat) -> None:
    await chat.caller.call(chat.caller.event("CLICK", "report"))
    chat.clock.pass_by(timedelta(seconds=55))
    tell(chat, "一")
    await chat.bring()
    assert (chat.weixin.sent, chat.weixin.over) == ([], 0)
    assert chat.sendings()[-1].state == SendingState.HELD


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("45015", Closed),
        ("45047", Closed),
        ("45009", Slowed),
        ("45011", Slowed),
        ("-1", Slowed),
        ("43004", Blocked),
        ("40003", Blocked),
        ("45002", Refused),
        ("48001", Refused),
    ],
)
async def test_what_wechat_says_no_with_has_a_meaning(
    chat: Chat, code: str, error: type[Exception]
) -> None:
    chat.weixin.wrote(KNOWN)
    chat.weixin.faults = [code]
    with pytest.raises(error):
        await chat.account.send(LETTER)
    await chat.account.send(LETTER)


async def test_the_fake_refuses_what_wechat_refuses(chat: Chat) -> None:
    chat.weixin.wrote(KNOWN)
    with pytest.raises(Refused, match="45002"):
        await chat.account.send(Letter(to=KNOWN, text="长" * 683, key=""))
    with pytest.raises(Blocked):
        await chat.account.send(Letter(to="somebody", text="长", key=""))
    with pytest.raises(Closed):
        await chat.account.send(Letter(to="o" + "x" * 27, text="长", key=""))


async def test_a_busy_platform_costs_nothing_of_what_may_be_written(chat: Chat) -> None:
    await chat.caller.say("你好")
    chat.weixin.faults = ["-1"] * 3
    for n in range(5):
        tell(chat, str(n))
    await chat.bring(25)
    assert chat.weixin.heard_by(KNOWN) == list("01234")


async def test_what_may_have_arrived_counts_as_if_it_had(chat: Chat) -> None:
    await chat.caller.say("你好")
    chat.weixin.faults = ["lost", "down"]
    for n in range(5):
        tell(chat, str(n))
    await chat.bring(40)
    assert chat.weixin.heard_by(KNOWN) == ["0", "0", "1", "2"]  # once more, and 2 of 5 unsure
    assert chat.weixin.over == 0


async def test_a_token_is_asked_for_once_by_many_and_again_once_it_has_ended(
    chat: Chat,
) -> None:
    chat.weixin.wrote(KNOWN)
    await asyncio.gather(*(chat.account.send(LETTER) for _ in range(5)))
    assert chat.weixin.asked_for_tokens == 1
    chat.weixin.ends_token()
    chat.weixin.wrote(KNOWN)
    await asyncio.gather(*(chat.account.send(LETTER) for _ in range(5)))
    assert (chat.weixin.asked_for_tokens, len(chat.weixin.sent)) == (2, 10)


async def test_who_is_gone_is_left_alone(chat: Chat) -> None:
    await chat.caller.say("你好")
    chat.weixin.gone.add(KNOWN)
    tell(chat, "一")
    await chat.bring()
    with chat.database.reading() as db:
        assert db.get_one(Address, 1).blocked_at is not None


async def test_menu_and_codes_are_made_the_way_wechat_takes_them(chat: Chat) -> None:
    await chat.account.write_menu()
    assert len(chat.weixin.menus) == 1
    assert await chat.account.code_of("guali/qicai/") == "http://weixin.qq.com/q/guali/qicai"


async def test_a_file_may_not_be_larger_than_so_much(chat: Chat) -> None:
    chat.weixin.files["x"] = b"x" * 100
    assert await chat.account.fetch("x", 100) == b"x" * 100
    with pytest.raises(Refused):
        await chat.account.fetch("x", 99)
    with pytest.raises(Refused, match="40007"):
        await chat.account.fetch("y", 100)
    chat.weixin.ends_token()
    assert await chat.account.fetch("x", 100) == b"x" * 100


async def test_an_account_that_does_not_encrypt_is_not_opened(
    chat: Chat, tmp_path: Path
) -> None:
    right = settings_of(tmp_path, "http://x")
    for name, value in (("aes_key", ""), ("aes_key", "short"), ("token", "")):
        wrong = right.model_copy(update={f"wechat_{name}": value})
        with pytest.raises(SettingInvalid, match=f"WECHAT_{name.upper()}"):
            webhook.routes(wrong, chat.gateway)
    with pytest.raises(SettingInvalid, match="WECHAT_APP_SECRET"):
        doors.open_all(right.model_copy(update={"wechat_app_secret": ""}))
    assert doors.open_all(Settings(state_dir=tmp_path)) == {}
