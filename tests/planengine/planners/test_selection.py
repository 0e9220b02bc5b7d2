"""Selection planning over a real socket: the model names services, the engine wires them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, catalogue_from
from planengine.drafting.generation import Outcome, generate
from planengine.llm.completions import Completion, Usage
from planengine.llm.endpoint import Endpoint
from planengine.planners.focus import Focused
from planengine.planners.model import ModelPlanner
from planengine.planners.prompts.selection import REASON, RULES, Hint, selection_messages
from planengine.planners.prompts.signatures import signature
from planengine.planners.protocol import FULL, SELECT, Feedback, Job, Precedent
from planengine.planners.relevance import Relevance
from planengine.planners.selection.answers import Selection, read_choice, read_selection
from planengine.planners.selection.offers import UNWIRED, offer_for
from planengine.planners.selection.planner import Selecting
from planengine.planners.selection.shortlist import MOST_SHOWN, shortlist
from planengine.validation.problems import Problem
from tests.conftest import object_schema
from tests.planengine.planners.test_focus import NoEmbedder
from tests.servers.scripted import Request, Scripted, ScriptedServer, completion, failure

READS = {"readOnlyHint": True}


def service(name: str, text: str, inputs: Json, outputs: Json, **more: Json) -> Json:
    return {
        "name": name,
        "type": "service",
        "description": text,
        "input_schema": inputs,
        "output_schema": outputs,
        "revertible": False,
        "annotations": {},
        "examples": [],
        **more,
    }


def look_up(name: str, text: str, *, by: str, gives: str) -> Json:
    """A service that only reads: one text for another."""
    return service(
        name,
        text,
        object_schema(by, **{by: "string"}),
        object_schema(gives, **{gives: "string"}),
        annotations=READS,
    )


CATALOGUE = catalogue_from(
    [
        look_up("find_order", "Looks up an order by its number.", by="order_number", gives="order_id"),
        service(
            "refund_order",
            "Refunds an order.",
            object_schema("order_id", order_id="string", note="string"),
            object_schema("refund_id", refund_id="string"),
        ),
        service(
            "cancel_order",
            "Cancels an order.",
            object_schema("order_id", order_id="string"),
            object_schema("cancelled", cancelled="boolean"),
        ),
        service(
            "send_mail",
            "Sends a mail.",
            object_schema("email", email="string", refund_id="string"),
            object_schema("sent", sent="boolean"),
        ),
        service(
            "convert_money",
            "Converts an amount.",
            object_schema("amount", amount="number", source="string") | {"required": ["amount", "source"]},
            object_schema("amount", amount="number"),
            annotations=READS,
        ),
    ]
)
REFUND = Job("Refund order ORD-17", {"order_id": "ORD-17"}, CATALOGUE)
BY_NUMBER = Job("Refund order 4711", {"order_number": "4711"}, CATALOGUE)


def chosen(*names: str) -> dict[str, Json]:
    return {"answer": {"services": list(names)}}


PAY = {"order_id": {"type": "string"}, "iban": {"type": "string", "enum": ["DE1", "DE2"]}}
UNWIRED_CHOICE = Feedback("", "", way=SELECT, chosen=("pay",), problems=(Problem(UNWIRED, "Needs 'iban'"),))
REFUSED = {"answer": {"refusal": "It says not to."}}
WHOLE = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-17"}},
        {"id": "task1", "service": "refund_order", "input": {"order_id": "$task0.order_id"}},
    ],
    "parallel_groups": [["task1"]],
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def plan(server: ScriptedServer, job: Job, *replies: Scripted, only: bool = False, attempts: int = 3) -> Outcome:
    server.script(*replies)
    endpoint = Endpoint("small-1", base_url=server.url)
    full = Focused(ModelPlanner(endpoint), NoEmbedder(), context_tokens=8192)
    planner = Selecting(endpoint, NoEmbedder(), full=None if only else full)
    return generate(planner, job, attempts=attempts, deadline=time.monotonic() + 20)


def calls(outcome: Outcome) -> list[str]:
    assert outcome.plan is not None, outcome.failure
    return [task["service"] for task in outcome.plan["tasks"][1:]]


def ways(outcome: Outcome) -> list[str]:
    return [trial.draft.way for trial in outcome.trials]


class TestWhatIsChosen:
    def test_is_wired_by_the_engine(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, chosen("refund_order"))
        assert found.plan == WHOLE
        (trial,) = found.trials
        assert (trial.draft.way, trial.draft.chosen, trial.draft.answer) == (
            SELECT,
            ("refund_order",),
            json.dumps(chosen("refund_order")),
        )
        assert trial.draft.usage.prompt_tokens == 120

    def test_gets_the_look_ups_that_it_needs(self, server: ScriptedServer) -> None:
        assert calls(plan(server, BY_NUMBER, chosen("refund_order"))) == ["find_order", "refund_order"]

    def test_side_effects_keep_the_order_in_which_they_are_named(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, chosen("refund_order", "cancel_order"))
        assert calls(found) == ["refund_order", "cancel_order"]
        assert found.plan is not None and found.plan["tasks"][2]["after"] == ["task1"]

    def test_no_order_makes_a_circle_with_what_flows(self, server: ScriptedServer) -> None:
        """The refund needs the look-up, and comes first; then the look-up cannot come after the cancellation."""
        find = look_up("find_payment", "Finds a payment.", by="order_id", gives="payment_id")
        pay = service(
            "refund_payment",
            "Refunds a payment.",
            object_schema("payment_id", payment_id="string"),
            object_schema("done", done="boolean"),
        )
        cancel = next(spec for spec in CATALOGUE if spec.name == "cancel_order")
        job = Job(
            "Refund the payment of ORD-17, cancel it and find the payment",
            REFUND.params,
            Catalogue(
                [
                    *catalogue_from([find, pay]),
                    cancel,
                ]
            ),
        )
        found = plan(server, job, chosen("refund_payment", "cancel_order", "find_payment"))
        assert calls(found) == ["find_payment", "refund_payment", "cancel_order"]

    @pytest.mark.parametrize(
        ("action", "called"),
        [
            ("Refund order ORD-17", ["refund_order"]),
            ("View and refund order ORD-17", ["view_order", "refund_order"]),
        ],
    )
    def test_a_look_up_that_gives_nothing_stays_where_words_ask_for_it(
        self, server: ScriptedServer, action: str, called: list[str]
    ) -> None:
        order, total = object_schema("order_id", order_id="string"), object_schema("total", total="number")
        view = service("view_order", "Shows an order.", order, total, annotations=READS)
        job = Job(action, REFUND.params, Catalogue([*CATALOGUE, *catalogue_from([view])]))
        found = plan(server, job, chosen("view_order", "refund_order"))
        assert sorted(calls(found)) == sorted(called)

    def test_a_refusal_ends_it(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, REFUSED)
        assert found.failure is not None
        assert (found.status, found.failure.message, server.calls) == ("not_actionable", "It says not to.", 1)

    def test_a_whole_plan_is_as_good(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, WHOLE)
        assert (found.plan, ways(found)) == (WHOLE, [FULL])


class TestWhatIsShown:
    def test_only_what_can_be_called(self, server: ScriptedServer) -> None:
        plan(server, REFUND, chosen("refund_order"))
        (request,) = server.requests
        assert [line.partition("(")[0] for line in request.choice["services"].splitlines()] == [
            "cancel_order",
            "find_order",
            "refund_order",
        ]
        assert json.loads(request.choice["params"]) == {"order_id": "ORD-17"}

    def test_names_are_constrained(self, server: ScriptedServer) -> None:
        plan(server, REFUND, chosen("refund_order"))
        form = server.requests[0].json["response_format"]["json_schema"]
        assert form["strict"] is True and "refund_order" in json.dumps(form["schema"])

    def test_what_others_give_counts_as_there(self) -> None:
        job = Job("Refund order 4711 and mail it to a@b.example", {"order_number": "4711"}, CATALOGUE)
        names = [spec.name for spec in shortlist(job, Relevance(NoEmbedder()))]
        assert names == ["cancel_order", "find_order", "refund_order", "send_mail"]

    def test_few_of_many(self) -> None:
        many = catalogue_from(
            service(f"tool_{number}", "Does a thing.", object_schema("x", x="string"), object_schema())
            for number in range(300)
        )
        shown = shortlist(Job("Do tool 7", {"x": "a"}, many), Relevance(NoEmbedder()))
        assert len(shown) == MOST_SHOWN and shown == sorted(shown, key=lambda spec: spec.name)

    def test_precedents_are_told(self, server: ScriptedServer) -> None:
        asked = Job(
            REFUND.action,
            REFUND.params,
            CATALOGUE,
            precedents=(
                Precedent("Refund {order_id}", ("refund_order",)),
                Precedent("Do not refund {order_id}", ()),
            ),
        )
        plan(server, asked, chosen("refund_order"))
        assert server.requests[0].choice["earlier requests"].splitlines() == [
            '"Refund {order_id}" -> ["refund_order"]',
            '"Do not refund {order_id}" -> refused',
        ]

    def test_where_nothing_can_be_called_a_whole_plan_is_asked_for(self, server: ScriptedServer) -> None:
        found = plan(server, Job("Refund it", {"colour": ["red"]}, CATALOGUE), WHOLE, attempts=1)
        assert ways(found) == [FULL]
        found = plan(server, Job("Refund it", {"colour": ["red"]}, CATALOGUE), only=True)
        assert [problem.code for problem in found.trials[-1].problems] == ["nothing_to_choose"]


class TestAsWhatItIsAskedAgain:
    def test_names_that_do_not_exist_are_told(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, chosen("telepathy"), chosen("refund_order"))
        assert (calls(found), ways(found)) == (["refund_order"], [SELECT, SELECT])
        sections = server.requests[-1].choice
        assert json.loads(sections["your last choice"]) == ["telepathy"]
        assert "telepathy" in sections["what was wrong with it"]

    def test_a_param_that_nothing_takes_is_named(self, server: ScriptedServer) -> None:
        job = Job("Refund order ORD-17, because late", {"order_id": "ORD-17", "note": "late"}, CATALOGUE)
        found = plan(server, job, chosen("cancel_order"), chosen("refund_order"))
        assert calls(found) == ["refund_order"]
        assert "note" in server.requests[-1].choice["what was wrong with it"]

    def test_then_what_takes_it_is_offered_and_no_refusal(self, server: ScriptedServer) -> None:
        job = Job("Refund order ORD-17, because late", {"order_id": "ORD-17", "note": "late"}, CATALOGUE)
        plan(server, job, chosen("cancel_order"), chosen("cancel_order", "refund_order"))
        first, second = server.requests
        assert "find_order(" in first.choice["services"] and "find_order(" not in second.choice["services"]
        forms = [json.dumps(each.json["response_format"]["json_schema"]) for each in (first, second)]
        assert ["refusal" in form for form in forms] == [True, False]

    def test_what_cannot_be_called_is_offered_no_more(self, server: ScriptedServer) -> None:
        pay = service(
            "pay",
            "Pays an order.",
            object_schema() | {"properties": PAY, "required": ["order_id", "iban"]},
            object_schema("paid", paid="boolean"),
        )
        note = service("note_order", "Notes an order.", object_schema("order_id", order_id="string"), {})
        job = Job("Pay order ORD-17", {"order_id": "ORD-17", "odd": [1]}, catalogue_from([pay, note]))
        offer = offer_for(job, tuple(job.catalogue), UNWIRED_CHOICE)
        assert [spec.name for spec in offer.services] == ["note_order"] and offer.may_refuse

    def test_a_choice_that_is_repeated_is_followed_by_a_whole_plan(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, chosen("telepathy"), chosen("telepathy"), WHOLE)
        assert (found.plan, ways(found)) == (WHOLE, [SELECT, SELECT, FULL])
        whole = server.requests[-1]
        assert "telepathy" not in whole.prompt
        assert [spec["name"] for spec in whole.sections["services"]] == [
            "cancel_order",
            "find_order",
            "refund_order",
        ]

    def test_or_by_nothing_where_that_is_never_asked_for(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, chosen("telepathy"), chosen("telepathy"), WHOLE, only=True)
        assert (found.status, ways(found)) == ("failed", [SELECT, SELECT])

    def test_one_service_twice_needs_a_whole_plan(self, server: ScriptedServer) -> None:
        found = plan(server, REFUND, chosen("refund_order", "refund_order"), WHOLE)
        assert (found.plan, ways(found)) == (WHOLE, [SELECT, FULL])

    def test_a_whole_plan_that_is_repeated_word_for_word_ends_it(self, server: ScriptedServer) -> None:
        bad = {"tasks": [WHOLE["tasks"][0]], "parallel_groups": []}  # type: ignore[index]
        found = plan(server, REFUND, chosen("refund_order", "refund_order"), bad, bad, WHOLE, attempts=5)
        assert (found.status, server.calls) == ("failed", 3)


class TestAnOpenInput:
    JOB = Job("Convert 250 from EUR", {"amount": 250, "home": "EUR"}, CATALOGUE)
    ALONE = replace(JOB, catalogue=Catalogue([spec for spec in CATALOGUE if spec.name == "convert_money"]))
    MAIL = Job("Refund ORD-17 and mail that to ann@shop.example", {"order_id": "ORD-17"}, CATALOGUE)

    def test_is_asked_about_alone(self, server: ScriptedServer) -> None:
        found = plan(server, self.JOB, chosen("convert_money"), {"answer": "param home"})
        assert found.plan is not None, found.failure
        assert found.plan["tasks"][1]["input"] == {"amount": "$task0.amount", "source": "$task0.home"}
        question = server.requests[-1]
        assert json.loads(question.choice["options"]) == ["param home", "words of the request", "none of these"]
        assert found.trials[0].draft.usage.prompt_tokens == 240

    def test_may_be_a_text_of_the_request(self, server: ScriptedServer) -> None:
        found = plan(
            server, self.MAIL, chosen("refund_order", "send_mail"), {"answer": "the text ann@shop.example"}
        )
        assert found.plan is not None, found.failure
        assert found.plan["tasks"][0]["input"]["email"] == "ann@shop.example"
        assert calls(found) == ["refund_order", "send_mail"]

    def test_that_nothing_gives_is_a_refusal_that_names_it(self, server: ScriptedServer) -> None:
        found = plan(server, self.ALONE, chosen("convert_money"), {"answer": "none of these"})
        assert (found.status, server.calls) == ("not_actionable", 2)
        assert found.failure is not None and "Send source as a param" in found.failure.message

    def test_may_be_words_of_the_request(self, server: ScriptedServer) -> None:
        answers = [{"answer": "words of the request"}, {"answer": "EUR"}]
        found = plan(server, self.JOB, chosen("convert_money"), *answers, attempts=1)
        assert server.calls == 3
        assert [problem.code for problem in found.trials[0].problems] == ["unused_param"]
        assert found.trials[0].draft.plan is not None
        assert found.trials[0].draft.plan["tasks"][0]["input"]["source"] == "EUR"

    @pytest.mark.parametrize("words", ["CHF", "", "none of these"])
    def test_is_nothing_that_the_request_does_not_say(self, server: ScriptedServer, words: str) -> None:
        answers = [{"answer": "words of the request"}, {"answer": words}]
        found = plan(server, self.ALONE, chosen("convert_money"), *answers)
        assert (found.status, server.calls) == ("not_actionable", 3)

    @pytest.mark.parametrize(
        "unclear",
        [
            "I would say none of these.",
            {"answer": "nobody"},
            completion('{"answer": "none', finish_reason="length"),
        ],
    )
    def test_that_is_not_answered_is_no_refusal(self, server: ScriptedServer, unclear: Scripted) -> None:
        found = plan(server, self.ALONE, chosen("convert_money"), unclear, only=True, attempts=1)
        assert (found.status, server.calls) == ("failed", 2)
        assert [problem.code for problem in found.trials[0].problems] == [UNWIRED]

    def test_that_fails_leaves_what_was_answered_before_it(self, server: ScriptedServer) -> None:
        found = plan(server, self.ALONE, chosen("convert_money"), failure(401))
        assert found.failure is not None and found.failure.code == "model_auth"
        assert found.trials[0].draft.answer == json.dumps(chosen("convert_money"))  # and is paid for by it

    def test_that_nothing_gives_lets_it_choose_another_once(self, server: ScriptedServer) -> None:
        other = service("note_money", "Notes an amount.", object_schema("amount", amount="number"), {})
        job = Job(self.JOB.action, self.JOB.params, Catalogue([*self.ALONE.catalogue, *catalogue_from([other])]))
        nothing = {"answer": "none of these"}
        found = plan(server, job, chosen("convert_money"), nothing, chosen("note_money"), WHOLE)
        assert ways(found)[:2] == [SELECT, SELECT]
        assert "convert_money(" not in server.requests[2].choice["services"]
        assert [problem.code for problem in found.trials[0].problems] == [UNWIRED]

    def test_may_be_a_text_that_another_gives_by_any_name(self, server: ScriptedServer) -> None:
        scan = look_up("scan_page", "Reads a page.", by="page", gives="wording")
        keep = service(
            "keep_page",
            "Keeps a page.",
            object_schema(content="string", folder="string") | {"required": ["content", "folder"]},
            object_schema("kept", kept="boolean"),
        )
        job = Job(
            "Scan page 7 and keep it in legal", {"page": "7", "folder": "legal"}, catalogue_from([scan, keep])
        )
        found = plan(server, job, chosen("scan_page", "keep_page"), {"answer": "wording of scan_page"})
        assert found.plan is not None, found.failure
        assert found.plan["tasks"][2]["input"] == {"content": "$task1.wording", "folder": "$task0.folder"}
        assert json.loads(server.requests[-1].choice["options"]) == ["wording of scan_page", "none of these"]
        assert "keep_page(content: string" in server.requests[-1].prompt

    def test_of_a_look_up_that_cannot_be_made_is_asked_about_where_it_is_wanted(
        self, server: ScriptedServer
    ) -> None:
        person = look_up("find_person", "Looks up a person.", by="person_id", gives="work_email")
        client = look_up("find_client", "Looks up a client.", by="client_id", gives="email")
        mail = service(
            "send_note",
            "Sends a note.",
            object_schema(email="string", text="string") | {"required": ["email", "text"]},
            object_schema("sent", sent="boolean"),
        )
        params = {"person_id": "E-1", "text": "Welcome"}
        job = Job("Send a note to person E-1", params, catalogue_from([person, client, mail]))
        found = plan(server, job, chosen("send_note"), {"answer": "work_email of find_person"})
        assert calls(found) == ["find_person", "send_note"]
        options = json.loads(server.requests[-1].choice["options"])
        assert options == ["work_email of find_person", "words of the request", "none of these"]


def said(content: str, *, finish: str = "stop", reasoning: str = "") -> Completion:
    return Completion(content, reasoning, finish, "some-model", Usage())


DRAFT = '{"answer": {"services": ["x"]}}'


class TestAnswers:
    @pytest.mark.parametrize(
        "text",
        [
            '{"answer": {"services": ["a", "b"]}}',
            '{"services": ["a", "b"]}',
            '{"answer": ["a", "b"]}',
            'Sure!\n```json\n{"answer": {"services": ["a", "b"]}}\n```',
            '<think>{"answer": {"services": ["x"]}} no</think>{"answer": {"services": ["a", "b"]}}',
            '{"answer": {"services": ["a", "b"]}}<think>What of {"answer": {"services": ["x"]}}',
            json.dumps('{"answer": {"services": ["a", "b"]}}'),
        ],
    )
    def test_services_are_read(self, text: str) -> None:
        assert read_selection(said(text)) == Selection(("a", "b"))

    @pytest.mark.parametrize(
        "text", ['{"answer": {"refusal": "no"}}', '{"error": "no"}', '{"answer":{"reason":"no"}}']
    )
    def test_refusals_are_read(self, text: str) -> None:
        assert read_selection(said(text)) == Selection(refusal="no")

    def test_a_reason_that_is_copied_from_the_prompt_is_none(self) -> None:
        found = read_selection(said('{"answer": {"refusal": "why"}}'))
        assert isinstance(found, Selection) and "does not say why" in found.refusal
        assert f'"{REASON}"' in RULES

    @pytest.mark.parametrize(
        "text", ["", "a", "{}", '{"answer": {"services": []}}', '{"answer": {"services": [1]}}']
    )
    def test_anything_else_is_a_problem(self, text: str) -> None:
        assert isinstance(read_selection(said(text)), Problem)

    @pytest.mark.parametrize("finish", ["length", "", "abort"])
    @pytest.mark.parametrize(
        "text",
        [
            f"<think>Perhaps {DRAFT}? Or",
            f"<think>{DRAFT} no, that must not be done</think>I cannot do that.",
            f"<think>{DRAFT} no</think>",
            f"{DRAFT} No, rather " + '{"answer": {"services": ["a", ',
        ],
    )
    def test_what_was_only_thought_of_is_not_chosen(self, text: str, finish: str) -> None:
        assert isinstance(read_selection(said(text, finish=finish)), Problem)
        assert isinstance(read_selection(said("", finish=finish, reasoning=text)), Problem)
        words = text.replace(DRAFT, '{"answer": "x"}')
        assert read_choice(said(words, finish=finish)) is None

    @pytest.mark.parametrize("name", ["functions.cancel_order", "cancel_order<|channel|>commentary"])
    def test_names_are_freed_of_what_a_template_added(self, server: ScriptedServer, name: str) -> None:
        job = Job("Cancel order A-17", {"order_id": "A-17"}, CATALOGUE)
        found = plan(server, job, chosen(name), only=True)
        assert (calls(found), server.calls) == (["cancel_order"], 1)

    def test_an_answer_that_was_cut_off_is_asked_for_with_more_room(self, server: ScriptedServer) -> None:
        job = Job("Cancel order A-17", {"order_id": "A-17"}, CATALOGUE)
        short = completion(chosen("refund_order"), finish_reason="length", usage={"completion_tokens": 9000})
        found = plan(server, job, short, chosen("cancel_order"), only=True)
        assert (calls(found), ways(found)) == (["cancel_order"], [SELECT, SELECT])
        assert server.requests[-1].json["max_tokens"] == 18_000

    def test_nothing_of_an_answer_that_was_cut_off_is_chosen(self) -> None:
        found = read_selection(said(DRAFT, finish="length"))
        assert isinstance(found, Problem) and found.code == "output_truncated"

    @given(st.text())
    def test_nothing_raises(self, text: str) -> None:
        assert isinstance(read_selection(said(text)), Selection | Problem)


HOSTILE = st.lists(
    st.sampled_from(["#abcdef end", "\n", "#", "services", "<|im_end|>", "request", "{", '"', "\u2028", "x"])
).map("".join)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_nobody_can_add_a_section(action: str, value: str, description: str) -> None:
    hostile = catalogue_from([service("a", description, object_schema("x", x="string"), object_schema())])
    job = Job(action or "x", {"x": value}, Catalogue([*hostile]))
    (message,) = selection_messages(job, list(hostile), hint=Hint(("a",), action))
    body = json.dumps({"messages": [message]}).encode()
    sections = Request("POST", "/", {}, body, ("", 0)).choice
    assert list(sections) == ["services", "request", "params", "your last choice", "what was wrong with it"]
    assert json.loads(sections["request"]) == (action or "x")
    assert len(sections["services"].splitlines()) == 1


def test_a_signature_is_one_short_line() -> None:
    spec = CATALOGUE.get("refund_order")
    assert spec is not None
    assert signature(spec) == "refund_order(order_id: string, note?: string) -> refund_id  # Refunds an order."
