"""Every page of the admin as everybody meets it: read aloud, in the dark, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page

from planengine.grounding import registry as groundings
from planengine.models import ApiKey, Plan, Service
from tests.admin.browsing import PASSWORD, Visit, browse, needs_chromium
from tests.admin.conftest import sign_in
from tests.admin.pages import addresses
from tests.planengine.grounding.specs import spec

pytestmark = needs_chromium

GRAVE = ("serious", "critical")
# What the dark theme changes is colours.
RULES = {"light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "dark": ["color-contrast", "link-in-text-block"]}
PHONE = 390
# Pages that are made the same way for every model: some of each will do.
ALIKE = ("add", "delete", "history")


def look_at(paths: list[str], found: list[str], address: str) -> Callable[[Page, Visit, Any], None]:
    def by_hand(page: Page, visit: Visit, look: Callable[[str], None]) -> None:
        axe = Axe()
        for path in paths:
            page.set_viewport_size({"width": 1300, "height": 900})
            for theme, rules in RULES.items():
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
                page.goto(address + path)  # anew: links change their colour slowly
                seen = axe.run(page, options={"runOnly": rules, "preload": False})
                for violation in seen.response["violations"]:
                    if violation["impact"] in GRAVE:
                        nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                        found.append(f"{path} ({theme}): {violation['id']}: {nodes}")
            page.set_viewport_size({"width": PHONE, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > PHONE:
                found.append(f"{path}: {wide} pixels wide on a phone")

    return by_hand


@pytest.mark.django_db(transaction=True)
def test_no_page_is_shut_to_anybody(live_server: Any, tmp_path: Path, served: Plan, rejected: Plan) -> None:
    ada = User.objects.create_superuser("ada", password=PASSWORD)
    ApiKey.issue(served.project)
    groundings.apply(served.project, spec())
    client = sign_in(ada)
    found_at = list(addresses(lambda model: model._default_manager.first()))
    paths = {each.path for each in found_at if each.view not in ALIKE or each.model in (Group, Service)}
    shown = [path for path in sorted(paths) if client.get(path).status_code == 200]
    found: list[str] = []

    shown = ["/admin/", "/admin/password_change/", "/admin/nope", *shown]
    visit = browse(live_server.url, tmp_path, look_at(shown, found, live_server.url), scripts=True)

    assert len(shown) > 2 * len(admin.site._registry)
    assert found == [], "\n".join(found)
    said = [each for each in visit.errors if "404" not in each]
    assert said == [], "\n".join(said)
    assert [url for url in visit.failed if not url.endswith("/nope")] == []
