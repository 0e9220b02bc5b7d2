"""``POST /mcp``: who may speak, and one message with its answer. Keys, limits and problems are the REST API's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orra.base.strictjson import Json
from planengine.api.mcp.messages import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR, Fault, id_of, message_of
from planengine.api.mcp.methods import Asked, answered
from planengine.api.mcp.tools import Called
from planengine.api.mcp.versions import HANDSHAKE, version_of
from planengine.api.mcp.waiting import PLAN_HEADER
from planengine.api.problems import refusal
from planengine.api.reading.scopes import ANY, Scopes
from planengine.exceptions import BadRequest
from planengine.lifecycle.waiting import WAIT_HEADER

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


class Endpoint(APIView):
    """There is no stream to open with GET and no session to end with DELETE."""

    http_method_names = ["post"]
    scopes: Scopes = {"POST": ANY}  # tools and resources ask for their own

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        _check_origin(request.headers.get("Origin"))
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """The problem that the REST API tells, where clients of this protocol look for what went wrong."""
        response = super().handle_exception(exc)
        told = response.data
        code = INVALID_REQUEST if response.status_code < 500 else INTERNAL_ERROR
        response.data = Fault(code, told["detail"], data=told).answer(None)
        response.content_type = "application/json"
        return response

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        body: Json = None
        try:
            body = _body_of(request)
            message = message_of(body)
            version = version_of(message, request.headers)
        except Fault as fault:
            return Response(fault.answer(id_of(body)), status=fault.status)
        if message.id is None:
            return Response(status=202)
        try:
            called = answered(Asked(message, version, request))
        except Fault as fault:
            # Clients of the revisions with a handshake read an answer only where HTTP calls it one.
            return Response(fault.answer(message.id), status=200 if version in HANDSHAKE else fault.status)
        return Response(message.result(called.result), headers=_to_wait(called))


def _to_wait(called: Called) -> dict[str, str]:
    """What :mod:`planengine.api.mcp.waiting` reads, and no client sees."""
    if called.waits_for is None:
        return {}
    plan_id, seconds = called.waits_for
    return {PLAN_HEADER: plan_id, WAIT_HEADER: str(seconds)}


def _check_origin(origin: str | None) -> None:
    """A browser says which page asks. One whose host's name was made to lead here must not speak to what runs on
    its user's machine: names that are not known for sure are refused, whatever address they lead to."""
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return
    known = [*LOOPBACK, *(name for name in settings.ALLOWED_HOSTS if name != "*")]
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        host = ""
    if not validate_host(f"[{host}]" if ":" in host else host, known):
        raise BadRequest(
            "Pages from this origin may not ask here. The operator allows one with CSRF_TRUSTED_ORIGINS.",
            code="origin_not_allowed",
            status=403,
        )


def _body_of(request: Request) -> Json:
    try:
        return request.data
    except BadRequest as error:
        told = refusal(error)
        if error.status == 400:
            code = PARSE_ERROR if error.code == "invalid_json" else INVALID_REQUEST
            raise Fault(code, error.message, data=told) from None
        raise
