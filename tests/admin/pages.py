"""The admin as an operator meets it: addresses, what a page says, forms filled in as they were shown."""

from __future__ import annotations

import html
import re
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from orra.operators.pages import list_of, page_of

__all__ = ["address", "body", "fill", "list_of", "page_of", "said", "text"]


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
