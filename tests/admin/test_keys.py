from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages.storage.base import Message
from django.test import Client
from django.utils import timezone

from planengine.models import ApiKey, KeyUse, Project, Scope
from tests.admin.pages import body, list_of, page_of, said, text
from tests.conftest import Api


@pytest.fixture
def keys(project: Project) -> list[ApiKey]:
    return [ApiKey.issue(project, name=name)[0] for name in ("first", "second")]


def issue(operator: Client, project: Project, **more: Any) -> Any:
    told = {"project": project.pk, "name": "for the shop", "scopes": Scope.values, **more}
    return operator.post(list_of(ApiKey) + "add/", told)


def revoke(operator: Client, keys: list[ApiKey], **confirmed: str) -> Any:
    chosen = {"action": "revoke", "_selected_action": [key.pk for key in keys], "index": "0", **confirmed}
    return operator.post(list_of(ApiKey), chosen, follow=True)


def test_an_issued_key_is_shown_once_and_opens_the_api(operator: Client, project: Project) -> None:
    answer = issue(operator, project)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    [secret] = re.findall(r"sk-orra-v1-[0-9a-f]{64}", answer.content.decode())
    key = ApiKey.objects.get()
    assert (key.project, key.name, key.digest) == (project, "for the shop", ApiKey.digest_of(secret))
    assert Api(secret).get("/v1/project").json()["id"] == project.pk
    for path in (
        list_of(ApiKey),
        page_of(key),
        page_of(key).replace("change", "history"),
        page_of(project),
        "/admin/",
    ):
        page = body(operator, path)
        assert secret not in page
        assert key.digest not in page


def test_a_key_needs_a_project_that_there_is(operator: Client, project: Project) -> None:
    project.pk = "p_nobody"
    assert "Select a valid choice" in issue(operator, project).content.decode()
    assert not ApiKey.objects.exists()


def test_the_form_comes_prefilled_from_the_project_s_page(operator: Client, project: Project) -> None:
    path = f"{list_of(ApiKey)}add/?project={project.pk}"
    assert f'href="{path}"' in body(operator, page_of(project))
    assert operator.get(path).context["adminform"].form["project"].value() == project.pk


def test_a_key_for_something_until_some_day(operator: Client, project: Project) -> None:
    day = {"expires_at_0": "2999-01-31", "expires_at_1": "12:00:00"}

    issue(operator, project, scopes=["plan", "cache:read"], **day)

    key = ApiKey.objects.get()
    assert key.scopes == ["plan", "cache:read"]
    assert key.expires_at is not None and key.expires_at.isoformat() == "2999-01-31T12:00:00+00:00"
    assert "plan, cache:read" in text(body(operator, list_of(ApiKey)))


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "Select a valid choice."),
        ({"expires_at_0": "2020-01-31", "expires_at_1": "12:00:00"}, "It must be in the future."),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    operator: Client, project: Project, told: dict[str, Any], fault: str
) -> None:
    assert fault in text(issue(operator, project, **told).content.decode())
    assert not ApiKey.objects.exists()


def test_lists_and_pages_tell_what_a_key_is_for_and_when_it_was_used(operator: Client, project: Project) -> None:
    unused, _ = ApiKey.issue(project)
    used, _ = ApiKey.issue(project, scopes=[Scope.ADMIN], expires_at=timezone.now() + timedelta(days=1))
    KeyUse.objects.create(key=used, used_at=datetime(2026, 1, 31, 12, tzinfo=UTC))
    ApiKey.objects.filter(pk=used.pk).update(expires_at=timezone.now())

    for path in (list_of(ApiKey), page_of(used)):
        assert re.search(r"expired.*admin.*2026-01-31", text(body(operator, path)))
    assert "everything" in text(body(operator, page_of(unused)))
    assert unused.prefix not in body(operator, list_of(ApiKey, state="expired"))
    assert used.prefix not in body(operator, list_of(ApiKey, state="active"))


def test_keys_are_shown_by_their_first_characters_only(operator: Client, keys: list[ApiKey]) -> None:
    for path in (list_of(ApiKey), page_of(keys[0])):
        page = body(operator, path)
        assert f"{keys[0].prefix}…" in page
        assert keys[0].digest not in page


def test_a_key_can_be_renamed_and_nothing_else(
    operator: Client, keys: list[ApiKey], make_project: Callable[..., Project]
) -> None:
    other = make_project("another")
    operator.post(page_of(keys[0]), {"name": "renamed", "project": other.pk, "digest": "0" * 64, "prefix": "x"})
    changed = ApiKey.objects.get(pk=keys[0].pk)
    assert changed.name == "renamed"
    assert (changed.project_id, changed.digest, changed.prefix) == (
        keys[0].project_id,
        keys[0].digest,
        keys[0].prefix,
    )


def test_revoking_asks_first(operator: Client, keys: list[ApiKey]) -> None:
    page = text(revoke(operator, keys[:1]).content.decode())
    assert "Revoke these keys?" in page
    assert f"{keys[0]} first project tests" in page
    assert ApiKey.objects.active().count() == 2


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(operator: Client, project: Project) -> None:
    key, secret = ApiKey.issue(project)
    kept, kept_secret = ApiKey.issue(project)
    assert "Revoked 1 key." in said(revoke(operator, [key], confirmed="yes"))
    assert Api(secret).get("/v1/project").status_code == 401
    assert Api(kept_secret).get("/v1/project").status_code == 200
    assert "revoked" in text(body(operator, list_of(ApiKey, state="revoked")))
    assert key.prefix not in body(operator, list_of(ApiKey, state="active"))


def test_the_last_active_key_of_a_project_stays(operator: Client, keys: list[ApiKey]) -> None:
    answer = revoke(operator, keys, confirmed="yes")
    assert "last active key" in said(answer)
    assert "Revoked 1 key." in said(answer)
    assert ApiKey.objects.active().count() == 1


def test_revoking_twice_changes_nothing(keys: list[ApiKey]) -> None:
    keys[0].revoke()
    moment = ApiKey.objects.get(pk=keys[0].pk).revoked_at
    assert moment is not None
    keys[0].revoke()
    assert ApiKey.objects.get(pk=keys[0].pk).revoked_at == moment


def test_a_key_s_page_offers_to_revoke_it(operator: Client, keys: list[ApiKey]) -> None:
    assert 'name="action" value="revoke"' in body(operator, page_of(keys[0]))
    keys[0].revoke()
    assert 'name="action" value="revoke"' not in body(operator, page_of(keys[0]))


def test_keys_are_not_deleted(operator: Client, keys: list[ApiKey]) -> None:
    assert operator.post(page_of(keys[0]).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert ApiKey.objects.count() == 2


def test_the_secret_does_not_go_through_the_messages(operator: Client, project: Project) -> None:
    messages: list[Message] = list(issue(operator, project).context["messages"])
    assert not any("sk-orra" in message.message for message in messages)
