"""The admin as an operator meets it: addresses, what a page says, forms filled in as they were shown."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse

from orra.operators.audit import told
from orra.operators.pages import list_of, page_of

__all__ = ["address", "addresses", "body", "fill", "list_of", "logged", "page_of", "said", "text"]


def address(row: Model, view: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{view}", args=[quote(row.pk)])


def body(client: Client, path: str) -> str:
    """The HTML of a page that there is."""
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def text(page: str) -> str:
    """What a page says, without its markup."""
    words = re.sub(r"<[^>]+>", " ", re.sub(r"</?(a|b|bdi|code|mark|small|span)\b[^>]*>", "", page))
    return " ".join(html.unescape(words).split())


def said(answer: Any) -> str:
    """The messages shown after an answer that redirects."""
    return " ".join(str(message) for message in answer.context["messages"])


def fill(form: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends when some fields of a form are changed and the others left as shown."""
    shown = {bound.html_name: bound.value() for bound in form}
    values = {**shown, **changes}
    return {name: value for name, value in values.items() if value is not None and value is not False}


@dataclass(frozen=True)
class Address:
    model: type[Any]
    view: str
    path: str


def addresses(row_of: Callable[[type[Any]], Any]) -> Iterator[Address]:
    """Every address of a model's, with a row of its own where there is one."""
    for model, model_admin in admin.site._registry.items():
        row = row_of(model)
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        for pattern in model_admin.get_urls():
            if isinstance(pattern, URLResolver) or not pattern.name:
                continue
            view = pattern.name.removeprefix(prefix)
            try:
                path = reverse(f"admin:{pattern.name}", args=_arguments(pattern, row))
            except NoReverseMatch:
                continue
            yield Address(model, view, path)


def _arguments(pattern: URLPattern, row: Any) -> list[Any]:
    wanted = pattern.pattern.converters
    return [row.pk if row is not None else "none" for _ in wanted]


def logged(**of: Any) -> list[str]:
    """What the audit log says of what was done, oldest first, without logins and the address of these tests."""
    entries = LogEntry.objects.filter(**of).exclude(change_message__startswith="Signed in.").order_by("id")
    return [told(entry).removesuffix(" (from 127.0.0.1)") for entry in entries]
