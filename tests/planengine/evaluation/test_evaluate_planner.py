"""``manage.py evaluate_planner``: what it counts, what it prints, and what it says about files it cannot use."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from orra.base.strictjson import Json
from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.expected import Call, calls_agree, calls_of, comparable
from planengine.evaluation.lines import RowsUnusable
from planengine.evaluation.planners.measuring import PlannerUnusable, evaluate
from planengine.evaluation.planners.report import report
from planengine.evaluation.planners.rows import own_catalogue, own_rows, read_rows
from planengine.exceptions import PlannerError
from planengine.llm.completions import Usage
from planengine.planners.composer.composer import Composer
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.validation.rules import validate
from tests.servers.scripted import Request, Scripted, ScriptedServer, final
from tests.servers.weak import WeakModel


def schema(*fields: str) -> Json:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in fields},
        "required": list(fields),
    }


def service(name: str, description: str, inputs: list[str], outputs: list[str]) -> Json:
    return {
        "name": name,
        "description": description,
        "input_schema": schema(*inputs),
        "output_schema": schema(*outputs),
    }


FIND = service("find_order", "Looks up an order.", ["order_id"], ["payment_id", "note"])
REFUND = service("issue_refund", "Refunds a payment.", ["payment_id"], ["refund_id"])
READING = FIND | {"annotations": {"readOnlyHint": True}}
ROW = {
    "action": "Refund order ORD-17",
    "params": [{"field": "order_id", "value": "ORD-17"}],
    "services": [FIND, REFUND],
    "expected": [
        {"service": "find_order", "input": {"order_id": "$task0.order_id"}},
        {"service": "issue_refund", "input": {"payment_id": "$task1.payment_id"}},
    ],
}
COMPOSED = ROW | {"services": [READING, REFUND]}
IMPOSSIBLE = ROW | {"action": "Water the plants"}


@pytest.fixture(autouse=True)
def _whole_plans(settings: Any) -> None:
    """Models are asked for whole plans here, and believed."""
    settings.LLM_PLANNING, settings.LLM_TRUST = "full", "trusted"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


def write(file: Path, *rows: Json) -> Path:
    file.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return file


class ScriptedPlanner:
    """Gives one draft after the other."""

    source = "model"
    name = "scripted"
    model = "scripted"
    address = ""

    def __init__(self, *plans: Json) -> None:
        self._plans = list(plans)

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        return Draft(plan=self._plans.pop(0), usage=Usage(prompt_tokens=10, completion_tokens=None))

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return True


class DeadPlanner:
    source = "model"
    name = "dead"
    model = "dead"
    address = ""

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        raise PlannerError("The endpoint does not answer.")

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return True


def plan(*calls: tuple[str, str, dict[str, str]]) -> Json:
    tasks: list[Json] = [{"id": "task0", "input": {"order_id": "ORD-17"}}]
    return {"tasks": tasks + [{"id": id, "service": name, "input": wired} for id, name, wired in calls]}


RIGHT = plan(
    ("task7", "issue_refund", {"payment_id": "$task9.payment_id"}),
    ("task9", "find_order", {"order_id": "$task0.order_id"}),
)
OTHERWISE_WIRED = plan(
    ("task1", "find_order", {"order_id": "$task0.order_id"}),
    ("task2", "issue_refund", {"payment_id": "$task1.note"}),
)
TOO_LITTLE = plan(("task1", "find_order", {"order_id": "$task0.order_id"}))
INVALID = plan(("task1", "nothing", {"order_id": "$task0.order_id"}))


@pytest.mark.parametrize(
    ("drafts", "services_exact", "wiring_exact", "attempts", "failed"),
    [
        ([RIGHT], 1.0, 1.0, 1, 0.0),
        ([INVALID, RIGHT], 1.0, 1.0, 2, 0.0),
        ([OTHERWISE_WIRED], 1.0, 0.0, 1, 0.0),
        ([TOO_LITTLE], 0.0, 0.0, 1, 0.0),
        ([INVALID, INVALID, INVALID], 0.0, 0.0, 3, 1.0),
    ],
)
def test_what_counts_as_right(
    file: Path, drafts: list[Json], services_exact: float, wiring_exact: float, attempts: float, failed: float
) -> None:
    figures = evaluate(ScriptedPlanner(*drafts), read_rows(write(file, ROW)), attempts=3, seconds=10)
    told = figures.as_dict()
    right = services_exact == wiring_exact == 1
    wrong = not right and not failed
    assert {name: told.pop(name) for name in ("plannable", "right", "wrong", "wrong_side_effects")} == {
        "plannable": 1,
        "right": int(right),
        "wrong": int(wrong),
        "wrong_side_effects": int(wrong),
    }
    assert (told.pop("right_rate"), told.pop("wrong_rate")) == (float(right), float(wrong))
    assert told.pop("refused") == told.pop("refused_rate") == told.pop("refused_right") == 0
    assert 0 <= told.pop("seconds_p50") <= told.pop("seconds_p95")
    assert told == {
        "n": 1,
        "services_exact": services_exact,
        "wiring_exact": wiring_exact,
        "not_actionable": 0.0,
        "failed": failed,
        "valid_at_attempt": [float(not failed and number >= attempts) for number in (1, 2, 3)],
        "attempts_mean": attempts,
        "prompt_tokens": 10 * attempts,
    }


def test_the_report_shows_what_went_wrong(file: Path) -> None:
    rows = read_rows(write(file, "\n", ROW, ROW))
    figures = evaluate(ScriptedPlanner(RIGHT, TOO_LITTLE), rows, attempts=1, seconds=10)
    text = "\n".join(report({"scripted": figures}))
    assert "50.0%" in text
    assert "line 3: 'Refund order ORD-17'" in text
    assert "line 2" not in text
    assert "wanted find_order, issue_refund, got find_order" in text


def test_a_planner_that_cannot_even_try_ends_the_evaluation(file: Path) -> None:
    with pytest.raises(PlannerUnusable, match="The endpoint does not answer"):
        evaluate(DeadPlanner(), read_rows(write(file, ROW)), attempts=3, seconds=10)


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("evaluate_planner", *args, stdout=out, **options)
    return out.getvalue()


def test_the_composer_is_measured(file: Path) -> None:
    told = json.loads(run(str(write(file, COMPOSED, IMPOSSIBLE)), "--planner", "composer", "--json"))
    assert told["n"] == 2
    assert told["services_exact"] == told["wiring_exact"] == told["not_actionable"] == 0.5
    assert told["attempts_mean"] == 1
    assert "Water the plants" in run(str(file), "--planner", "composer")


def test_limit_takes_rows_from_all_over_the_file(file: Path) -> None:
    write(file, *(ROW | {"action": str(number)} for number in range(7)))
    assert [row.line for row in read_rows(file, limit=3)] == [1, 3, 5]
    assert [row.line for row in read_rows(file, limit=7)] == [row.line for row in read_rows(file)]
    rows = write(file, COMPOSED, IMPOSSIBLE)
    told = json.loads(run(str(rows), "--planner", "composer", "--json", "--limit", "1"))
    assert (told["n"], told["services_exact"]) == (1, 1.0)


def test_rows_may_share_a_file_of_services_and_name_no_inputs(file: Path, tmp_path: Path) -> None:
    """Three requests: the right plan without inputs, a wrong plan that only reads, and one that must be refused
    and has a side effect."""
    services = write(tmp_path / "services.jsonl", READING, REFUND)
    wanted = [{"service": "find_order"}, {"service": "issue_refund"}]
    shared = {name: value for name, value in ROW.items() if name != "services"}
    rows = read_rows(
        write(file, shared | {"expected": wanted}, shared | {"expected": wanted}, shared | {"expected": []}),
        services=services,
    )

    figures = evaluate(ScriptedPlanner(RIGHT, TOO_LITTLE, RIGHT), rows, attempts=1, seconds=10)

    told = figures.as_dict()
    assert (told["n"], told["plannable"]) == (3, 2)
    assert (told["right"], told["right_rate"]) == (1, 0.5)
    assert (told["wrong"], told["wrong_side_effects"]) == (2, 1)
    assert (told["refused"], told["refused_right"], told["refused_right_rate"]) == (0, 0, 0.0)
    lines = [line for line in report({"scripted": figures}) if line.startswith("  line")]
    assert [line.split(":")[0] for line in lines] == ["  line 3", "  line 2"], "those with side effects come first"
    assert rows[0].draft["tasks"][2]["input"] == {"payment_id": "$task1.payment_id"}


def test_a_wiring_that_differs_is_right_where_the_row_names_none(file: Path) -> None:
    row = ROW | {"expected": [{"service": "find_order"}, {"service": "issue_refund"}]}
    told = evaluate(
        ScriptedPlanner(OTHERWISE_WIRED), read_rows(write(file, row)), attempts=1, seconds=10
    ).as_dict()
    assert (told["right"], told["wrong"]) == (1, 0)


def test_an_expected_call_without_input_takes_no_other_call_s_place() -> None:
    of = [Call("tell", {"to": to}) for to in ("a", "b")]
    assert calls_agree(of, [Call("tell", None), of[1]])
    assert calls_agree(of, [of[0], Call("tell", None)])
    assert not calls_agree(of, [Call("tell", None), Call("tell", {"to": "c"})])
    assert not calls_agree(of, [of[0]])
    assert not calls_agree(of[:1], [Call("tell", None), Call("tell", None)])


def test_what_services_say_of_themselves_is_read(file: Path) -> None:
    told = {"examples": ["Look at {order_id}"], "capabilities": ["look up an order"]}
    [row] = read_rows(write(file, ROW | {"services": [READING | told, REFUND]}))
    found, refund = row.job.catalogue
    assert (found.read_only, refund.read_only) == (True, False)
    assert [list(example.params) for example in found.examples] == [["order_id"]]
    assert (found.capabilities, refund.capabilities) == (("look up an order",), ())


def test_the_services_that_come_with_orra_say_what_they_change() -> None:
    by_effect = {spec.name: (spec.read_only, spec.destructive) for spec in own_catalogue()}
    assert by_effect["find_order"] == (True, False)
    assert by_effect["send_email"] == (False, False)
    assert by_effect["restore_backup"] == (False, True)
    assert all("readOnlyHint" in spec.annotations for spec in own_catalogue())


def test_a_bad_file_of_services_is_named_with_its_line(file: Path, tmp_path: Path) -> None:
    services = write(tmp_path / "services.jsonl", READING, READING)
    with pytest.raises(CommandError, match="services.jsonl, line 2: the service 'find_order' appears twice"):
        run(str(write(file, ROW)), "--services", str(services))
    with pytest.raises(CommandError, match="--services belongs to a FILE"):
        run("--services", str(services))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "malformed"),
        ("[]", "not a JSON object"),
        (ROW | {"action": 1}, "action"),
        (ROW | {"params": 1}, "params"),
        (ROW | {"services": {}}, "`services` must be a list"),
        (ROW | {"services": [READING, READING]}, "twice"),
        (ROW | {"services": [READING | {"input_schema": {"type": "objekt"}}]}, "input_schema"),
        (ROW | {"services": [READING | {"name": ""}]}, "name"),
        (ROW | {"expected": [{"service": "find_order", "input": 5}]}, "expected"),
        (ROW | {"services": [READING | {"annotations": []}]}, "annotations"),
        (ROW | {"services": [READING | {"annotations": {"readonly": True}}]}, "readOnlyHint"),
        (ROW | {"services": [READING | {"examples": ["Find {order}"]}]}, "order_id"),
        (ROW | {"expected": [{"service": "find_order", "input": None}]}, "expected"),
        (ROW | {"expected": [{"service": "ship_order", "input": {}}]}, "ship_order"),
        (ROW | {"expected": [{"service": "issue_refund", "input": {"payment_id": "$task7.id"}}]}, "$task7.id"),
    ],
)
def test_a_bad_row_is_named_with_its_line(file: Path, line: Json, said: str) -> None:
    write(file, ROW, line if isinstance(line, str) else json.dumps(line))
    with pytest.raises(RowsUnusable) as caught:
        read_rows(file)
    assert f"{file}, line 2: " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), ("", "has no rows")])
def test_a_file_without_rows_ends_the_command(file: Path, content: str | None, said: str) -> None:
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=said):
        run(str(file))


def test_a_model_must_be_configured_to_be_measured(file: Path, settings: Any) -> None:
    settings.LLM_MODEL = ""
    with pytest.raises(CommandError, match="LLM_MODEL"):
        run(str(write(file, ROW)), "--planner", "model")


def test_a_limit_of_nothing_is_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="--limit"):
        run(str(write(file, ROW)), "--limit", "0")


# --- the requests that come with orra


def test_the_requests_that_come_with_orra_have_valid_plans() -> None:
    rows = own_rows()
    to_plan = [row for row in rows if row.expected]
    assert len(to_plan) >= 60 and len(rows) > len(to_plan)
    assert len({row.job.action for row in rows}) == len(rows)
    for row in to_plan:
        verdict = validate(row.draft, catalogue=row.job.catalogue, params=row.job.params, action=row.job.action)
        assert verdict.plan is not None, (row.job.action, verdict.problems)
        assert comparable(calls_of(verdict.plan)) == comparable(row.expected)


def test_the_composer_wires_them_as_expected_wherever_it_chooses_the_same_services() -> None:
    figures = evaluate(Composer(get_embedder()), own_rows(), attempts=1, seconds=60)
    told = figures.as_dict()
    assert told["services_exact"] == told["wiring_exact"] >= 0.75
    assert told["refused_right_rate"] == 1.0


def right_answers() -> WeakModel:
    return WeakModel("truncated JSON", {row.job.action: row.draft for row in own_rows() if row.expected})


def answer(request: Request) -> Scripted:
    """As a good model does."""
    known = right_answers().plans
    return known.get(request.sections["request"]) or final("No service does that.")


def test_a_good_model_is_good_enough(settings: Any) -> None:
    with ScriptedServer(default=answer) as server:
        out = run("--model", "good", "--base-url", server.url, "--price-in", "1", "--price-out", "10")
    assert "good: good enough" in out
    assert "valid by attempt 1" in out and "rightly refused" in out
    assert "cost per 1,000 requests" in out
    told = {line[:24].strip(): line[24:].strip() for line in out.splitlines()}
    assert told["cost"] == f"{(70 * 120 * 1 + 70 * 30 * 10) / 1e6:,.4f}"


def test_a_bad_model_ends_with_1_and_only_without_a_file(file: Path) -> None:
    with ScriptedServer(default=final("I would rather not.")) as server:
        with pytest.raises(SystemExit) as ended:
            run("--model", "bad", "--base-url", server.url, "--limit", "5")
        out = run(str(write(file, ROW)), "--model", "bad", "--base-url", server.url)
    assert ended.value.code == 1
    assert "bad: not good enough (valid plans 0.0%, below 95%; right services 0.0%" in out


def test_two_models_side_by_side() -> None:
    weak = WeakModel("wrong names", right_answers().plans, seed=1)
    with ScriptedServer(default=answer) as one, ScriptedServer(default=weak) as other:
        options = ("--model", "m", "--model", "m", "--base-url", one.url, "--base-url", other.url, "--limit", "20")
        out = StringIO()
        call_command("evaluate_planner", *options, "--json", stdout=out)
        told = json.loads(out.getvalue())
        table = run(*options)
    assert told["m (1)"]["valid_at_attempt"] == [1.0, 1.0, 1.0]
    assert told["m (2)"]["valid_at_attempt"][0] < 0.9
    assert "m (1)" in table and "m (2)" in table


def test_the_configured_key_goes_to_the_configured_server_only(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LLM_API_KEY = "sk-configured"
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    with ScriptedServer(default=answer) as one, ScriptedServer(default=answer) as other:
        settings.LLM_API_BASE_URL = one.url
        first = ("--model", "a", "--model", "b", "--base-url", one.url, "--base-url", other.url, "--limit", "1")
        run(*first)
        run("--model", "b", "--base-url", other.url, "--key-variable", "OTHER_KEY", "--limit", "1")
    assert one.requests[0].headers["authorization"] == "Bearer sk-configured"
    keys = [request.headers["authorization"] for request in other.requests]
    assert "sk-configured" not in keys[0] and keys[1] == "Bearer sk-other"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--base-url", "http://x/v1"), "--base-url belongs to a --model"),
        (("--model", "a", "--base-url", "http://x/v1", "--base-url", "http://y/v1"), "more --base-url"),
        (("--model", "a", "--model", "b", "--model", "c"), "Two models"),
        (("--model", "a", "--planner", "composer"), "no model"),
        (("--model", "a", "--base-url", "nonsense"), "base URL"),
        (("--model", "a", "--key-variable", "NOT_THERE"), "NOT_THERE is not set"),
        (("--model", "a", "--price-in", "-1"), "negative"),
    ],
)
def test_bad_options_are_named(args: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*args)
