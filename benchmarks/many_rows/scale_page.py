"""Writes the measured figures into ``docs/benchmarks/cache-scale.md``, between its two marks, and its plot."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

from benchmarks.many_rows.cleanup import Cleanup
from benchmarks.many_rows.scale import LOOKUP_LIMIT_MS, Size
from benchmarks.many_rows.stats import Stats
from benchmarks.measuring import plot

DOCS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
MARKS = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)


def write(sizes: Sequence[Size], cleanup: Cleanup | None, stats: Stats | None) -> None:
    parts = [_machine(), _sizes(sizes)]
    parts += [_cleanup(cleanup)] if cleanup else []
    parts += [_stats(stats)] if stats else []
    page = DOCS / "cache-scale.md"
    page.write_text(MARKS.sub(lambda found: found[1] + "\n".join(parts) + found[2], page.read_text()))
    if len(sizes) < 2:  # no line yet
        return
    series = {
        "exact template": [(size.entries, size.template.p95) for size in sizes],
        "by meaning": [(size.entries, size.by_meaning.p95) for size in sizes],
        "by meaning, scanned": [(size.entries, size.scanned.p95) for size in sizes],
        "store": [(size.entries, size.store.p95) for size in sizes],
    }
    drawing = plot.draw(
        series, title="p95 by the number of entries", x="entries in the project", limit=LOOKUP_LIMIT_MS
    )
    (DOCS / "cache-scale.svg").write_text(drawing)


def _machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), extversion FROM pg_extension WHERE extname='vector'"
        )
        postgres, pgvector = cursor.fetchone()
    return (
        f"Embedded Postgres {postgres} with pgvector {pgvector} and 128 MB of shared buffers, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores that other work shared (load at the end: "
        f"{os.getloadavg()[0]:.1f}).\n"
    )


def _sizes(sizes: Sequence[Size]) -> str:
    rows = [
        (
            f"{size.entries:,}",
            f"{size.bare.p50:.1f} / {size.bare.p95:.1f}",
            f"{size.template.p50:.1f} / {size.template.p95:.1f}",
            f"{size.by_meaning.p50:.1f} / {size.by_meaning.p95:.1f}",
            f"{size.refused.p50:.1f} / {size.refused.p95:.1f}",
            f"{size.scanned.p50:.1f} / {size.scanned.p95:.1f}" if size.indexed else "the same",
            f"{size.store.p50:.1f} / {size.store.p95:.1f}",
            "1 (a scan)" if size.recall is None else f"{size.recall:.3f}",
            "–" if size.build_seconds is None else f"{size.build_seconds:.0f} s, {size.index_megabytes:,.0f} MB",
        )
        for size in sizes
    ]
    head = (
        "entries",
        "`SELECT 1`",
        "exact template",
        "by meaning",
        "refused by its votes",
        "scan alone",
        "store",
        "recall@32",
        "index: built in, size",
    )
    return _table(head, rows)


def _cleanup(cleanup: Cleanup) -> str:
    rows = [
        (name, f"{spread.p50:.1f}", f"{spread.p95:.1f}", f"{spread.most:.0f}")
        for name, spread in (("before", cleanup.before), ("meanwhile", cleanup.during))
    ]
    rate = cleanup.expired / cleanup.seconds
    return (
        f"Two beats delete {cleanup.expired:,} expired entries, with their vectors and counters, in "
        f"{cleanup.seconds:.0f} s ({rate:,.0f}/s). Exact hits over HTTP, one client, in ms:\n\n"
        + _table(("hits", "p50", "p95", "longest"), rows)
    )


def _stats(stats: Stats) -> str:
    return (
        f"What `GET /v1/cache/stats` asks the database, after {stats.plans:,} plans of 30 days: p95 "
        f"{stats.ever.p95:.1f} ms since the project began, {stats.day.p95:.1f} ms for the last day. Adding all of "
        f"the plans to the tallies at once took {stats.tally_seconds:.1f} s.\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
