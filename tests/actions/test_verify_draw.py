"""`python -m actions draw verify`: says whether a published draw follows from itself."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from actions.__main__ import NOT_DRAWN, commands
from actions.booking import lots
from tests.actions.booking.test_lots import DRAWN


def verify(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(commands, ["draw", "verify", *arguments], input=given)


def written(folder: Path, content: Any) -> str:
    file = folder / "12.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def test_a_file_as_it_was_published_is_consistent(tmp_path: Path) -> None:
    answer = verify(written(tmp_path, DRAWN))
    assert answer.exit_code == 0
    assert answer.output.startswith("一致 · consistent: 4 tickets, 2 won")


def test_it_is_read_from_standard_input(tmp_path: Path) -> None:
    assert verify("-", given=json.dumps(DRAWN)).exit_code == 0
    assert verify(given=json.dumps(DRAWN)).exit_code == 0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the file."""
    written(tmp_path, DRAWN)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_it_is_read_from_an_address(served: str) -> None:
    assert verify(f"{served}/12.json").exit_code == 0
    assert "cannot be read" in str(verify(f"{served}/13.json").exception)


def test_the_first_difference_is_told_and_the_exit_code_is_one(tmp_path: Path) -> None:
    order = [*DRAWN["order"]]
    order[0], order[1] = order[1], order[0]
    answer = verify(written(tmp_path, lots.sealed(DRAWN | {"order": order})))
    assert answer.exit_code == 1
    assert answer.output.startswith("不一致 · differs: order: published 2 Q")


def test_a_commitment_somebody_noted_before_is_compared(tmp_path: Path) -> None:
    file = written(tmp_path, DRAWN)
    assert verify(file, "--commitment", DRAWN["commitment"]).exit_code == 0
    answer = verify(file, "--commitment", "0" * 64)
    assert answer.exit_code == 1
    assert "noted 0000" in answer.output


def test_a_draw_that_is_still_to_come_is_said_to_be(tmp_path: Path) -> None:
    without = ("seed", "tickets", "order", lots.CHECKSUM)
    before = {k: v for k, v in DRAWN.items() if k not in without} | {"drawn_at": None}
    answer = verify(written(tmp_path, lots.sealed(before)))
    assert answer.exit_code == NOT_DRAWN
    assert DRAWN["commitment"] in answer.output
    assert verify(written(tmp_path, before | {lots.CHECKSUM: "0"})).exit_code == 1


@pytest.mark.parametrize("text", ["", "[]", "not json", "{"])
def test_what_is_no_file_of_a_draw_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "actions", "draw", "verify", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "draw's file" in done.stderr
    assert "Traceback" not in done.stderr
