"""A Prometheus that scrapes all processes: the dashboard's expressions and the alert rules, asked of it."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from typing import Any

from containers.engine import Failed
from containers.site import ROOT, Site, until

# Every process: two web processes, a worker, a beat.
TARGETS = 4
# What a look at a dashboard over two minutes sees.
RANGE = "2m"
SECONDS = 120
# Of what needs an endpoint for embeddings, a check model, a fallback or a hit by meaning, none of which is here.
MAY_BE_EMPTY = ("orra_model_checks_total", "orra_fallbacks_total", "orra_cache_refusals_total")


def scraped(site: Site) -> str:
    until(lambda: _up(site) == TARGETS, f"Prometheus scrapes {TARGETS} processes", seconds=SECONDS)
    return f"{TARGETS} processes are scraped"


def _up(site: Site) -> int:
    try:
        return sum(value == "1" for value in _query(site, "up"))
    except OSError:
        return 0


def dashboard(site: Site) -> str:
    """Every expression is understood, and finds something where something happened."""
    text = json.loads((ROOT / "deploy/observability/dashboard.json").read_text())
    expressions = [target["expr"] for panel in text["panels"] for target in panel["targets"]]
    asked = {each: each.replace("$__rate_interval", RANGE) for each in expressions}
    wanted = [each for each in expressions if not any(name in each for name in MAY_BE_EMPTY)]
    for number in range(2):  # a miss, and a hit
        site.client().ask(f"Tell me who bought order V-{number}", order_id=f"V-{number}")
    deadline = time.monotonic() + SECONDS
    while empty := [each for each in wanted if not _query(site, asked[each])]:
        if time.monotonic() > deadline:
            raise Failed("These expressions of the dashboard find nothing:\n" + "\n".join(empty))
        time.sleep(1)
    return f"{len(expressions)} expressions of the dashboard are understood, {len(wanted)} of them find something"


def rules(site: Site) -> str:
    """All are evaluated without an error, and none fires."""
    groups = _asked(site, "/api/v1/rules")["groups"]
    loaded = [rule for group in groups for rule in group["rules"]]
    if bad := [f"{rule['name']} ({rule.get('lastError', '')})" for rule in loaded if rule["health"] != "ok"]:
        raise Failed(f"Rules are not evaluated: {', '.join(bad)}")
    if firing := [rule["name"] for rule in loaded if rule["state"] == "firing"]:
        raise Failed(f"{', '.join(firing)} fires.")
    return f"{len(loaded)} alert rules are evaluated, none fires"


def lint(site: Site) -> str:
    """What promtool says of /metrics."""
    for service, port in (("web-1", 8005), ("worker", 8006)):
        metrics = site.fetched(site.containers(service)[0], port, "/metrics")
        command = ("exec", "--interactive", site.container("prometheus"), "promtool", "check", "metrics")
        site.engine.run(*command, stdin=metrics)
    return "promtool finds no fault in /metrics of a web process and a worker"


def _query(site: Site, expression: str) -> list[str]:
    """The values of what is found."""
    found = _asked(site, f"/api/v1/query?{urllib.parse.urlencode({'query': expression})}")["result"]
    return [each["value"][1] for each in found]


def _asked(site: Site, path: str) -> Any:
    with urllib.request.urlopen(site.prometheus + path, timeout=30) as answer:
        return json.load(answer)["data"]
