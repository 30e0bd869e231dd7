"""Clients that others wrote use the endpoint of an assistant that really runs.

`georeport` reads; `three`, the client of the specification's own circle, files too. The latter
needs Python 2.7: TEST_THREE names an interpreter that can import it.
"""

import asyncio
import importlib
import importlib.util
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from tests.bot.open311.conftest import HERE, ROOT, Partner

THREE = os.getenv("TEST_THREE", "python2")

# Reads and files as a partner's program would, in JSON or in XML; prints what it got.
PROGRAM = """
import json, sys
from three import Three
url, key, form, reference = sys.argv[1:]
city = Three(url, api_key=key, format=form)
json_ = Three(url, api_key=key)
said = {
    "discovery": city.discovery(),
    "services": city.services(),
    "definition": city.services("road-damage"),
    "refused": Three(url, api_key="wrong", format=form).post("road-light", address="here"),
}
said["filed"] = city.post(
    "road-light", lat="30.1709", long="120.4602", name="Some Body", phone="555-5555",
    description=u"\\u8def\\u706f\\u4e0d\\u4eae".encode("utf-8"),
)
new = json_.requests()[0]["service_request_id"]
said["new"] = new
said["one"] = city.request(new)
said["both"] = json_.requests(service_request_id=",".join([new, reference]))
said["coded"] = json_.requests("road-damage")
said["between"] = json_.requests(between=["11-01-2026", "11-30-2026"], status="open")
said["token"] = json_.token("12345")
print(json.dumps(said))
"""


@dataclass(frozen=True)
class Running:
    """The endpoint at an address of the net, and who reports there."""

    url: str
    partner: Partner


@pytest.fixture
def running(partner: Partner) -> Iterator[Running]:
    config = uvicorn.Config(
        partner.bot.app, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server, port = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [port]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Running(f"http://127.0.0.1:{port.getsockname()[1]}{ROOT}", partner)
    server.should_exit = True
    thread.join()


def three(running: Running, form: str, reference: str) -> dict[str, Any]:
    """What the client `three` gets."""
    try:
        subprocess.run([THREE, "-c", "import three"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no interpreter that can import the client three (TEST_THREE)")
    said = subprocess.run(
        [THREE, "-c", PROGRAM, running.url, running.partner.secret, form, reference],
        check=True,
        capture_output=True,
    )
    return dict(json.loads(said.stdout))


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_three_reads_files_and_follows(running: Running, form: str) -> None:
    before = running.partner.reported("road-light")
    said = await asyncio.to_thread(three, running, form, before)
    listed, services = (said["services"], said["discovery"])
    if form == "xml":
        listed, services = listed["service"], services["endpoints"]
        filed, one = said["filed"]["request"], said["one"]["request"]
        refused = said["refused"]["error"]
    else:
        (filed,), (one,), (refused,) = said["filed"], said["one"], said["refused"]
    assert services
    assert "road-light" in [service["service_code"] for service in listed]
    assert said["definition"]["service_code"] == "road-damage"
    assert int(refused["code"]) == 403
    assert filed["service_request_id"] == one["service_request_id"] == said["new"] != before
    assert (one["status"], one["service_code"]) == ("open", "road-light")
    assert [r["service_request_id"] for r in said["both"]] == [said["new"], before]
    assert said["coded"] == []
    assert len(said["between"]) == 2
    assert said["token"][0]["code"] == 404
    assert "路灯不亮" in running.partner.written()


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_georeport_reads_and_follows(running: Running, form: str) -> None:
    if importlib.util.find_spec("georeport") is None:
        pytest.skip("the client georeport is not installed")
    client = importlib.import_module("georeport").GeoReport(running.url, output_format=form)
    partner = running.partner
    references = [await partner.file(**HERE), await partner.file(service_code="road-damage")]

    def read() -> None:
        assert "road-light" in [one["service_code"] for one in client.get_service_list()]
        assert client.get_service_definition("road-light")["service_code"] == "road-light"
        assert client.get_service_request(references[0])["status"] == "open"
        several = client.get_service_requests(status="open", start_date="2026-11-01")
        assert [one["service_request_id"] for one in several] == references[::-1]

    await asyncio.to_thread(read)
