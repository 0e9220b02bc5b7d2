"""Moments as clients write them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime


def parse_moment(text: str) -> datetime | None:
    """The moment in UTC; without an offset it is taken as UTC already. ``None`` for what is no time, or one that
    another offset puts before the year 1 or after 9999: the database could not be asked about it."""
    try:
        moment = parse_datetime(text)
        return moment and (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
