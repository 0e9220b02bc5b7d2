"""Lists of tables that grow without end. They are never counted, and each page is read on from the row before it,
so the thousandth costs what the first does. They have one order, that of an index.

Words are looked for in so many rows at a time, from where the page is: a list that has found too few says so, and
goes on from there. What takes too long is given up, and the page says what to do.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from orra.base.database.keys import newest_first, oldest_first
from orra.base.database.time_limits import TooSlow, limited
from orra.operators.pages import LeanChangeList, OperatorAdmin

OLDER, NEWER = "older_than", "newer_than"
WINDOW = 20_000  # rows that words are looked for in at a time
LIST_SECONDS = 3.0
ID = re.compile(r"([a-z]{1,2}_)[0-9A-Za-z]{24}")

Place = tuple[Any, ...]


@dataclass(frozen=True)
class Seen:
    """A page's rows, newest first, and from where the ones above and below are read; ``None`` where there are
    none. ``more_to_search`` says that words were not found in all rows that are below."""

    rows: list[Any]
    newer: Place | None = None
    older: Place | None = None
    more_to_search: bool = False


class KeysetChangeList(LeanChangeList):
    model_admin: KeysetAdmin
    seen = Seen([])
    gave_up = False

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        for params in (self.params, self.filter_params):
            for name in (OLDER, NEWER):
                params.pop(name, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        rows = self.queryset.order_by()
        older, newer = self._place(request, OLDER), self._place(request, NEWER)
        try:
            with limited(seconds=LIST_SECONDS):
                self.seen = self._look(rows, newer or older, upwards=newer is not None)
        except TooSlow:
            self.gave_up = True
        self.result_list = self.seen.rows
        self.result_count = self.full_result_count = len(self.seen.rows)
        self.show_full_result_count, self.show_admin_actions = False, True
        self.can_show_all = self.multi_page = False

    @property
    def newer_link(self) -> str:
        return self._link(NEWER, self.seen.newer)

    @property
    def older_link(self) -> str:
        return self._link(OLDER, self.seen.older)

    @property
    def newest_link(self) -> str:
        return self.get_query_string()

    @property
    def seconds(self) -> float:
        return LIST_SECONDS

    @property
    def window(self) -> int:
        return WINDOW

    def _look(self, rows: QuerySet[Any], place: Place | None, *, upwards: bool) -> Seen:
        admin, limit = self.model_admin, self.list_per_page
        end = None
        if words := admin.words_in(self.query):
            rows_on = self._read_on(rows, place, upwards=upwards)
            end = next(iter(rows_on.values_list(*admin.keyset)[WINDOW - 1 : WINDOW]), None)
            found = admin.search_words(rows, words)
            shown = list(self._read_on(found, place, to=end, upwards=upwards)[: limit + 1])
            if end is not None and not self._read_on(rows, end, upwards=upwards).exists():
                end = None
        else:
            shown = list(self._read_on(rows, place, upwards=upwards)[: limit + 1])
        full, shown = len(shown) > limit, shown[:limit]
        on = _place_of(shown[-1], admin.keyset) if full else end
        back = None if place is None else _place_of(shown[0], admin.keyset) if shown else place
        if upwards:
            return Seen(shown[::-1], newer=on, older=back)
        return Seen(shown, newer=back, older=on, more_to_search=end is not None and not full)

    def _read_on(
        self, rows: QuerySet[Any], place: Place | None, *, to: Place | None = None, upwards: bool
    ) -> QuerySet[Any]:
        key = self.model_admin.keyset
        if upwards:
            return oldest_first(rows, key, after=place, up_to=to)
        return newest_first(rows, key, before=place, down_to=to)

    def _place(self, request: HttpRequest, name: str) -> Place | None:
        token = request.GET.get(name)
        if not token:
            return None
        fields = [self.model._meta.get_field(column) for column in self.model_admin.keyset]
        try:
            values = json.loads(base64.urlsafe_b64decode(token.encode()))
            if not isinstance(values, list) or len(values) != len(fields):
                raise ValueError(token)
            return tuple(field.to_python(value) for field, value in zip(fields, values, strict=True))  # type: ignore[union-attr]
        except (ValueError, TypeError, binascii.Error, ValidationError) as error:
            raise IncorrectLookupParameters(error) from None

    def _link(self, name: str, place: Place | None) -> str:
        if place is None:
            return ""
        told = [str(value) if not isinstance(value, int) else value for value in place]
        return self.get_query_string({name: base64.urlsafe_b64encode(json.dumps(told).encode()).decode()})


class KeysetAdmin(OperatorAdmin):
    """``keyset`` names the columns of an index that hold the list's order, highest first; together they are
    unique. ``ids_by_prefix`` says which column an id of this prefix is looked for in."""

    keyset: ClassVar[Sequence[str]] = ("id",)
    ids_by_prefix: ClassVar[Mapping[str, str]] = {}
    sortable_by = ()
    show_facets = ShowFacets.NEVER  # they count
    change_list_template = "admin/orra/keyset_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return [f"-{column}" for column in self.keyset]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """An id is looked up at once. Words are looked for page by page, see :meth:`search_words`."""
        if column := self._column_of(search_term):
            return queryset.filter(**{column: search_term.strip()}), False
        return queryset, False

    def words_in(self, search_term: str) -> str:
        """What is to be looked for as words; empty for an id."""
        return "" if self._column_of(search_term) else search_term.strip()

    def search_words(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        found, _ = super().get_search_results(HttpRequest(), rows, words)
        return found

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        if request.POST.get("select_across", "0") != "0":
            self.message_user(request, "Rows of a list as long as this are chosen one by one.", messages.WARNING)
            return None
        return super().response_action(request, queryset, *args, **kwargs)

    def _column_of(self, search_term: str) -> str:
        found = ID.fullmatch(search_term.strip())
        return self.ids_by_prefix.get(found[1], "") if found else ""


def _place_of(row: Any, key: Sequence[str]) -> Place:
    return tuple(getattr(row, column) for column in key)
