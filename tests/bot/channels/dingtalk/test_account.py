"""The settings of DingTalk: complete and safe, or there is none."""

from pathlib import Path
from typing import Any

import pytest

from actions.errors import SettingInvalid
from bot import doors
from bot.channels.dingtalk.account import read_account
from bot.settings import Settings
from tests.bot.channels.dingtalk.ding import CLIENT_ID, ROBOT, SECRET


def settings(folder: Path, **said: Any) -> Settings:
    known = {"dingtalk_client_id": CLIENT_ID, "dingtalk_client_secret": SECRET}
    return Settings(state_dir=folder, secret_key="key", **known | said)


def test_without_a_key_there_is_no_dingtalk(tmp_path: Path) -> None:
    assert read_account(settings(tmp_path, dingtalk_client_id="")) is None
    assert doors.open_all(Settings(state_dir=tmp_path, secret_key="key")) == {}


def test_the_robot_is_the_apps_unless_it_is_named(tmp_path: Path) -> None:
    first = read_account(settings(tmp_path))
    second = read_account(settings(tmp_path, dingtalk_robot_code=ROBOT))
    assert first
    assert second
    assert (first.robot, second.robot) == (CLIENT_ID, ROBOT)
    assert first.api == "https://api.dingtalk.com"
    assert not first.is_here


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"dingtalk_client_secret": ""}, "DINGTALK_CLIENT_SECRET is missing"),
        ({"dingtalk_client_secret": "a b" * 10}, "DINGTALK_CLIENT_SECRET cannot be used"),
        ({"dingtalk_client_id": "钥匙"}, "DINGTALK_CLIENT_ID cannot be used"),
        ({"dingtalk_robot_code": "x y"}, "DINGTALK_ROBOT_CODE cannot be used"),
        ({"dingtalk_api_url": "http://ding.example.org"}, "DINGTALK_API_URL"),
        ({"dingtalk_media_url": "http://ding.example.org"}, "DINGTALK_MEDIA_URL"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, said: dict[str, str], named: str) -> None:
    with pytest.raises(SettingInvalid, match=named) as caught:
        read_account(settings(tmp_path, **said))
    assert SECRET not in str(caught.value)


def test_the_secret_is_not_shown(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    assert SECRET not in repr(kept) + repr(read_account(kept)) + repr(doors.open_all(kept))
