from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cache.models import Entry
from orra.base import strictyaml
from orra.base.strictjson import Json
from planengine.embeddings.embedders import standing_in
from planengine.grounding import registry
from planengine.models import Grounding, Project
from tests.admin.pages import address, body, fill, list_of, page_of, said, text
from tests.planengine.grounding.embedding import Counting
from tests.planengine.grounding.specs import returns, spec

ADD = "/admin/planengine/grounding/add/"


@pytest.fixture
def first(project: Project) -> Grounding:
    return registry.apply(project, spec(version="1.0")).grounding


@pytest.fixture
def second(project: Project, first: Grounding) -> Grounding:
    """A newer version, which holds."""
    changed = returns(version="1.1", mode="advisory")
    changed["use_cases"][0]["capabilities"].append("tell the customer")
    row = registry.apply(project, spec(**changed)).grounding
    first.refresh_from_db()
    return row


def filled(project: Project, document: Json, **changes: str) -> dict[str, str]:
    written = document if isinstance(document, str) else strictyaml.write(document)
    return {"project": project.pk, "name": "returns", "document": written, **changes}


def holding() -> list[tuple[str, str]]:
    return list(Grounding.objects.filter(current=True).order_by("name").values_list("name", "version"))


# --- the list


def test_the_list_shows_what_holds_and_others_when_asked(
    operator: Client, first: Grounding, second: Grounding
) -> None:
    page = body(operator, list_of(Grounding))
    assert page_of(second) in page and page_of(first) not in page
    assert "returns 1.1 holds returns desk advisory 1" in text(page)
    assert page_of(first) in body(operator, list_of(Grounding, versions="older"))
    everything = body(operator, list_of(Grounding, versions="all"))
    assert page_of(first) in everything and page_of(second) in everything


# --- a page


def test_a_page_tells_what_a_version_says(operator: Client, first: Grounding) -> None:
    page = text(body(operator, page_of(first)))
    for told in (
        "returns desk",
        "strict: a plan that does not keep to it fails",
        "Refund order {order_id}",
        "Give the customer the money back for {order_id}",
        "verify refund eligibility, then refund an order",
        "delete an order",
        '{"order_id": "ORD-17"}',
        "A customer sent something back and wants the money.",
        "Be polite.",
        'checked: {"rule": "at_most", "most": 1, "of": "refund an order"}',
    ):
        assert told in page, told
    shown = re.search(r'id="document"><bdi>(.*?)</bdi>', body(operator, page_of(first)), re.DOTALL)
    assert shown is not None and "version: &#x27;1.0&#x27;" in shown[1]


def test_a_page_leads_to_its_versions_and_what_differs(
    operator: Client, first: Grounding, second: Grounding
) -> None:
    page = body(operator, page_of(second))
    assert page_of(first) in page
    assert f"{address(second, 'diff')}?against={first.pk}" in page
    assert address(second, "hold") not in page
    assert address(first, "hold") in body(operator, page_of(first))


def test_what_differs_is_shown_line_by_line(operator: Client, first: Grounding, second: Grounding) -> None:
    answer = operator.get(address(second, "diff"), {"against": first.pk})

    told = {(line.kind, line.text.strip()) for line in answer.context["lines"]}
    assert ("removed", "version: '1.0'") in told and ("added", "version: '1.1'") in told
    assert ("removed", "mode: strict") in told and ("added", "mode: advisory") in told
    assert ("added", "- tell the customer") in told
    assert ("same", "domain: returns desk") in told
    assert any(kind == "gap" for kind, _ in told)
    page = answer.content.decode()
    assert '<span class="orra-line orra-added">+ <bdi>mode: advisory</bdi></span>' in page


@pytest.mark.parametrize("against", ["", "g_nobody", "\x00"])
def test_what_differs_from_nothing_is_not_there(against: str, operator: Client, first: Grounding) -> None:
    assert operator.get(address(first, "diff"), {"against": against}).status_code == 404


