"""The API as it describes itself, tried by a machine that reads the description."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from tests.bot.conftest import Bot

TRIED = ("/api/chat", "/api/chat/feedback", "/api/chat/session")


def written(body: object) -> bytes:
    if isinstance(body, NotSet):
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def described(bot: Bot) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict((await bot.client.get("/openapi.json")).json())


async def test_the_description_names_the_whole_chat_api(bot: Bot) -> None:
    paths = (await bot.client.get("/openapi.json")).json()["paths"]
    assert {*TRIED, "/api/chat/uploads", "/api/chat/events"} <= set(paths)


@pytest.mark.parametrize(
    ("path", "mode"),
    [(path, GenerationMode.POSITIVE) for path in TRIED]
    + [(path, GenerationMode.NEGATIVE) for path in TRIED[:2]],  # the third takes anything
)
async def test_what_the_description_allows_or_forbids_is_answered_and_never_an_error(
    bot: Bot, path: str, mode: GenerationMode
) -> None:
    operation = (await described(bot))[path]["POST"]
    cases: list[Case[Any]] = []

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Case[Any]) -> None:
        cases.append(case)

    collect()
    for case in cases:
        answer = await bot.client.post(path, content=written(case.body))
        assert answer.status_code < 500
        assert answer.is_success or answer.json()["zh"]
