"""``orra services import``, against the engine's API and a real database."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from orra_client import Orra, run
from orra_client.cli import main
from orra_client.imports import command
from orra_client.imports.bindings import handlers, load
from planengine.models import Project, Service
from tests.clients.imports.documents import answering, body, document, operation
from tests.conftest import Api

Json = Any
Import = Callable[..., int]
BASE = "https://api.example.org"

PETS = document(
    {
        "/pets/{pet_id}": {
            "get": operation(
                operationId="pets/find",
                summary="Find a pet by its pet id",
                parameters=[{"name": "pet_id", "in": "path", "required": True, "schema": {"type": "string"}}],
                responses=answering({"type": "object", "properties": {"owner_email": {"type": "string"}}}),
            )
        },
        "/mails": {
            "post": operation(
                operationId="sendMail",
                summary="Send a mail to an owner",
                requestBody=body(
                    {
                        "type": "object",
                        "properties": {"owner_email": {"type": "string"}, "text": {"type": "string"}},
                        "required": ["owner_email", "text"],
                    }
                ),
            )
        },
        "/report": {
            "get": operation(operationId="report", responses=answering({}, content_type="application/pdf"))
        },
    },
    servers=[{"url": BASE}],
)


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(services={})


@pytest.fixture
def importing(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Import:
    """Runs the command for a document; the client's requests go to the API without a network."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        answered = api.request(request.method, str(request.url.raw_path.decode()), request.read() or None)
        return httpx2.Response(answered.status_code, content=answered.content, headers=dict(answered.headers))

    def engine(arguments: Any) -> Orra:
        return Orra("http://orra.test", api.secret, transport=httpx2.MockTransport(answer))

    def call(root: Json, *arguments: str) -> int:
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(root))
        return main(["services", "import", "openapi", str(file), *arguments])

    monkeypatch.setattr(command, "client_of", engine)
    return call


def names(project: Project) -> list[str]:
    return sorted(Service.objects.filter(project=project).values_list("name", flat=True))


