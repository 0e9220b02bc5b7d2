"""The admin's lists, read from a replica where there is one; but whoever has just written sees what they wrote."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse

from orra.base.database.replica import replica

# The browser keeps it for as long as the replica may lack what was written.
WROTE = "orra_wrote"
SURPLUS_SECONDS = 1


def read(request: HttpRequest, show: Callable[[], HttpResponse]) -> HttpResponse:
    """What ``show`` makes of rows. It may be called twice."""
    return replica.read(show) if request.method == "GET" and WROTE not in request.COOKIES else show()


def rendered(response: HttpResponse) -> HttpResponse:
    """Now, because templates ask for rows, too."""
    return response.render() if isinstance(response, SimpleTemplateResponse) else response


def note_write(request: HttpRequest, response: HttpResponse) -> None:
    if replica.is_there and request.method not in ("GET", "HEAD", "OPTIONS"):
        seconds = settings.REPLICA_LAG_SECONDS + SURPLUS_SECONDS
        response.set_cookie(WROTE, "1", max_age=seconds, httponly=True, samesite="Lax", secure=settings.HTTPS_ONLY)
