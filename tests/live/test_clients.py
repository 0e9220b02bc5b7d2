"""The Python client and its commands, as people use them: against a running stack, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from orra.embedded.defaults import BASE_DIR
from orra.embedded.runs import StartedStack, running_stack
from orra_client import Orra
from tests.live.conftest import OWN, new_data_dir

pytestmark = pytest.mark.live

CLIENT = BASE_DIR / "clients" / "python"


@pytest.fixture(scope="module")
def stack() -> Iterator[StartedStack]:
    variables = {**OWN, "WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "2"}
    with new_data_dir() as folder, running_stack(folder, variables) as running:
        yield running


@pytest.fixture
def environment(stack: StartedStack) -> dict[str, str]:
    """A project of its own."""
    with Orra(stack.url, stack.api_key) as operator:
        key = operator.create_project("clients").api_key
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    return {**kept, "PYTHONPATH": str(CLIENT / "src"), "ORRA_URL": stack.url, "ORRA_API_KEY": key}


def python(*arguments: str, environment: dict[str, str]) -> str:
    """What a Python program prints; it must end well and complain of nothing."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_the_first_lines_of_the_readme_work(environment: dict[str, str], stack: StartedStack) -> None:
    readme = (CLIENT / "README.md").read_text()
    [lines] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    lines = lines.replace("http://localhost:8005", stack.url)
    assert python("-c", lines, environment=environment) == "GOOD MORNING\n"


def test_the_example_s_shop_runs_from_the_first_service_to_the_last_message(environment: dict[str, str]) -> None:
    for variables in (environment, {**environment, "ORRA_API_KEY": ""}):
        told = python(str(CLIENT / "examples" / "shop.py"), environment=variables)
        assert "from composer: " in told
        for service in ("find_order", "find_customer", "issue_refund", "notify_customer"):
            assert re.search(rf"  task\d {service}: would_run", told)
            assert re.search(rf"  task\d {service}: done", told)
        assert re.search(r"about to call issue_refund\({'payment_id': 'PAY-88120'}\): yes", told)


def test_the_commands_are_what_the_readme_says(environment: dict[str, str], tmp_path: Path) -> None:
    def orra(*arguments: str) -> Any:
        return json.loads(python("-m", "orra_client", *arguments, "--json", environment=environment))

    services = tmp_path / "services.json"
    services.write_text(
        python(
            "-c",
            "import json, shop; print(json.dumps(shop.SERVICES))",
            environment={**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}:{CLIENT / 'examples'}"},
        )
    )
    [pushed] = orra("services", "push", str(services))
    assert {each["outcome"] for each in pushed["services"]} == {"created"}
    request = ("Find order ORD-17", "-p", "order_id=ORD-17")
    watched = python("-m", "orra_client", "plan", *request, "--watch", environment=environment)
    assert "… accepted" in watched and "find_order(order_id ← $task0.order_id)" in watched
    assert orra("plan", *request)["source"] == "exact"
    assert orra("explain", *request)["decision"] == "exact"
    file = tmp_path / "shop.json"
    assert orra("export", str(file))["services"] == 4
    assert {each["outcome"] for each in orra("import", str(file))["services"]} == {"unchanged"}


def test_events_go_on_where_a_connection_broke(environment: dict[str, str], stack: StartedStack) -> None:
    key = environment["ORRA_API_KEY"]
    with Orra(stack.url, key) as client:
        plan = client.plan("Paint the moon")
        whole = list(client.listen_to_plan(plan.id))
        assert whole[-1].name == plan.status and len(whole) > 2
        assert list(client.listen_to_plan(plan.id, last_event_id=whole[0].id)) == whole[1:]
        assert list(client.listen_to_plan(plan.id, last_event_id=whole[-1].id)) == []
    with cutting(stack.url) as (address, heard_after), Orra(address, key) as client:
        assert list(client.listen_to_plan(plan.id)) == whole
    assert heard_after == [None, whole[0].id]


@contextmanager
def cutting(url: str) -> Iterator[tuple[str, list[str | None]]]:
    """A way to the engine on which the first answer breaks off after its first event; and what each request said
    that it had heard last."""
    heard_after: list[str | None] = []

    class Way(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            heard_after.append(self.headers["Last-Event-ID"])
            with urllib.request.urlopen(
                urllib.request.Request(url + self.path, headers=dict(self.headers))
            ) as answer:
                told = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            is_first = len(heard_after) == 1
            self.wfile.write(told[: told.index(b"\n\n", told.index(b"data:")) + 9] if is_first else told)
            self.close_connection = is_first

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Way) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", heard_after
        server.shutdown()
