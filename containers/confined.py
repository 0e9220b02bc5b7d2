"""What the containers may do: as whom they run, what they can write, where secrets are seen, who is reached."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from containers.engine import Failed
from containers.site import OURS, SERVICES, Site

# Tries to write everywhere that it should not, and once where it may.
PROGRAM = """
import json, os, pathlib
status = dict(line.split(":\\t", 1) for line in open("/proc/1/status").read().splitlines() if ":\\t" in line)
def may_write(folder):
    try:
        place = pathlib.Path(folder, "tried")
        place.write_text("x")
        place.unlink()
        return True
    except OSError:
        return False
print(json.dumps({
    "user": status["Uid"].split()[0],
    "capabilities": int(status["CapEff"], 16),
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "written": [folder for folder in ("/", "/app", "/opt/orra", "/etc", "/usr", "/var") if may_write(folder)],
    "data": may_write("/data"),
    "secrets": sorted(os.listdir("/run/secrets")),
}))
"""
EXPECTED = {
    "user": "10001",
    "capabilities": 0,
    "no_new_privileges": "1",
    "written": [],
    "data": True,
    "secrets": ["database_url", "operator_token", "secret_key"],
}
# A path may be written in several ways.
METRICS = ("/metrics", "/%6detrics", "/metrics?x=1", "/metrics/")


def processes(site: Site) -> str:
    for service in OURS:
        for container in site.containers(service):
            told = json.loads(site.python(container, PROGRAM))
            if told != EXPECTED:
                raise Failed(f"{service} is {told}, not {EXPECTED}.")
    return f"{', '.join(OURS)}: user 10001, no capability, nothing written but in /data, three secrets as files"


def others(site: Site) -> str:
    """The servers' first processes run as somebody, too."""
    users = {}
    for service in SERVICES:
        status = site.inside(service, "cat", "/proc/1/status")
        users[service] = status.partition("Uid:\t")[2].split()[0]
    if roots := [service for service, user in users.items() if user == "0"]:
        raise Failed(f"{', '.join(roots)} runs as root.")
    return "nobody is root: " + ", ".join(
        f"{service} {user}" for service, user in users.items() if service not in OURS
    )


def secrets_seen(site: Site) -> str:
    texts = site.secret_texts()
    for container in site.containers():
        config = json.dumps(site.engine.inspect("container", container)["Config"])
        if any(text in config for text in texts):
            raise Failed("A secret stands in the configuration of a container.")
    if any(text in site.logs() for text in texts):
        raise Failed("A secret stands in a log.")
    return f"{len(texts)} secrets: in no container's configuration and in no log"


def reached(site: Site) -> str:
    published = {service for service in SERVICES if site.engine.run("port", site.containers(service)[0]).strip()}
    if published != {"proxy"}:
        raise Failed(f"Ports of the machine have {', '.join(sorted(published))}.")
    for path in METRICS:
        if (status := status_of(site.url + path)) != 404:
            raise Failed(f"{path} is answered with {status} through the proxy.")
    return f"only the proxy has a port of the machine, and {', '.join(METRICS)} are 404 there"


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
