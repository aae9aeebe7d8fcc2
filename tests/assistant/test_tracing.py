import logfire
import pytest
from logfire.testing import TestExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import get_tracer

from agent.assistant.tracing import Discreet
from agent.core.secrecy import keep


def test_an_exception_is_traced_by_its_type_alone() -> None:
    """Neither its text nor a traceback; and what is known to be secret is nowhere."""
    keep(["planted-key"])
    exporter = TestExporter()
    logfire.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[Discreet(), SimpleSpanProcessor(exporter)],
    )
    tracer = get_tracer("test")
    with (
        pytest.raises(ValueError, match="prompt"),
        tracer.start_as_current_span("chat", attributes={"address": "http://planted-key/", "tokens": 3}),
    ):
        raise ValueError("the prompt and planted-key")
    span = exporter.exported_spans[-1]
    assert [dict(event.attributes or {}) for event in span.events] == [{"exception.type": "ValueError"}]
    assert (span.status.is_ok, span.status.description) == (False, None)
    assert dict(span.attributes or {}).items() >= {"address": "http://***/", "tokens": 3}.items()
    assert not any("prompt" in one.to_json() for one in exporter.exported_spans)
