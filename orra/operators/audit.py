"""Who did what, when and from where: Django's log of the admin, with the address that a change came from.

Nobody changes or deletes it, and whoever stands in it is deactivated, not deleted.
"""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orra.operators.display import brief, visible
from orra.operators.pages import Audited, ReadOnlyAdmin, badge, where

log = structlog.get_logger(__name__)

DEEDS = {ADDITION: ("good", "added"), CHANGE: ("neutral", "changed"), DELETION: ("bad", "deleted")}


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "who", "deed", "kind", "what", "said")
    list_display_links = ("action_time",)
    list_filter = ("action_flag",)
    list_select_related = ("user", "content_type")
    ordering = ("-id",)
    search_fields = ("user__username__exact", "object_id__exact", "object_repr", "change_message")
    search_help_text = "Who did it, an id, or words of what was said about it."
    sortable_by = ()

    @admin.display(description="who")
    def who(self, entry: LogEntry) -> str:
        return brief(entry.user.get_username())

    @admin.display(description="did")
    def deed(self, entry: LogEntry) -> SafeString:
        return badge(*DEEDS.get(entry.action_flag, ("neutral", "?")))

    @admin.display(description="kind")
    def kind(self, entry: LogEntry) -> str:
        return str(entry.content_type.name) if entry.content_type else "–"

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str | SafeString:
        shown = brief(entry.object_repr)
        address = None if entry.action_flag == DELETION else entry.get_admin_url()
        return format_html('<a href="{}">{}</a>', address, shown) if address else shown

    @admin.display(description="said")
    def said(self, entry: LogEntry) -> str:
        return visible(told(entry), 2_000)

    def get_fields(self, request: HttpRequest, obj: LogEntry | None = None) -> tuple[str, ...]:
        return ("action_time", "who", "deed", "kind", "what", "object_id", "said")

    get_readonly_fields = get_fields


def told(entry: LogEntry) -> str:
    """What was said about a change, in one line, with the address that it came from."""
    try:
        parts = json.loads(entry.change_message)
    except ValueError:
        return entry.change_message
    origin = [part["from"] for part in parts if isinstance(part, dict) and isinstance(part.get("from"), str)]
    return " ".join([entry.get_change_message(), *(f"(from {address})" for address in origin)]).strip()


admin.site.unregister([User, Group])


@admin.register(User)
class PeopleAdmin(Audited, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "roles", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may set somebody's password may become them."""
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What somebody did would go with them: who has done something is made inactive instead."""
        if isinstance(obj, User) and LogEntry.objects.filter(user=obj).exists():
            return False
        return self.has_change_permission(request, obj) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes superusers, or gives rights one by one: with the right to change people anybody
        could give themselves all others."""
        fields = ("last_login", "date_joined")
        return fields if request.user.is_superuser else (*fields, "is_superuser", "user_permissions")

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **_ticked(db_field, kwargs))


@admin.register(Group)
class RolesAdmin(Audited, GroupAdmin):
    """Superusers put rights together; else anybody could give themselves all of them."""

    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **_ticked(db_field, kwargs))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


def _ticked(db_field: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Groups and rights as boxes to tick: they are few, and Django's pair of lists is too wide for a phone."""
    if db_field.name not in ("groups", "user_permissions", "permissions"):
        return kwargs
    rows = db_field.remote_field.model._default_manager.all()
    if db_field.name != "groups":
        rows = rows.select_related("content_type")
    return {**kwargs, "queryset": rows, "widget": CheckboxSelectMultiple}


def note_login(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Of people: a session that a program opens for itself comes from nowhere."""
    if "REMOTE_ADDR" not in request.META:
        return
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=str(user)[:200],
        action_flag=CHANGE,
        change_message=f"Signed in. (from {where(request)})",
    )


def note_failed_login(request: HttpRequest | None, **kwargs: Any) -> None:
    log.warning("login failed", address=where(request) if request is not None else "")


user_logged_in.connect(note_login)
user_login_failed.connect(note_failed_login)
