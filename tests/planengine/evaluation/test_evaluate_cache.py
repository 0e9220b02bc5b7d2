from __future__ import annotations

import json
import math
import signal
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.embeddings import calibration
from planengine.evaluation.cache.arithmetic import percentile, upper_bound
from planengine.evaluation.cache.bench import Bench
from planengine.evaluation.cache.curve import Curve, Point
from planengine.evaluation.cache.rows import Pair, RowsUnusable, StreamRow, read_rows
from planengine.exceptions import EmbeddingUnavailable
from planengine.management.commands import evaluate_cache
from planengine.models import CalibratedFloor, Project
from planengine.validation.problems import Verdict
from tests.conftest import Api

COMMAND = "evaluate_cache"


def row(action: str, label: str = "refund", **params: Json) -> Json:
    fields = [{"field": name, "value": value} for name, value in params.items()]
    return {"action": action.format(**params), "params": fields, "label": label}


def pair(a: str, b: str, *, should_match: bool, category: str = "wording") -> Json:
    return {
        "a": {"action": a, "params": []},
        "b": {"action": b, "params": []},
        "should_match": should_match,
        "category": category,
    }


class WordEmbedder:
    """Texts are as similar as the words they share. ``fails_at`` raises at that embedding, counted from 1."""

    name = "words"
    dimensions = 64
    floor = 0.6

    def __init__(self) -> None:
        self.calls = 0
        self.fails_at: int | None = None
        self.failure: BaseException = EmbeddingUnavailable("The model is away.")
        self._places: dict[str, int] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        if self.calls == self.fails_at:
            raise self.failure
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector[self._places.setdefault(word, len(self._places) % self.dimensions)] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    words = WordEmbedder()
    monkeypatch.setattr(evaluate_cache, "get_embedder", lambda: words)
    return words


