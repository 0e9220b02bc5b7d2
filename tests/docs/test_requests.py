"""Every request that a page makes with curl, or that a start of the stack tells, is taken, and every plan that it
asks for is made."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orra.embedded.first_steps import first_steps
from planengine.lifecycle.worker import work_on
from planengine.models import Plan
from tests.conftest import Api
from tests.deploy.compositions import ROOT

pytestmark = pytest.mark.django_db

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"(?:\$ORRA|(?:http://)?localhost:8005)(/\S*)")
# Of an installation (projects, whether it is ready), and a stream that ends with the plan.
ELSEWHERE = re.compile(r"/v1/projects|/readyz|.*/events")


@dataclass
class Asked:
    path: str = ""
    method: str = ""
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def pages() -> list[Path]:
    return [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if any(requests_of(page))]


def requests_of(page: Path) -> Iterator[Asked]:
    text = page.read_text()
    files = next((body for kind, body in BLOCK.findall(text) if kind == "yaml"), "")
    for kind, block in BLOCK.findall(text):
        if kind == "sh":
            for command in re.findall(r"\bcurl (.*?)(?=\bcurl |\Z)", block, re.DOTALL):
                asked = read(command, files)
                if asked.path and not ELSEWHERE.fullmatch(asked.path):
                    yield asked


def read(command: str, files: str) -> Asked:
    """What stands behind ``curl``, up to a pipe; ``@FILE`` is the page's own."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|()")
    lexer.whitespace_split = True
    words = iter(lexer)
    asked = Asked()
    for word in words:
        if "|" in word or ")" in word:
            break
        if word == "-X":
            asked.method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            asked.headers["content_type" if name == "Content-Type" else name] = value
        elif word in ("--json", "-d", "--data-binary"):
            given = next(words)
            asked.body = files if given.startswith("@") else given
        elif found := ADDRESS.fullmatch(word):
            asked.path = found[1]
    return asked


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_asks_is_taken(page: Path, api: Api) -> None:
    for service in list(api.get("/v1/services").json()["results"]):
        api.delete(f"/v1/services/{service['name']}")
    take(requests_of(page), api)


def test_what_a_start_tells_is_taken(api: Api) -> None:
    export, *commands = first_steps("http://127.0.0.1:8741", "sk-orra-v1-key")
    assert export == (
        "export ORRA=http://127.0.0.1:8741 KEY=sk-orra-v1-key; export ORRA_URL=$ORRA ORRA_API_KEY=$KEY"
    )
    take([read(command.removeprefix("curl "), "") for command in commands], api)
    assert Plan.objects.count() == 1


def take(requests: Iterable[Asked], api: Api) -> None:
    plan = ""
    for asked in requests:
        asked.headers.pop("Authorization", None)
        method = asked.method or ("GET" if asked.body is None else "POST")
        answer = api.request(method, asked.path.replace("$PLAN", plan), asked.body, **asked.headers)
        assert answer.status_code < 300, (asked.path, answer.content)
        if (method, asked.path) == ("POST", "/v1/plans"):
            plan = answer.json()["id"]
            work_on(plan)
            assert Plan.objects.get(pk=plan).status == "ready"


def test_all_the_requests_of_the_tour_are_found() -> None:
    paths = [asked.path for asked in requests_of(ROOT / "README.md")]
    assert paths.count("/v1/plans") == 3
    assert {"/v1/services/find_order", "/v1/plans/$PLAN/report", "/v1/cache/explain", "/v1/usage"} <= {*paths}
