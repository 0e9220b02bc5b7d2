"""Who may see and do what: every role, every address of the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from cache.models import CacheJob, Entry
from orra.operators.roles import ADMINISTRATOR, OPERATOR, ROLES, VIEWER, grants
from planengine.grounding import registry as groundings
from planengine.models import AlertRule, ApiKey, Plan, RegressionResult, RegressionRun, SavedRequest
from tests.admin.conftest import sign_in
from tests.admin.pages import address, addresses, list_of, page_of
from tests.planengine.grounding.specs import spec


@pytest.fixture
def member(db: None) -> Callable[[str], Client]:
    """Signed in with one role and nothing else."""

    def make(role: str) -> Client:
        user = User.objects.create_user(f"{role}{User.objects.count()}", is_staff=True)
        user.groups.set(Group.objects.filter(name=role))
        return sign_in(user)

    return make


def test_migrating_makes_the_roles_and_mends_them(db: None) -> None:
    viewer, operator, administrator = (Group.objects.get(name=role) for role in ROLES)
    assert operator.permissions.filter(codename="view_contents").exists()
    assert not viewer.permissions.exclude(codename__startswith="view_").exists()
    viewer.permissions.add(Permission.objects.get(codename="delete_user"))
    administrator.delete()

    call_command("migrate", verbosity=0)

    assert not viewer.permissions.filter(codename="delete_user").exists()
    assert Group.objects.get(name=ADMINISTRATOR).permissions.filter(codename="delete_user").exists()


@pytest.mark.parametrize(
    "right, who",
    [
        ("planengine.view_plan", ROLES),
        ("planengine.view_contents", (OPERATOR, ADMINISTRATOR)),
        ("planengine.change_plan", (OPERATOR, ADMINISTRATOR)),
        ("cache.delete_entry", (OPERATOR, ADMINISTRATOR)),
        ("planengine.change_project", (OPERATOR, ADMINISTRATOR)),
        ("planengine.delete_project", (ADMINISTRATOR,)),
        ("planengine.add_apikey", (ADMINISTRATOR,)),
        ("admin.view_logentry", ROLES),
        ("admin.delete_logentry", ()),
        ("auth.change_user", (ADMINISTRATOR,)),
        ("auth.view_group", (ADMINISTRATOR,)),
        ("auth.change_group", ()),
        ("sessions.view_session", ()),
    ],
)
def test_what_a_role_is_worth(right: str, who: tuple[str, ...]) -> None:
    assert tuple(role for role in ROLES if grants(role, right)) == who


# Pages of a model that take more than the right to see it.
TAKES_MORE = {"add": "add", "delete": "delete"}


@pytest.mark.parametrize("role", ROLES)
def test_every_address_by_role(role: str, member: Callable[[str], Client], served: Plan, rejected: Plan) -> None:
    """No page fails, none shows more than the role grants, and reading changes nothing."""
    ApiKey.issue(served.project)
    client = member(role)
    before = _rows()

    for each in addresses(lambda model: model._default_manager.first()):
        answer = client.get(each.path)
        label = f"{each.model._meta.app_label}.%s_{each.model._meta.model_name}"
        right = label % TAKES_MORE.get(each.view, "view")
        assert answer.status_code in (200, 302, 403, 404, 405), (each, answer.status_code)
        if each.view in ("changelist", "change", *TAKES_MORE) and not grants(role, right):
            assert answer.status_code in (302, 403), each
        if each.view == "changelist":
            assert (answer.status_code == 200) == grants(role, right), each
    assert _rows() == before


def test_no_address_lets_a_viewer_change_anything(
    member: Callable[[str], Client], served: Plan, rejected: Plan, entry: Entry
) -> None:
    """Every address, by POST, with what its forms would send."""
    _more_rows(served, entry)
    client = member(VIEWER)
    before = _contents()
    sent = {"post": "yes", "confirmed": "yes", "store": "1", "pin": "1", "verdict": "wrong_plan", "days": "30"}
    sent |= {"reason": "because", "note": "because", "name": "changed", "action": "delete_selected", "index": "0"}

    for each in addresses(lambda model: model._default_manager.first()):
        answer = client.post(each.path, sent)
        assert answer.status_code in (200, 302, 400, 403, 404, 405), (each, answer.status_code)
        assert _contents() == before, each


def test_staff_without_a_role_reach_nothing(
    staff: Callable[..., Client], served: Plan, rejected: Plan, entry: Entry
) -> None:
    _more_rows(served, entry)
    nobody = staff()

    for each in addresses(lambda model: model._default_manager.first()):
        for answer in (nobody.get(each.path), nobody.post(each.path)):
            allowed = answer.status_code in (302, 403, 404, 405)
            assert allowed, (each, answer.status_code)


def _more_rows(served: Plan, entry: Entry) -> None:
    """One of what operators make."""
    project = served.project
    ApiKey.issue(project)
    groundings.apply(project, spec())
    saved = SavedRequest.objects.create(project=project, name="kept", action="Do it")
    run = RegressionRun.objects.create(project=project)
    RegressionResult.objects.create(run=run, saved=saved, name="kept")
    AlertRule.objects.create(project=project, measure="failures", threshold=0.1)
    CacheJob.objects.create(project=project, kind="evict", estimate=0, rows=0)


def _contents() -> list[Any]:
    """All that the admin shows, but logins."""
    return [
        list(model._default_manager.order_by("pk").values())
        for model in admin.site._registry
        if model._meta.label_lower not in ("admin.logentry", "auth.user")
    ]


@pytest.mark.parametrize("role", ROLES)
def test_what_changes_state_takes_a_post_and_its_right(
    role: str, member: Callable[[str], Client], served: Plan, entry: Any
) -> None:
    client = member(role)
    deeds = {
        "planengine.change_plan": (address(served, "report"), {"verdict": "wrong_plan"}),
        "cache.change_entry": (address(entry, "pin"), {"pin": "1"}),
        "cache.delete_entry": (address(entry, "delete"), {"post": "yes"}),
        "planengine.delete_project": (address(served.project, "delete"), {"post": "yes"}),
    }
    for right, (path, sent) in deeds.items():
        assert client.get(path).status_code in (200, 403, 405)
        assert client.post(path, sent).status_code == (302 if grants(role, right) else 403), path


def test_a_viewer_of_people_cannot_rise(member: Callable[[str], Client], db: None) -> None:
    chief = User.objects.create_superuser("chief", password="a long password for tests")
    administrator = member(ADMINISTRATOR)
    me = User.objects.get(username__startswith=ADMINISTRATOR)
    shown = administrator.get(page_of(me))
    assert shown.status_code == 200 and 'name="is_superuser"' not in shown.content.decode()

    kept = {"username": me.username, "is_staff": "on", "is_active": "on", "groups": [me.groups.get().pk]}
    administrator.post(page_of(me), {**kept, "is_superuser": "on"})
    password = {"password1": "another long password", "password2": "another long password"}
    refused = administrator.post(reverse("admin:auth_user_password_change", args=[chief.pk]), password)

    me.refresh_from_db()
    assert not me.is_superuser
    assert refused.status_code == 403
    assert administrator.post(page_of(chief), {"username": "nobody"}).status_code == 403
    assert administrator.get(list_of(Group) + "add/").status_code == 403


def test_a_role_is_given_by_command(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRA_OPERATOR_PASSWORD", "a long password for tests")
    call_command("create_operator", "eve", "--role", VIEWER)

    eve = User.objects.get(username="eve")
    assert eve.is_staff and not eve.is_superuser
    assert [group.name for group in eve.groups.all()] == [VIEWER]
    call_command("create_operator", "eve")
    eve.refresh_from_db()
    assert eve.is_superuser and not eve.groups.exists()


def _rows() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in admin.site._registry
        if model._meta.label_lower not in ("admin.logentry",)
    }