def test_only_versions_of_one_grounding_are_compared(
    operator: Client, first: Grounding, make_project: Callable[..., Project]
) -> None:
    for other in (
        registry.apply(first.project, spec("other")).grounding,
        registry.apply(make_project("another"), spec(version="2")).grounding,
    ):
        assert operator.get(address(first, "diff"), {"against": other.pk}).status_code == 404


def test_what_a_version_says_is_not_edited(operator: Client, first: Grounding) -> None:
    before = Grounding.objects.values().get()
    assert operator.post(page_of(first), {"domain": "other", "name": "x"}).status_code == 403
    assert Grounding.objects.values().get() == before


# --- applying


def confirm(operator: Client, sent: dict[str, str]) -> Any:
    """Applies as somebody does who first looked at what would change."""
    shown = operator.post(ADD, sent)
    assert shown.context["prospect"] is not None, shown.context["form"].errors
    return operator.post(ADD, {**sent, "confirmed": shown.context["prospect"].token}, follow=True)


@pytest.mark.parametrize("write", [strictyaml.write, json.dumps])
def test_what_would_change_is_shown_first_and_then_applied(
    write: Callable[[Json], str], operator: Client, project: Project
) -> None:
    sent = filled(project, write(returns()))

    shown = operator.post(ADD, sent)

    assert "returns 1.0 is new, and would hold. No other version holds now." in text(shown.content.decode())
    assert not Grounding.objects.exists()
    applied = confirm(operator, sent)
    row = Grounding.objects.get()
    assert applied.redirect_chain == [(page_of(row), 302)]
    assert said(applied) == "returns 1.0 holds from now on."
    assert registry.spec_of(row) == spec()
    assert Project.objects.get().groundings_revision == 1
    assert LogEntry.objects.get().object_id == row.pk


def test_a_new_version_is_compared_with_the_one_that_holds(
    operator: Client, project: Project, first: Grounding
) -> None:
    shown = operator.post(ADD, filled(project, returns(version="2", constraints=["Be quick."])))

    assert "instead of returns 1.0, which is kept" in text(shown.content.decode())
    told = [(line.kind, line.text.strip()) for line in shown.context["prospect"].lines]
    assert ("removed", "- Be polite.") in told and ("added", "- Be quick.") in told


def test_what_is_confirmed_is_what_was_shown(operator: Client, project: Project, first: Grounding) -> None:
    sent = filled(project, returns(version="2"))
    token = operator.post(ADD, sent).context["prospect"].token
    registry.apply(project, spec(version="1.5"))  # somebody else, meanwhile

    again = operator.post(ADD, {**sent, "confirmed": token})

    assert again.status_code == 200 and again.context["prospect"].token != token
    other = operator.post(ADD, {**filled(project, returns(version="3")), "confirmed": token})
    assert other.status_code == 200
    assert holding() == [("returns", "1.5")]


def test_nothing_changes_where_it_holds_already(operator: Client, project: Project, first: Grounding) -> None:
    shown = operator.post(ADD, filled(project, returns()))
    assert "Nothing: returns 1.0 holds already." in text(shown.content.decode())
    assert "Yes, apply it" not in shown.content.decode()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("a: *a", "*a is an alias: write out what it stands for (line 1, column 4)."),
        ('{"a": 1, "a": 2}', "The key 'a' appears twice in one object."),
        ("{", "The JSON is malformed"),
        ("- " * 100, "nested deeper than 20 levels"),
        ("x: " + "y" * 300_000, "larger than 256 KiB"),
        ("text", "Send an object"),
        (strictyaml.write(returns(version=1.0)), "version: It must be text, not a number."),
        (
            strictyaml.write(returns(constraints=[{"requires": "a before b before c"}])),
            "constraints[0].requires: 'a before b before c' does not say which two names",
        ),
        (strictyaml.write(returns(mode="advisory")), "Version 1.0 of returns says something else already."),
        (strictyaml.write(returns(name="other")), "name: It is not 'returns'"),
        ("", "This field is required."),
        ("\x00", "Null characters are not allowed."),
    ],
)
def test_a_fault_is_told_beside_the_document_and_changes_nothing(
    document: str, told: str, operator: Client, project: Project, first: Grounding
) -> None:
    answer = operator.post(ADD, filled(project, document))

    form = answer.context["form"]
    assert list(form.errors) == ["document"]
    assert any(told in error for error in form.errors["document"]), form.errors
    assert answer.context["prospect"] is None
    assert holding() == [("returns", "1.0")]


