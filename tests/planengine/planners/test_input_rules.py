"""What is wired without a model keeps the rules that services have for all their inputs together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.catalogue.takers import plain_names
from planengine.embeddings.embedders import get_embedder
from planengine.planners.composer.composer import Composer
from planengine.planners.protocol import Job
from planengine.planners.repair import wire
from planengine.validation.problems import Problem
from planengine.validation.rules import validate
from tests.planengine.shop import READS, TEXT, a_service, with_input_schema

EITHER = [{"required": ["mail"]}, {"required": ["phone"]}]


def greet(**rules: Json) -> ServiceSpec:
    fields = {"mail": TEXT, "phone": TEXT, "wording": TEXT}
    return with_input_schema(
        a_service("greet", {}, {}), {"type": "object", "properties": fields, "required": ["wording"], **rules}
    )


def look_up(**gives: Json) -> ServiceSpec:
    return a_service("find-contact", {"person": TEXT}, gives, annotations=READS)


def inputs_of(service: str, params: Mapping[str, Json], *services: ServiceSpec, action: str = "Do it.") -> Json:
    """How ``service`` is wired: its inputs, or the reason why it is not."""
    found = wire([service], Job(action, params, Catalogue(services)))
    if isinstance(found, Problem):
        return found.message
    return next(task["input"] for task in found["tasks"] if task.get("service") == service)


class TestWiring:
    HELLO = {"wording": "hello"}

    def test_what_keeps_a_rule_is_looked_up(self) -> None:
        params = {**self.HELLO, "person": "Ann"}
        expected = {"wording": "$task0.wording", "phone": "$task1.phone"}
        assert inputs_of("greet", params, greet(anyOf=EITHER), look_up(phone=TEXT)) == expected

    def test_and_not_where_a_param_keeps_it(self) -> None:
        params = {**self.HELLO, "mail": "a@x"}
        expected = {"wording": "$task0.wording", "mail": "$task0.mail"}
        assert inputs_of("greet", params, greet(oneOf=EITHER), look_up(phone=TEXT)) == expected

    def test_an_optional_input_that_would_break_a_rule_is_left_out(self) -> None:
        params = {**self.HELLO, "mail": "a@x", "person": "Ann"}
        services = [greet(oneOf=EITHER), look_up(phone=TEXT)]
        found = wire(["find-contact", "greet"], Job("Do it.", params, Catalogue(services)))
        assert isinstance(found, dict)
        assert found["tasks"][2]["input"] == {"wording": "$task0.wording", "mail": "$task0.mail"}

    def test_where_it_could_be_kept_in_several_ways_nothing_is_guessed(self) -> None:
        params = {**self.HELLO, "person": "Ann"}
        reason = inputs_of("greet", params, greet(oneOf=EITHER), look_up(mail=TEXT), look_up_phone())
        assert "could be kept in several ways" in reason

    @pytest.mark.parametrize(
        ("rules", "params"),
        [
            ({"anyOf": EITHER}, {}),
            ({"oneOf": EITHER}, {"mail": "a@x", "phone": "1"}),
            ({"minProperties": 2}, {}),
            ({"maxProperties": 1}, {"mail": "a@x"}),
            ({"dependentRequired": {"mail": ["phone"]}}, {"mail": "a@x"}),
            ({"not": {"required": ["mail"]}}, {"mail": "a@x"}),
            ({"if": {"properties": {"wording": {"const": "hello"}}}, "then": {"required": ["mail"]}}, {}),
        ],
    )
    def test_a_rule_that_nothing_keeps_is_told(self, rules: Json, params: Mapping[str, Json]) -> None:
        service = greet(**rules)
        reason = inputs_of("greet", {**self.HELLO, **params}, service)
        assert "Service 'greet' has a rule that is not kept" in reason
        assert service.inputs.rules[0].words.rstrip(".") in reason


def look_up_phone() -> ServiceSpec:
    return a_service("find-number", {"person": TEXT}, {"phone": TEXT}, annotations=READS)


class TestBranches:
    BRANCHES = [
        {"properties": {"op": {"const": "archive"}, "folder": TEXT}, "required": ["op", "folder"]},
        {"properties": {"op": {"const": "restore"}, "copy": TEXT}, "required": ["op", "copy"]},
    ]
    service = with_input_schema(a_service("mailbox", {}, {}), {"type": "object", "oneOf": BRANCHES})

    def test_the_one_that_the_params_allow_and_the_action_says(self) -> None:
        found = inputs_of("mailbox", {"folder": "Inbox"}, self.service, action="Archive my folder Inbox")
        assert found == {"op": "$task0.op", "folder": "$task0.folder"}

    @pytest.mark.parametrize("action", ["Restore the folder Inbox", "Empty the folder Inbox"])
    def test_no_other_value_is_chosen_than_the_action_says(self, action: str) -> None:
        assert "has a rule that is not kept" in inputs_of(
            "mailbox", {"folder": "Inbox"}, self.service, action=action
        )

    def test_unless_the_service_only_reads(self) -> None:
        reads = replace(self.service, annotations=READS)
        found = inputs_of("mailbox", {"folder": "Inbox"}, reads, action="Show the folder Inbox")
        assert found == {"op": "$task0.op", "folder": "$task0.folder"}

    def test_a_value_that_every_branch_has_is_no_choice(self) -> None:
        branches = [
            {"properties": {"v": {"const": "2"}, "folder": TEXT}, "required": ["v", "folder"]},
            {"properties": {"v": {"const": "2"}, "copy": TEXT}, "required": ["v", "copy"]},
        ]
        service = with_input_schema(a_service("mailbox", {}, {}), {"type": "object", "anyOf": branches})
        assert inputs_of("mailbox", {"copy": "C-1"}, service) == {"v": "$task0.v", "copy": "$task0.copy"}

    def test_words_of_other_branches_account_for_nothing(self) -> None:
        catalogue = Catalogue([self.service])
        assert {"mailbox", "folder"} <= catalogue.words_of("mailbox")
        assert not {"archive", "restore"} & catalogue.words_allowed("mailbox")
        composed = TestComposer().compose(
            "Archive and restore mailbox folder Inbox", {"folder": "Inbox"}, self.service
        )
        assert "'restore' is not accounted for" in composed


class TestLists:
    @pytest.mark.parametrize(
        "gives",
        [
            {"letters": {"type": "array"}},
            {"post": {"type": "array", "items": {"type": "object", "properties": {"letter": TEXT}}}},
        ],
    )
    def test_a_list_of_what_is_needed_is_told(self, gives: Json) -> None:
        lists = a_service("find-letters", {"person": TEXT}, gives, annotations=READS)
        told = inputs_of("answer", {"person": "Ann"}, a_service("answer", {"letter": TEXT}, {}), lists)
        assert "'find-letters' gives" in told and "once for each item" in told


class TestComposer:
    def compose(self, action: str, params: Mapping[str, Json], *services: ServiceSpec) -> Json:
        job = Job(action, params, Catalogue(services))
        plan = Composer(get_embedder()).draft(job, feedback=None, deadline=time.monotonic() + 10).plan
        verdict = validate(plan, catalogue=job.catalogue, params=params, action=action)
        assert not verdict.problems
        return verdict.not_actionable or verdict.plan["tasks"][1]["input"]

    def test_says_which_rule_is_not_kept(self) -> None:
        told = self.compose("Greet with hello", {"wording": "hello"}, greet(anyOf=EITHER))
        assert "Give at least one of 'mail' and 'phone'" in told and "Send params that keep it" in told

    def test_gives_params_to_the_service_that_takes_any(self) -> None:
        audit = with_input_schema(a_service("audit", {}, {}), {"type": "object"})
        assert self.compose("Audit u-1", {"user": "u-1"}, audit) == {"user": "$task0.user"}
        assert self.compose("Greet with hello", {"wording": "hello"}, audit, greet()) == {
            "wording": "$task0.wording"
        }


class TestTakers:
    def able(self, service: ServiceSpec, *fields: str) -> bool:
        return Catalogue([service]).can_take([service.name], plain_names(fields))

    def test_one_of_the_alternatives_must_be_given(self) -> None:
        assert not self.able(greet(anyOf=EITHER), "wording")
        assert self.able(greet(anyOf=EITHER), "wording", "phone")
        assert self.able(TestBranches.service, "copy") and not self.able(TestBranches.service)

    def test_or_come_from_another_service(self) -> None:
        catalogue = Catalogue([greet(anyOf=EITHER), look_up(mail=TEXT)])
        assert catalogue.can_take(["greet", "find-contact"], plain_names(["wording", "person"]))

    def test_what_takes_any_takes_what_is_left(self) -> None:
        audit = with_input_schema(a_service("audit", {}, {}), {"type": "object"})
        assert self.able(audit, "user") and not self.able(greet(), "wording", "user")
        catalogue = Catalogue([audit, greet()])
        assert catalogue.rivals(["greet"], plain_names(["wording"])) == {"greet"}
        assert catalogue.rivals(["audit"], plain_names(["user"])) == {"audit"}
