"""Brings cached plans to the embedding model and the reading of templates in use, after one of them changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planengine.catalogue.registry import catalogue_of
from planengine.embeddings import reembedding
from planengine.embeddings.embedders import get_embedder
from planengine.embeddings.reembedding import ReembeddingBusy
from planengine.exceptions import EmbeddingUnavailable
from planengine.models import Project
from planengine.planners.composer.composer import composer_name

WORDS = {
    "moved": "read and embedded anew",
    "superseded": "gave way to a newer entry of the same template",
    "gone": "evicted or quarantined meanwhile",
    "refused": "left: the embeddings server refuses their text",
    "unreadable": "left: what is stored of them cannot be read",
}


def _terms(project_id: str, fields: Collection[str]) -> frozenset[str]:
    """As :func:`planengine.reuse.plan_cache.request_for` has them."""
    return catalogue_of(Project.objects.get(pk=project_id)).discriminating_terms(fields)


class Command(BaseCommand):
    help = (
        "Read and embed anew the cache entries that an earlier release kept in another way, those of other "
        "embedding models, and those without a vector. Start it once the processes that serve use the new release "
        "or model. It may be stopped and started again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", help="only this project's entries, by its id")
        parser.add_argument("--batch", type=int, default=32, help="entries embedded in one call (32)")
        parser.add_argument("--per-second", type=float, help="entries embedded in a second at most")
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        project_id, per_second = options["project"], options["per_second"]
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        if per_second is not None and not 0 < per_second < float("inf"):
            raise CommandError("--per-second must be more than 0.")
        if project_id is not None and ("\x00" in project_id or not Project.objects.filter(pk=project_id).exists()):
            raise CommandError(f"There is no project {project_id!r}.")
        embedder = get_embedder()
        try:
            if options["dry_run"]:
                self._count(reembedding.count_stale(embedder, project_id=project_id), embedder.name)
                return
            outcomes = reembedding.reembed(
                embedder,
                project_id=project_id,
                batch=options["batch"],
                per_second=per_second,
                progress=self._show_progress,
                composer_name=composer_name,
                terms=_terms,
            )
        except EmbeddingUnavailable as error:
            raise CommandError(f"{error} What was done stays done: run it again to go on.") from None
        except ReembeddingBusy as error:
            raise CommandError(f"{error} Wait for it, or try again later.") from None
        self.stdout.write(f"{outcomes.total():,} entries looked at, for {embedder.name}")
        for outcome, words in WORDS.items():
            if outcomes[outcome]:
                self.stdout.write(f"{outcomes[outcome]:>8,}  {words}")

    def _count(self, stale: dict[tuple[str, bool], int], model: str) -> None:
        self.stdout.write(f"{sum(stale.values()):,} entries to embed with {model}")
        for (embedded_by, older), count in sorted(stale.items()):
            of = "" if embedded_by == model else f"of {embedded_by}"
            how = " and ".join(filter(None, [of, "of an older reading" * older])) or "without its vectors"
            self.stdout.write(f"{count:>8,}  {how}")

    def _show_progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            told = f"{done:,} of {total:,}" if done < total else ""
            self.stderr.write(f"\r{told:<30}\r", ending="")
            self.stderr.flush()
