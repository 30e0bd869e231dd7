"""Machines learn whether we live and are ready; numbers are for the operator alone."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.types import ASGIApp

from bot.app import put_together
from bot.desk.findings import PARTS
from bot.operating.health import State
from bot.settings import Settings
from tests.bot.conftest import Bot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOKEN = "t0ken-for-prometheus"


def caller(app: ASGIApp, host: str) -> httpx.AsyncClient:
    """Somebody on another machine, or on this one."""
    transport = httpx.ASGITransport(app=app, client=(host, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://bot")


def with_token(bot: Bot) -> ASGIApp:
    said: Settings = bot.parts.settings.model_copy(update={"metrics_token": TOKEN})
    return put_together(replace(bot.parts, settings=said), httpx.AsyncClient())


async def test_a_gateway_whose_rasa_is_away_lives_and_is_not_ready(bot: Bot) -> None:
    assert (await bot.client.get("/healthz")).json() == {"status": "ok"}
    answer = await bot.client.get("/readyz")
    said = answer.json()
    assert (answer.status_code, said["status"]) == (503, "down")
    assert set(said["parts"]) == {
        *("database", "rasa", "actions", "worker", "index", "model", "disk")
    }
    rasa = said["parts"]["rasa"]
    assert rasa["state"] == "down"
    assert rasa["since"] == bot.clock.now().isoformat(timespec="seconds")
    assert rasa["zh"].startswith("没有回答。")
    assert rasa["en"].startswith("It does not answer:")


async def test_a_part_that_struggles_takes_no_gateway_away(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operating.health.ESSENTIAL", frozenset({"database"}))
    answer = await bot.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
        # A web server on this machine passes somebody on.
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("127.0.0.1", {"X-Real-IP": "192.0.2.7"}, 404),
        ("192.0.2.7", {"Authorization": "Bearer "}, 404),  # none is set
    ],
)
async def test_numbers_are_for_this_machine_alone(
    bot: Bot, host: str, headers: dict[str, str], status: int
) -> None:
    async with caller(bot.app, host) as who:
        assert (await who.get("/metrics", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("told", "status"),
    [(f"Bearer {TOKEN}", 200), (f"Bearer {TOKEN}x", 404), (f"Basic {TOKEN}", 404), ("", 404)],
)
async def test_another_machine_shows_the_token(bot: Bot, told: str, status: int) -> None:
    async with caller(with_token(bot), "192.0.2.7") as prometheus:
        answer = await prometheus.get("/metrics", headers={"Authorization": told})
    assert answer.status_code == status


async def test_numbers_are_told_while_the_store_is_away(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(bot.parts.database, "reading", away)
    monkeypatch.setattr(bot.parts.database, "check_durable", away)
    page = (await bot.client.get("/metrics")).text
    assert 'xiaoli_part_state{part="database",state="down"} 1.0' in page
    assert 'xiaoli_part_state{part="worker",state="degraded"} 1.0' in page
    assert "xiaoli_messages_total" in page
    assert "xiaoli_waiting{" not in page


async def test_what_is_told_of_a_part_is_ours_and_no_secret(bot: Bot) -> None:
    said = (await bot.client.get("/readyz")).text
    for secret in ("127.0.0.1", "5005", str(bot.parts.settings.state_dir), "sqlite", "key"):
        assert secret not in said


def test_every_part_has_a_name(bot: Bot) -> None:
    platforms = {"telegram", "wechat", "wecom", "dingtalk", "feishu"}
    assert platforms | {"database", "rasa", "actions", "worker", "index"} <= set(PARTS)
    assert [state.value for state in State] == ["ok", "degraded", "down"]
