"""Writes ``docs/errors.md`` from the codes that the API knows: ``python -m tests.docs.error_page``."""

from __future__ import annotations

from planengine.api.description.codes import every_code
from planengine.api.description.plan_codes import (
    OF_DECISIONS,
    OF_DRAFTS,
    OF_GROUNDINGS,
    OF_GUARDS,
    OF_PLANS,
    Codes,
)
from tests.deploy.compositions import ROOT

PAGE = ROOT / "docs/errors.md"
BEGINNING = """# Errors by code

Every error is `application/problem+json` (RFC 9457): `status`, `code`, `title`, and a `detail` that says what to
do. `code` is stable and meant for programs; `detail` is meant for people and may change. Some have `problems` and
`how_to_fix`, too, and a `pointer` to the part of the body that is wrong. Every answer has an `X-Request-ID`, under
which the log has it.

Trying the same again helps with a 503, a 429 and a 408, and with a plan whose error says `retryable`. A request
that was sent with an `Idempotency-Key` can always be sent again: it is planned once.

"""
OF_REQUESTS = {name: f"{code.when} ({code.status})" for name, code in every_code()}
SECTIONS: tuple[tuple[str, str, Codes], ...] = (
    ("Of a request", "`code` of an answer, with its status in brackets. `detail` says what to do.", OF_REQUESTS),
    ("Of a plan", "`error.code` of a plan whose `status` is `failed` or `not_actionable`.", OF_PLANS),
    (
        "Of a draft",
        "`code` in the `problems` of a plan's error and of its attempts; those of models, above, too.",
        OF_DRAFTS,
    ),
    (
        "Of a grounding",
        "`code` in the `problems` of `invalid_grounding`, beside some of requests.",
        OF_GROUNDINGS,
    ),
    ("Of a cache decision", "`cache.reason` of a plan: no errors, but what the cache decided by.", OF_DECISIONS),
    ("Of what the cache did not serve", "`guard` in a plan's `cache.guards`, the nearest first.", OF_GUARDS),
)


def page() -> str:
    return BEGINNING + "\n".join(_section(*section) for section in SECTIONS)


def _section(title: str, what: str, codes: Codes) -> str:
    rows = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in sorted(codes.items()))
    return f"## {title}\n\n{what}\n\n| code | what it means |\n|---|---|\n{rows}"


if __name__ == "__main__":
    PAGE.write_text(page())
