"""What clients say of plans, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from cache.models import Entry, EntryVector
from orra.base.strictjson import Json
from planengine.models import HitCheck, Label, Plan, Project
from tests.api.teaching import REFUNDS, REWORDED, ask, report, teach
from tests.conftest import SHOP, Api

pytestmark = pytest.mark.django_db(transaction=True)

REFUND = REFUNDS[0]


@pytest.fixture
def planned(api: Api) -> Json:
    return ask(api, REFUND, "ORD-17")


def counters() -> int:
    return Entry.objects.filter(kind="counter").count()


class TestWrong:
    def test_a_planned_one_comes_back_from_no_exact_template(self, api: Api, planned: Json) -> None:
        assert report(api, planned, "wrong_plan")["id"] == planned["id"]

        again = ask(api, REFUND, "B-2", cache="only")

        assert [guard["guard"] for guard in again["cache"]["guards"]] == ["reported"]
        assert (HitCheck.objects.get().verdict, counters()) == ("wrong", 1)

    def test_nor_from_the_composer_and_it_says_so(self, api: Api, planned: Json) -> None:
        report(api, planned, "wrong_plan")

        for mode in ("use", "refresh", "bypass"):
            again = ask(api, REFUND, "B-2", cache=mode)
            assert (again["status"], again["error"]["code"]) == ("not_actionable", "reported_wrong")
        assert "refund_payment" in again["error"]["message"]
        assert any("example" in line for line in again["error"]["how_to_fix"])

    def test_nor_by_meaning_from_the_examples_of_others(self, api: Api) -> None:
        teach(api)
        hit = ask(api, REWORDED, "B-2")
        assert hit["source"] == "semantic"
        others = {entry.pk for entry in Entry.objects.plans() if entry.pk != hit["cache"]["entry_id"]}
        report(api, hit, "wrong_plan")

        again = ask(api, REWORDED, "C-3", cache="only")

        assert (again["status"], again["cache"]["reason"]) == ("failed", "refused")
        assert again["cache"]["guards"][-1]["guard"] == "reported"
        assert set(Entry.objects.usable().plans().values_list("pk", flat=True)) == others

    def test_a_tolerance_of_everything_does_not_bring_it_back(self, api: Api) -> None:
        teach(api)
        report(api, ask(api, REWORDED, "B-2"), "wrong_plan")
        api.patch("/v1/project", {"wrong_hit_tolerance": 1})

        assert ask(api, REWORDED, "C-3", cache="only")["status"] == "failed"

    def test_nor_as_a_plan_made_by_example(self, api: Api, project: Project) -> None:
        express = {**SHOP["refund_payment"]["input_schema"]}
        express["properties"] = {**express["properties"], "reason": {"type": "string"}}
        api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], "input_schema": express})
        teach(api)
        params = {"order_id": "B-2", "reason": "late"}
        made = api.plan("Please refund my order B-2", params)
        assert (made["source"], made["cache"]["entry_id"]) == ("example", None)
        assert made["plan"]["tasks"][0]["input"] == params and made["attempts"] == []
        report(api, made, "wrong_plan")

        again = api.plan("Please refund my order C-3", {"order_id": "C-3", "reason": "late"}, cache="only")

        assert again["cache"]["guards"][-1]["guard"] == "reported"

    def test_nor_while_embeddings_are_away(self, api: Api, planned: Json, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("planengine.reuse.plan_cache.embed", lambda text: None)
        report(api, planned, "wrong_plan")

        assert ask(api, REFUND, "B-2", cache="only")["status"] == "failed"
        assert not EntryVector.objects.filter(entry__kind="counter").exists()

    def test_other_requests_are_served_as_before(self, api: Api) -> None:
        teach(api)
        report(api, ask(api, REWORDED, "B-2"), "wrong_plan")
        served = [ask(api, action, "C-3", cache="only") for action in REFUNDS]

        assert [plan["source"] for plan in served].count("exact") == len(REFUNDS) - 1  # less the one that served

    def test_it_does_not_come_back_when_the_service_changes(self, api: Api, planned: Json) -> None:
        report(api, planned, "wrong_plan")
        api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], "description": "Refund an order fully."})

        assert ask(api, REFUND, "B-2")["error"]["code"] == "reported_wrong"

    def test_a_replay_can_be_reported(self, api: Api, planned: Json) -> None:
        entry = Entry.objects.get()
        replayed = api.post(f"/v1/cache/entries/{entry.pk}/replay", {}).json()
        report(api, replayed, "wrong_plan")

        entry.refresh_from_db()
        assert entry.quarantined_at is not None

    def test_nothing_crosses_projects(self, api: Api, other_api: Api, planned: Json) -> None:
        ask(other_api, REFUND, "ORD-17")
        report(api, planned, "wrong_plan")

        assert ask(other_api, REFUND, "B-2")["source"] == "exact"
        assert other_api.post(f"/v1/plans/{planned['id']}/report").status_code == 404


class TestRight:
    def test_it_takes_back_what_a_report_did(self, api: Api, planned: Json) -> None:
        hit = ask(api, REFUND, "B-2")
        entry = Entry.objects.get()
        report(api, hit, "wrong_plan")
        assert ask(api, REFUND, "C-3", cache="only")["status"] == "failed"

        report(api, hit, "right_plan", note="I had looked at another order.")

        entry.refresh_from_db()
        assert (entry.quarantined_at, entry.quarantine_reason, counters()) == (None, "", 0)
        assert ask(api, REFUND, "C-3")["source"] == "exact"
        assert (HitCheck.objects.get().verdict, HitCheck.objects.get().note) == (
            "right",
            "I had looked at another order.",
        )
        assert api.get("/v1/cache/stats").json()["reported_wrong_hits"] == 0

    def test_it_takes_back_one_of_a_hit_by_meaning_with_its_label(self, api: Api) -> None:
        teach(api)
        hit = ask(api, REWORDED, "B-2")
        voting = EntryVector.objects.count()
        report(api, hit, "wrong_plan")
        assert list(Label.objects.values_list("origin", "wrong")) == [("report", True)]

        report(api, hit, "right_plan")

        assert not Label.objects.exists()
        assert EntryVector.objects.count() == voting + 1  # and the request itself is an example now
        assert ask(api, REWORDED, "C-3")["source"] == "exact"

    def test_a_planned_one_becomes_an_example(self, api: Api, planned: Json) -> None:
        assert not EntryVector.objects.exists()

        report(api, planned, "right_plan")

        assert EntryVector.objects.get().entry.kind == "plan"
        assert not Label.objects.exists(), "a client that says right moves no risk"

    def test_the_last_verdict_counts(self, api: Api, planned: Json) -> None:
        for verdict, kept in (("wrong_plan", 1), ("right_plan", 0), ("wrong_plan", 1), ("right_plan", 0)):
            report(api, planned, verdict)
            assert counters() == kept
        assert HitCheck.objects.count() == 1
        assert ask(api, REFUND, "B-2")["source"] == "exact"


def test_repeating_one_changes_nothing(api: Api, planned: Json) -> None:
    def rows() -> list[Any]:
        tables = (Entry, HitCheck, Label, EntryVector)
        return [list(table.objects.order_by("pk").values_list("pk", flat=True)) for table in tables]

    for verdict in ("wrong_plan", "right_plan"):
        report(api, planned, verdict, note="first")
        before = rows()
        report(api, planned, verdict, note="second")
        assert rows() == before
        assert HitCheck.objects.get().note == "first"


@pytest.mark.parametrize("body", [None, {}])
def test_without_a_body_it_is_wrong(api: Api, planned: Json, body: Json) -> None:
    assert api.post(f"/v1/plans/{planned['id']}/report", body).status_code == 200

    assert (HitCheck.objects.get().verdict, HitCheck.objects.get().note) == ("wrong", "")


def test_a_note_is_kept_as_it_was_sent(api: Api, planned: Json) -> None:
    note = " <b>It refunded</b>\n the wrong order\u202e " + "x" * 1_000

    report(api, planned, "wrong_plan", note=note)

    assert HitCheck.objects.get().note == note


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verdict": "fine"}, "invalid_choice"),
        ({"verdict": None}, "null"),
        ({"verdict": 1}, "invalid_choice"),
        ({"verdict": "wrong_plan", "why": "x"}, "unknown_member"),
        ({"note": "x" * 2_001}, "max_length"),
        ({"note": 5}, "wrong_type"),
        ({"note": "a\x00b"}, "invalid_text"),
        ([], "body_not_an_object"),
    ],
)
def test_a_malformed_report_counts_nothing(api: Api, planned: Json, body: Json, code: str) -> None:
    answer = api.post(f"/v1/plans/{planned['id']}/report", body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not HitCheck.objects.exists() and not counters()


@pytest.mark.parametrize(("status", "says"), [("pending", "Wait until"), ("failed", "how to fix it")])
def test_what_is_no_plan_cannot_be_reported(api: Api, planned: Json, status: str, says: str) -> None:
    ended = None if status == "pending" else Plan.objects.get().finished_at
    Plan.objects.update(status=status, plan=None, finished_at=ended)

    for verdict in ("wrong_plan", "right_plan"):
        answer = api.post(f"/v1/plans/{planned['id']}/report", {"verdict": verdict})
        assert (answer.status_code, answer.json()["code"]) == (409, "no_plan_to_report")
        assert says in answer.json()["detail"]
    assert not HitCheck.objects.exists()
