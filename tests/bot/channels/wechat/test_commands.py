"""The operator's commands, over real HTTP."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import settings as environment
from bot.channels.wechat.commands import commands
from tests.bot.channels.conftest import Stage
from tests.bot.channels.wechat.conftest import settings_of
from tests.bot.channels.wechat.weixin import Weixin


@pytest.fixture
def run(
    weixin: Weixin, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    settings = settings_of(tmp_path, stage.address)
    monkeypatch.setattr(environment, "read", lambda: settings)
    return lambda *words: CliRunner().invoke(commands, words)


def test_the_menu_is_put_under_every_chat(run: Callable[..., Result], weixin: Weixin) -> None:
    assert run("menu").exit_code == 0
    assert len(weixin.menus) == 1


def test_the_code_of_a_village_is_written(run: Callable[..., Result], tmp_path: Path) -> None:
    out = tmp_path / "qicai.svg"
    assert run("qr", "guali/qicai/", "--out", str(out)).exit_code == 0
    assert "<svg" in out.read_text("utf-8")
