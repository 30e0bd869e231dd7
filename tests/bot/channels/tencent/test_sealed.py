"""Seals, as the platform makes them, and whatever else may come."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.errors import SettingInvalid
from bot.channels.calls import Forged, Unreadable
from bot.channels.tencent.callback import envelope
from bot.channels.tencent.sealed import Seal, make_seal

AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


def seal() -> Seal:
    return make_seal(
        token="QDG6eK", aes_key=AES_KEY, receiver="wx5823bf96d3bd56c7", prefix="WECOM"
    )


def test_the_platforms_own_example_is_opened() -> None:
    """From the sample code WeCom gives away."""
    sealed = (
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8Tg"
        "AE7OaBO+FZXvnaqQ=="
    )
    signature = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    seal().check(signature, "1409659589", "263014780", sealed)
    assert seal().open(sealed) == b"1616140317555161061"


@given(st.binary(max_size=300))
@settings(max_examples=60, derandomize=True, database=None)
def test_what_is_sealed_is_opened_again(content: bytes) -> None:
    assert seal().open(seal().close(content)) == content


@given(st.one_of(st.text(max_size=100), st.binary(max_size=200).map(base64.b64encode)))
@settings(max_examples=300, derandomize=True, database=None)
def test_nothing_else_that_may_come_is_opened(sealed: str | bytes) -> None:
    with pytest.raises((Unreadable, Forged)):
        seal().open(sealed if isinstance(sealed, str) else sealed.decode())


@given(st.binary(max_size=300))
@settings(max_examples=200, derandomize=True, database=None)
def test_no_body_breaks_the_reading_of_envelopes(body: bytes) -> None:
    with pytest.raises(Unreadable):
        envelope(body)


def test_a_byte_that_was_changed_is_noticed_by_the_signature() -> None:
    sealed = seal().close(b"hello")
    signature = seal().signature("1", "2", sealed)
    seal().check(signature, "1", "2", sealed)
    for wrong in (sealed[:-1] + "A", sealed.lower()):
        with pytest.raises(Forged):
            seal().check(signature, "1", "2", wrong)


def test_keys_are_not_shown() -> None:
    assert "QDG6eK" not in repr(seal())
    assert "key" not in repr(seal())


@pytest.mark.parametrize("aes_key", ["", "x" * 42, "x" * 44, "!" * 43])
def test_a_key_of_another_length_is_no_key(aes_key: str) -> None:
    with pytest.raises(SettingInvalid, match="WECHAT_AES_KEY"):
        make_seal(token="t", aes_key=aes_key, receiver="r", prefix="WECHAT")
