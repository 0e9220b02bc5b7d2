"""Revisions of the protocol, and what each asks of a message.

Up to 2025-11-25 a client says at first which revision it speaks (``initialize``). Since 2026-07-28 it says so in
every message, in ``_meta`` and in headers that let a gateway route without reading bodies; the two must agree.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from orra.base.strictjson import Json
from planengine.api.mcp.messages import HEADER_MISMATCH, INVALID_PARAMS, UNSUPPORTED_VERSION, Fault, Message

HANDSHAKE: Final = ("2025-06-18", "2025-11-25")
SELF_CONTAINED: Final = ("2026-07-28",)
SUPPORTED: Final = (*HANDSHAKE, *SELF_CONTAINED)

VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
# Which of a method's params the header Mcp-Name repeats.
NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_ENCODED = re.compile(r"=\?base64\?(.*)\?=")


def agreed(asked_for: Json) -> str:
    """The revision that a client that begins with ``initialize`` is answered in: the one it speaks, else the
    newest that begins so."""
    return asked_for if asked_for in HANDSHAKE else HANDSHAKE[-1]


def version_of(message: Message, headers: Mapping[str, str]) -> str:
    """The revision that a message is in; without a word about it, the newest of those that say it once. Raises
    :class:`Fault` for one that is not supported, or not what the message's headers say."""
    told, meant = headers.get(VERSION_HEADER), message.meta.get(VERSION_KEY)
    if told is None and meant is None:
        return HANDSHAKE[-1]
    if meant not in (None, told):
        raise Fault(HEADER_MISMATCH, f"The header {VERSION_HEADER} must say what `{VERSION_KEY}` in `_meta` says.")
    if told not in SUPPORTED:
        data: Json = {"supported": list(SUPPORTED), "requested": told}
        raise Fault(UNSUPPORTED_VERSION, "This revision of the protocol is not supported.", data=data)
    if told in SELF_CONTAINED and message.id is not None:
        _check_envelope(message, headers)
    return told


def _check_envelope(message: Message, headers: Mapping[str, str]) -> None:
    for key, kind in ((VERSION_KEY, str), (CAPABILITIES_KEY, dict)):
        if not isinstance(message.meta.get(key), kind):
            raise Fault(
                INVALID_PARAMS, f"`params._meta` must hold `{key}`, as this revision asks of every request."
            )
    if headers.get(METHOD_HEADER) != message.method:
        raise Fault(HEADER_MISMATCH, f"The header {METHOD_HEADER} must be the message's method.")
    key = NAMED_BY.get(message.method, "")
    if key in message.params and decoded(headers.get(NAME_HEADER)) != message.params[key]:
        raise Fault(HEADER_MISMATCH, f"The header {NAME_HEADER} must be the message's `{key}`.")


def decoded(value: str | None) -> str | None:
    """The text that a header holds: as it stands, or as ``=?base64?…?=``. ``None`` where that cannot be read."""
    found = _ENCODED.fullmatch(value or "")
    if found is None:
        return value
    try:
        return base64.b64decode(found[1], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
