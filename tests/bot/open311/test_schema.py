"""The endpoint as it describes itself, tried by a machine that reads the description."""

from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from bot.visit import FORM
from tests.bot.open311.conftest import ROOT, Partner, xml

READ = (
    *("/discovery.{form}", "/services.{form}", "/services/{code}.{form}"),
    *("/requests.{form}", "/requests/{reference}.{form}", "/tokens/{token}.{form}"),
)
FILED = "/requests.{form}"
NO_LINE = "%0A"


def cases_of(operation: Any, mode: GenerationMode) -> list[Case[Any]]:
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
    return cases


async def described(partner: Partner) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict((await partner.get("/openapi.json")).json())


async def test_the_description_names_the_whole_endpoint(partner: Partner) -> None:
    paths = (await partner.get("/openapi.json")).json()["paths"]
    assert set(paths) == {*READ}


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_whatever_is_asked_is_answered_in_the_specifications_way(
    partner: Partner, path: str, mode: GenerationMode
) -> None:
    operation = (await described(partner))[path]["GET"]
    for case in cases_of(operation, mode):
        query = {name: str(value) for name, value in (case.query or {}).items()}
        answer = await partner.get(case.formatted_path, params=query)
        assert answer.status_code in (200, 400, 404)
        if NO_LINE in case.formatted_path:  # no address of the endpoint at all
            assert answer.status_code == 404
        elif answer.headers["content-type"].startswith("text/xml"):
            assert xml(answer).tag
        elif answer.status_code != 200:
            assert answer.json()[0]["code"] == answer.status_code


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_whatever_is_reported_is_filed_or_refused(
    partner: Partner, mode: GenerationMode
) -> None:
    operation = (await described(partner))[FILED]["POST"]
    for number, case in enumerate(cases_of(operation, mode)):
        body = {} if isinstance(case.body, NotSet) else case.body
        body = body if isinstance(body, dict) else {"description": str(body)}
        written = {str(name): str(value) for name, value in body.items()}
        known = {"api_key": partner.secret, "service_code": "road-light"}
        for sent in (written, written | known):
            answer = await partner.bot.client.post(
                f"{ROOT}/requests.json",
                content=urlencode(sent, errors="replace"),
                headers={"Content-Type": FORM},
            )
            told = (200, 400, 403, 404) if number < 20 else (200, 400, 403, 404, 429)
            assert answer.status_code in told
            (one,) = answer.json()
            assert "service_request_id" in one or one["code"] == answer.status_code
