"""Selection planning with every server: the constrained answer is read wherever each of them puts it."""

from __future__ import annotations

import json

import pytest

from orra.base.strictjson import Json
from tests.model_servers.conftest import PLAN, AskTwice, Serve
from tests.servers.emulated import Says
from tests.servers.profiles import CHAT, Profile

pytestmark = pytest.mark.django_db

SERVICE = PLAN["tasks"][1]["service"]
CHOSEN = json.dumps({"answer": {"services": [SERVICE]}})
AUTO = {"LLM_PLANNING": "auto"}


@pytest.mark.parametrize("profile", CHAT, ids=lambda profile: profile.name)
@pytest.mark.parametrize(
    "answer",
    [
        Says(CHOSEN),
        Says(f"Sure:\n```json\n{CHOSEN}\n```"),
        Says(f'<think>{{"answer": {{"services": ["x"]}}}}</think>{CHOSEN}'),
    ],
    ids=["plain", "fenced", "behind reasoning"],
)
def test_services_are_chosen(serve: Serve, ask_twice: AskTwice, profile: Profile, answer: Says) -> None:
    server = serve(profile, default=answer, variables=AUTO)
    for plan in ask_twice():
        assert (plan["status"], plan["plan"]) == ("ready", PLAN), plan["error"]
        (attempt,) = plan["attempts"]
        assert attempt["way"] == "select"
    assert all(SERVICE in request.choice["services"] for request in server.requests if request.choice)


def test_a_refusal_is_one(serve: Serve, ask_twice: AskTwice) -> None:
    refusal: Json = {"answer": {"refusal": "Nothing does that."}}
    serve(CHAT[0], default=Says(json.dumps(refusal)), variables=AUTO)
    for plan in ask_twice():
        assert (plan["status"], plan["error"]["message"]) == ("not_actionable", "Nothing does that.")
