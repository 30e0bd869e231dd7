"""Every channel's parser, given what nobody has thought of; at length: `make drill-fuzz`."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.drills.fuzz import PARSERS, bent

CASES = 2000


def tried(name: str, read: Callable[[bytes], object]) -> list[str]:
    """Give a parser its cases; return the kinds of errors nobody was meant to see."""
    parser, unhandled = PARSERS[name], list[str]()
    payloads = parser.payloads()

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(payloads), st.integers(0, 2**64))
    def give(payload: object, seed: int) -> None:
        try:
            read(bent(payload, Random(seed), parser.write))
        except parser.refuses:
            pass
        except Exception as error:
            unhandled.append(type(error).__name__)

    give()
    return unhandled


@pytest.mark.parametrize("channel", sorted(PARSERS))
def test_no_payload_breaks_a_parser(channel: str) -> None:
    assert tried(channel, PARSERS[channel].read) == []


@pytest.mark.parametrize("channel", sorted(PARSERS))
def test_a_parser_that_trusts_its_platform_breaks(channel: str) -> None:
    """Negative control: the payloads are bad enough."""
    assert len(tried(channel, PARSERS[channel].naive)) > CASES / 10