def test_what_to_do_is_told_too(operator: Client, project: Project) -> None:
    page = text(operator.post(ADD, filled(project, returns(version=1.0))).content.decode())
    assert 'How to fix Put it in quotes: "1.0".' in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [("project", "p_nobody"), ("project", ""), ("project", "\x00"), ("name", "a b"), ("name", "x" * 101)],
)
def test_a_fault_is_told_at_its_field(field: str, typed: str, operator: Client, project: Project) -> None:
    answer = operator.post(ADD, {**filled(project, returns()), field: typed})
    assert list(answer.context["form"].errors) == [field]
    assert not Grounding.objects.exists()


def test_the_document_may_name_itself(operator: Client, project: Project) -> None:
    confirm(operator, filled(project, returns(name="desk"), name=""))
    assert holding() == [("desk", "1.0")]
    answer = operator.post(ADD, filled(project, returns(), name=""))
    assert list(answer.context["form"].errors) == ["name"]


def test_the_form_begins_with_what_a_version_says(operator: Client, first: Grounding) -> None:
    form = operator.get(f"{ADD}?of={first.pk}").context["form"]
    assert form.initial["name"] == "returns"
    assert strictyaml.parse(form.initial["document"])["version"] == "1.0"
    assert operator.get(f"{ADD}?of=nobody").status_code == 404
    assert operator.get(f"{ADD}?of=%00").status_code == 404
    assert operator.get(f"{ADD}?project=%00").context["form"].initial == {"project": "\x00"}


# --- trying

TRY = "/admin/planengine/grounding/try/"


def ask(action: str = "Please refund the order ORD-5", plan: Json = None, **more: str) -> dict[str, str]:
    written = "" if plan is None else json.dumps(plan)
    return {"action": action, "params": '{"order_id": "ORD-5"}', "plan": written, **more}


