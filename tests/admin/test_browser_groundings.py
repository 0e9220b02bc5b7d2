"""What operators do with groundings, in a real browser."""

from __future__ import annotations

import json

from playwright.sync_api import Page

from orra.base import strictyaml
from orra.base.strictjson import Json
from planengine.grounding import registry as groundings
from planengine.models import Grounding, Plan, Project
from tests.admin.browsing import PHONE, Browse, ByHand, Look, Visit
from tests.admin.pages import address, list_of, page_of
from tests.planengine.grounding.specs import returns, spec

SKIPS: Json = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-17"}},
        {"id": "task1", "service": "give_back", "input": {"order_id": "$task0.order_id"}},
    ]
}


def apply_by_hand(project: Project) -> ByHand:
    """Two versions, the first one after a fault, and the way back to it."""
    second = strictyaml.write(returns(version="2", mode="advisory"))

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(list_of(Grounding))
        page.get_by_role("link", name="Add grounding").click()
        page.get_by_label("Project").fill(project.pk)
        page.get_by_label("Name").fill("returns")
        page.get_by_label("Document").fill(strictyaml.write(returns(version=1.0)))
        page.get_by_role("button", name="Show what would change").click()
        visit.read.append(page.locator(".errorlist").inner_text())
        look("grounding-refused")
        for document in (strictyaml.write(returns()), second):
            page.get_by_label("Document").fill(document)
            page.get_by_role("button", name="Show what would change").click()
            visit.read.append(page.locator("#prospect").inner_text())
            look("grounding-prospect")
            page.get_by_role("button", name="Yes, apply it").click()
            look("grounding")
            page.get_by_role("link", name="Apply another version").click()
        page.get_by_role("link", name="Back to the list").click()
        look("groundings")
        page.locator("#result_list tbody").get_by_role("link").first.click()
        page.get_by_role("link", name="What changed").click()
        look("grounding-diff")
        page.locator("#content-main").get_by_role("link", name="returns 1.0").click()
        page.get_by_role("button", name="Make this version hold").click()
        look("grounding-hold")
        page.get_by_role("button", name="Yes, make it hold").click()
        look("grounding-again")

    return by_hand


def test_an_operator_applies_a_grounding_and_goes_back(project: Project, browse: Browse) -> None:

    visit = browse(apply_by_hand(project))

    first, second = Grounding.objects.order_by("version")
    assert visit.end == page_of(first)
    assert (first.current, second.current) == (True, False)
    refused, new, changed = visit.read
    assert "version: It must be text, not a number." in refused
    assert "returns 1.0 is new" in new
    assert "instead of returns 1.0" in changed and "+ mode: advisory" in changed


def try_by_hand(page: Page, visit: Visit, look: Look) -> None:
    """With a use case's own action, with a plan that is none and one that skips something, and on a phone."""
    page.goto(list_of(Grounding))
    page.locator("#result_list tbody").get_by_role("link").first.click()
    page.get_by_role("link", name="Try an action").click()
    page.get_by_label("Begin with").select_option(label="Refund order {order_id}")
    page.get_by_role("button", name="Fill in").click()
    look("grounding-try")
    page.get_by_label("Plan").fill("{")
    page.get_by_role("button", name="Try it").click()
    visit.read.append(page.locator(".errorlist").inner_text())
    look("grounding-try-refused")
    page.get_by_label("Plan").fill(json.dumps(SKIPS))
    page.get_by_role("button", name="Try it").click()
    visit.read.append(page.locator("#tried").inner_text())
    look("grounding-tried")
    page.set_viewport_size(PHONE)
    for place in ("#match", "#capabilities", "#problems", "#id_action", "#id_plan", "#use-case"):
        box = page.locator(place).bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], (place, box)
    look("grounding-tried-phone")


def test_an_operator_tries_an_action(project: Project, browse: Browse) -> None:
    row = groundings.apply(project, spec()).grounding

    visit = browse(try_by_hand)

    assert visit.end == f"{address(row, 'try_version')}?use_case=0#tried"
    refused, tried = visit.read
    assert "The JSON is malformed" in refused
    assert "'Refund order {order_id}' of 'returns 1.0' applies, which is strict." in tried
    assert "verify refund eligibility" in tried and "unknown_service" in tried
    assert not Plan.objects.exists()
