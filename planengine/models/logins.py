"""Logins to the admin that failed: counted by who was tried from where, so that guessing ends soon."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import connection, models

MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)

# The row is written before the password is looked at, so that many tries at once are counted too. One that is
# locked stays as it is, so that further tries do not make it longer. Parameters: id, name, address, seconds, most.
COUNT = """
    INSERT INTO planengine_loginfailure AS known (id, name, address, failures, last_at)
    VALUES (%s, %s, %s, 1, statement_timestamp())
    ON CONFLICT (id) DO UPDATE SET
        failures = CASE
            WHEN known.last_at < statement_timestamp() - %s * interval '1 second' THEN 1
            ELSE known.failures + 1
        END,
        last_at = CASE
            WHEN known.failures > %s AND known.last_at >= statement_timestamp() - %s * interval '1 second'
            THEN known.last_at ELSE statement_timestamp()
        END
    RETURNING failures
"""


class LoginFailureQuerySet(models.QuerySet["LoginFailure"]):
    def count_try(self, name: str, address: str) -> bool:
        """Counts one more try; whether it may go on. One that succeeds is to be forgotten again."""
        # A password that was typed for a name is not kept.
        known = get_user_model()._default_manager.filter(username=name).exists()
        seconds = LOCKED.total_seconds()
        with connection.cursor() as cursor:
            who = _digest(name, address)
            cursor.execute(COUNT, [who, name if known else "", address[:45], seconds, MOST_FAILURES, seconds])
            [failures] = cursor.fetchone() or [0]
        return bool(failures <= MOST_FAILURES)

    def forget(self, name: str, address: str) -> None:
        """The try was a success."""
        self.filter(pk=_digest(name, address)).delete()

    def unlock(self, name: str) -> int:
        """Lets the user of this name try again from everywhere; how many addresses were counted."""
        return self.filter(name=name).delete()[0]

    def delete_old(self, now: datetime) -> int:
        return self.filter(last_at__lt=now - LOCKED).delete()[0]


class LoginFailure(models.Model):
    """Of one name from one address since the last success, or since a quarter of an hour without one."""

    id = models.CharField(primary_key=True, max_length=64, editable=False)
    name = models.CharField(max_length=150, blank=True, help_text="Empty: nobody is called so.")
    address = models.CharField(max_length=45)
    failures = models.PositiveIntegerField()
    last_at = models.DateTimeField(help_text="Of the last try that counted.")

    objects = LoginFailureQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at"]
        verbose_name = "failed login"

    def __str__(self) -> str:
        return f"{self.name or 'an unknown name'} from {self.address}"

    @property
    def is_locked(self) -> bool:
        return self.failures >= MOST_FAILURES


def _digest(name: str, address: str) -> str:
    return hashlib.sha256(f"{address} {name}".encode("utf-8", "replace")).hexdigest()
