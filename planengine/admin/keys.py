"""API keys: issued here (the secret is shown once), revoked here, never deleted."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import SafeString

from orra.operators.pages import OperatorAdmin, ProjectFilter, badge
from planengine.exceptions import BadRequest
from planengine.models import ApiKey


class RevokedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "active"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        match self.value():
            case "active":
                return queryset.filter(revoked_at=None)
            case "revoked":
                return queryset.exclude(revoked_at=None)
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(OperatorAdmin):
    list_display = ("begins_with", "name", "project", "state", "created_at", "revoked_at")
    list_filter = (RevokedFilter, "created_at", ProjectFilter)
    list_select_related = ("project",)
    list_defer = ("digest",)
    search_fields = ("name", "prefix__startswith", "project__name", "project__id__exact")
    search_help_text = "A key's name or first characters, or a project's name or id."
    raw_id_fields = ("project",)
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("project", "name", *(("begins_with", "state", "created_at", "revoked_at") if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("project", "begins_with", "state", "created_at", "revoked_at") if obj else ()

    @admin.display(description="key", ordering="prefix")
    def begins_with(self, key: ApiKey) -> str:
        return str(key)

    @admin.display(description="state", ordering="revoked_at")
    def state(self, key: ApiKey) -> SafeString:
        return badge("good", "active") if key.revoked_at is None else badge("bad", "revoked")

    def page(self, request: HttpRequest, row: ApiKey) -> dict[str, Any]:
        return {"may_revoke": row.revoked_at is None and self.has_revoke_permission(request)}

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name"])
            return
        key, secret = ApiKey.issue(obj.project, name=obj.name)
        obj.pk, obj.prefix = key.pk, key.prefix
        cast(Any, request).issued_secret = secret

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The secret, in the answer itself: after a redirect it would have to wait in a cookie or the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new API key",
            "opts": self.opts,
            "key": obj,
            "secret": cast(Any, request).issued_secret,
        }
        response = TemplateResponse(request, "admin/planengine/apikey/issued.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description="Revoke selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        if "confirmed" in request.POST:
            self._revoke(request, queryset)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Revoke these keys?",
            "opts": self.opts,
            "keys": queryset.select_related("project")[: self.list_max_show_all],
        }
        return TemplateResponse(request, "admin/planengine/apikey/revoke.html", context)

    def _revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        revoked = 0
        for key in keys.filter(revoked_at=None):
            try:
                key.revoke()
            except BadRequest as error:
                self.message_user(request, f"{key}: {error.message}", messages.ERROR)
                continue
            self.log_change(request, key, "Revoked.")
            revoked += 1
        if revoked:
            self.message_user(request, f"Revoked {revoked} {'key' if revoked == 1 else 'keys'}.", messages.SUCCESS)
