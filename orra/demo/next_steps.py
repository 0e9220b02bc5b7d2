"""Where to look when the demo is over."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from orra.base.release import command
from orra.demo.engine import Engine
from orra.demo.story import Step


def where_to_look(engine: Engine, *, project: str, key: str, again: Step) -> str:
    """``key``: the project's; ``again``: a request that the cache answers, after a restart too."""
    told = _places(engine, project=project, key=key, again=again)
    return "\n".join(f"  {what}:\n    {where}" for what, where in told)


def _places(engine: Engine, *, project: str, key: str, again: Step) -> Iterator[tuple[str, str]]:
    url = engine.later_url
    if engine.started_here:
        yield "Start the plan engine again, with all that the demo did, and see the admin's login", command("up")
    yield f"See, evict and replay what “{project}” has", f"{url}/admin/"
    yield "See what else the REST API does", f"{url}/docs"
    body = json.dumps({"action": again.action, "params": dict(again.params)})
    yield "Ask the demo's shop once more, which is an exact hit", _curl(f"{url}/v1/plans", body, key=key)
    yield "Make a project with an API key of your own", _curl(f"{url}/v1/projects", '{"name": "my shop"}')
    yield (
        "Plan with a model of your choice",
        f"LLM_MODEL=… LLM_API_BASE_URL=http://localhost:8000/v1 {command('demo')}",
    )


def _curl(url: str, body: str, *, key: str = "") -> str:
    parts = [f"curl -s {url} -H 'Content-Type: application/json'"]
    if key:
        parts.append(f"-H 'Authorization: Bearer {key}'")
    parts.append(f"-d {shlex.quote(body)}")
    return " \\\n      ".join(parts)
