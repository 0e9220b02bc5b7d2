"""``manage.py evaluate_cache --services``: what it counts, and what it says about files it cannot use."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.evaluation.cache.bench import Bench
from planengine.evaluation.cache.figures import Outcome, calibration
from planengine.evaluation.cache.judging import fault_of, has_values_of
from planengine.evaluation.cache.rows import StreamRow, labelled
from planengine.evaluation.cache.stand_in import service_of, services_of
from planengine.evaluation.cache.vectors import KnownVectors
from planengine.evaluation.expected import Call
from planengine.evaluation.services import only_reads
from planengine.management.commands import evaluate_cache
from planengine.models import Project
from planengine.requests import PlanRequest
from tests.planengine.evaluation.test_evaluate_cache import WordEmbedder


def service(name: str, inputs: str, outputs: str = "", *, reads: bool = False) -> Json:
    schemas = {
        side: {"type": "object", "properties": {field: {} for field in fields.split()}, "required": fields.split()}
        for side, fields in (("input_schema", inputs), ("output_schema", outputs))
    }
    return {"name": name, "description": name, "annotations": {"readOnlyHint": reads}, **schemas}


FIND = service("find_order", "order_id", "payment_id", reads=True)
CANCEL = service("cancel_order", "order_id")
REFUND = service("refund_payment", "payment_id")
SERVICES = [FIND, CANCEL, REFUND]


def row(action: str, *expected: Json, order_id: str) -> Json:
    params = [{"field": "order_id", "value": order_id}]
    return {"action": action.format(order_id), "params": params, "expected": list(expected)}


def call(name: str, **inputs: str) -> Json:
    return {"service": name, "input": inputs} if inputs else {"service": name}


SHOW = call("find_order", order_id="$task0.order_id")
DROP = call("cancel_order", order_id="$task0.order_id")
PAID_BACK = call("refund_payment", payment_id="$task1.payment_id")


class Evaluate:
    """The command on these services and rows, as figures or as text; either may be raw text of a file."""

    def __init__(self, folder: Path) -> None:
        self.requests, self.services = folder / "requests.jsonl", folder / "services.jsonl"

    def table(self, rows: list[Json] | str, services: list[Json] | str | None = None, **options: Any) -> str:
        for path, items in ((self.requests, rows), (self.services, SERVICES if services is None else services)):
            path.write_text(
                items if isinstance(items, str) else "".join(f"{json.dumps(item)}\n" for item in items)
            )
        output = StringIO()
        call_command("evaluate_cache", str(self.requests), services=self.services, stdout=output, **options)
        return output.getvalue()

    def figures(self, rows: list[Json], services: list[Json] | None = None, **options: Any) -> dict[str, Json]:
        told = json.loads(self.table(rows, services, json=True, **options))
        assert isinstance(told, dict)
        return told


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    words = WordEmbedder()
    monkeypatch.setattr(evaluate_cache, "get_embedder", lambda: words)
    return words


@pytest.fixture
def evaluate(tmp_path: Path, embedder: WordEmbedder) -> Evaluate:
    return Evaluate(tmp_path)


# By the same template: a miss and a hit; a miss that is refused twice; a plan of two services, and its hit.
STREAM = [
    row("Show order {}", SHOW, order_id="ORD-1"),
    row("Show order {}", SHOW, order_id="ORD-2"),
    row("Paint order {}", order_id="ORD-3"),
    row("Paint order {}", order_id="ORD-4"),
    row("Pay back order {}", SHOW, PAID_BACK, order_id="ORD-5"),
    row("Pay back order {}", SHOW, PAID_BACK, order_id="ORD-6"),
]


@pytest.mark.django_db
class TestFigures:
    def test_right_hits(self, evaluate: Evaluate) -> None:
        told = evaluate.figures(STREAM, floor=1.0)

        assert (told["n"], told["plannable"], told["not_plannable"]) == (6, 4, 0)
        assert (told["hits"], told["hit_rate"], told["oracle_hit_rate"]) == (2, 0.5, 0.5)
        assert (told["wrong_hits"], told["wrong_hit_rate"]) == (0, 0.0)
        assert told["wrong_hit_rate_upper95"] == pytest.approx(1 - 0.05 ** (1 / 2))
        assert (told["side_effect_hits"], told["wrong_side_effect_hits"]) == (1, 0)
        assert told["hits_by_kind"] == {"exact": 2, "semantic": 0, "example": 0}
        assert told["wrong_by_kind"] == {"exact": 0, "semantic": 0, "example": 0}
        assert told["calibration"] == []
        assert sum(told["misses_by_reason"].values()) == 4
        assert 0 < told["latency_ms"]["p50"] <= told["latency_ms"]["p95"]
        assert 0 < told["latency_ms"]["embedding"]["p50"] <= told["latency_ms"]["embedding"]["p95"]

    def test_a_hit_that_wanted_another_service_is_wrong(self, evaluate: Evaluate) -> None:
        rows = [row("Handle order {}", DROP, order_id="ORD-1"), row("Handle order {}", SHOW, order_id="ORD-2")]

        told = evaluate.figures(rows)

        assert (told["hits"], told["wrong_hits"], told["wrong_hit_rate"]) == (1, 1, 1.0)
        assert (told["side_effect_hits"], told["wrong_side_effect_hits"]) == (1, 1)
        assert "line 2 served from line 1, exact, 1.000, wrong plan, with side effects" in evaluate.table(rows)

    def test_any_hit_for_what_cannot_be_done_is_wrong_beside_the_hit_rate(self, evaluate: Evaluate) -> None:
        rows = [row("Show order {}", SHOW, order_id="ORD-1"), row("Show order {}", order_id="ORD-2")]

        told = evaluate.figures(rows)

        assert (told["hits"], told["hit_rate"], told["plannable"]) == (1, 0.0, 1)
        assert (told["wrong_hits"], told["wrong_of_refusable"]) == (1, 1)
        assert "nothing could be done" in evaluate.table(rows)

    def test_refusals_are_told_to_the_one_place_that_may_keep_them(
        self, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused: list[str] = []
        monkeypatch.setattr(Bench, "keep_refusal", lambda self, request, vector: refused.append(request.action))

        evaluate.figures(STREAM)

        assert refused == ["Paint order ORD-3", "Paint order ORD-4"]

    def test_calls_without_inputs_take_namesakes_and_are_compared_by_services(self, evaluate: Evaluate) -> None:
        rows = [
            row("Pay back order {}", call("find_order"), call("refund_payment"), order_id="ORD-1"),
            row("Pay back order {}", call("refund_payment"), call("find_order"), order_id="ORD-2"),
        ]

        told = evaluate.figures(rows[:1] * 2)
        assert (told["plannable"], told["hits"], told["wrong_hits"]) == (2, 1, 0)

        told = evaluate.figures(rows)
        assert (told["plannable"], told["not_plannable"]) == (1, 1), "nothing before it gives a payment_id"
        assert (told["hits"], told["wrong_hits"]) == (1, 0)

    def test_rows_whose_plan_is_not_valid_are_told(self, evaluate: Evaluate) -> None:
        rows = [row("Show order {}", call("find_order", order_id="$task0.order"), order_id="ORD-1")] * 2

        told = evaluate.figures(rows)

        assert (told["plannable"], told["not_plannable"], told["hits"]) == (0, 2, 0)
        assert "2 expect what these services cannot carry out" in evaluate.table(rows)

    def test_simpler_caches_stand_beside_it(self, evaluate: Evaluate) -> None:
        told = evaluate.figures(STREAM)

        assert set(told["baselines"]) == {
            *("original", "template_0.85", "template_0.90"),
            *("vcache_0.01", "vcache_0.02"),
        }
        assert told["baselines"]["template_0.85"]["hits"] == 2
        assert told["baselines"]["template_0.85"]["hit_rate"] == 0.5
        assert told["baselines"]["vcache_0.01"]["hits"] == 0

    def test_they_may_be_left_out(self, evaluate: Evaluate) -> None:
        told = evaluate.figures(STREAM, no_baselines=True)
        assert (told["hits"], told["baselines"], told["baseline"]) == (2, {}, None)

    def test_half_and_limit(self, evaluate: Evaluate) -> None:
        told = evaluate.figures(STREAM, second_half=True)
        assert (told["n"], told["plannable"], told["hits"]) == (3, 2, 1)
        assert evaluate.figures(STREAM, second_half=True, limit=4)["n"] == 2

    def test_the_tolerance_is_the_projects(self, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: set[float] = set()
        find = Bench.find

        def noting(self: Bench, request: PlanRequest) -> Any:
            seen.add(self.project.wrong_hit_tolerance)
            return find(self, request)

        monkeypatch.setattr(Bench, "find", noting)

        evaluate.figures(STREAM, tolerance=0.002)

        assert seen == {0.002}

    def test_what_services_say_of_themselves_reaches_the_project(
        self, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: dict[str, tuple[bool, int]] = {}
        find = Bench.find

        def noting(self: Bench, request: PlanRequest) -> Any:
            seen.update({spec.name: (spec.read_only, len(spec.examples)) for spec in catalogue_of(self.project)})
            return find(self, request)

        monkeypatch.setattr(Bench, "find", noting)

        evaluate.figures(STREAM[:1], [FIND | {"examples": ["Where is {order_id}?"]}, CANCEL])

        assert seen == {"find_order": (True, 1), "cancel_order": (False, 0)}

    def test_vectors_are_kept_for_the_next_run(
        self, evaluate: Evaluate, embedder: WordEmbedder, tmp_path: Path
    ) -> None:
        first = evaluate.figures(STREAM, vectors=tmp_path / "kept")
        before = embedder.calls
        again = evaluate.figures(STREAM, vectors=tmp_path / "kept")

        assert {name: told for name, told in again.items() if name != "latency_ms"} == {
            name: told for name, told in first.items() if name != "latency_ms"
        }
        assert embedder.calls - before < before

    def test_nothing_is_left_behind(self, evaluate: Evaluate) -> None:
        evaluate.figures(STREAM)

        assert not Project.objects.exists()
        assert not Entry.objects.exists()


class TestParts:
    def test_parts_are_read_and_checked(self) -> None:
        parser = evaluate_cache.Command().create_parser("manage.py", "evaluate_cache")

        assert parser.parse_args(["FILE", "--without", "votes, words"]).without == {"votes", "words"}
        assert parser.parse_args(["FILE"]).without == frozenset()
        with pytest.raises(CommandError, match="there is no part 'luck'; choose from votes, margin"):
            parser.parse_args(["FILE", "--without", "votes,luck"])


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("{", "malformed"),
            ("[]", "not a JSON object"),
            (row("x", order_id="1") | {"action": 5}, "`action` must be text"),
            ({"action": "x", "params": []}, "`expected` must be a list"),
            (row("x", {"input": {}}, order_id="1"), "names None, which is not among"),
            (row("x", call("ship_order"), order_id="1"), "'ship_order', which is not among"),
            (row("x", {"service": "find_order", "input": []}, order_id="1"), "`input` an object or left out"),
            (row("x", call("find_order", order_id="$task4.id"), order_id="1"), "$task4.id"),
        ],
    )
    def test_a_bad_row_is_named_by_its_line(self, evaluate: Evaluate, line: Json, problem: str) -> None:
        text = line if isinstance(line, str) else json.dumps(line)

        with pytest.raises(CommandError) as caught:
            evaluate.table(f"{json.dumps(STREAM[0])}\n\n{text}\n")

        assert f"{evaluate.requests}, line 3: " in str(caught.value)
        assert problem in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("{", "malformed"),
            (FIND, "the service 'find_order' appears twice"),
            ({"description": "x"}, "needs a `name`"),
            (CANCEL | {"name": "x" * 101}, "longer than 100 characters"),
            (CANCEL | {"description": "\0"}, "NUL"),
            (CANCEL | {"type": "robot"}, "`type` of agent or service"),
            (CANCEL | {"revertible": "yes"}, "`revertible` of true or false"),
            (CANCEL | {"input_schema": {"type": "objekt"}}, "`input_schema` of the service 'cancel_order'"),
            (
                CANCEL | {"annotations": "none"},
                "`annotations` of the service 'cancel_order', at /: Annotations must be an object",
            ),
            (
                CANCEL | {"examples": "none"},
                "`examples` of the service 'cancel_order', at /: Examples must be a list",
            ),
            (
                CANCEL | {"capabilities": ["cancel", 5]},
                "`capabilities` of the service 'cancel_order', at /1: A capability must be text",
            ),
        ],
    )
    def test_a_bad_service_is_named_by_its_line(self, evaluate: Evaluate, line: Json, problem: str) -> None:
        text = line if isinstance(line, str) else json.dumps(line)

        with pytest.raises(CommandError) as caught:
            evaluate.table(STREAM, f"{json.dumps(FIND)}\n{text}\n")

        assert f"{evaluate.services}, line 2: " in str(caught.value)
        assert problem in str(caught.value)

    def test_files_without_anything(self, evaluate: Evaluate) -> None:
        with pytest.raises(CommandError, match="services.jsonl has no services"):
            evaluate.table(STREAM, "\n")
        with pytest.raises(CommandError, match="requests.jsonl has no rows"):
            evaluate.table("\n")

    def test_expected_calls_want_services(self, tmp_path: Path) -> None:
        path = tmp_path / "requests.jsonl"
        path.write_text(json.dumps(STREAM[0]))

        with pytest.raises(CommandError, match="line 1: .*--services"):
            call_command("evaluate_cache", str(path))

    def test_a_floor_is_not_found_with_them(self, evaluate: Evaluate) -> None:
        with pytest.raises(CommandError, match="takes neither --services"):
            evaluate.table(STREAM, calibrate=True)


class TestStandIn:
    def test_services_of_labels_only_read_and_take_what_their_requests_have(self) -> None:
        rows = [
            labelled(1, PlanRequest("Wake me", {"time": "9"}), "set"),
            labelled(2, PlanRequest("Wake me", {"time": "9", "day": "friday"}), "set"),
        ]

        (found,) = services_of(rows)

        assert found["name"] == "set" and only_reads(found)
        assert found["input_schema"]["properties"] == {"day": {}, "time": {}}
        assert found["input_schema"]["required"] == ["time"]

    def test_the_service_of_pairs_may_do_anything(self) -> None:
        found = service_of([])

        assert found["input_schema"]["required"] == [] and not only_reads(found)

    def test_a_long_label_has_a_name_that_a_service_may_have(self) -> None:
        long = "a" * 200
        (found,) = services_of([labelled(1, PlanRequest("Go", {}), long)])

        assert len(found["name"]) == 100 and found["description"] == long
        assert labelled(1, PlanRequest("Go", {}), long).expected == (Call(found["name"], None),)


def plan_with(constants: dict[str, str], inputs: dict[str, str], *, service: str = "go") -> Json:
    references = {name: f"$task0.{field}" for name, field in inputs.items()}
    return {
        "tasks": [{"id": "task0", "input": constants}, {"id": "task1", "service": service, "input": references}],
        "parallel_groups": [["task1"]],
    }


class TestJudging:
    ASKED = PlanRequest("Go", {"source": "NYC", "target": "LON"})
    BEFORE = PlanRequest("Go", {"source": "OLD", "target": "LON"})
    STRAIGHT = {"source": "source", "target": "target"}

    @pytest.mark.parametrize(
        ("constants", "inputs", "right"),
        [
            ({"source": "NYC", "target": "LON"}, STRAIGHT, True),
            ({"source": "OLD", "target": "LON"}, STRAIGHT, False),
            ({"source": "LON", "target": "NYC"}, STRAIGHT, False),
            ({"source": "NYC", "target": "LON"}, {"source": "target", "target": "source"}, False),
            ({"source": "NYC", "target": "LON"}, {"source": "source", "target": "source"}, False),
            ({"source": "NYC", "target": "LON", "old": "OLD"}, STRAIGHT, False),
            ({"source": "NYC", "target": "LON"}, {"origin": "source", "target": "target"}, True),
            ({"source": "NYC", "target": "LON"}, {"origin": "target", "target": "target"}, False),
            ({"source": "NYC", "target": "LON"}, {"source": "source"}, False),
        ],
    )
    def test_the_values_must_be_the_requests_own(
        self, constants: dict[str, str], inputs: dict[str, str], right: bool
    ) -> None:
        assert has_values_of(plan_with(constants, inputs), self.ASKED, entry=self.BEFORE) is right

    def test_a_wiring_that_is_named_must_be_served(self) -> None:
        wanted = plan_with({"source": "NYC", "target": "LON"}, {"from": "source", "to": "target"})
        swapped = plan_with({"source": "NYC", "target": "LON"}, {"from": "target", "to": "source"})
        named = (Call("go", {"from": ["task0", "source"], "to": ["task0", "target"]}),)
        row = StreamRow(1, self.ASKED, "go", named, wanted)

        assert fault_of(wanted, row, wanted=wanted, entry=self.BEFORE) == ""
        assert fault_of(swapped, row, wanted=wanted, entry=self.BEFORE) == "plan"
        unnamed = StreamRow(1, self.ASKED, "go", (Call("go", None),), wanted)
        assert fault_of(swapped, unnamed, wanted=wanted, entry=self.BEFORE) == ""

    def test_faults(self) -> None:
        wanted = plan_with({"source": "NYC", "target": "LON"}, self.STRAIGHT)
        stale = plan_with({"source": "OLD", "target": "LON"}, self.STRAIGHT)
        row = StreamRow(1, self.ASKED, "go", (Call("go", None),), wanted)

        assert fault_of(stale, row, wanted=wanted, entry=self.BEFORE) == "values"
        other = plan_with({"source": "NYC", "target": "LON"}, self.STRAIGHT, service="stay")
        assert fault_of(other, row, wanted=wanted, entry=self.BEFORE) == "plan"
        refusable = StreamRow(1, self.ASKED, "", (), None)
        assert fault_of(wanted, refusable, wanted=None, entry=self.BEFORE) == "refusable"


def test_calibration_compares_each_tenth_of_the_hits() -> None:
    """Twenty hits of risk 0.00, 0.01, …; those from 0.10 on are wrong: five tenths without, five all wrong."""
    row = labelled(1, PlanRequest("Go", {}), "go")
    hits = [
        Outcome(row, "semantic", "r", 0.9, 1.0, True, fault="plan" if number >= 10 else "", risk=number / 100)
        for number in range(20)
    ]

    told = calibration([*hits, Outcome(row, "exact", "r", 1.0, 1.0, True)])

    assert [tenth["n"] for tenth in told] == [2] * 10
    assert [tenth["predicted"] for tenth in told] == pytest.approx([0.005 + 0.02 * place for place in range(10)])
    assert [tenth["observed"] for tenth in told] == [0.0] * 5 + [1.0] * 5
    assert calibration([]) == []


def test_known_vectors_ask_once_for_each_text(tmp_path: Path) -> None:
    words = WordEmbedder()
    vectors = KnownVectors(words, tmp_path)
    vectors.learn(["one", "two words", "one"])
    calls = words.calls

    assert (vectors.embed(["two words", "one"]) == words.embed(["two words", "one"])).all()
    assert words.calls == calls + 1
    assert (KnownVectors(words, tmp_path).embed(["one"]) == vectors.embed(["one"])).all()
    assert words.calls == calls + 1
