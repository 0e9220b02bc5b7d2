"""Checks a request's head before Django's WSGI side sees it: what WSGI cannot take would be an internal error
there."""

from __future__ import annotations

from django.utils.http import parse_header_parameters

from orra.serving.messages import Message


def fault_of(scope: Message) -> str | None:
    """What is wrong with the head, and what to do; ``None`` when nothing is."""
    if all(_can_be_parsed(value) for name, value in scope["headers"] if name.lower() == b"content-type"):
        return None
    return "The parameters of the header Content-Type cannot be read. Send `Content-Type: application/json`."


def _can_be_parsed(value: bytes) -> bool:
    """Only parameters with an encoding of their own (``name*=utf-8''text``) can be beyond reading."""
    if b"*" not in value:
        return True
    try:
        parse_header_parameters(value.decode("latin-1"))
    except ValueError:
        return False
    return True
