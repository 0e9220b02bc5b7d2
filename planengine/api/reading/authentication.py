"""Who is calling: a project's API key, or the operator's token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from planengine.accounting import key_uses
from planengine.exceptions import BadRequest
from planengine.models import KEY_PREFIX, Project, find_caller

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer sk-orra-v1-…``. ``request.user`` is the project, ``request.auth`` the key's id."""

    def authenticate(self, request: Request) -> tuple[Project, str] | None:
        secret = bearer(request)
        if secret is None:
            return None
        if not secret.startswith(KEY_PREFIX):
            raise AuthenticationFailed(f"API keys begin with {KEY_PREFIX}.", code="invalid_api_key")
        project = find_caller(secret)
        if project is None:
            raise AuthenticationFailed("This API key is not known.", code="invalid_api_key")
        if project.key_revoked_at is not None:
            raise AuthenticationFailed("This API key was revoked. Use another one.", code="api_key_revoked")
        if project.key_expired:
            raise AuthenticationFailed("This API key has expired. Use another one.", code="api_key_expired")
        key_uses.note(project.key_id)
        bind_contextvars(project=project.pk)
        return project, project.key_id

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="orra"'


class MayRegister(BasePermission):
    """Projects are made by whoever has the operator's token, or by anybody when registration is open."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if settings.OPEN_REGISTRATION:
            return True
        _, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if settings.OPERATOR_TOKEN and hmac.compare_digest(given.encode(), settings.OPERATOR_TOKEN.encode()):
            return True
        raise BadRequest(
            "Making a project needs the operator's token: `Authorization: Bearer TOKEN`.",
            code="operator_token_required",
            status=401,
        )


def bearer(request: Request) -> str | None:
    """The bearer token of a request, or ``None`` without an ``Authorization`` header."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationFailed("Send the key as `Authorization: Bearer sk-orra-v1-…`.", code="invalid_api_key")
    return str(token.strip())


def project_of(request: Request) -> Project:
    assert isinstance(request.user, Project)
    return request.user
