"""What the list of entries is filtered by: the same filters that jobs take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cache.care.selection import CHOICES, narrow
from cache.models import Entry


class EntryFilter(admin.SimpleListFilter):
    """One of :data:`cache.care.selection.CHOICES`, by its name."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        assert self.parameter_name is not None
        return list(CHOICES[self.parameter_name].items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        chosen = self.value()
        assert self.parameter_name is not None
        return narrow(queryset, self.parameter_name, chosen) if chosen else queryset


class KindFilter(EntryFilter):
    title = "kind"
    parameter_name = "kind"


class StateFilter(EntryFilter):
    title = "state"
    parameter_name = "state"


class ServesFilter(EntryFilter):
    title = "serves"
    parameter_name = "serves"


class PlannerFilter(EntryFilter):
    title = "planned by"
    parameter_name = "planned_by"


class ContestedFilter(EntryFilter):
    title = "contested"
    parameter_name = "contested"


class ChosenEntryFilter(EntryFilter):
    """One that links set: it shows the value that is chosen."""

    said: ClassVar[str] = "{}"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self._chosen(request))

    def _chosen(self, request: HttpRequest) -> Iterator[tuple[str, str]]:
        if self.parameter_name and (chosen := request.GET.get(self.parameter_name)):
            yield chosen, self.said.format(chosen)


class ServiceFilter(ChosenEntryFilter):
    title = "uses the service"
    parameter_name = "service"
