"""Whom the public port believes about where a call comes from, over real connections."""

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from actions.errors import SettingInvalid
from bot import settings
from bot.limits import SESSIONS_PER_ADDRESS, Limits
from bot.problems import Problem
from tests.bot.conftest import on_a_port

NOBODY = {"trusted_proxies": ""}


def app_that_tells() -> FastAPI:
    """Tells what it takes a caller for, and counts them as the chat API does."""
    app, limits = FastAPI(), Limits("1/hour")

    @app.get("/")
    def tell(request: Request) -> JSONResponse:
        assert request.client
        try:
            limits.check(request, request.headers["x-session"])
        except Problem as problem:
            return JSONResponse({}, problem.status)
        return JSONResponse([request.client.host, request.url.scheme])

    return app


def call(
    url: str, session: str, of: str = "192.0.2.7", scheme: str = "https"
) -> httpx.Response:
    headers = {"X-Session": session, "X-Forwarded-For": of, "X-Forwarded-Proto": scheme}
    return httpx.get(url, headers=headers)


def test_a_proxy_on_this_machine_is_believed() -> None:
    with on_a_port(app_that_tells()) as url:
        assert call(url, "one").json() == ["192.0.2.7", "https"]


def test_somebody_who_is_no_proxy_of_ours_is_not_believed() -> None:
    """The control: the same call, where this machine is trusted with nothing."""
    for trusted in (NOBODY, {"trusted_proxies": "10.0.0.0/24"}):
        with on_a_port(app_that_tells(), **trusted) as url:
            assert call(url, "one").json() == ["127.0.0.1", "http"]


def test_what_a_caller_claims_before_the_proxy_does_not_count() -> None:
    with on_a_port(app_that_tells()) as url:
        assert call(url, "one", "127.0.0.1, 192.0.2.7").json()[0] == "192.0.2.7"


def test_behind_a_proxy_a_house_is_counted_by_its_own_address() -> None:
    with on_a_port(app_that_tells()) as url:
        for number in range(SESSIONS_PER_ADDRESS):
            assert call(url, f"s{number}").status_code == 200
        assert call(url, "one more").status_code == 429
        assert call(url, "elsewhere", "192.0.2.8").status_code == 200
        assert call(url, "pretending", "192.0.2.9, 192.0.2.7").status_code == 429


def test_a_proxy_that_is_not_trusted_would_have_all_houses_counted_as_one() -> None:
    """The control: without the setting one house uses up the limit of all."""
    with on_a_port(app_that_tells(), **NOBODY) as url:
        for number in range(SESSIONS_PER_ADDRESS):
            call(url, f"s{number}")
        assert call(url, "elsewhere", "192.0.2.8").status_code == 429


@pytest.mark.parametrize("said", ["*", "0.0.0.0/0", "::/0", "nginx", "10.0.0.1/24"])
def test_who_would_trust_everybody_is_refused(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", said)

    with pytest.raises(SettingInvalid, match=r"TRUSTED_PROXIES.*10\.0\.0\.0/24"):
        settings.read()
