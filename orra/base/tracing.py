"""Traces, with OpenTelemetry's packages, where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says whom to send them.

Until :func:`begin` is called, nothing of OpenTelemetry is imported, and a span is one object that does nothing.
What exceptions say may hold values of params, so spans have no more of them than a code.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any, Protocol

import structlog

PACKAGES = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
FLUSH_MS = 2_000
SERVICE = "orra"
# The carrier's name in headers (W3C, Trace Context).
PARENT = "traceparent"

Value = str | bool | int | float | None
Attributes = Mapping[str, Value]

log = structlog.get_logger(__name__)


class Span(Protocol):
    def note(self, attributes: Attributes) -> None:
        """Adds what is known by now; ``None`` is not known."""


class _NoSpan:
    """A span, and its context, where nothing is traced."""

    def note(self, attributes: Attributes) -> None: ...

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None: ...


class _Span:
    def __init__(self, span: Any) -> None:
        self._span = span

    def note(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)


_nothing = _NoSpan()
_provider: Any = None


def is_wanted() -> bool:
    """Whether traces are configured and can be made. Imports nothing of OpenTelemetry."""
    if (
        not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
        or os.environ.get("OTEL_SDK_DISABLED") == "true"
    ):
        return False
    if all(_is_there(package) for package in PACKAGES):
        return True
    log.warning("no traces: opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http are not installed")
    return False


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # what it is part of is not there
        return False


def begin(exporter: Any = None) -> None:
    """From now on spans are made, and sent by a thread of this process; ``exporter`` instead of OTLP over HTTP."""
    global _provider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    name = os.environ.get("OTEL_SERVICE_NAME", "").strip() or SERVICE
    _provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(exporter))


def end() -> None:
    """Sends what is left, for at most two seconds."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        provider.force_flush(FLUSH_MS)
        provider.shutdown()


def is_on() -> bool:
    return _provider is not None


def span(
    name: str, attributes: Attributes | None = None, *, kind: str = "internal", parent: str = ""
) -> AbstractContextManager[Span]:
    """``kind``: internal, server, client or consumer. ``parent``: a ``traceparent``, else what is around it."""
    return _nothing if _provider is None else _made(name, attributes or {}, kind, parent)


@contextmanager
def _made(name: str, attributes: Attributes, kind: str, parent: str) -> Generator[Span]:
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({PARENT: parent}) if parent else None
    started = _provider.get_tracer(SERVICE).start_as_current_span(
        name,
        context=context,
        kind=SpanKind[kind.upper()],
        record_exception=False,
        set_status_on_exception=False,
    )
    with started as made:
        found = _Span(made)
        found.note(attributes)
        try:
            yield found
        except Exception as error:
            made.set_attribute("error.type", str(getattr(error, "code", "") or type(error).__name__))
            made.set_status(Status(StatusCode.ERROR))
            raise


def carried() -> dict[str, str]:
    """The ``traceparent`` of the span that is open here, for who goes on with it elsewhere."""
    if _provider is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {PARENT: carrier[PARENT]} if PARENT in carrier else {}
