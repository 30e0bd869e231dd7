"""What the settings have to say before Telegram is opened, and what it is opened with."""

import pytest

from actions.errors import SettingInvalid
from bot import doors
from bot.channels.telegram import door
from bot.channels.telegram.account import read_account
from bot.channels.telegram.commands import read_payload
from bot.settings import Settings
from tests.bot.channels.telegram.fake_api import TOKEN, FakeApi

ALL = {
    "telegram_token": TOKEN,
    "telegram_secret": "s" * 32,
    "public_url": "https://xiaoli.example.org/",
}


def said(**more: str) -> Settings:
    return Settings(**(ALL | more))  # type: ignore[arg-type]


def test_without_a_token_there_is_no_telegram() -> None:
    assert read_account(said(telegram_token="")) is None
    assert "telegram" not in doors.open_all(said(telegram_token=""))


def test_with_one_there_is() -> None:
    account = read_account(said())
    assert account is not None
    assert account.id == 6839275410
    assert account.hook == "https://xiaoli.example.org/telegram/webhook"
    assert account.api == "https://api.telegram.org"
    assert "telegram" in doors.open_all(said())


def test_who_asks_needs_neither_secret_nor_address() -> None:
    account = read_account(said(telegram_mode="polling", telegram_secret="", public_url=""))
    assert account is not None
    assert account.hook == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("telegram_token", "nonsense"),
        ("telegram_secret", ""),
        ("telegram_secret", "short"),
        ("telegram_secret", "with spaces " * 3),
        ("public_url", ""),
        ("telegram_api_url", "http://api.telegram.org"),
        ("telegram_api_url", "http://127.0.0.1.example.org"),
        ("telegram_api_url", "/".join(("file:", "", "", "etc"))),
    ],
)
def test_what_cannot_be_used_is_named_with_its_remedy(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name.upper()) as found:
        read_account(said(**{name: value}))
    assert value == "" or value not in str(found.value)


@pytest.mark.parametrize("api", ["http://127.0.0.1:8081", "http://localhost:8081"])
def test_a_bot_api_of_ones_own_may_be_on_this_machine(api: str) -> None:
    account = read_account(said(telegram_api_url=api))
    assert account is not None
    assert account.is_here


def test_neither_token_nor_secret_is_in_what_is_printed() -> None:
    written = repr(read_account(said())) + repr(said())
    assert TOKEN not in written
    assert "s" * 32 not in written


def test_a_door_sign_opens_our_bot_and_says_where_it_hangs(api: FakeApi, api_url: str) -> None:
    assert api
    link = door.link(said(telegram_api_url=api_url), "guali/qicai/")
    opens, _, payload = link.partition("?start=")
    assert opens == "https://t.me/xiaoli_guali_bot"
    assert read_payload(payload) == "guali/qicai/"


@pytest.mark.parametrize(("more", "area"), [({"telegram_token": ""}, "guali/"), ({}, "x" * 60)])
def test_a_link_that_cannot_be_made_says_why(more: dict[str, str], area: str) -> None:
    with pytest.raises(SettingInvalid, match=r"TELEGRAM_TOKEN is missing|too long"):
        door.link(said(**more), area)
