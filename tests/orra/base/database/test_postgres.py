from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction

OPEN = "SELECT count(*) FROM pg_cursors WHERE statement LIKE '%auth_permission%'"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("around, on_the_server", [(nullcontext, 0), (transaction.atomic, 1)])
def test_a_cursor_on_the_server_needs_a_transaction(around: Any, on_the_server: int) -> None:
    block: AbstractContextManager[Any] = around()
    with block:
        rows = Permission.objects.order_by("pk").iterator(chunk_size=2)
        first = next(rows)
        with connection.cursor() as cursor:
            cursor.execute(OPEN)
            assert cursor.fetchone() == (on_the_server,)
        assert [first, *rows] == [*Permission.objects.order_by("pk")]
