"""JSON-RPC 2.0, as far as the protocol uses it: one request or notification comes in, one answer goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from orra.base.strictjson import Json

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_VERSION: Final = -32022

MOST_ID_CHARACTERS = 500


class Fault(Exception):
    """A message that cannot be answered with a result. ``data`` is the problem as the REST API tells it, or what
    the protocol wants to be told with this code."""

    def __init__(self, code: int, message: str, *, data: Json = None, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.data, self.status = code, message, data, status

    def answer(self, message_id: Json) -> dict[str, Json]:
        error = {"code": self.code, "message": self.message}
        return {
            "jsonrpc": "2.0",
            "id": message_id,
            "error": error if self.data is None else error | {"data": self.data},
        }


@dataclass(frozen=True)
class Message:
    """``id`` is ``None`` for a notification, which nobody expects an answer to."""

    method: str
    params: Mapping[str, Any]
    id: str | int | None

    @property
    def meta(self) -> Mapping[str, Any]:
        """What is said about the message; empty where that is no object."""
        meta = self.params.get("_meta")
        return meta if isinstance(meta, dict) else {}

    def result(self, result: Json) -> dict[str, Json]:
        return {"jsonrpc": "2.0", "id": self.id, "result": result}


def id_of(body: Json) -> str | int | None:
    """The id that an answer to ``body`` can name, whatever else is wrong with it."""
    given = body.get("id") if isinstance(body, dict) else None
    if isinstance(given, str):
        return given if len(given) <= MOST_ID_CHARACTERS else None
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def message_of(body: Json) -> Message:
    """The one request or notification that ``body`` is. Raises :class:`Fault`."""
    if isinstance(body, list):
        raise Fault(INVALID_REQUEST, "Batches are not part of the protocol any more. Send one message at a time.")
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, 'Send one JSON-RPC message: an object with `"jsonrpc": "2.0"`.')
    method, params = body.get("method"), body.get("params", {})
    if not isinstance(method, str):
        raise Fault(
            INVALID_REQUEST, "`method` must be text. Nothing is ever asked of clients, so they answer nothing."
        )
    if not isinstance(params, dict):
        raise Fault(INVALID_REQUEST, "`params` must be an object.")
    if "id" in body and id_of(body) is None:
        raise Fault(
            INVALID_REQUEST, f"`id` must be a whole number, or a text of at most {MOST_ID_CHARACTERS} characters."
        )
    return Message(method, params, id_of(body))
