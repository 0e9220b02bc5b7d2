"""The bytes of a document: out of a file, from standard input, or from an address."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from orra_client.imports.documents.notation import MOST_BYTES
from orra_client.imports.services import ImportFailed

SECONDS = 60.0
MOST_REDIRECTS = 5
_TAKEN = "application/json, application/yaml, text/yaml;q=0.9, */*;q=0.5"


def is_address(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def fetch(source: str) -> bytes:
    """``source``: a path, ``-`` or a URL. Never more than what a document may have, and one byte. Raises
    :class:`ImportFailed`, which tells no password."""
    if source == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    if is_address(source):
        return _download(source)
    try:
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ImportFailed(f"{source} cannot be read: {error.strerror or error}.") from None


def without_secrets(address: str) -> str:
    """An address to be shown and kept: without user, password, query and fragment."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _download(address: str) -> bytes:
    import httpx2

    shown = without_secrets(address)
    try:
        with (
            httpx2.Client(follow_redirects=True, max_redirects=MOST_REDIRECTS, timeout=SECONDS) as client,
            client.stream("GET", address, headers={"Accept": _TAKEN}) as response,
        ):
            if response.status_code != 200:
                raise ImportFailed(f"{shown} answered {response.status_code}, not with a document.")
            read = bytearray()
            for piece in response.iter_bytes():
                read += piece
                if len(read) > MOST_BYTES:
                    break
            return bytes(read)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ImportFailed(f"{shown} cannot be fetched: {type(error).__name__}.") from None
