"""Plans must keep the rules that a service's schema has for all inputs together, as far as these can be known."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.feedback.corrections import Corrections
from planengine.feedback.diagnosis import diagnose, tell_in_detail
from planengine.planners.prompts.full import build_messages
from planengine.planners.protocol import Job
from planengine.validation.problems import Problem, Verdict
from planengine.validation.rules import validate
from tests.planengine.shop import NUMBER, TEXT, a_draft, a_service, with_input_schema

ROUTES = {"mail": TEXT, "sms": TEXT, "body": TEXT}
EITHER = [{"required": ["mail"]}, {"required": ["sms"]}]


def tell(**rules: Json) -> ServiceSpec:
    return with_input_schema(
        a_service("tell", ROUTES, {}), {"type": "object", "properties": ROUTES, "required": ["body"], **rules}
    )


contact = a_service(
    "contact", {"who": TEXT}, {"mail": TEXT, "sms": TEXT, "age": NUMBER, "tags": {"type": "array"}}
)


def judge(draft: Json, params: Mapping[str, Json], *services: ServiceSpec) -> Verdict:
    return validate(draft, catalogue=Catalogue([*services, contact]), params=params, action="Do it.")


def told(draft: Json, params: Mapping[str, Json], *services: ServiceSpec) -> list[Problem]:
    return list(judge(draft, params, *services).problems)


def calls(params: Mapping[str, Json], **inputs: str) -> Json:
    return a_draft(dict(params), ("tell", inputs))


BODY = {"body": "Hi"}


class TestRules:
    def test_what_lacks_is_told_in_words(self) -> None:
        draft = calls(BODY, body="$task0.body")
        (problem,) = told(draft, BODY, tell(anyOf=EITHER))
        assert (problem.code, problem.task) == ("input_rule_broken", "task1")
        assert "'task1' break a rule of service 'tell': Give at least one of 'mail' and 'sms'" in problem.message
        assert judge(draft, BODY, tell()).plan is not None

    def test_what_is_too_much(self) -> None:
        params = {**BODY, "mail": "a@x", "sms": "1"}
        draft = calls(params, body="$task0.body", mail="$task0.mail", sms="$task0.sms")
        assert [each.code for each in told(draft, params, tell(oneOf=EITHER))] == ["input_rule_broken"]
        assert judge(draft, params, tell(anyOf=EITHER)).plan is not None

    def test_values_of_params_and_literals_count(self) -> None:
        urgent: Json = {
            "if": {"properties": {"body": {"const": "Help"}}},
            "then": {"required": ["sms"]},
        }
        for body, codes in (("Help", ["input_rule_broken"]), ("Hi", [])):
            draft = calls({"body": body}, body="$task0.body")
            assert [each.code for each in told(draft, {"body": body}, tell(**urgent))] == codes

    def test_names_count_of_what_other_tasks_give(self) -> None:
        params = {**BODY, "who": "Ann"}

        def from_contact(**inputs: str) -> Json:
            return a_draft(
                dict(params),
                ("contact", {"who": "$task0.who"}),
                ("tell", {"body": "$task0.body", **inputs}),
            )

        both = from_contact(mail="$task1.mail", sms="$task1.sms")
        assert judge(from_contact(mail="$task1.mail"), params, tell(oneOf=EITHER)).plan is not None
        assert [each.code for each in told(both, params, tell(oneOf=EITHER))] == ["input_rule_broken"]
        certain: Json = {"not": {"properties": {"mail": {"const": "a@x"}}, "required": ["mail"]}}
        assert judge(both, params, tell(**certain)).plan is not None, "what it will be is not known"

    def test_a_constant_of_the_chosen_branch_may_stand_in_the_plan(self) -> None:
        branches = [
            {"properties": {"kind": {"const": "letter"}, "to": TEXT}, "required": ["kind", "to"]},
            {"properties": {"kind": {"const": "call"}, "number": TEXT}, "required": ["kind", "number"]},
        ]
        reach = with_input_schema(a_service("reach", {}, {}), {"type": "object", "oneOf": branches})
        params = {"to": "Ann"}
        accepted = judge(a_draft(params, ("reach", {"kind": "letter", "to": "$task0.to"})), params, reach)
        assert accepted.plan["tasks"][0]["input"] == {"to": "Ann", "kind": "letter"}
        wrong = told(a_draft(params, ("reach", {"kind": "call", "to": "$task0.to"})), params, reach)
        assert [each.code for each in wrong] == ["input_rule_broken"]
        assert "\"letter\" and 'to' is given" in wrong[0].message

    def test_a_service_that_takes_anything_takes_params(self) -> None:
        log = with_input_schema(a_service("log", {}, {}), {"type": "object"})
        params = {"who": "Ann", "why": "because"}
        draft = a_draft(params, ("log", {"who": "$task0.who", "why": "$task0.why"}))
        assert judge(draft, params, log).plan is not None
        unused = told(a_draft(params, ("log", {"who": "$task0.who"})), params, log)
        assert [(each.code, each.hint) for each in unused] == [
            ("unused_param", "Pass '$task0.why' to the input that takes it.")
        ]

    def test_rules_are_shown_to_the_model(self) -> None:
        log = with_input_schema(a_service("log", {}, {}), {"type": "object"})
        job = Job("Tell Ann.", BODY, Catalogue([tell(anyOf=EITHER), log]))
        (message,) = build_messages(job, feedback=None)
        assert "\"input_rules\": [\"Give at least one of 'mail' and 'sms'.\"]" in message["content"]
        assert "Params that are none of the inputs above may be given too" in message["content"]


class TestLists:
    @pytest.mark.parametrize(
        "reference",
        [
            "$task1.tags",
            "$task1.tags[0]",
            "$task1.tags[*]",
            "$task1.tags.0.name",
            "${task1.tags[0]}",
            "$task1.tags.*.id",
        ],
    )
    def test_a_service_is_not_called_once_for_each_item(self, reference: str) -> None:
        params = {"who": "Ann"}
        draft = a_draft(params, ("contact", {"who": "$task0.who"}), ("tell", {"body": reference}))
        (problem,) = told(draft, params, tell())
        assert problem.code == "fan_out" and "once for each" in problem.message
        assert "takes the whole list" in problem.hint
        cause = diagnose([problem], draft=draft, catalogue=Catalogue([tell(), contact]), params=params)
        assert "once for each item of a list" in cause.text and "'tell' take the whole list" in cause.text

    def test_nor_for_each_of_a_param(self) -> None:
        params = {"body": ["Hi", "Ho"]}
        (problem,) = told(calls(params, body="$task0.body"), params, tell())
        assert problem.code == "type_mismatch" and "send a request for each" in problem.hint

    def test_a_list_that_is_taken_as_one_is_right(self) -> None:
        takes = a_service("tag", {"tags": {"type": "array"}}, {})
        params = {"who": "Ann"}
        draft = a_draft(params, ("contact", {"who": "$task0.who"}), ("tag", {"tags": "$task1.tags"}))
        assert judge(draft, params, takes).plan is not None


class TestFeedback:
    def right(self, draft: Json, params: Mapping[str, Json], *services: ServiceSpec) -> str:
        catalogue = Catalogue([*services, contact])
        corrections = Corrections(draft, catalogue=catalogue, params=params, action="Do it.")
        found = validate(draft, catalogue=catalogue, params=params, action="Do it.").problems
        return next(corrections.of(each) for each in found if each.code == "input_rule_broken")

    def test_an_input_that_keeps_the_rule_is_named_with_its_reference(self) -> None:
        params = {**BODY, "sms": "1"}
        right = self.right(calls(params, body="$task0.body"), params, tell(anyOf=EITHER))
        assert right == 'In \'task1\', write "sms": "$task0.sms".'

    def test_an_input_that_is_too_much_is_named(self) -> None:
        params = {**BODY, "who": "Ann", "mail": "a@x"}
        draft = a_draft(
            params,
            ("contact", {"who": "$task0.who"}),
            ("tell", {"body": "$task0.body", "mail": "$task0.mail", "sms": "$task1.sms"}),
        )
        assert self.right(draft, params, tell(oneOf=EITHER)).startswith("Remove 'sms' from 'task2'.")

    def test_a_branch_is_written_with_its_constant(self) -> None:
        branches = [
            {"properties": {"kind": {"const": "letter"}, "to": TEXT}, "required": ["kind", "to"]},
            {"properties": {"kind": {"const": "call"}, "number": TEXT}, "required": ["kind", "number"]},
        ]
        reach = with_input_schema(a_service("reach", {}, {}), {"type": "object", "oneOf": branches})
        right = self.right(
            a_draft({"number": "1"}, ("reach", {"number": "$task0.number"})), {"number": "1"}, reach
        )
        assert right == 'In \'task1\', write "kind": "call".'

    def test_where_nothing_gives_it_the_developer_is_told_what_to_send(self) -> None:
        alone = Catalogue([tell(anyOf=EITHER)])
        draft = calls(BODY, body="$task0.body")
        problems = validate(draft, catalogue=alone, params=BODY, action="Do it.").problems
        cause = diagnose(problems, draft=draft, catalogue=alone, params=BODY)
        assert "Give at least one of 'mail' and 'sms'" in cause.text and "'mail' and 'sms'" in cause.how_to_fix[0]
        corrections = Corrections(draft, catalogue=alone, params=BODY, action="Do it.")
        detail = tell_in_detail(problems, corrections, catalogue=alone, params=BODY, action="Do it.")
        assert 'answer with the "final" task' in detail
