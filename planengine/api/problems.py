"""Errors as RFC 9457 problems: every one has a stable ``code`` and a ``detail`` that says what to do."""

from __future__ import annotations

import sys
from http import HTTPStatus
from itertools import islice
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import is_valid_path
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from orra.base.database.outages import brief, is_away
from orra.base.strictjson import Json
from orra.base.text import shorten
from planengine.exceptions import BadRequest, GroundingInvalid, OrraError, TooManyWaiting

CONTENT_TYPE = "application/problem+json"
# What a client sent wrongly is told back to it, but not all of it.
MAX_PROBLEMS, MAX_FIELD, MAX_MESSAGE = 20, 100, 500

log = structlog.get_logger(__name__)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    problems: list[Json] | None = None,
    how_to_fix: list[str] | None = None,
    pointer: str | None = None,
) -> dict[str, Json]:
    """The members of a problem. ``pointer`` is the JSON pointer of the faulty part of the request."""
    body: dict[str, Json] = {
        "type": f"urn:orra:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    extras = {"pointer": pointer, "problems": problems, "how_to_fix": how_to_fix}
    return {**body, **{name: value for name, value in extras.items() if value}}


UNREACHABLE = problem(503, "database_unreachable", "The database cannot be reached. Try again in a moment.")
COME_BACK = {"Retry-After": "2"}
WHILE_AWAY = (
    "The admin shows what Postgres holds, so there is nothing to show until Postgres is back. This process is "
    "well, and nothing needs a restart: load the page again then.",
    "/readyz says what this process reaches. The log has the error: look for “database unreachable”.",
)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know becomes :func:`server_error`, with nothing of it shown."""
    set_rollback()
    # A problem is JSON also where a view speaks something else.
    context["request"].accepted_renderer, context["request"].accepted_media_type = JSONRenderer(), CONTENT_TYPE
    if isinstance(error, BadRequest):
        headers = {"WWW-Authenticate": 'Bearer realm="orra"'} if error.status == 401 else {}
        if isinstance(error, TooManyWaiting):
            headers["Retry-After"] = str(error.retry_after)
        return _respond(refusal(error), headers=headers)
    if isinstance(error, OrraError):
        return _respond(problem(503 if error.retryable else 500, error.code, error.message))
    if is_away(error):
        _note_unreachable(error)
        return _respond(UNREACHABLE, headers=COME_BACK)
    if isinstance(error, Http404 | exceptions.ValidationError):
        return _respond(refusal(error))
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _respond(_known(error, context["view"]), headers=_headers(error))
    return None


def refusal(error: BadRequest | Http404 | exceptions.ValidationError) -> dict[str, Json]:
    """What is told of a request that is at fault itself, wherever it came in."""
    if isinstance(error, BadRequest):
        return problem(error.status, error.code, error.message, pointer=error.pointer, **_all_of(error))
    if isinstance(error, Http404):
        return problem(404, "not_found", "There is nothing here by that name, or it belongs to another project.")
    return _invalid(error)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_admin(request):
        return _page(404, "There is no such page", "What it showed may be gone, or the address is mistyped.")
    without_slash = request.path_info.rstrip("/")
    detail = "There is no such path. /docs shows what there is."
    if without_slash != request.path_info and is_valid_path(without_slash):
        detail = "There is no such path: leave out the slash at its end."
    return JsonResponse(problem(404, "no_such_path", detail), status=404, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    """What no view knew. A database that is away is said to be."""
    error = sys.exc_info()[1]
    if error is not None and is_away(error):
        _note_unreachable(error)
        if _is_admin(request):
            return _page(503, "The database cannot be reached", *WHILE_AWAY, headers=COME_BACK)
        return JsonResponse(UNREACHABLE, status=503, content_type=CONTENT_TYPE, headers=COME_BACK)
    detail = "The plan engine itself failed. The log has the details; trying again may help."
    if _is_admin(request):
        return _page(500, "This page failed", detail)
    return JsonResponse(problem(500, "internal_error", detail), status=500, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_admin(request):
        return _page(400, "This address cannot be read", "A filter or a field in it is not what the page takes.")
    detail = "The request cannot be read. Check its address and headers."
    return JsonResponse(problem(400, "bad_request", detail), status=400, content_type=CONTENT_TYPE)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only the admin comes here; the API's views answer for themselves."""
    return _page(
        403, "You may not do this", "It takes a right that you do not have. An administrator can give it."
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        403,
        "This form cannot be accepted",
        "It is older than your login, or was sent from another address than this one. Go back, load the page anew "
        "and send it again.",
        "Behind a proxy with TLS, CSRF_TRUSTED_ORIGINS must name the address that browsers use.",
    )


def _is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


def _page(status: int, title: str, *sentences: str, headers: dict[str, str] | None = None) -> HttpResponse:
    """An error as people read it. It asks the database for nothing."""
    page = render_to_string("error.html", {"title": title, "sentences": sentences})
    return HttpResponse(page, status=status, headers=headers)


def _note_unreachable(error: BaseException) -> None:
    log.error("database unreachable", error=brief(error))


def _all_of(error: BadRequest) -> dict[str, list[Json]]:
    """Everything that is wrong, where it was found out at once."""
    if not isinstance(error, GroundingInvalid):
        return {}
    return {"problems": list(error.problems), "how_to_fix": list(error.how_to_fix)}


def _known(error: exceptions.APIException, view: APIView) -> dict[str, Json]:
    code, detail = str(getattr(error.detail, "code", error.default_code)), str(error.detail)
    if isinstance(error, exceptions.NotAuthenticated):
        code, detail = "missing_api_key", "Send an API key as `Authorization: Bearer sk-orra-v1-…`."
    elif isinstance(error, exceptions.MethodNotAllowed):
        detail = f"The method is not possible here. Possible are: {', '.join(view.allowed_methods)}."
    elif isinstance(error, exceptions.UnsupportedMediaType):
        detail = "Send JSON, with `Content-Type: application/json`."
        if "application/yaml" in (parser.media_type for parser in view.parser_classes):
            detail = "Send JSON or YAML, with `Content-Type: application/json` or `application/yaml`."
    return problem(error.status_code, code, detail)


def _invalid(error: exceptions.ValidationError) -> dict[str, Json]:
    problems = list(islice(_flatten(error.detail, ""), MAX_PROBLEMS))
    detail = " ".join(
        f"{found['field']}: {found['message']}" if found["field"] else found["message"] for found in problems
    )
    codes = {found["code"] for found in problems}
    return problem(400, codes.pop() if len(codes) == 1 else "invalid", detail, problems=problems)


def _flatten(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for name, member in detail.items():
            yield from _flatten(member, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for member in detail:
            yield from _flatten(member, path)
    else:
        field = "" if path == "non_field_errors" else shorten(path, MAX_FIELD)
        message = shorten(str(detail), MAX_MESSAGE)
        yield {"field": field, "code": str(getattr(detail, "code", "invalid")), "message": message}


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _respond(body: dict[str, Json], *, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)
