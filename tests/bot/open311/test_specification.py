"""Every answer has the shape of the specification's example, in JSON and in XML alike."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from bot.app import put_together
from bot.settings import Settings
from tests.bot.conftest import Bot
from tests.bot.open311.conftest import ROOT, Partner, xml

# What the examples of GeoReport v2 have, with what each is in JSON; None may be there as well.
MAYBE = type(None)
SERVICE: dict[str, Any] = {
    "service_code": str,
    "service_name": str,
    "description": str,
    "metadata": bool,
    "type": str,
    "keywords": str,
    "group": str,
}
ATTRIBUTE: dict[str, Any] = {
    "variable": bool,
    "code": str,
    "datatype": str,
    "required": bool,
    "datatype_description": (str, MAYBE),
    "order": int,
    "description": str,
}
FILED: dict[str, Any] = {
    "service_request_id": str,
    "service_notice": str,
    "account_id": (str, MAYBE),
}
REQUEST: dict[str, Any] = {
    "service_request_id": str,
    "status": str,
    "status_notes": str,
    "service_name": str,
    "service_code": str,
    "description": str,
    "agency_responsible": str,
    "service_notice": (str, MAYBE),
    "requested_datetime": str,
    "updated_datetime": str,
    "expected_datetime": str,
    "address": str,
    "address_id": str,
    "zipcode": (str, MAYBE),
    "lat": float,
    "long": float,
    "media_url": (str, MAYBE),
}
ERROR: dict[str, Any] = {"code": int, "description": str}
DISCOVERY: dict[str, Any] = {
    "changeset": str,
    "contact": str,
    "key_service": str,
    "endpoints": list,
}
ENDPOINT: dict[str, Any] = {
    "specification": str,
    "url": str,
    "changeset": str,
    "type": str,
    "formats": list,
}
# The fields of the specification's example of a POST, with values of our own.
POSTED = {
    "jurisdiction_id": "guali-qicai",
    "service_code": "road-damage",
    "lat": "30.17091234",
    "long": "120.4602",
    "address_string": "公交综合楼门口",
    "email": "somebody@example.org",
    "device_id": "tt222111",
    "account_id": "123456",
    "first_name": "阿",
    "last_name": "某",
    "phone": "111111111",
    "description": "A large sinkhole is destroying the street",
    "media_url": "http://example.org/sinkhole.jpg",
    "attribute[danger]": "yes",
}


def is_of(shape: dict[str, Any], found: dict[str, Any]) -> bool:
    assert list(found) == list(shape)
    for name, kind in shape.items():
        assert isinstance(found[name], kind), name
    return True


def same_in_xml(element: Any, content: dict[str, Any]) -> bool:
    """Whether an element says what the JSON says (lists of them are compared by their own)."""
    for child, (name, value) in zip(element, content.items(), strict=True):
        assert child.tag == name
        if not isinstance(value, list):
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            assert (child.text or "") == ("" if value is None else shown)
    return True


async def test_the_service_list(partner: Partner) -> None:
    answer = await partner.get("/services.json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    services = answer.json()
    assert len(services) > 10
    assert all(is_of(SERVICE, service) for service in services)
    root = xml(await partner.get("/services.xml"))
    assert root.tag == "services"
    assert {one.tag for one in root} == {"service"}
    assert all(same_in_xml(one, service) for one, service in zip(root, services, strict=True))
    assert {service["type"] for service in services} == {"realtime"}


async def test_a_service_definition(partner: Partner) -> None:
    definition = (await partner.get("/services/road-damage.json")).json()
    assert list(definition) == ["service_code", "attributes"]
    assert definition["service_code"] == "road-damage"
    assert all(is_of(ATTRIBUTE, attribute) for attribute in definition["attributes"])
    root = xml(await partner.get("/services/road-damage.xml"))
    assert root.tag == "service_definition"
    assert [child.tag for child in root] == ["service_code", "attributes"]
    assert all(
        one.tag == "attribute" and same_in_xml(one, attribute)
        for one, attribute in zip(root[1], definition["attributes"], strict=True)
    )


async def test_a_report_and_the_request_it_becomes(partner: Partner) -> None:
    answer = await partner.post(**POSTED)
    assert answer.status_code == 200
    (filed,) = answer.json()
    assert is_of(FILED, filed)
    reference = filed["service_request_id"]
    for path in (f"/requests/{reference}", "/requests"):
        (request,) = (await partner.get(f"{path}.json")).json()
        assert is_of(REQUEST, request)
        root = xml(await partner.get(f"{path}.xml"))
        assert root.tag == "service_requests"
        (one,) = root
        assert one.tag == "request"
        assert same_in_xml(one, request)
    assert (request["status"], request["service_code"]) == ("open", "road-damage")
    for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
        assert datetime.fromisoformat(request[name]).tzinfo is not None


async def test_a_report_is_answered_in_xml(partner: Partner) -> None:
    root = xml(await partner.post("/requests.xml", **POSTED))
    assert root.tag == "service_requests"
    assert [child.tag for child in root[0]] == list(FILED)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/nothing", 404),
        ("/requests/GQ-261124-0001", 404),
        ("/tokens/123456", 404),
        ("/nothing", 404),
        ("/requests", 400),
    ],
)
async def test_errors(partner: Partner, path: str, status: int) -> None:
    query = {"start_date": "yesterday"}
    answer = await partner.get(f"{path}.json", params=query)
    assert answer.status_code == status
    (error,) = answer.json()
    assert is_of(ERROR, error)
    assert error["code"] == status
    told = await partner.get(f"{path}.xml", params=query)
    assert told.status_code == status
    root = xml(told)
    assert (root.tag, root[0].tag) == ("errors", "error")
    assert same_in_xml(root[0], error)


async def test_the_discovery(partner: Partner) -> None:
    discovery = (await partner.get("/discovery.json")).json()
    assert is_of(DISCOVERY, discovery)
    (endpoint,) = discovery["endpoints"]
    assert is_of(ENDPOINT, endpoint)
    assert endpoint["url"] == f"http://bot{ROOT}"
    assert endpoint["formats"] == ["application/json", "text/xml"]
    assert endpoint["type"] == "test"
    root = xml(await partner.get("/discovery.xml"))
    assert root.tag == "discovery"
    assert same_in_xml(root, discovery)
    assert same_in_xml(root[3][0], endpoint)
    assert [one.text for one in root[3][0][4]] == endpoint["formats"]


async def test_the_discovery_says_the_public_address(partner: Partner) -> None:
    """A server in front speaks TLS; who posts to http would be sent on, without the form."""
    settings = Settings(public_url="https://xiaoli.example.org/")
    parts = replace(partner.bot.parts, settings=settings)
    transport = httpx.ASGITransport(app=put_together(parts, httpx.AsyncClient()))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        (endpoint,) = (await client.get(f"{ROOT}/discovery.json")).json()["endpoints"]
    assert endpoint["url"] == "https://xiaoli.example.org/open311/v2"


async def test_who_has_no_key_files_nothing(bot: Bot, partner: Partner) -> None:
    for wrong in (None, "", "xyz", partner.secret + "x", "\udfff"):
        sent = wrong.encode("utf-8", "surrogatepass") if wrong else wrong
        answer = await partner.post(api_key=sent)
        assert answer.status_code == 403
        assert is_of(ERROR, answer.json()[0])
        assert answer.json()[0]["code"] == 403
    assert partner.stored() == 0
