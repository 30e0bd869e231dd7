"""Traces of turns, where a collector is set; else nothing is loaded, and nothing is done."""

import re
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from actions.errors import SettingInvalid
from actions.settings import Settings

if TYPE_CHECKING:
    from actions.spans import Spans

TURN = re.compile(r"[0-9a-f]{32}")
NOTHING = nullcontext()

_spans: "Spans | None" = None


def open_for(service: str, said: Settings) -> None:
    """Have this process's share of turns traced from now on, where a collector is set.

    Raises:
        SettingInvalid: the packages for it are not installed.
    """
    if not said.otel_exporter_otlp_endpoint:
        return
    try:
        from actions import spans  # half a second and 20 MB that nobody else needs
    except ImportError as error:
        raise SettingInvalid(
            "Setting OTEL_EXPORTER_OTLP_ENDPOINT needs opentelemetry-sdk and "
            f"opentelemetry-exporter-otlp-proto-http ({error}); install them, or remove it"
        ) from None
    endpoint, kept = said.otel_exporter_otlp_endpoint, said.otel_traces_sampler_arg
    use(spans.sending_to(endpoint, service, kept))


def use(spans: "Spans | None") -> None:
    """Trace with these spans, or no more."""
    global _spans
    _spans = spans


def turn(turn_id: str) -> AbstractContextManager[object]:
    """Trace the gateway's work on a turn while the block lasts."""
    return NOTHING if _spans is None or not TURN.fullmatch(turn_id) else _spans.turn(turn_id)


def rasa(call: str, turn_id: str = "") -> AbstractContextManager[object]:
    """Trace a call of Rasa; `turn_id` where it is the one that answers a turn."""
    if _spans is None or (turn_id and not TURN.fullmatch(turn_id)):
        return NOTHING
    return _spans.rasa(call, turn_id)


def action(name: str, turn_id: str) -> AbstractContextManager[object]:
    """Trace an action of a turn."""
    if _spans is None or not TURN.fullmatch(turn_id):
        return NOTHING
    return _spans.action(name, turn_id)


def note(**facts: str) -> None:
    """Say something more of what is traced: ids and names of ours alone."""
    if _spans is not None:
        _spans.note(**facts)
