"""Requests of many intents that share their fields, replayed as they would come in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.cache.replay import Options, evaluate_stream
from planengine.evaluation.cache.rows import StreamRow, read_rows
from tests.cache.voice_stream import read_phrasings, write_rows

TOLERANCE = 0.05


def rows_of(name: str, count: int, folder: Path) -> list[StreamRow]:
    file = folder / "stream.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in write_rows(name, count)))
    return [row for row in read_rows(file) if isinstance(row, StreamRow)]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "count"), [("voice", 1000), ("plain", 300)])
def test_wrong_hits_stay_within_the_tolerance_where_intents_share_their_fields(
    name: str, count: int, tmp_path: Path
) -> None:
    """From the first request on: no service has a description or an example here."""
    rows, embedder = rows_of(name, count, tmp_path), get_embedder()

    figures = evaluate_stream(rows, embedder, Options(tolerance=TOLERANCE, baselines=False))

    wrong = [hit.row.request.action for hit in figures.wrong]
    assert len(wrong) <= TOLERANCE * len(figures.hits), wrong
    assert figures.hits_of("semantic") + figures.hits_of("example") > 0


def test_the_stream_is_as_diverse_as_it_says() -> None:
    phrasings = read_phrasings("voice")
    assert len({intent for intent, _ in phrasings}) >= 35
    assert len(phrasings) == len(set(phrasings)) >= 500
