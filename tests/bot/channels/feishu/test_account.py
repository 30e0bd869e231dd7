"""What the settings have to say before Feishu is opened, and what it is opened with."""

from pathlib import Path

import pytest

from actions.errors import SettingInvalid
from bot import doors
from bot.channels.feishu.account import read_account
from bot.settings import Settings
from tests.bot.channels.feishu.conftest import settings_of
from tests.bot.channels.feishu.open_feishu import APP_ID, KEY, SECRET, TOKEN

HERE = Path()


def said(**more: str) -> Settings:
    return settings_of(HERE, more.pop("feishu_api_url", "https://open.feishu.cn/"), **more)


def test_without_an_app_there_is_no_feishu() -> None:
    assert read_account(said(feishu_app_id="")) is None
    assert "feishu" not in doors.open_all(said(feishu_app_id=""))


def test_with_one_there_is() -> None:
    account = read_account(said())
    assert account is not None
    assert (account.app_id, account.api) == (APP_ID, "https://open.feishu.cn")
    assert "feishu" in doors.open_all(said())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feishu_app_id", "nonsense"),
        ("feishu_app_id", "cli_" + "x" * 60),
        ("feishu_app_secret", ""),
        ("feishu_app_secret", "with spaces in it"),
        ("feishu_encrypt_key", ""),
        ("feishu_encrypt_key", "short"),
        ("feishu_verification_token", ""),
        ("feishu_api_url", "http://open.feishu.cn"),
        ("feishu_api_url", "http://127.0.0.1.example.org"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_remedy(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name.upper()) as found:
        read_account(said(**{name: value}))
    assert value == "" or value not in str(found.value)


@pytest.mark.parametrize("api", ["https://open.larksuite.com", "http://127.0.0.1:8081"])
def test_its_server_may_be_larks_or_on_this_machine(api: str) -> None:
    account = read_account(said(feishu_api_url=api))
    assert account is not None
    assert account.api == api


def test_no_secret_is_in_what_is_printed() -> None:
    written = repr(read_account(said())) + repr(said())
    for secret in (SECRET, KEY, TOKEN):
        assert secret not in written
