"""The index and the navigation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from orra.operators.site import SECTIONS
from planengine.models import Plan
from tests.admin.pages import body, list_of


def test_every_model_has_its_section() -> None:
    listed = [label for section in SECTIONS for label in section.models]
    registered = {model._meta.label_lower for model in admin.site._registry}

    assert len(listed) == len(set(listed))
    assert registered <= set(listed)


@pytest.mark.parametrize("path", [list_of(Plan), reverse("admin:index")])
def test_every_page_leads_to_every_list(operator: Client, path: str) -> None:
    page = body(operator, path)

    navigation = page[page.index('<nav class="orra-nav"') :].partition("</nav>")[0]
    for model in admin.site._registry:
        assert f'href="{list_of(model)}"' in navigation


def test_the_navigation_shows_what_may_be_seen(staff: Callable[..., Client]) -> None:
    viewer = staff("planengine.view_plan")
    page = body(viewer, list_of(Plan))

    assert f'href="{list_of(Plan)}"' in page
    for model in set(admin.site._registry) - {Plan}:
        assert f'href="{list_of(model)}"' not in page
    assert reverse("admin:index") in page
