"""Letters to a Bot API that refuses what Telegram refuses."""

from pathlib import Path

import pytest
from telegram.error import InvalidToken, NetworkError

from actions.conversations import Choice
from bot.app import Parts
from bot.channels.platform import Blocked, Letter, Moved, Refused, Slowed
from bot.channels.telegram.account import Account
from bot.channels.telegram.sending import Telegram
from tests.bot.channels.telegram.fake_api import FakeApi
from tests.bot.conftest import photo

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

YES, NO = (
    Choice("是", "choose", "yes", "c.AAAAAAAAAAA"),
    Choice("否", "choose", "no", "c.BBBBBBBBBBB"),
)


def letter(text: str = "您好", **more: object) -> Letter:
    facts: dict[str, object] = {"to": "7001", "text": text, "key": "1-0"}
    return Letter(**(facts | more))  # type: ignore[arg-type]


async def test_a_text_arrives_as_it_is_written(telegram: Telegram, api: FakeApi) -> None:
    text = "<b>3 & 4</b> _幢_ *今晚* [停水](http://x) `\\` 😀"
    there = await telegram.send(letter(text))
    assert [(one.text, str(one.id)) for one in api.sent] == [(text, there)]


async def test_choices_are_buttons_that_carry_their_ids_and_no_words(
    telegram: Telegram, api: FakeApi
) -> None:
    await telegram.send(letter(choices=(YES, NO)))
    assert api.sent[0].buttons == [
        {"text": "是", "callback_data": YES.id},
        {"text": "否", "callback_data": NO.id},
    ]


async def test_long_labels_have_a_row_of_their_own_and_are_cut(
    telegram: Telegram, api: FakeApi
) -> None:
    labels = ["书法社 " * 40, "  ", "是", "否"]
    choices = tuple(Choice(one, "choose", one, YES.id) for one in labels)
    await telegram.send(letter(choices=choices))
    rows = api.sent[0].markup["inline_keyboard"]
    assert [len(row) for row in rows] == [1, 1, 1, 1]
    assert len(rows[0][0]["text"]) == 64
    assert rows[1][0]["text"] == "…"


async def test_short_labels_stand_side_by_side(telegram: Telegram, api: FakeApi) -> None:
    await telegram.send(letter(choices=(YES, NO, YES, NO)))
    assert [len(row) for row in api.sent[0].markup["inline_keyboard"]] == [2, 2]


async def test_elders_get_large_keys_with_numbers_and_a_person(
    telegram: Telegram, api: FakeApi
) -> None:
    await telegram.send(letter("去吗？", choices=(YES, NO), elder=True))
    await telegram.send(letter("好的。", to="7002", elder=True, language="en"))
    assert api.sent[0].text == "去吗？\n1. 是\n2. 否"
    assert api.sent[0].keys == [["1", "2"], ["人工"]]
    assert api.sent[1].keys == [["person"]]
    assert api.sent[0].buttons == []


async def test_choices_the_text_numbers_itself_are_not_written_twice(
    telegram: Telegram, api: FakeApi
) -> None:
    await telegram.send(letter("1. 去\n2. 不去", choices=(YES, NO), elder=True))
    assert api.sent[0].text == "1. 去\n2. 不去"


async def test_keys_of_a_time_in_elder_mode_are_taken_away(
    telegram: Telegram, api: FakeApi
) -> None:
    await telegram.send(letter())
    assert api.sent[0].markup == {"remove_keyboard": True}


async def test_a_group_gets_buttons_and_never_keys(telegram: Telegram, api: FakeApi) -> None:
    await telegram.send(letter(to="-100", choices=(YES,), elder=True, is_group=True))
    await telegram.send(letter(to="-200", is_group=True))
    assert [bool(one.buttons) for one in api.sent] == [True, False]
    assert [one.keys for one in api.sent] == [[], []]
    assert api.sent[1].markup == {}


@pytest.fixture
def photos(tmp_path: Path) -> tuple[Path, ...]:
    files = tuple(tmp_path / name for name in ("one", "two"))
    for file in files:
        file.write_bytes(photo())
    return files


