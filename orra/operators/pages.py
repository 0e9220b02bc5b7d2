"""What the admin pages of every app share: lists that stay fast when tables grow, and pages that only show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import SuspiciousOperation
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import JSONField, Model, QuerySet, TextField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orra.operators.display import brief
from orra.operators.reading import read, rendered

MAX_COUNTED = 10_000
HOLDS_CONTENTS = (JSONField, TextField)
SECRETS = ("digest", "request_digest", "idempotency_key", "password")
MAX_PROJECTS_IN_FILTER = 20


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ``MAX_COUNTED``: counting a table of millions takes longer than showing its page."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return int(rows.order_by()[:MAX_COUNTED].count())

    @property
    def is_cut(self) -> bool:
        return self.count >= MAX_COUNTED


class LeanChangeList(ChangeList):
    """Leaves out the columns that only a row's own page shows."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        deferred = getattr(self.model_admin, "list_defer", ())
        return super().get_queryset(request, exclude_parameters).defer(*deferred)


class Audited(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is done is logged with the address that it came from."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, with_origin(request, message))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_change(request, obj, with_origin(request, message))

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return LogEntry.objects.log_actions(
            user_id=request.user.pk or 0,
            queryset=queryset,
            action_flag=DELETION,
            change_message=with_origin(request, ""),
        )


def where(request: HttpRequest) -> str:
    """The address that a request came from."""
    return str(request.META.get("REMOTE_ADDR", "")) or "unknown"


def with_origin(request: HttpRequest, message: Any) -> Any:
    """``message`` as Django logs it (a text, or a list of what its forms changed), with where it came from."""
    if isinstance(message, list):
        return [*message, {"from": where(request)}]
    return f"{message} (from {where(request)})".strip()


class OperatorAdmin(Audited):
    """``list_defer`` names columns that the list does not show."""

    list_defer: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    paginator = BoundedPaginator
    change_list_template = "admin/orra/change_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LeanChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Postgres refuses these with errors that the admin does not expect.
        sent = [*request.GET.lists(), *request.POST.lists()]
        if any("\x00" in text for name, values in sent for text in (name, *values)):
            raise SuspiciousOperation("A filter must not contain NUL.")
        try:
            return read(
                request, lambda: rendered(super(OperatorAdmin, self).changelist_view(request, extra_context))
            )
        except DataError:
            raise SuspiciousOperation("A filter is out of range.") from None

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """An address may filter by what lists show. By what requests and answers hold, or by what stands for a
        secret, it could be asked for letter by letter: that takes a filter of its own, which asks for the right.
        """
        if lookup in {getattr(each, "parameter_name", None) for each in self.list_filter}:
            return True
        name = lookup.partition("__")[0]
        held = any(
            field.name == name and (isinstance(field, HOLDS_CONTENTS) or name in SECRETS)
            for field in self.opts.get_fields()
        )
        return not held and super().lookup_allowed(lookup, value, request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What a row's page shows beside its form."""
        return {}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context = {**context, **self.page(request, obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def may_view(self, model: type[Model], request: HttpRequest) -> bool:
        return bool(self.admin_site.get_model_admin(model).has_view_permission(request))


class FoundOutAdmin(OperatorAdmin):
    """For what the engine finds out and may find out anew: operators look, and delete. ``delete_label`` says in
    the list what deleting does."""

    delete_label: ClassVar[str] = ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if self.delete_label and (action := actions.get("delete_selected")) is not None:
            actions["delete_selected"] = (*action[:2], self.delete_label)
        return actions


class ReadOnlyAdmin(FoundOutAdmin):
    """For what the engine alone writes."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ProjectFilter(admin.SimpleListFilter):
    """The newest projects, and whichever one a link has chosen."""

    title = "project"
    parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        projects = model_admin.model._meta.get_field("project").related_model.objects
        newest = dict(projects.values_list("pk", "name")[:MAX_PROJECTS_IN_FILTER])
        chosen = request.GET.get(self.parameter_name)
        if chosen and chosen not in newest:
            newest |= projects.filter(pk=chosen).values_list("pk", "name")
        return list(newest.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(project_id=chosen) if chosen else queryset


class ChosenFilter(admin.SimpleListFilter):
    """A filter that links set, for what has too many values to list them: it shows the one that is chosen."""

    lookup: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:
        if self.parameter_name and (chosen := request.GET.get(self.parameter_name)):
            yield chosen, chosen

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{self.lookup: chosen}) if chosen else queryset


def page_of(row: Model) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)])


def list_of(model: type[Model], **chosen: str) -> str:
    """The address of a model's list with these filters."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=chosen)


def link_to(row: Model) -> SafeString:
    return format_html('<a href="{}">{}</a>', page_of(row), brief(str(row), 120))


def badge(kind: str, text: str) -> SafeString:
    return format_html('<span class="orra-badge orra-{}">{}</span>', kind, text)