def test_an_action_is_tried_as_if_a_version_held(operator: Client, first: Grounding, second: Grounding) -> None:
    assert address(first, "try_version") in body(operator, page_of(first))
    before = Project.objects.values().get()

    with CaptureQueriesContext(connection) as queries:
        page = operator.post(address(first, "try_version"), ask()).content.decode()

    assert "'Refund order {order_id}' of 'returns 1.0' applies, which is strict." in text(page)
    assert "The request says its words, 'Refund order {order_id}'" in text(page)
    assert "verify refund eligibility required nobody" in text(page)
    assert "delete an order forbidden nobody" in text(page)
    assert 'id="problems"' not in page
    written = [each["sql"] for each in queries if not each["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert written == []
    assert Project.objects.values().get() == before
    assert "'returns 1.1' applies, which is advisory" in text(
        operator.post(address(second, "try_version"), ask()).content.decode()
    )


def test_an_action_is_tried_against_all_that_hold(operator: Client, first: Grounding, second: Grounding) -> None:
    other = {"action": "Exchange order {order_id}", "capabilities": ["swap"]}
    registry.apply(first.project, spec("swaps", use_cases=[other], constraints=[]))
    assert f'href="{TRY}"' in body(operator, list_of(Grounding))
    assert f"{TRY}?project={first.project_id}" in body(operator, list_of(Grounding, project=first.project_id))
    assert operator.get(f"{TRY}?project={first.project_id}").context["form"].initial == {
        "project": first.project_id
    }

    answer = operator.post(TRY, ask(project=first.project_id))

    told = text(answer.content.decode())
    assert "of 'returns 1.1' applies" in told
    assert "The nearest other one is 'Exchange order {order_id}' of 'swaps 1.0'" in told
    refused = operator.post(TRY, ask("Do not refund order ORD-5", project=first.project_id))
    assert "No use case applies." in text(refused.content.decode())
    assert "Not accounted for:" in text(refused.content.decode()) and "'not'" in text(refused.content.decode())
    assert "Capabilities of the closest use case" in text(refused.content.decode())


def test_the_form_begins_with_a_use_case(operator: Client, first: Grounding) -> None:
    page = address(first, "try_version")
    form = operator.get(page, {"use_case": "0"}).context["form"]
    assert form.initial["action"] == "Refund order ORD-17"
    assert '<option value="0" selected>' in body(operator, f"{page}?use_case=0")
    assert json.loads(form.initial["params"]) == {"order_id": "ORD-17"}
    assert "The request is in its very words" in text(operator.post(page, fill(form)).content.decode())
    for place in ("1", "-1", "x", "\x00", "²", "9" * 5000, ""):
        assert operator.get(page, {"use_case": place}).context["form"].initial == {}


def test_a_plan_and_what_is_cached_are_held_to_it(
    operator: Client, shop: Project, make_entry: Callable[..., Entry], staff: Callable[..., Client]
) -> None:
    use_case = {"action": "Look up order {order_id}", "capabilities": ["order_lookup", "notify"]}
    row = registry.apply(shop, spec(use_cases=[use_case], constraints=[])).grounding
    plan = {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-5"}},
            {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task1"]],
    }
    entry = make_entry(shop, "Look up order ORD-5", {"order_id": "ORD-5"}, plan)
    asked = ask("Look up order ORD-7", plan, params='{"order_id": "ORD-7"}')
    asked["plan"] = asked["plan"].replace("ORD-5", "ORD-7")

    page = operator.post(address(row, "try_version"), asked).content.decode()

    assert page_of(entry) in page
    assert page.count("grounding_capability_missing") == 2
    assert "Add a task that calls &#x27;notify&#x27;" in page
    whole = registry.apply(
        shop, spec(version="2", use_cases=[{**use_case, "capabilities": ["order_lookup"]}], constraints=[])
    ).grounding
    page = operator.post(address(whole, "try_version"), asked).content.decode()
    assert page.count("It keeps to the grounding.") == 2
    viewer = staff("planengine.view_grounding")
    seen = viewer.post(address(whole, "try_version"), asked).content.decode()
    assert page_of(entry) not in seen and seen.count("It keeps to the grounding.") == 1
    unlike = operator.post(address(whole, "try_version"), {**asked, "action": "Paint the fence"})
    assert "It was not checked, for no use case applies." in unlike.content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("action", " ", "`action` is empty"),
        ("action", "", "This field is required"),
        ("action", "x" * 8001, "8,000 is the most"),
        ("params", "{", "The JSON is malformed"),
        ("params", "[]", "Write an object"),
        ("params", '{" a": 1}', "The field of param 0"),
        ("params", '{"a": "\\u0000"}', "NUL"),
        ("plan", "{", "The JSON is malformed"),
        ("plan", "[1]", "A plan is an object with `tasks`."),
        ("plan", '{"a": 1, "a": 2}', "appears twice"),
        ("plan", "x" * 200_001, "at most 200000 characters"),
        ("project", "p_nobody", "There is no project with this id."),
        ("project", "\x00", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_tried_is_told_at_its_field(
    field: str, typed: str, told: str, operator: Client, first: Grounding
) -> None:
    answer = operator.post(TRY, {**ask(project=first.project_id), field: typed})
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert told in form.errors[field][0]
    assert "tried" not in answer.context


def test_without_an_embedding_it_is_not_known(operator: Client, first: Grounding) -> None:
    with standing_in(Counting(down=True)):
        page = text(operator.post(address(first, "try_version"), ask()).content.decode())
    assert "Which use case applies cannot be told: no embedding was to be had. The endpoint is down." in page


# --- holding again


def test_an_older_version_is_made_to_hold_again(operator: Client, first: Grounding, second: Grounding) -> None:
    shown = operator.post(address(first, "hold"))

    assert "returns 1.0 was applied before, and would hold again instead of returns 1.1" in text(
        shown.content.decode()
    )
    assert holding() == [("returns", "1.1")]
    token = shown.context["prospect"].token
    answer = operator.post(address(first, "hold"), {"confirmed": token}, follow=True)
    assert said(answer) == "returns 1.0 holds again."
    assert holding() == [("returns", "1.0")]
    assert operator.post(address(first, "hold"), {"confirmed": token}).status_code == 200


def test_looking_changes_nothing(operator: Client, first: Grounding, second: Grounding) -> None:
    before = list(Grounding.objects.order_by("pk").values())
    token = operator.post(address(first, "hold")).context["prospect"].token
    sent = filled(first.project, returns(version="1.0"))
    applied = operator.post(ADD, sent).context["prospect"].token

    assert operator.get(address(first, "hold"), {"confirmed": token}).status_code == 405
    operator.get(ADD, {**sent, "confirmed": applied})
    for path in (page_of(first), address(first, "delete"), address(first, "diff") + f"?against={second.pk}"):
        operator.get(path, {"confirmed": token})

    assert list(Grounding.objects.order_by("pk").values()) == before


# --- removing


def test_deleting_takes_every_version_and_says_so(operator: Client, first: Grounding, second: Grounding) -> None:
    registry.apply(first.project, spec("other"))
    assert "returns: every version, 2 in all" in text(body(operator, address(first, "delete")))

    operator.post(address(first, "delete"), {"post": "yes"})

    assert list(Grounding.objects.values_list("name", flat=True)) == ["other"]
    assert Project.objects.get().groundings_revision == 4


def test_selected_ones_are_deleted_with_every_version(
    operator: Client, first: Grounding, second: Grounding
) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [first.pk, second.pk], "index": "0"}
    listed = f"{list_of(Grounding)}?versions=all"
    assert "returns: every version, 2 in all" in text(operator.post(listed, chosen).content.decode())
    operator.post(listed, {**chosen, "post": "yes"})
    assert not Grounding.objects.exists()


# --- rights


def test_rights_are_kept_apart(staff: Callable[..., Client], first: Grounding, second: Grounding) -> None:
    sent = filled(first.project, returns(version="3"))
    viewer = staff("planengine.view_grounding")
    page = body(viewer, page_of(first))
    for view in ("hold", "delete"):
        assert address(first, view) not in page
        assert viewer.post(address(first, view), {"post": "yes"}).status_code == 403
    assert f"{ADD}?of=" not in page
    assert viewer.get(ADD).status_code == viewer.post(ADD, sent).status_code == 403
    assert viewer.get(address(second, "diff"), {"against": first.pk}).status_code == 200
    assert page_of(first.project) not in page

    adder = staff("planengine.add_grounding")
    assert adder.get(address(second, "diff"), {"against": first.pk}).status_code == 403
    assert adder.post(address(first, "hold")).status_code == 403
    assert adder.get(f"{ADD}?of={first.pk}").context["form"].initial == {"project": ""}
    assert holding() == [("returns", "1.1")]
    assert confirm(adder, sent).status_code in (200, 403)
    assert holding() == [("returns", "3")]

    for path in (TRY, address(first, "try_version")):
        assert viewer.get(path).status_code == 200
        assert viewer.post(path, ask(project=first.project_id)).context["tried"].applies
        assert adder.get(path).status_code == adder.post(path, ask()).status_code == 403
    assert TRY in body(viewer, list_of(Grounding))

    nobody = staff()
    for path in (
        ADD,
        TRY,
        address(first, "try_version"),
        f"{address(second, 'diff')}?against={first.pk}",
        page_of(first),
        list_of(Grounding),
    ):
        assert nobody.get(path).status_code == 403
    assert nobody.post(address(first, "hold")).status_code == 403


def test_a_project_leads_to_its_groundings_and_says_whether_they_are_required(
    operator: Client, first: Grounding
) -> None:
    page = body(operator, page_of(first.project))
    assert list_of(Grounding, project=first.project_id) in page
    form = operator.get(page_of(first.project)).context["adminform"].form
    assert form.initial["grounding_required"] is False
