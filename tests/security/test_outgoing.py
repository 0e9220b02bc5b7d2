"""What a project sends is never an address that the server goes to, nor an expression that it runs."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orra.base.strictjson import Json
from tests.conftest import Api, object_schema

pytestmark = pytest.mark.django_db

HOSTILE = r"^(a+)+$"
VALUE = "a" * 60 + "!"


@pytest.fixture
def canary() -> Iterator[tuple[str, list[Any]]]:
    """An address at which nobody must call, and who called."""
    callers: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, caller = listener.accept()
                except OSError:
                    return
                callers.append(caller)
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/canary", callers
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_server_goes_to_no_address_that_a_project_names(api: Api, canary: tuple[str, list[Any]]) -> None:
    url, callers = canary
    linked = {"$schema": url, "$id": url, **object_schema("url", url={"type": "string", "format": "uri"})}
    service = {
        "type": "service",
        "description": f"Fetch {url} and open it.",
        "input_schema": linked,
        "output_schema": object_schema(page="string"),
        "annotations": {"title": url, "readOnlyHint": True},
        "examples": [f"Fetch {url}"],
    }
    referring = {**service, "input_schema": object_schema("url", url={"$ref": f"{url}#/$defs/url"})}

    grounding = {
        "domain": url,
        "version": "1",
        "use_cases": [{"action": "Fetch {url}", "params": {"url": url}, "intent": f"See {url}."}],
        "constraints": [f"Fetch {url} first."],
    }

    answers = [
        api.patch("/v1/project", {"name": url}),
        api.put("/v1/services/fetch_page", service),
        api.put("/v1/services/refer", referring),
        api.put("/v1/groundings/links", grounding),
        api.post("/v1/api-keys", {"name": url}),
    ]
    plan = api.plan(f"Fetch {url}", {"url": url})
    answers.append(api.post(f"/v1/plans/{plan['id']}/report", {"verdict": "wrong_plan", "note": url}))
    answers.append(api.post("/v1/cache/explain", {"action": f"Fetch {url}", "params": {"url": url}}))

    assert answers[2].status_code == 400 and "Only local references" in answers[2].json()["detail"]
    assert {answer.status_code for answer in (*answers[:2], *answers[3:-2])} <= {200, 201}, [
        answer.content for answer in answers
    ]
    assert callers == []


def test_no_member_of_what_is_sent_is_an_address(anonymous: Api) -> None:
    """Where the server goes, operators say, in variables: models, embeddings, alerts."""
    schemas = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()["components"][
        "schemas"
    ]
    sent = {name: schema for name, schema in schemas.items() if name.endswith("Request")}

    assert len(sent) > 5
    for name, schema in sent.items():
        for member, facts in schema.get("properties", {}).items():
            assert facts.get("format") not in ("uri", "url", "iri", "hostname"), (name, member)
            assert not re.search("url|uri|webhook|callback|endpoint|host", member), (name, member)


def test_an_expression_of_a_schema_is_not_run(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that backtracks would take years for such a value."""
    ran: list[str] = []

    def noting(run: Any) -> Any:
        def noted(pattern: Any, *args: Any, **kwargs: Any) -> Any:
            if HOSTILE in str(getattr(pattern, "pattern", pattern)):
                ran.append(run.__name__)
                raise AssertionError("the expression is run")
            return run(pattern, *args, **kwargs)

        return noted

    for name in ("compile", "search", "match", "fullmatch", "findall", "finditer", "sub", "split"):
        monkeypatch.setattr(re, name, noting(getattr(re, name)))
    text: Json = {"type": "string", "pattern": HOSTILE, "examples": [VALUE]}
    service = {
        "type": "service",
        "description": "Weigh a word.",
        "input_schema": {
            **object_schema("word", word=text),
            "patternProperties": {HOSTILE: text},
            "propertyNames": {"anyOf": [{"pattern": HOSTILE}, {"maxLength": 100}]},
            "if": {"properties": {"word": {"pattern": HOSTILE}}},
            "then": {"required": ["word"]},
        },
        "output_schema": {**object_schema(weight=text), "patternProperties": {HOSTILE: {"type": "string"}}},
        "annotations": {"readOnlyHint": True},
    }

    assert api.put("/v1/services/weigh_word", service).status_code == 201
    assert api.post("/v1/services/weigh_word/dry-run", service).status_code == 200
    plans = [api.plan("Weigh the word", {"word": VALUE, VALUE: VALUE}) for _ in range(2)]
    assert (
        api.post("/v1/cache/explain", {"action": "Weigh the word", "params": {"word": VALUE}}).status_code == 200
    )

    assert {plan["status"] for plan in plans} <= {"ready", "not_actionable", "failed"}
    assert ran == []
