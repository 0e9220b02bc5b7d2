"""API keys: issued here (the secret is shown once), revoked here, never deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Field, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import SafeString

from orra.operators.pages import OperatorAdmin, ProjectFilter, badge
from planengine.exceptions import BadRequest
from planengine.models import ApiKey, Scope

SHOWN = ("begins_with", "state", "for_what", "created_at", "expires_at", "revoked_at", "last_used")


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_expires_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["expires_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError("It must be in the future.")
        return moment


class RevokedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "active"), ("expired", "expired"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        match self.value():
            case "active":
                return queryset.filter(pk__in=ApiKey.objects.active().values("pk"))
            case "expired":
                return queryset.filter(revoked_at=None, expires_at__lte=Now())
            case "revoked":
                return queryset.exclude(revoked_at=None)
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(OperatorAdmin):
    form = KeyForm
    list_display = ("begins_with", "name", "project", "state", "for_what", "created_at", "expires_at", "last_used")
    list_filter = (RevokedFilter, "created_at", ProjectFilter)
    list_select_related = ("project", "use")
    list_defer = ("digest",)
    search_fields = ("name", "prefix__startswith", "project__name", "project__id__exact")
    search_help_text = "A key's name or first characters, or a project's name or id."
    raw_id_fields = ("project",)
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "scopes":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        ticks = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(
            choices=Scope.choices, initial=Scope.values, widget=ticks, help_text="What it may be used for."
        )

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("project", "name", *(SHOWN if obj else ("scopes", "expires_at")))

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("project", *SHOWN) if obj else ()

    @admin.display(description="key", ordering="prefix")
    def begins_with(self, key: ApiKey) -> str:
        return str(key)

    @admin.display(description="state", ordering="revoked_at")
    def state(self, key: ApiKey) -> SafeString:
        if key.revoked_at is not None:
            return badge("bad", "revoked")
        return badge("good", "active") if key.is_active else badge("bad", "expired")

    @admin.display(description="for")
    def for_what(self, key: ApiKey) -> str:
        return "everything" if set(key.scopes) == set(Scope.values) else ", ".join(key.scopes)

    @admin.display(description="last used", ordering="use__used_at")
    def last_used(self, key: ApiKey) -> datetime | None:
        """To some minutes."""
        use = getattr(key, "use", None)
        return use.used_at if use is not None else None

    def page(self, request: HttpRequest, row: ApiKey) -> dict[str, Any]:
        return {"may_revoke": row.revoked_at is None and self.has_revoke_permission(request)}

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name"])
            return
        key, secret = ApiKey.issue(obj.project, name=obj.name, scopes=obj.scopes, expires_at=obj.expires_at)
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
