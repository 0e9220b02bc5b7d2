"""Ids that tell what they name: a prefix and 24 random lower-case letters (112 bits)."""

from __future__ import annotations

import secrets
import string

LENGTH = 32


def new_id(prefix: str) -> str:
    number = secrets.randbits(113)
    letters = []
    for _ in range(24):
        number, index = divmod(number, 26)
        letters.append(string.ascii_lowercase[index])
    return f"{prefix}_{''.join(letters)}"


def project_id() -> str:
    return new_id("p")


def key_id() -> str:
    return new_id("k")


def service_id() -> str:
    return new_id("s")


def plan_id() -> str:
    return new_id("o")


def entry_id() -> str:
    return new_id("ce")


def grounding_id() -> str:
    return new_id("g")
