"""Strangers' text and JSON, as an operator may look at them: bounded, and without letters that deceive the eye."""

from __future__ import annotations

import json
import re

from orra.base.strictjson import Json

MAX_SHOWN = 20_000

# Controls, and what reverses, joins or hides text without being seen. Tabs and line ends stay.
_DECEIVING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: str, limit: int = MAX_SHOWN) -> str:
    """``text`` cut to ``limit`` characters, saying so, with invisible signs spelt out like ``⟨U+202E⟩``."""
    shown = _DECEIVING.sub(lambda sign: f"⟨U+{ord(sign[0]):04X}⟩", text[:limit])
    return shown if len(text) <= limit else f"{shown}… ({len(text) - limit:,} more characters)"


def brief(text: str, limit: int = 80) -> str:
    """``text`` on one line of at most ``limit`` characters, for lists."""
    line = " ".join(text[: 4 * limit].split())
    return visible(line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1] + "…")


def as_json(value: Json, limit: int = MAX_SHOWN) -> str:
    """``value`` as indented JSON for reading."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False), limit)


def as_short_json(value: Json, limit: int = 80) -> str:
    """``value`` as JSON on one line, for tables."""
    if isinstance(value, str):
        value = value[: limit + 1]
    return brief(json.dumps(value, ensure_ascii=False), limit)
