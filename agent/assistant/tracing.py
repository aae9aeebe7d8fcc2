"""What is traced of a turn: what was called and how long it took, and never what anybody said."""

import logfire
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.trace import Status
from pydantic import SecretStr

from agent.core.secrecy import hidden

KIND = "exception.type"


class Discreet(SpanProcessor):
    """Leaves of an exception nothing but its type: providers put prompts and parts of keys into their texts.

    Logfire's own scrubbing takes exceptions for safe. It gives a span that has ended to one processor after
    the other, this one first, and to exporters last: what is changed here is changed for them.
    """

    def on_end(self, span: ReadableSpan) -> None:
        """See :class:`SpanProcessor`."""
        # Nothing public changes a span that has ended.
        vars(span)["_events"] = [
            Event(event.name, {KIND: str((event.attributes or {}).get(KIND, ""))}, event.timestamp)
            for event in span.events
        ]
        vars(span)["_status"] = Status(span.status.status_code)
        vars(span)["_attributes"] = {
            name: hidden(value) if isinstance(value, str) else value
            for name, value in (span.attributes or {}).items()
        }


def trace(token: SecretStr) -> None:
    """Send traces to Logfire, without what people said or were told."""
    logfire.configure(
        token=token.get_secret_value(),
        service_name="voxnix",
        console=False,
        inspect_arguments=False,
        additional_span_processors=[Discreet()],
    )
