"""Notices of alerts, brought to the webhook: each once, in the order of a rule's changes, again when it fails.

Whoever claims a notice moves its next try on in one conditional UPDATE, so two at once send it once. A process
that is lost after it sent one and before it noted that has it sent again: the receiver knows it by its ``id``.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import closing, suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from orra.base.strictjson import Json
from planengine.models import AlertNotice

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0
MOST_TRIES = 10  # over some eight hours
MOST_PER_TICK = 20
# A tick ends before the next one begins.
TICK_SECONDS = 40.0
KEPT = timedelta(days=31)

# The one that is due for longest, unless an earlier one of its rule is still to be told. The next try is twice as
# far away each time, from a minute to four hours; beyond the last there is none. Parameters: now (3 times).
CLAIM = f"""
    UPDATE planengine_alertnotice SET
        tries = tries + 1,
        next_try_at = %s + least(240, power(2, tries)) * interval '1 minute'
    WHERE id = (
        SELECT id FROM planengine_alertnotice AS notice
        WHERE next_try_at <= %s AND tries < {MOST_TRIES} AND NOT EXISTS (
            SELECT 1 FROM planengine_alertnotice AS earlier
            WHERE earlier.rule_id = notice.rule_id AND earlier.id < notice.id AND earlier.next_try_at IS NOT NULL
                AND earlier.tries < {MOST_TRIES}
        )
        ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AND next_try_at <= %s
    RETURNING id, body, tries
"""


class NotTaken(Exception):
    """The webhook did not take it. The message holds nothing of its address."""


def deliver(now: datetime) -> int:
    """Sends what is due; how many the webhook took. Without a webhook nothing is sent, and what waits stays."""
    url = settings.ALERT_WEBHOOK_URL
    ends = time.monotonic() + TICK_SECONDS
    taken = 0
    for _ in range(MOST_PER_TICK if url else 0):
        if time.monotonic() + TIMEOUT_SECONDS > ends:
            break
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [now, now, now])
            claimed = cursor.fetchone()
        if claimed is None:
            break
        notice_id, body, tries = claimed
        taken += _bring(notice_id, json.loads(body), tries, url)
    return taken


def _bring(notice_id: int, body: Json, tries: int, url: str) -> bool:
    notice = AlertNotice.objects.filter(pk=notice_id)
    try:
        send(url, {"id": str(notice_id), **body})
    except NotTaken as error:
        log.warning("alert not delivered", notice=notice_id, tries=tries, error=str(error))
        if tries < MOST_TRIES:
            notice.update(last_error=str(error)[:200])
        else:
            notice.update(last_error=f"{str(error)[:150]} (given up)", next_try_at=None)
        return False
    notice.update(delivered_at=timezone.now(), next_try_at=None, last_error="")
    return True


def send(url: str, body: Json) -> None:
    """POSTs the body as JSON; any 2xx is a yes. Redirects are not followed, answers not read. Raises
    :class:`NotTaken`, after five seconds at the latest, however slowly the server speaks."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)) as webhook:
        ending = threading.Timer(TIMEOUT_SECONDS, _cut, [webhook])
        ending.daemon = True
        ending.start()
        try:
            content = json.dumps(body).encode()
            webhook.request("POST", target, content, {"Content-Type": "application/json", "User-Agent": "orra"})
            with webhook.getresponse() as answer:
                status = answer.status
        except (OSError, http.client.HTTPException, ValueError) as error:
            # What these say may hold the address.
            raise NotTaken(f"no answer: {type(error).__name__}") from None
        finally:
            ending.cancel()
    if not 200 <= status < 300:
        raise NotTaken(f"HTTP {status}")


def delete_old_notices(now: datetime) -> int:
    """Deletes those of a month ago, told or not; how many there were."""
    deleted, _ = AlertNotice.objects.filter(created_at__lt=now - KEPT).delete()
    return deleted


def _cut(webhook: http.client.HTTPConnection) -> None:
    held = webhook.sock
    if held is not None:
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)
