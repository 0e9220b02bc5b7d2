"""Whether a broker takes messages."""

from __future__ import annotations

from urllib.parse import urlsplit

from orra.base.brokers import tls

SECONDS = 3


def fault_of(url: str) -> str | None:
    """Why the broker at ``url`` cannot be used and what to do, in a sentence or two."""
    from kombu.connection import Connection

    options = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
    more = {"transport_options": options, "ssl": tls(url)}
    try:
        with Connection(url, connect_timeout=SECONDS, **more) as broker:  # type: ignore[no-untyped-call]
            broker.ensure_connection(max_retries=0, timeout=SECONDS)
    except Exception as error:  # whatever the transport raises: the answer is the same
        said = " ".join(str(error).split()) or type(error).__name__
        return f"names a broker that does not answer at {_address(url)}: {said} Start it, or correct the address."
    return None


def _address(url: str) -> str:
    """Without user and password."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path