async def test_a_photo_comes_with_the_words_under_it(
    telegram: Telegram, api: FakeApi, photos: tuple[Path, ...]
) -> None:
    await telegram.send(letter("修好了", photos=photos[:1], choices=(YES,)))
    (one,) = api.sent
    assert (one.text, one.photos, len(one.buttons)) == ("修好了", 1, 1)


async def test_several_photos_come_together(
    telegram: Telegram, api: FakeApi, photos: tuple[Path, ...]
) -> None:
    await telegram.send(letter("修好了", photos=photos))
    assert [(one.text, one.photos) for one in api.sent] == [("修好了", 2)]


@pytest.mark.parametrize("many", [1, 2])
async def test_words_too_long_for_a_photo_come_after_it(
    telegram: Telegram, api: FakeApi, photos: tuple[Path, ...], many: int
) -> None:
    text = "修好了。" * 300
    await telegram.send(letter(text, photos=photos[:many]))
    assert [(one.text, one.photos) for one in api.sent] == [("", many), (text, 0)]


async def test_a_photo_that_was_forgotten_meanwhile_is_left_out(
    telegram: Telegram, api: FakeApi, tmp_path: Path
) -> None:
    await telegram.send(letter("修好了", photos=(tmp_path / "gone",)))
    assert [(one.text, one.photos) for one in api.sent] == [("修好了", 0)]


async def test_who_blocked_us_and_who_is_gone_are_left_alone(
    telegram: Telegram, api: FakeApi
) -> None:
    api.blocked, api.unknown = {"7001"}, {"7002"}
    for who in ("7001", "7002"):
        with pytest.raises(Blocked):
            await telegram.send(letter(to=who))


async def test_a_group_that_moved_says_where_to(telegram: Telegram, api: FakeApi) -> None:
    api.moved = {"-5": -1005}
    with pytest.raises(Moved) as moved:
        await telegram.send(letter(to="-5", is_group=True))
    assert moved.value.to == "-1005"


@pytest.mark.parametrize(("text", "code"), [("啊" * 4097, "too_long"), (" ", "empty")])
async def test_what_telegram_never_takes_is_refused_by_a_code_without_words(
    telegram: Telegram, api: FakeApi, text: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await telegram.send(letter(text))
    assert str(refused.value) == code
    assert api.sent == []


async def test_a_pause_is_of_the_chat_until_several_are_slowed_one_after_the_other(
    telegram: Telegram, api: FakeApi
) -> None:
    await telegram.send(letter())
    api.storm_until = api.clock.now().replace(minute=5)
    slowed = []
    for who in ("1", "1", "2", "3"):
        with pytest.raises(Slowed) as found:
            await telegram.send(letter(to=who))
        slowed.append((found.value.seconds, found.value.everywhere))
    assert slowed == [(300, False), (300, False), (300, False), (300, True)]


async def test_what_arrives_ends_the_suspicion_that_all_is_slowed(
    telegram: Telegram, api: FakeApi
) -> None:
    for who in ("1", "2", "3"):
        await telegram.send(letter(to=who))
        with pytest.raises(Slowed) as found:
            await telegram.send(letter(to=who))
        assert not found.value.everywhere


async def test_a_platform_that_is_away_is_tried_again(telegram: Telegram, api: FakeApi) -> None:
    api.down = True
    with pytest.raises(NetworkError):
        await telegram.send(letter())


async def test_a_wrong_token_is_no_fault_of_the_letter(
    api: FakeApi, api_url: str, parts: Parts
) -> None:
    assert api
    wrong = Telegram(Account("1:" + "x" * 35, "s", api_url, ""), parts.wording)
    with pytest.raises(InvalidToken):
        await wrong.send(letter())
    await wrong.close()


async def test_files_are_fetched_up_to_a_size(telegram: Telegram, api: FakeApi) -> None:
    api.files = {"a": b"x" * 1000, "b": b"x" * (21 * 1024 * 1024)}
    assert await telegram.fetch("a", 1000) == api.files["a"]
    for remote, most in (("a", 999), ("b", 2**25), ("c", 1000)):
        with pytest.raises(Refused):
            await telegram.fetch(remote, most)
