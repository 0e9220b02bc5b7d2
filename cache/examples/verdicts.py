"""What a model said about pairs of templates: remembered, so that it is asked once about each."""

from __future__ import annotations

from django.utils import timezone

from cache.lookup import template_of
from cache.models import Entry, Verdict
from cache.requests import Request


def recall(request: Request, *, model: str) -> dict[str, str]:
    """The answers about the request's template, by the key of the other."""
    known = Verdict.objects.filter(
        scope=request.scope.digest,
        asked_key=request.template.key,
        model=model,
        expires_at__gt=timezone.now(),
    )
    return dict(known.values_list("cached_key", "answer"))


def remember(request: Request, entry: Entry, *, model: str, answer: str) -> None:
    """For as long as the entry lives. A later answer to the same question replaces an earlier one."""
    verdict = Verdict(
        project_id=request.scope.project_id,
        scope=request.scope.digest,
        asked_key=request.template.key,
        cached_key=entry.template_key,
        model=model,
        answer=answer,
        asked_template=request.template.text,
        cached_template=template_of(entry).text,
        expires_at=entry.expires_at,
    )
    Verdict.objects.bulk_create(
        [verdict],
        update_conflicts=True,
        unique_fields=["scope", "asked_key", "cached_key", "model"],
        update_fields=["answer", "created_at", "expires_at"],
    )


def withdraw(request: Request) -> None:
    """A plan that was served because of a verdict was wrong: no verdict about the request's template counts any
    more."""
    Verdict.objects.filter(
        scope=request.scope.digest, asked_key=request.template.key, answer=Verdict.Answer.YES
    ).update(answer=Verdict.Answer.NO)