def test_nothing_is_changed_before_it_was_shown(
    importing: Import, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert importing(PETS) == 0
    told = capsys.readouterr().out
    assert "Pets: 3 operations: 2 usable, 1 refused" in told
    assert "It answers 200 with application/pdf" in told and "GET /report" in told
    assert "guesses" in told and "x-orra-annotations" in told
    assert "2 new, 0 changed, 0 unchanged" in told
    assert "+ pets.find" in told
    assert "Nothing was changed. --apply changes it." in told
    assert names(project) == []


def test_an_import_again_changes_only_what_changed(
    importing: Import, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert importing(PETS, "--apply") == 0
    assert "2 created." in capsys.readouterr().out
    assert names(project) == ["pets.find", "sendMail"]
    importing(PETS, "--apply")
    assert "0 new, 0 changed, 2 unchanged" in capsys.readouterr().out
    assert set(Service.objects.values_list("version", flat=True)) == {1}
    otherwise = json.loads(json.dumps(PETS))
    otherwise["paths"]["/mails"]["post"]["summary"] = "Send somebody a mail"
    assert importing(otherwise, "--apply") == 0
    told = capsys.readouterr().out
    assert '~ sendMail\n      description: "Send a mail to an owner" → "Send somebody a mail"' in told
    assert dict(Service.objects.values_list("name", "version")) == {"pets.find": 1, "sendMail": 2}


def test_what_people_gave_a_service_stays(importing: Import, project: Project, api: Api) -> None:
    importing(PETS, "--apply")
    service = api.get("/v1/services/sendMail").json()
    given = {member: service[member] for member in ("description", "input_schema", "output_schema")}
    api.put(
        "/v1/services/sendMail",
        {**given, "examples": ["Mail {text}"], "annotations": {"destructiveHint": False}, "revertible": True},
    )
    otherwise = json.loads(json.dumps(PETS))
    otherwise["paths"]["/mails"]["post"]["summary"] = "Send somebody a mail"
    assert importing(otherwise, "--apply", "--keep", "annotations") == 0
    service = api.get("/v1/services/sendMail").json()
    assert service["description"] == "Send somebody a mail"
    assert service["examples"] == ["Mail {text}"]
    assert service["annotations"] == {"destructiveHint": False}
    assert service["revertible"] is True


def test_prune_removes_what_earlier_imports_made_and_nothing_else(
    importing: Import, project: Project, tmp_path: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = {"type": "object", "properties": {}}
    api.put("/v1/services/by_hand", {"description": "Mine", "input_schema": schema, "output_schema": schema})
    bindings = str(tmp_path / "bindings.json")
    importing(PETS, "--apply", "--bindings", bindings)
    fewer = {**PETS, "paths": {path: item for path, item in PETS["paths"].items() if path != "/mails"}}
    importing(fewer, "--apply", "--bindings", bindings)
    assert "1 no longer there" in capsys.readouterr().out
    assert names(project) == ["by_hand", "pets.find", "sendMail"]
    assert set(load(Path(bindings).read_text()).services) == {"pets.find", "sendMail"}
    importing(fewer, "--bindings", bindings, "--prune")
    assert set(load(Path(bindings).read_text()).services) == {"pets.find", "sendMail"}, "nothing was changed"
    importing(fewer, "--apply", "--bindings", bindings, "--prune")
    assert "- sendMail" in capsys.readouterr().out
    assert names(project) == ["by_hand", "pets.find"]
    assert set(load(Path(bindings).read_text()).services) == {"pets.find"}


def test_what_a_filter_leaves_out_is_no_longer_imported_but_not_gone(
    importing: Import, project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bindings = str(tmp_path / "bindings.json")
    importing(PETS, "--apply", "--bindings", bindings)
    capsys.readouterr()
    importing(PETS, "--apply", "--bindings", bindings, "--path", "/mails", "--prune")
    assert "0 no longer there" in capsys.readouterr().out
    assert names(project) == ["pets.find", "sendMail"]
    assert set(load(Path(bindings).read_text()).services) == {"pets.find", "sendMail"}


def test_what_is_simplified_is_told_whole(
    importing: Import, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"204": {"description": "gone"}}
    importing({**PETS, "paths": {"/pets": {"delete": {"operationId": "clear", "responses": answers}}}})
    assert "simplified in 1: It answers with nothing, so it has no outputs." in capsys.readouterr().out


def test_prune_without_a_word_on_what_was_imported_is_refused(
    importing: Import, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert importing(PETS, "--apply", "--prune") == 2
    assert "--prefix or the --bindings" in capsys.readouterr().err
    assert names(project) == []


def test_a_service_keeps_its_name_when_its_operation_is_called_otherwise(
    importing: Import, project: Project, tmp_path: Path
) -> None:
    bindings = str(tmp_path / "bindings.json")
    importing(PETS, "--apply", "--bindings", bindings, "--prefix", "shop.")
    otherwise = json.loads(json.dumps(PETS))
    otherwise["paths"]["/mails"]["post"]["operationId"] = "mails/send"
    importing(otherwise, "--apply", "--bindings", bindings, "--prefix", "shop.")
    assert names(project) == ["shop.pets.find", "shop.sendMail"]


def test_what_the_engine_refuses_is_told_and_the_rest_is_stored(
    importing: Import, project: Project, capsys: pytest.CaptureFixture[str], api: Api
) -> None:
    importing(PETS, "--apply")
    service = api.get("/v1/services/sendMail").json()
    given = {member: service[member] for member in ("description", "input_schema", "output_schema")}
    api.put("/v1/services/sendMail", {**given, "examples": ["Mail {text}"]})
    otherwise = json.loads(json.dumps(PETS))
    schema = otherwise["paths"]["/mails"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["properties"] = {"owner_email": {"type": "string"}}
    schema["required"] = []
    otherwise["paths"]["/pets/{pet_id}"]["get"]["summary"] = "Look a pet up"
    capsys.readouterr()
    assert importing(otherwise) == 1
    assert "! sendMail would be refused by the engine" in capsys.readouterr().out
    assert importing(otherwise, "--apply") == 1
    assert "! sendMail were refused" not in (told := capsys.readouterr().out)
    assert "! sendMail was refused by the engine: " in told and "'{text}' names no input" in told
    assert api.get("/v1/services/pets.find").json()["description"] == "Look a pet up"


def test_everything_as_json(importing: Import, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert importing(PETS, "--json", "--apply", "--tag", "none") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["left_out"] == {"tag": 3}
    importing(PETS, "--json", "--apply")
    told = json.loads(capsys.readouterr().out)
    assert [service["name"] for service in told["services"]] == ["pets.find", "sendMail"]
    assert told["refused"][0]["code"] == "answer_type"
    assert told["difference"]["new"] == ["pets.find", "sendMail"]
    assert [outcome["outcome"] for outcome in told["outcomes"]] == ["created", "created"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "stored"), [("y\n", ["pets.find", "sendMail"]), ("\n", [])])
def test_on_a_terminal_it_asks(
    importing: Import, project: Project, monkeypatch: pytest.MonkeyPatch, answer: str, stored: list[str]
) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stdout", shown)
    importing(PETS)
    assert "Change the project (2 new, 0 changed)? [y/N]" in shown.getvalue()
    assert names(project) == stored


def test_without_a_key_the_document_alone_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ORRA_API_KEY", raising=False)
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(PETS))
    assert main(["services", "import", "openapi", str(file)]) == 0
    told = capsys.readouterr().out
    assert "2 usable" in told and "ORRA_API_KEY" in told
    assert main(["services", "import", "openapi", str(file), "--apply"]) == 2
    assert "ORRA_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["openapi", "/nowhere/openapi.json"], "cannot be read"),
        (
            ["openapi", "http://user:hidden@127.0.0.1:1/openapi.json"],
            "http://127.0.0.1:1/openapi.json cannot be fetched",
        ),
        (["openapi", "x", "--prefix", "a b"], "--prefix takes"),
        (["openapi", "x", "--most-characters", "5"], "--most-characters takes"),
        (["openapi", "x", "--bindings", "."], "cannot be read"),
        (["mcp"], "Say which server"),
        (["mcp", "--env", "NOT_SET_ANYWHERE", "tools"], "NOT_SET_ANYWHERE is not set"),
        (["mcp", "--header", "Authorization=Bearer hidden", "https://127.0.0.1:1/"], "the name of a variable"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_without_secrets(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["services", "import", *arguments]) in (1, 2)
    told = capsys.readouterr().err
    assert says in told
    assert "hidden" not in told
    assert told.count("\n") == 1


def test_tools_of_a_server_are_imported(
    importing: Import,
    project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("mcp")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    bindings = tmp_path / "bindings.json"
    server = [sys.executable, "-m", "tests.clients.imports.scripted_tools"]
    options = ["--apply", "--bindings", str(bindings), "--prefix", "tools.", "--env", "PYTHONPATH"]
    assert main(["services", "import", "mcp", *options, "--", *server]) == 0
    assert "Scripted: 4 tools: 4 usable, 0 refused" in capsys.readouterr().out
    assert names(project) == ["tools.add", "tools.environment", "tools.fail", "tools.say.it"]
    assert load(bindings.read_text()).server == {"command": server, "env": ["PYTHONPATH"]}


def test_what_is_imported_is_planned_with_and_carried_out(
    importing: Import, project: Project, api: Api, tmp_path: Path
) -> None:
    bindings = tmp_path / "bindings.json"
    importing(PETS, "--apply", "--bindings", str(bindings))
    plan = api.plan(
        "Find the pet with this pet id and send its owner a mail", {"pet_id": "p 7", "text": "Come and get it"}
    )
    assert [task["service"] for task in plan["plan"]["tasks"][1:]] == ["pets.find", "sendMail"]
    called: list[tuple[str, str, Json]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent = request.read()
        called.append((request.method, request.url.raw_path.decode(), json.loads(sent) if sent else None))
        is_pet = request.method == "GET"
        return httpx2.Response(200, json={"owner_email": "ana@example.org"} if is_pet else {"id": 1})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        result = run(plan["plan"], handlers(load(bindings.read_text()), client))
    assert [str(step.status) for step in result.steps] == ["done", "done"]
    assert called == [
        ("GET", "/pets/p%207", None),
        ("POST", "/mails", {"owner_email": "ana@example.org", "text": "Come and get it"}),
    ]
