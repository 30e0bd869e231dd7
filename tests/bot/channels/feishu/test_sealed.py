"""Feishu's seal: what it opens, and that nothing that was bent opens as something else."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.calls import Forged
from bot.channels.feishu.sealed import STALE, Seal
from tests.bot.channels.feishu.open_feishu import KEY, sealed

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def closed(content: bytes, key: str = KEY) -> str:
    return str(json.loads(sealed(content, key))["encrypt"])


def test_the_example_of_feishus_own_page_opens() -> None:
    """Key and text as the page of the Encrypt Key has them."""
    example = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
    assert Seal("test key").open(example) == b"hello world"


@given(st.binary(max_size=200))
@settings(max_examples=200, derandomize=True, database=None, deadline=None)
def test_what_is_closed_opens(content: bytes) -> None:
    assert Seal(KEY).open(closed(content)) == content


@given(st.integers(0, 63), st.integers(1, 255))
@settings(max_examples=200, derandomize=True, database=None, deadline=None)
def test_what_was_bent_never_opens_as_it_was(at: int, change: int) -> None:
    content = bytearray(base64.b64decode(closed(b"x" * 40)))
    content[at] ^= change
    try:
        found = Seal(KEY).open(base64.b64encode(content).decode())
    except Forged:
        return
    assert found != b"x" * 40


@pytest.mark.parametrize(
    "wrong",
    ["", "é", "!", "QUJD", base64.b64encode(b"x" * 16).decode(), closed(b"", "another")],
    ids=["empty", "no ASCII", "no base64", "short", "one block", "another key"],
)
def test_what_is_not_closed_with_our_key_does_not_open(wrong: str) -> None:
    with pytest.raises(Forged, match="key"):
        Seal(KEY).open(wrong)


@pytest.mark.parametrize(
    ("late", "right"), [(STALE, True), (STALE + timedelta(seconds=1), False)]
)
def test_a_signature_holds_for_ten_minutes(late: timedelta, *, right: bool) -> None:
    seal, stamp = Seal(KEY), str(int(NOW.timestamp()))
    headers = {
        "x-lark-signature": seal.signature(stamp, "n", b"body"),
        "x-lark-request-timestamp": stamp,
        "x-lark-request-nonce": "n",
    }
    for now in (NOW + late, NOW - late):
        if right:
            seal.check(headers, b"body", now=now)
        else:
            with pytest.raises(Forged, match="stale"):
                seal.check(headers, b"body", now=now)


def test_the_key_is_not_in_what_is_printed() -> None:
    assert KEY not in repr(Seal(KEY))
