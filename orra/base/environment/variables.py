"""Variables of the environment that look like ours and are none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

OURS = re.compile(r"(?:LLM|EMBEDDINGS?|ORRA|PLANNING)_")
# What Kubernetes sets in a pod for every service of its namespace, one called "orra" or "llm" among them.
SERVICE_LINK = re.compile(
    r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)|\w+_PORT=\w+://.*"
)


def unknown(environment: Mapping[str, str], known: Collection[str]) -> str | None:
    """The first variable that is set, begins as ours do and is none of ``known``."""
    return next(
        (
            name
            for name, value in sorted(environment.items())
            if value.strip()
            and OURS.match(name)
            and name not in known
            and not SERVICE_LINK.fullmatch(name)
            and not SERVICE_LINK.fullmatch(f"{name}={value}")
        ),
        None,
    )


def nearest(name: str, known: Collection[str]) -> str | None:
    """The one that was probably meant: ``name`` without what all of ours begin with, else the most alike."""
    bare = OURS.sub("", name, count=1)
    if bare in known:
        return bare
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1)), None)
