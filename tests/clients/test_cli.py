"""The developers' commands, asked as in a shell, of the engine in this process."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

import orra_client
from orra_client import Orra
from orra_client.cli import common, main
from planengine.models import Project
from tests.clients.both import KEY, Asked
from tests.clients.conftest import Clients
from tests.conftest import SHOP, object_schema
from tests.live.client import until

pytestmark = pytest.mark.django_db

Told = Callable[..., tuple[int, str, str]]
GREETER: dict[str, Any] = {
    "description": "Greets somebody.",
    "input_schema": object_schema("name", name="string"),
    "output_schema": object_schema("greeting", greeting="string"),
    "annotations": {"readOnlyHint": True},
}
REFUND = ("Refund order ORD-17", "-p", "order_id=ORD-17")


@pytest.fixture
def orra(client: Orra, capsys: pytest.CaptureFixture[str]) -> Told:
    """``orra("plan", "…")``: the exit code, and what came on standard output and standard error."""

    def run(*argv: str) -> tuple[int, str, str]:
        try:
            code = main(argv)
        except SystemExit as stopped:  # argparse
            code = int(stopped.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def write(path: Path, value: Any) -> str:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def test_services_are_pushed_from_files_and_folders(orra: Told, tmp_path: Path, client: Orra) -> None:
    (tmp_path / "more").mkdir()
    write(tmp_path / "greeter.json", GREETER)
    write(
        tmp_path / "more" / "all.yaml",
        "services:\n- name: parting\n  description: Since 2026-01-31.\n"
        "  input_schema: {type: object}\n  output_schema: {type: object}\n",
    )
    write(tmp_path / "readme.txt", "nothing")

    code, out, _ = orra("services", "push", str(tmp_path), "--dry-run")
    assert (code, out.splitlines()) == (
        0,
        ["created  greeter", "created  parting", "Nothing was stored. It would be: 2 created."],
    )
    assert {service.name for service in client.list_services()} == set(SHOP)

    assert orra("services", "push", str(tmp_path))[1].splitlines()[-1] == "2 created."
    assert client.get_service("parting").description == "Since 2026-01-31."
    write(tmp_path / "greeter.json", {**GREETER, "revertible": True})
    code, out, _ = orra("services", "push", str(tmp_path / "greeter.json"))
    assert (code, out.splitlines()) == (0, ["changed  greeter (revertible), version 1 → 2", "1 changed."])
    [told] = json.loads(orra("services", "push", str(tmp_path), "--json")[1])
    assert [each["outcome"] for each in told["services"]] == ["unchanged", "unchanged"]


def test_what_is_refused_says_why_and_keeps_the_others_out_unless_each_is_for_itself(
    orra: Told, tmp_path: Path, client: Orra
) -> None:
    two = write(
        tmp_path / "two.json", [{"name": "greeter", **GREETER}, {"name": "wrong", **GREETER, "type": "robot"}]
    )

    code, out, _ = orra("services", "push", two)
    assert code == 1
    assert out.splitlines() == [
        "created  greeter",
        "refused  wrong: type: Must be one of agent, service.",
        "Nothing was stored: 1 created, 1 refused.",
    ]
    assert "greeter" not in {service.name for service in client.list_services()}

    code, out, _ = orra("services", "push", two, "--each")
    assert (code, out.splitlines()[-1]) == (1, "1 created, 1 refused.")
    assert client.get_service("greeter").version == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", "is malformed"),
        ("a.json", "[" * 100_000, "is malformed"),
        ("a.json", "5", "holds no service"),
        ("a.json", '[{"description": "x"}]', "at place 0"),
        ("a.json", '[{"name": "a"}, {"name": "a"}]', "Keep one of them"),
        ("a.yaml", "a: [", "is malformed"),
        ("a.yaml", "{a: !!python/object:os.system x}", "is malformed"),
        ("a.yaml", "{name: a, x: !!binary aGk=}", "JSON cannot"),
        ("b.json", None, "b.json cannot be read: No such file"),
    ],
)
def test_a_file_that_holds_no_services_is_told_in_a_line(
    orra: Told, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        write(tmp_path / name, content)
    code, out, err = orra("services", "push", str(tmp_path / name))
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("orra: ") and said in err


def test_services_are_listed_shown_and_removed(orra: Told, client: Orra) -> None:
    code, out, _ = orra("services", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["name", *sorted(SHOP)]
    assert "may destroy" in out
    assert {each["name"] for each in json.loads(orra("services", "list", "--json")[1])} == set(SHOP)

    code, out, _ = orra("services", "show", "order_lookup")
    assert "order_id: string" in out and "items (optional): array" in out

    code, _, err = orra("services", "delete", "order_lookup")
    assert (code, "say --yes" in err) == (2, True)
    assert orra("services", "delete", "order_lookup", "--yes")[0] == 0
    code, out, err = orra("services", "show", "order_lookup")
    assert (code, out) == (1, "") and "(not_found)" in err


def test_a_plan_is_asked_for_and_told(orra: Told, client: Orra) -> None:
    code, out, _ = orra("plan", *REFUND)
    assert code == 0
    assert "ready, from composer" in out
    assert "task1  refund_payment(order_id ← $task0.order_id)" in out and "task0.order_id = ORD-17" in out

    code, out, _ = orra("plan", *REFUND, "--json")
    plan = json.loads(out)
    assert (code, plan["source"]) == (0, "exact")

    code, out, _ = orra("plan", *REFUND, "--cache", "refresh", "--watch")
    lines = out.splitlines()
    assert code == 0 and lines[0] == "… accepted" and any("attempt 1 by composer" in line for line in lines)
    assert "ready" in lines[-3]

    assert plan["id"] in orra("plans", "list", "--source", "exact")[1]
    assert [each["id"] for each in json.loads(orra("plans", "list", "--limit", "1", "--json")[1])] == [
        next(iter(client.list_plans())).id
    ]
    assert json.loads(orra("plans", "show", plan["id"], "--json")[1])["id"] == plan["id"]


def test_where_there_is_no_plan_the_exit_code_and_the_text_say_so(orra: Told) -> None:
    code, out, _ = orra("plan", "Paint the moon")
    assert code == 4 and ("not_actionable" in out or "failed" in out)


def test_params_are_texts_or_json_or_come_from_a_file(orra: Told, tmp_path: Path, client: Orra) -> None:
    file = write(tmp_path / "params.json", {"a": 1, "b": 2})
    orra("plan", "Do it", "--params", file, "-p", "b=two=2", "-p", "c:=[1, {}]", "-p", "d=")
    [plan] = client.list_plans()
    assert {param.field: param.value for param in plan.params} == {"a": 1, "b": "two=2", "c": [1, {}], "d": ""}

    for wrong in ("nothing", "=x", ":=1", "a:=x"):
        code, _, err = orra("plan", "Do it", "-p", wrong)
        assert (code, len(err.splitlines())) == (2, 1)


def test_the_cache_explains_reports_and_evicts(orra: Told, client: Orra) -> None:
    orra("plan", *REFUND)
    [entry] = client.list_cache_entries()

    code, out, _ = orra("explain", *REFUND)
    assert code == 0 and out.startswith("exact: ")
    assert json.loads(orra("explain", *REFUND, "--json")[1])["decision"] == "exact"
    code, out, _ = orra("entries", "list", "--service", "refund_payment")
    assert entry.id in out and "Refund order {order_id}" in out
    assert json.loads(orra("entries", "show", entry.id)[1])["id"] == entry.id

    [plan] = client.list_plans()
    assert "is noted as right" in orra("report", plan.id, "--right")[1]
    assert "does not come back" in orra("report", plan.id, "--wrong", "--note", "no")[1]
    assert orra("report", plan.id)[0] == 2

    assert orra("entries", "evict", "--yes")[0] == 2
    assert orra("entries", "evict", "--service", "refund_payment", "--yes")[1].endswith(" evicted.\n")
    assert orra("entries", "list")[1] == "There are no such entries.\n"


def test_a_project_is_exported_and_brought_into_another(
    orra: Told,
    client: Orra,
    tmp_path: Path,
    clients_of: Clients,
    make_project: Callable[..., Project],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.put_service("greeter", {**GREETER, "examples": ["Greet {name}"]})
    client.update_project(tokens_per_day=5000, catalogue_policy="strict")
    client.put_grounding("desk", {"domain": "desk", "version": "1", "use_cases": [{"action": "Greet {name}"}]})
    file = tmp_path / "project.json"
    assert orra("export", str(file)) == (0, f"4 services and 1 groundings are in {file}.\n", "")
    assert json.loads(orra("export", "-")[1]) == json.loads(file.read_text())
    assert "sk-orra" not in file.read_text() and client.get_project().id not in file.read_text()

    others = clients_of(make_project("other", services={}))
    monkeypatch.setattr(common, "Orra", others)
    other = others()
    code, out, _ = orra("import", str(file), "--dry-run")
    assert code == 0 and "It would be: 4 created." in out
    assert "catalogue_policy, tokens_per_day" in out and "groundings: desk" in out
    assert not [*other.list_services(), *other.list_groundings()]

    assert orra("import", str(file))[0] == 0
    assert [each.as_given() for each in other.list_services()] == [
        each.as_given() for each in client.list_services()
    ]
    assert other.get_grounding("desk").as_given() == client.get_grounding("desk").as_given()
    assert other.get_project().raw["tokens_per_day"] == 5000
    assert json.loads(orra("export", "-")[1]) == {**json.loads(file.read_text()), "name": "other"}

    before = (other.get_project(), list(other.list_services()))
    code, out, _ = orra("import", str(file))
    assert (code, out.splitlines()[-3:]) == (
        0,
        ["4 unchanged.", "settings that differ: none", "groundings: none"],
    )
    assert (other.get_project(), list(other.list_services())) == before


def test_an_import_with_a_fault_stores_nothing(orra: Told, client: Orra, tmp_path: Path) -> None:
    project = {"format": 1, "settings": {"tokens_per_day": 7}, "services": [{"name": "wrong"}]}
    code, out, _ = orra("import", write(tmp_path / "a.json", project))
    assert code == 1 and "refused  wrong: " in out
    assert client.get_project().raw["tokens_per_day"] is None

    faults: list[Any] = [
        {},
        [],
        {"format": 2},
        {"format": 1, "services": {}},
        {"format": 1, "settings": {"api_key": "x"}},
    ]
    for fault in faults:
        assert orra("import", write(tmp_path / "b.json", fault))[0] == 2


def test_a_plan_is_carried_out_by_addresses(orra: Told, client: Orra, tmp_path: Path) -> None:
    handlers = write(tmp_path / "handlers.json", {"refund_payment": "http://127.0.0.1:9/"})
    run = ("run", *REFUND, "--handlers", handlers)

    code, out, _ = orra(*run, "--dry-run")
    assert code == 0 and 'task1  refund_payment({"order_id": "ORD-17"}) would_run' in out
    code, out, _ = orra(*run)
    assert code == 4 and "refused" in out and "say --yes" in out
    code, out, _ = orra(*run, "--yes", "--json")
    [step] = json.loads(out)["steps"]
    assert (code, step["status"], step["calls"]) == (4, "failed", 1)
    assert orra("run", "--handlers", handlers)[0] == 2
    assert "no handler for refund_payment" in orra(*run[:-1], write(tmp_path / "none.json", {}))[2]


# What goes wrong, and what is hostile


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    asked = Asked([httpx2.Response(200, json={})])
    monkeypatch.setattr(
        common, "Orra", lambda url: Orra("http://orra.test", KEY, transport=httpx2.MockTransport(asked))
    )
    yield asked


def test_errors_are_one_line_with_what_to_do(orra: Told, answered: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = {"code": "wrong", "detail": "It is\nwrong.\x1b[2J", "how_to_fix": ["Do this.", "Or that."]}
    answered.answers = [httpx2.Response(400, json=problem)]
    code, out, err = orra("services", "list")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "orra: It is wrong.\ufffd[2J (wrong)",
        "  How to fix it: Do this.",
        "  How to fix it: Or that.",
    ]
    code, out, err = orra("services", "list", "--json")
    assert json.loads(err)["how_to_fix"] == ["Do this.", "Or that."] and out == ""

    answered.answers = [httpx2.ConnectError("refused")]
    monkeypatch.setattr("orra_client.client.time.sleep", lambda seconds: None)
    code, _, err = orra("services", "list")
    assert code == 3 and "http://orra.test does not answer: refused" in err
    assert KEY not in err


def test_nothing_that_is_told_steers_the_terminal(orra: Told, answered: Asked) -> None:
    evil = "a\x1b]0;title\x07\x1b[31mred\u202ecod\r\x00"
    service = {"name": evil, "description": evil, "input_schema": {"properties": {evil: {}}}, "output_schema": {}}
    answered.answers = [httpx2.Response(200, json={"results": [service], "next": None})]
    shown = orra("services", "list")[1]
    answered.answers = [httpx2.Response(200, json=service)]
    shown += orra("services", "show", "x")[1]
    assert "a\ufffd]0;title" in shown
    assert not set(shown) & set("\x1b\x07\r\x00\u202e")


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    """While it waits for an engine that does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {"ORRA_URL": f"http://127.0.0.1:{silent.getsockname()[1]}", "ORRA_API_KEY": KEY}
        command = start("plans", "list", variables=variables)
        with silent.accept()[0] as connection:
            connection.recv(65536)
            until(lambda: psutil.Process(command.pid).status() == psutil.STATUS_SLEEPING)
            command.send_signal(signal.SIGINT)
            assert command.communicate(timeout=30) == ("", "Interrupted.\n")
    assert command.returncode == 130


def test_what_is_told_is_there_at_once_for_a_program_that_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(written), encoding="utf-8"))
    common.tell("… accepted")
    assert written.getvalue() == "… accepted\n".encode()


def test_whoever_reads_may_stop_reading() -> None:
    body = b'{"results": [], "next": null}'
    with socket.create_server(("127.0.0.1", 0)) as engine:
        variables = {"ORRA_URL": f"http://127.0.0.1:{engine.getsockname()[1]}", "ORRA_API_KEY": KEY}
        reading, writing = os.pipe()
        os.close(reading)
        command = start("plans", "list", variables=variables, stdout=writing)
        os.close(writing)
        with engine.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            assert command.communicate(timeout=30)[1] == ""
    assert command.returncode == 141


def start(*argv: str, variables: dict[str, str], stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    source = str(Path(orra_client.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-m", "orra_client", *argv],
        env={**os.environ, "PYTHONPATH": source, **variables},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
