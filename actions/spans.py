"""What a trace of a turn is made of, by OpenTelemetry: ids and names of ours, never words.

Rasa passes nothing on to the actions but the turn's id. So the trace has that id, and the ids
of the spans others hang on are halves of it: every process knows where its own belong.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

_SPAN: ContextVar[int | None] = ContextVar("span", default=None)
_TRACE: ContextVar[int | None] = ContextVar("trace", default=None)


class _Ids(RandomIdGenerator):
    """Ids as they were asked for, else at random."""

    def generate_trace_id(self) -> int:
        return _TRACE.get() or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return _SPAN.get() or super().generate_span_id()


class Spans:
    """Spans of one process's share of turns; `kept` is the part of all turns that is kept."""

    def __init__(self, service: str, kept: float, processor: SpanProcessor) -> None:
        share = TraceIdRatioBased(kept)  # by the trace's id: every process decides the same
        self._provider = TracerProvider(
            sampler=ParentBased(share, remote_parent_sampled=share),
            resource=Resource.create({SERVICE_NAME: f"xiaoli-{service}"}),
            id_generator=_Ids(),
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("xiaoli")

    def turn(self, turn_id: str) -> AbstractContextManager[object]:
        """The gateway's work on a turn."""
        trace_id, root, _ = _ids_of(turn_id)
        return self._span("turn", SpanKind.SERVER, span_id=root, trace_id=trace_id)

    def rasa(self, call: str, turn_id: str) -> AbstractContextManager[object]:
        """A call of Rasa within a turn; the actions' spans hang on the one that replies."""
        replying = _ids_of(turn_id)[2] if turn_id else None
        return self._span(f"rasa {call}", SpanKind.CLIENT, span_id=replying)

    def action(self, name: str, turn_id: str) -> AbstractContextManager[object]:
        """An action Rasa called for, in another process than the turn's."""
        trace_id, _, replying = _ids_of(turn_id)
        sampled = TraceFlags(TraceFlags.SAMPLED)
        above = NonRecordingSpan(SpanContext(trace_id, replying, True, sampled))
        context = trace.set_span_in_context(above)
        return self._span(name, SpanKind.SERVER, context=context)

    def note(self, **facts: str) -> None:
        """Say something more of the span one is in."""
        trace.get_current_span().set_attributes({f"xiaoli.{k}": v for k, v in facts.items()})

    def close(self) -> None:
        """Send what is still to be sent."""
        self._provider.shutdown()

    @contextmanager
    def _span(
        self,
        name: str,
        kind: SpanKind,
        *,
        span_id: int | None = None,
        trace_id: int | None = None,
        context: Context | None = None,
    ) -> Iterator[None]:
        given = _SPAN.set(span_id), _TRACE.set(trace_id)
        try:
            span = self._tracer.start_span(name, context, kind)
        finally:
            _SPAN.reset(given[0])
            _TRACE.reset(given[1])
        # The text of an error may hold what a resident wrote.
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield
            except Exception as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise


def sending_to(endpoint: str, service: str, kept: float) -> Spans:
    """Return spans that are sent to a collector, some together, from a thread of their own."""
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    return Spans(service, kept, BatchSpanProcessor(exporter))


def _ids_of(turn_id: str) -> tuple[int, int, int]:
    """Return the ids of a turn's trace, of its first span, and of its reply's."""
    return int(turn_id, 16), int(turn_id[:16], 16), int(turn_id[16:], 16)
