"""What browsers are told about the admin's pages, and errors as people read them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from planengine.models import Plan
from tests.admin.pages import body, list_of, page_of, text


def test_nothing_runs_but_files_of_this_host(operator: Client, served: Plan) -> None:
    for path in ("/admin/", list_of(Plan), page_of(served)):
        answer = operator.get(path)
        policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        page = body(operator, path)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page), path
        scripts = re.findall(r"<script\b([^>]*)>", page)
        assert all("src=" in script or "application/json" in script for script in scripts), scripts


def test_the_api_says_nothing_of_it(client: Client, db: None) -> None:
    for path in ("/v1/schema", "/docs", "/livez"):
        assert "Content-Security-Policy" not in client.get(path)


@pytest.mark.parametrize("path", ["/admin/nope", "/admin/nope/", "/admin/planengine/nope/"])
def test_what_is_not_there_is_a_page_that_says_so(operator: Client, path: str) -> None:
    answer = operator.get(path, follow=True)

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "There is no such page" in text(answer.content.decode())


def test_a_filter_that_cannot_be_read_is_a_page_too(operator: Client) -> None:
    answer = operator.get(list_of(Plan) + "?q=%00")

    assert answer.status_code == 400 and "This address cannot be read" in answer.content.decode()


def test_a_form_without_its_token_is_told_what_to_do(operator: Client, served: Plan) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    answer = strict.post(page_of(served) + "../report/", {"verdict": "wrong_plan"})

    assert answer.status_code == 403 and "load the page anew" in answer.content.decode()


def test_what_takes_a_right_says_so(operator: Client, served: Plan) -> None:
    answer = operator.post(page_of(served), {"action": "x"})

    assert answer.status_code == 403 and "You may not do this" in answer.content.decode()
