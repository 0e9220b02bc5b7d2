"""What a key must be for to be let do what.

Each view says by method which scope an operation takes, or that any key will do (:data:`ANY`). One that says
nothing takes ``admin``, so that what is forgotten is closed rather than open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from planengine.models import Project, Scope

if TYPE_CHECKING:  # rest_framework.views imports the module of the default permissions
    from rest_framework.views import APIView

ANY: Final = None

Scopes = Mapping[str, Scope | None]


def scope_of(view: object, method: str) -> Scope | None:
    """The scope that a method of a view takes; :data:`ANY` where every key of the project will do."""
    if method == "OPTIONS":
        return ANY
    scopes: Scopes = getattr(view, "scopes", {})
    return scopes.get("GET" if method == "HEAD" else method, Scope.ADMIN)


class HasScope(BasePermission):
    """Lets in who has a key with the scope that the operation takes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller = request.user
        if not isinstance(caller, Project):
            raise NotAuthenticated
        if request.method not in view.allowed_methods:
            return True  # which is told better by the view
        wanted = scope_of(view, request.method or "")
        if wanted is not ANY:
            check_scope(caller, wanted)
        return True


def check_scope(caller: Project, wanted: Scope) -> None:
    """Raises :class:`PermissionDenied` unless the caller's key is for this."""
    if wanted not in caller.key_scopes:
        raise _missing(wanted, caller)


def _missing(wanted: Scope, caller: Project) -> PermissionDenied:
    """As RFC 6750 has it told to programs."""
    held = ", ".join(f"`{scope}`" for scope in caller.key_scopes) or "none"
    detail = (
        f"This takes an API key with the scope `{wanted.value}`; this one has {held}. Whoever has a key with the "
        f'scope `admin` makes one: `POST /v1/api-keys {{"scopes": ["{wanted.value}"]}}`.'
    )
    error = PermissionDenied(detail, code="insufficient_scope")
    error.auth_header = f'Bearer realm="orra", error="insufficient_scope", scope="{wanted.value}"'  # type: ignore[attr-defined]
    return error
