"""What an operator sees while Postgres is away."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection
from django.test import Client

from planengine.models import Plan
from tests.admin.pages import list_of, text


def fail(*args: Any) -> None:
    raise OperationalError("connection refused\nwith a secret")


def test_a_page_says_so_and_what_to_do(operator: Client) -> None:
    operator.raise_request_exception = False
    with connection.execute_wrapper(fail):
        answer = operator.get(list_of(Plan))

    page = text(answer.content.decode())
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer["Content-Type"].startswith("text/html")
    assert "The database cannot be reached" in page and "/readyz" in page
    assert "secret" not in page