class Evaluate:
    """The command on rows or on the raw text of a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def table(self, rows: list[Json] | bytes, **options: Any) -> str:
        raw = rows if isinstance(rows, bytes) else "".join(json.dumps(item) + "\n" for item in rows).encode()
        self.path.write_bytes(raw)
        output = StringIO()
        call_command(COMMAND, str(self.path), stdout=output, **options)
        return output.getvalue()

    def figures(self, rows: list[Json], **options: Any) -> dict[str, Json]:
        told = json.loads(self.table(rows, json=True, **options))
        assert isinstance(told, dict)
        return told


@pytest.fixture
def evaluate(tmp_path: Path, embedder: WordEmbedder) -> Evaluate:
    return Evaluate(tmp_path / "rows.jsonl")


STREAM = [
    row("Refund order {order_id}", order_id="ORD-1"),
    row("Refund order {order_id}", order_id="ORD-2"),
    row("Please refund order {order_id}", order_id="ORD-3"),
    row("Water the plants", label="garden"),
    row("Do not refund order {order_id}", label="keep", order_id="ORD-4"),
]


@pytest.mark.django_db
class TestStream:
    def test_the_figures(self, evaluate: Evaluate) -> None:
        figures = evaluate.figures(STREAM)

        assert set(figures) >= {
            *("n", "hits", "hit_rate", "wrong_hits", "wrong_hit_rate", "wrong_hit_rate_upper95", "wrong_values"),
            *("oracle_hit_rate", "misses_by_reason", "latency_ms", "baseline"),
        }
        assert (figures["n"], figures["hits"], figures["hit_rate"]) == (5, 2, 0.4)
        assert (figures["exact_hits"], figures["semantic_hits"]) == (1, 1)
        assert (figures["wrong_hits"], figures["wrong_hit_rate"], figures["wrong_values"]) == (0, 0.0, 0)
        assert figures["wrong_hit_rate_upper95"] == pytest.approx(1 - 0.05 ** (1 / 2))
        assert figures["oracle_hit_rate"] == 0.4
        assert figures["misses_by_reason"]["nothing_cached"] == 1
        assert sum(figures["misses_by_reason"].values()) == 3
        assert any(reason.startswith("refused: ") for reason in figures["misses_by_reason"])
        assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p95"]
        assert figures["baseline"]["hits"] == 0

    def test_a_hit_that_wanted_another_plan_is_wrong(self, evaluate: Evaluate) -> None:
        rows = [STREAM[0], row("Refund order {order_id}", label="exchange", order_id="ORD-2")]

        figures = evaluate.figures(rows)

        assert (figures["hits"], figures["wrong_hits"], figures["wrong_hit_rate"]) == (1, 1, 1.0)
        assert figures["wrong_hit_rate_upper95"] == 1.0
        assert figures["wrong_values"] == 0
        table = evaluate.table(rows)
        assert "line 2 served from line 1, exact, 1.000, wrong plan" in table
        assert "'Refund order ORD-2' (exchange)" in table

    def test_a_hit_with_another_requests_values_is_wrong(
        self, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cache.lookup.serving.fill_plan", lambda plan, *request: plan)
        monkeypatch.setattr("planengine.reuse.plan_cache.validate", lambda plan, **how: Verdict(plan=plan))

        figures = evaluate.figures(STREAM[:2])

        assert (figures["hits"], figures["wrong_hits"], figures["wrong_values"]) == (1, 1, 1)
        assert "wrong values" in evaluate.table(STREAM[:2])

    def test_the_fixed_threshold_serves_what_it_should_not(self, evaluate: Evaluate) -> None:
        figures = evaluate.figures([row("Refund the order"), row("Refund the order", label="exchange")])

        assert figures["baseline"]["hits"] == figures["baseline"]["wrong_hits"] == 1

    def test_the_table_is_readable(self, evaluate: Evaluate) -> None:
        table = evaluate.table(STREAM)

        assert "5 requests" in table
        assert "cosine > 0.95" in table and "vCache" in table
        assert "nothing_cached" in table
        assert "Wrong hits" not in table

    def test_only_the_first_rows(self, evaluate: Evaluate) -> None:
        assert evaluate.figures(STREAM, limit=2)["n"] == 2

    def test_another_floor(self, evaluate: Evaluate) -> None:
        assert evaluate.figures(STREAM, floor=1.0)["semantic_hits"] == 0
        assert evaluate.figures(STREAM, floor=0.0)["semantic_hits"] == 1

    def test_what_cannot_be_planned_is_counted_and_no_failure(
        self, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Bench, "valid_plan", lambda *args: None)

        figures = evaluate.figures(STREAM[:2])

        assert (figures["hits"], figures["plannable"], figures["not_plannable"]) == (0, 0, 2)

    def test_nothing_is_left_behind(self, evaluate: Evaluate) -> None:
        evaluate.table(STREAM)

        assert not Project.objects.exists()
        assert not Entry.objects.exists()

    @pytest.mark.parametrize("failure", [KeyboardInterrupt(), SystemExit(143)], ids=["Ctrl-C", "SIGTERM"])
    def test_nothing_is_left_behind_by_an_end_half_way(
        self, evaluate: Evaluate, embedder: WordEmbedder, failure: BaseException
    ) -> None:
        embedder.fails_at, embedder.failure = 3, failure

        with pytest.raises(type(failure)):
            evaluate.table(STREAM)

        assert embedder.calls == 3
        assert not Project.objects.exists()

    def test_an_embedder_that_fails_stops_it_with_its_reason(
        self, evaluate: Evaluate, embedder: WordEmbedder
    ) -> None:
        embedder.fails_at = 3

        with pytest.raises(CommandError, match="The model is away."):
            evaluate.table(STREAM)

        assert not Project.objects.exists()

    def test_sigterm_is_an_end_like_any_other(self, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
        before = signal.getsignal(signal.SIGTERM)
        monkeypatch.setattr(evaluate_cache.Command, "_evaluate", lambda *args: signal.raise_signal(signal.SIGTERM))

        with pytest.raises(SystemExit):
            evaluate.table(STREAM)

        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_value_that_a_service_is_named_by_chooses(self, evaluate: Evaluate) -> None:
        """Templates are made with the words of the stand-in services, as in production: it is no slot."""
        rows = [
            row("Book a {kind}", label="book flight", kind="flight"),
            row("Book a {kind}", label="book hotel", kind="hotel"),
        ]

        assert evaluate.figures(rows, floor=1.0)["hits"] == 0

    def test_projects_that_exist_are_left_alone(self, evaluate: Evaluate, project: Project) -> None:
        evaluate.table(STREAM)

        assert list(Project.objects.all()) == [project]


@pytest.mark.django_db
class TestPairs:
    PAIRS = [
        pair("Refund the blue order", "Please refund the blue order", should_match=True),
        pair("Refund the blue order", "Water all plants outside", should_match=True),
        pair("Refund the blue order", "Do not refund the blue order", should_match=False, category="negation"),
        pair("Refund the blue order", "Refund the blue order", should_match=False, category="oracle"),
    ]

    def test_the_figures(self, evaluate: Evaluate) -> None:
        figures = evaluate.figures(self.PAIRS)

        assert (figures["n_same"], figures["kept"], figures["kept_rate"]) == (2, 1, 0.5)
        assert (figures["n_different"], figures["rejected"], figures["rejected_rate"]) == (2, 1, 0.5)
        assert list(figures["by_category"]) == ["negation", "oracle", "wording"]
        assert figures["by_category"]["negation"]["rejected"] == 1
        assert figures["by_category"]["oracle"]["rejected"] == 0
        assert figures["by_category"]["wording"]["kept"] == 1
        assert figures["baseline"]["kept"] == 0
        assert figures["baseline"]["rejected"] == 1

    def test_each_pair_begins_with_an_empty_cache(self, evaluate: Evaluate) -> None:
        pairs = [
            pair("Refund the blue order", "Refund the blue order", should_match=True),
            pair("Water the plants", "Refund the blue order", should_match=False),
        ]

        assert evaluate.figures(pairs)["rejected"] == 1

    def test_the_table_lists_what_went_wrong(self, evaluate: Evaluate) -> None:
        table = evaluate.table(self.PAIRS)

        assert "Served although they differ\n  line 4, oracle: same_template, 1.000" in table
        assert "Missed although they are the same\n  line 2, wording: nothing_similar" in table

    def test_nothing_is_left_behind(self, evaluate: Evaluate) -> None:
        evaluate.table(self.PAIRS)

        assert not Project.objects.exists()


def many(count: int, *, wrong_every: int = 0) -> list[Json]:
    """Rows that are served by meaning, one by one, all from the first; every so many wants another plan."""
    rows = [row("Refund order {order_id}", order_id="ORD-0")]
    for number in range(1, count):
        label = "exchange" if wrong_every and number % wrong_every == 0 else "refund"
        rows.append(row("Please refund order {order_id}", label=label, order_id=f"ORD-{number}"))
    return rows


@pytest.mark.django_db
class TestCalibrate:
    """In these streams "refund" and "please refund" are 0.87 near by the words that they share."""

    @pytest.fixture(autouse=True)
    def _nothing_remembered(self) -> Iterator[None]:
        calibration.forget_remembered()
        yield
        calibration.forget_remembered()

    def test_a_stream_is_replayed_at_each_floor(self, evaluate: Evaluate, embedder: WordEmbedder) -> None:
        rows = many(40)

        told = evaluate.figures(rows, calibrate=True, tolerance=0.2, floors=(0.9, 0.8, 0.5))

        for point in told["curve"]:
            replayed = evaluate.figures(rows, floor=point["floor"])
            for name in ("hits", "wrong_hits", "wrong_hit_rate_upper95"):
                assert point[name] == replayed[name]
            assert point["hits_by_meaning"] == replayed["semantic_hits"]
        assert [point["hits_by_meaning"] for point in told["curve"]] == [0, 39, 39]
        assert (told["kind"], told["n"], told["embedding_model"]) == ("stream", 40, "words")
        assert (told["floor"], told["stored"]) == (0.86, False)
        assert not CalibratedFloor.objects.exists() and not Project.objects.exists()

    def test_pairs_have_the_whole_curve_from_one_look(self, evaluate: Evaluate, embedder: WordEmbedder) -> None:
        pairs = [
            pair("Refund the blue order", "Refund the blue order", should_match=True),
            pair("Refund the blue order", "Please refund the blue order", should_match=True),
            pair("Refund the blue order", "Please refund the blue order now", should_match=False),
            pair("Refund the blue order", "Do not refund the blue order", should_match=False),
        ]
        floors = (0.95, 0.85, 0.6, 0.0)

        told = evaluate.figures(pairs, calibrate=True, tolerance=0.99, floors=floors)

        looked = [evaluate.figures(pairs, floor=floor) for floor in floors]
        assert [point["hits"] for point in told["curve"]] == [
            figures["kept"] + figures["n_different"] - figures["rejected"] for figures in looked
        ]
        assert [point["wrong_hits"] for point in told["curve"]] == [
            figures["n_different"] - figures["rejected"] for figures in looked
        ]
        assert told["curve"][0]["hits"] == 1 and told["curve"][-1]["hits"] > 1

    def test_what_is_stored_is_the_floor_of_every_process(
        self, evaluate: Evaluate, embedder: WordEmbedder, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("planengine.embeddings.calibration.get_embedder", lambda: embedder)
        assert evaluate.figures(STREAM)["floor"] == 0.6

        table = evaluate.table(many(400), calibrate=True, floors=(0.9, 0.8, 0.7), store=True)

        assert "The lowest floor that keeps wrong hits within 1.00%: 0.86" in table
        assert "Stored: words has the floor 0.86 (calibrated)." in table
        stored = CalibratedFloor.objects.get()
        assert (stored.embedding_model, stored.floor, stored.measured_on) == ("words", 0.86, "rows.jsonl")
        assert (stored.measured["rows"], stored.measured["hits_by_meaning"]) == (400, 399)
        assert evaluate.figures(STREAM)["floor"] == 0.86
        told = api.post("/v1/cache/explain", {"action": "Water the plants"}).json()
        assert (told["floor"], told["floor_from"]) == (0.86, "calibrated")
        assert api.get("/v1/cache/stats").json()["similarity_floor"] == {"value": 0.86, "from": "calibrated"}

    def test_wrong_hits_end_the_way_down(self, evaluate: Evaluate) -> None:
        with pytest.raises(CommandError, match="At every floor tried"):
            evaluate.table(many(400, wrong_every=20), calibrate=True, floors=(0.9, 0.8))

        told = evaluate.figures(many(400, wrong_every=20), calibrate=True, floors=(0.9, 0.8), tolerance=0.1)
        assert told["floor"] == 0.86
        assert told["curve"][-1]["wrong_by_meaning"] == 19

    def test_too_few_rows_bound_nothing(self, evaluate: Evaluate) -> None:
        with pytest.raises(
            CommandError, match="at most 2 were served by meaning.* takes 299 .* Nothing was stored"
        ):
            evaluate.table(many(3), calibrate=True, floors=(0.8,), store=True)

        assert not CalibratedFloor.objects.exists()

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({"calibrate": True, "tolerance": 0.0}, "--tolerance must"),
            ({"calibrate": True, "tolerance": math.nan}, "--tolerance must"),
            ({"calibrate": True, "floors": (0.5, 2.0)}, "between 0 and 1"),
            ({"calibrate": True, "floor": 0.5}, "use --floors"),
            ({"store": True}, "go with --calibrate"),
            ({"calibrate": True, "without": frozenset({"votes"})}, "neither"),
        ],
        ids=str,
    )
    def test_options_that_do_not_go_together(
        self, evaluate: Evaluate, options: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(CommandError, match=problem):
            evaluate.table(STREAM, **options)

    def test_the_file_may_stand_before_or_behind(self) -> None:
        parser = evaluate_cache.Command().create_parser("manage.py", COMMAND)

        for words in (["--calibrate", "FILE"], ["FILE", "--calibrate"]):
            options = parser.parse_args([*words, "--floors", "0.9,0"])
            assert (str(options.file), options.calibrate, options.floors) == ("FILE", True, (0.9, 0.0))
        with pytest.raises(CommandError, match="--floors"):
            evaluate_cache.Command().create_parser("manage.py", COMMAND).parse_args(["FILE", "--floors", "high"])


class TestCurve:
    """Points by their floor, hits by meaning and wrong ones among these."""

    @staticmethod
    def curve(*points: tuple[float, int, int], tolerance: float = 0.01) -> Curve:
        return Curve(
            "stream", 1000, tolerance, tuple(Point(at, hits, bad, hits, bad, at) for at, hits, bad in points)
        )

    @pytest.mark.parametrize(
        ("points", "floor"),
        [
            ([(0.9, 500, 0), (0.8, 900, 0), (0.7, 950, 60)], 0.8),
            ([(0.95, 10, 0), (0.9, 500, 0), (0.8, 600, 30)], 0.9),
            ([(0.9, 500, 0), (0.8, 600, 30), (0.7, 90_000, 30)], 0.9),
            ([(0.9, 500, 40), (0.8, 600, 40)], None),
            ([(0.9, 298, 0)], None),
            ([(0.9, 299, 0)], 0.9),
            ([(0.0, 500, 0)], 0.0),
        ],
    )
    def test_the_lowest_floor_down_to_which_the_bound_holds(
        self, points: list[tuple[float, int, int]], floor: float | None
    ) -> None:
        curve = self.curve(*points)

        assert curve.floor == floor
        assert bool(curve.problem) == (floor is None)

    def test_exact_templates_are_no_evidence(self) -> None:
        curve = Curve(
            "stream", 5000, 0.01, (Point(0.5, hits=4000, wrong=1, by_meaning=5, wrong_by_meaning=1, least=0.5),)
        )

        assert upper_bound(1, 4000) < 0.01
        assert curve.floor is None

    def test_a_floor_is_no_lower_than_what_served(self) -> None:
        point = Point(0.5, hits=400, wrong=0, by_meaning=400, wrong_by_meaning=0, least=0.7367)

        assert Curve("pairs", 400, 0.01, (point,)).floor == 0.73


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            (b"{", "malformed"),
            (b"\xff", "UTF-8"),
            (b"[]", "not a JSON object"),
            (b'{"x": 1}', "neither"),
            (b'{"a": {"action": "x"}}', "neither"),
            (b'{"action": "x"}', "`label`"),
            (b'{"action": "x", "label": ""}', "`label`"),
            (b'{"action": 5, "label": "y"}', "`action` must be text"),
            (b'{"action": "x", "label": "y", "params": 5}', "`params`"),
            (b'{"action": "x", "label": "y", "params": [{"field": "f"}]}', "Param 0"),
            (b'{"action": "x", "label": "y", "params": {"f": NaN}}', "NaN"),
            (b'{"a": {"action": "x"}, "b": {"action": "x"}, "category": "c"}', "`should_match`"),
            (b'{"a": {"action": "x"}, "b": 5, "should_match": true, "category": "c"}', "object"),
            (
                b'{"a": {"action": "x"}, "b": {"action": "x"}, "should_match": true, "category": "c"}',
                "other format",
            ),
        ],
    )
    def test_a_bad_row_is_named_by_its_line(self, evaluate: Evaluate, line: bytes, problem: str) -> None:
        good = json.dumps(STREAM[0]).encode()

        with pytest.raises(CommandError) as caught:
            evaluate.table(good + b"\n\n" + line + b"\n" + good)

        assert "rows.jsonl, line 3: " in str(caught.value)
        assert problem in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("content", [b"", b"\n \n"])
    def test_an_empty_file(self, evaluate: Evaluate, content: bytes) -> None:
        with pytest.raises(CommandError, match="has no rows"):
            evaluate.table(content)

    def test_a_missing_file_and_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="No such file"):
            call_command(COMMAND, str(tmp_path / "nothing.jsonl"))
        with pytest.raises(CommandError, match="Is a directory"):
            call_command(COMMAND, str(tmp_path))

    @pytest.mark.parametrize(
        "options", [{"limit": 0}, {"floor": 1.5}, {"floor": -0.1}, {"floor": math.nan}], ids=str
    )
    def test_options_out_of_range(self, evaluate: Evaluate, options: dict[str, float]) -> None:
        with pytest.raises(CommandError, match="must be"):
            evaluate.table(STREAM, **options)

    def test_rows_beyond_the_limit_are_not_looked_at(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_text(json.dumps(STREAM[0]) + "\n{")

        (found,) = read_rows(path, limit=1)

        assert isinstance(found, StreamRow)
        assert (found.line, found.label, found.request.params) == (1, "refund", {"order_id": "ORD-1"})
        with pytest.raises(RowsUnusable):
            read_rows(path)

    def test_params_may_be_an_object_or_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.jsonl"
        path.write_text(
            '{"a": {"action": "x", "params": {"f": 1}}, "b": {"action": "y"}, '
            '"should_match": true, "category": "c"}'
        )

        (found,) = read_rows(path)

        assert isinstance(found, Pair)
        assert (found.a.params, found.b.params) == ({"f": 1}, {})


class TestUpperBound:
    @pytest.mark.parametrize(
        ("count", "total", "bound"),
        [
            # Quantiles of the beta distribution, as tables of the exact binomial bound have them.
            (0, 10, 0.2589),
            (1, 10, 0.3942),
            (2, 10, 0.5069),
            (9, 10, 0.9949),
            (1, 20, 0.2161),
            (5, 100, 0.1023),
            (0, 3000, 0.000998),
        ],
    )
    def test_known_values(self, count: int, total: int, bound: float) -> None:
        assert upper_bound(count, total) == pytest.approx(bound, abs=5e-5)

    @pytest.mark.parametrize(("count", "total"), [(0, 0), (1, 1), (7, 7)])
    def test_nothing_is_known_of_none_and_of_all(self, count: int, total: int) -> None:
        assert upper_bound(count, total) == 1.0

    @given(total=st.integers(1, 400), share=st.floats(0, 1, exclude_max=True))
    def test_seeing_so_few_has_just_the_chance_of_five_percent(self, total: int, share: float) -> None:
        count = int(total * share)

        bound = upper_bound(count, total)

        chance = math.fsum(math.comb(total, k) * bound**k * (1 - bound) ** (total - k) for k in range(count + 1))
        assert count / total < bound <= 1
        assert chance == pytest.approx(0.05, rel=1e-6)

    def test_large_counts(self) -> None:
        assert 0.5 < upper_bound(50_000, 100_000) < 0.503


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0, 1))
def test_a_percentile_is_within_the_values(values: list[float], share: float) -> None:
    assert min(values) <= percentile(values, share) <= max(values)
