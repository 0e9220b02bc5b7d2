"""What a client and an operator get through the proxy."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from chaos.site import SHOP
from containers.engine import Failed
from containers.model import SLOWLY
from containers.site import Site, until
from tests.live.client import Operator

PORT = 8005
LARGE = 3_000_000
FORGED = "203.0.113.77"
LAST_ENTRY = (
    "from django.contrib.admin.models import LogEntry; "
    "print(LogEntry.objects.order_by('-pk')[0].get_change_message())"
)


def plan(site: Site) -> str:
    """A project, services, a plan that the model makes, and hits."""
    made = site.operator().request("POST", "/v1/projects", {"name": "containers"})[1]
    site.key = made["api_key"]
    site.client().register(SHOP)
    expect(site, "Refund order A-1", "model", order_id="A-1")
    before = _served(site)
    for number in range(2, 22):
        expect(site, f"Refund order A-{number}", "exact", order_id=f"A-{number}")
    served = {name: count - before[name] for name, count in _served(site).items()}
    if min(served.values()) == 0:
        raise Failed(f"Of twenty hits, {served} were served.")
    counts = " and ".join(f"{count:.0f}" for count in served.values())
    return f"planned by the model, then twenty hits, {counts} by each web process"


def expect(site: Site, action: str, source: str, **params: Any) -> Any:
    """The plan. Raises :class:`Failed` unless it is ready and from ``source``."""
    _, found = site.client().ask(action, wait=60, **params)
    if (found["status"], found["source"]) != ("ready", source):
        raise Failed(
            f"{action}: {found['status']} from {found['source']}, not ready from {source}. {found['error']}"
        )
    return found


def begun_slowly(site: Site, name: str) -> str:
    """The id of a plan that a worker is about to make, and that the model takes its time for."""
    _, found = site.client().request("POST", "/v1/plans", slow(name))
    until(lambda: plan_of(site, found["id"])["status"] == "planning", f"{name} is being planned")
    return str(found["id"])


def slow(name: str, **members: Any) -> dict[str, Any]:
    action = f"Look up order {name} {SLOWLY}, for the customer"
    return {"action": action, "params": {"order_id": name}, "wait_seconds": 0, "cache": "bypass", **members}


def plan_of(site: Site, plan_id: str) -> Any:
    return site.client().request("GET", f"/v1/plans/{plan_id}")[1]


def until_ready(site: Site, plan_id: str) -> None:
    until(lambda: plan_of(site, plan_id)["finished_at"], "the plan is finished", seconds=120)
    if (status := plan_of(site, plan_id)["status"]) != "ready":
        raise Failed(f"The plan ended {status}.")


def _served(site: Site) -> dict[str, float]:
    """Exact hits that each web process counted."""
    return {
        name: total(site.fetched(site.container(name), PORT, "/metrics"), 'orra_plans_total{source="exact"')
        for name in ("web-1", "web-2")
    }


def total(metrics: str, beginning: str) -> float:
    """Of all series that begin so."""
    return sum(float(line.rpartition(" ")[2]) for line in metrics.splitlines() if line.startswith(beginning))


def events(site: Site) -> str:
    """They come while the plan is being made, not when it is there."""
    plan_id = begun_slowly(site, "E-1")
    request = urllib.request.Request(f"{site.url}/v1/plans/{plan_id}/events")
    request.add_header("Authorization", f"Bearer {site.key}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        names = []
        for line in answer:
            if line.startswith(b"event:"):
                names.append(line.decode().partition(":")[2].strip())
                if len(names) == 1 and plan_of(site, plan_id)["finished_at"]:
                    raise Failed("The first event came when the plan was there.")
    if names[-1] != "ready":
        raise Failed(f"The events were {', '.join(names)}.")
    return f"{', '.join(names)}, as they come"


def large_catalogue(site: Site) -> str:
    """As large as orra takes it."""
    fields = {f"field_{number:03}": {"type": "string", "description": "Said by nobody."} for number in range(100)}
    service = {**SHOP["order_lookup"], "input_schema": {"type": "object", "properties": fields}}
    count = LARGE // len(json.dumps(service))
    services = [{**service, "name": f"large_{number:03}"} for number in range(count)]
    body = {"services": services, "mode": "atomic", "dry_run": True}
    status, told = site.client().request("PUT", "/v1/services", body)
    if status != 200 or len(told["services"]) != count:
        raise Failed(f"A catalogue of {len(json.dumps(body)) / 1e6:.1f} MB is answered with {status}.")
    return f"{count} services in {len(json.dumps(body)) / 1e6:.1f} MB"


def admin(site: Site) -> str:
    """Signed in from a page, with its styles, and logged with the address that the proxy saw: not with its own,
    and not with one that the client claims."""
    said = site.inside("web-1", "python", "/app/manage.py", "create_operator", "somebody")
    password = said.partition("Password ")[2].strip()
    operator = Operator(site.url, "somebody", password, **{"X-Forwarded-For": FORGED})
    if "Refund order A-1" not in operator.get("/admin/planengine/plan/"):
        raise Failed("The admin's list of plans does not show the plan.")
    style = re.search(r'href="(/static/[^"]+\.css)"', operator.get("/admin/"))
    if style is None or "{" not in operator.get(style[1]):
        raise Failed("The admin's pages have no styles.")
    message = site.inside("web-1", "python", "/app/manage.py", "shell", "--no-imports", "-c", LAST_ENTRY)
    address = message.partition("(from ")[2].partition(")")[0]
    if address in ("", FORGED, *site.addresses("proxy")):
        raise Failed(f"The sign-in is logged as {message.strip()!r}.")
    return "signed in, plans listed, styles served; logged with neither the proxy's address nor a claimed one"
