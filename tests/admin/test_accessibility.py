"""Every page of the admin as everybody meets it: read aloud, in the dark, on a phone."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib import admin
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page

from planengine.grounding import registry as groundings
from planengine.models import ApiKey, LoginFailure, Plan, Service
from tests.admin.browsing import DESK, PHONE, Browse, ByHand, Look, Visit
from tests.admin.conftest import sign_in
from tests.admin.keyboard import of_focus
from tests.admin.pages import addresses
from tests.planengine.grounding.specs import spec

GRAVE = ("serious", "critical")
# What the dark theme changes is colours.
RULES = {"light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "dark": ["color-contrast", "link-in-text-block"]}
VIOLATIONS = "async (options) => (await axe.run(document, options)).violations"
# Pages that are made the same way for every model: some of each will do.
ALIKE = ("add", "delete", "history")


def look_at(paths: list[str], found: list[str]) -> ByHand:
    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        for path in paths:
            page.set_viewport_size(DESK)
            page.emulate_media(color_scheme="light")
            page.goto(path)
            page.evaluate(AXE_SCRIPT)
            page.keyboard.press("Tab")  # else what has the focus is not marked
            for theme, rules in RULES.items():
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
                page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
                options = {"runOnly": rules, "preload": False, "resultTypes": ["violations"]}
                for violation in page.evaluate(VIOLATIONS, options):
                    if violation["impact"] in GRAVE:
                        nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                        found.append(f"{path} ({theme}): {violation['id']}: {nodes}")
                found.extend(f"{path} ({theme}): focus on {each}" for each in of_focus(page, "hardlyMarked"))
            page.set_viewport_size(PHONE)
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > PHONE["width"]:
                found.append(f"{path}: {wide} pixels wide on a phone")
        visit.failed[:] = [url for url in visit.failed if not url.endswith("/nope")]
        visit.errors[:] = [said for said in visit.errors if "404" not in said]

    return by_hand


def test_no_page_is_shut_to_anybody(browse: Browse, ada: User, served: Plan, rejected: Plan) -> None:
    ApiKey.issue(served.project)
    groundings.apply(served.project, spec())
    client = sign_in(ada)
    LoginFailure.objects.count_try("ada", "192.0.2.1")
    found_at = list(addresses(lambda model: model._default_manager.first()))
    paths = {each.path for each in found_at if each.view not in ALIKE or each.model in (Group, Service)}
    shown = [path for path in sorted(paths) if client.get(path).status_code == 200]
    found: list[str] = []

    shown = ["/admin/", "/admin/password_change/", "/admin/nope", *shown]
    browse(look_at(shown, found), scripts=True)

    assert len(shown) > 2 * len(admin.site._registry)
    assert found == [], "\n".join(found)
