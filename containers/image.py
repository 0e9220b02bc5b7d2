"""The image: how long it takes, how large it is, what is in it, and as whom it runs."""

from __future__ import annotations

import time

from containers.engine import Failed
from containers.site import Site

MOST_BYTES = 600_000_000
USER = "10001:10001"
# Of a size as engines tell it: "5.3MB", "4.1 GB".
UNITS = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9}
# Must not be in it: what the Dockerfile does not name, what installs more, what only the build was given.
NOT_IN_IT = ("/app/deploy", "/app/tests", "/app/.git", "/build", "/opt/orra/bin/pip", "/etc/pip.conf")
LARGEST = 5


def build(site: Site) -> str:
    began = time.monotonic()
    dockerfile = str(site.tree / "deploy/Dockerfile")
    site.engine.build("--tag", site.image, "--file", dockerfile, *site.build_arguments, str(site.tree))
    return f"built in {time.monotonic() - began:.0f} s"


def size(site: Site) -> str:
    """With its largest layers; the base's is among them."""
    whole = int(site.engine.inspect("image", site.image)["Size"])
    told = site.engine.run("history", "--no-trunc", "--format", "{{.Size}}\t{{.CreatedBy}}", site.image)
    layers = [(size.strip(), made) for size, _, made in (line.partition("\t") for line in told.splitlines())]
    layers.sort(key=lambda layer: _bytes(layer[0]), reverse=True)
    lines = "".join(f"\n      {size:>8}  {_brief(made)}" for size, made in layers[:LARGEST])
    if whole >= MOST_BYTES:
        raise Failed(f"The image has {whole / 1e6:.0f} MB, not less than {MOST_BYTES / 1e6:.0f}:{lines}")
    return f"{whole / 1e6:.0f} MB (less than {MOST_BYTES / 1e6:.0f}); its largest layers:{lines}"


def _bytes(told: str) -> float:
    number = told.rstrip("kKMGB ")
    return float(number or 0) * UNITS.get(told[len(number) :].strip().upper(), 1.0)


def _brief(made: str) -> str:
    words = " ".join(made.split()).removeprefix("/bin/sh -c ").removeprefix("#(nop) ")
    return words[:90] or "the base"


def contents(site: Site) -> str:
    config = site.engine.inspect("image", site.image)["Config"]
    if config["User"] != USER:
        raise Failed(f"The image runs as {config['User'] or 'root'}, not as {USER}.")
    if not config.get("Healthcheck"):
        raise Failed("The image has no health check.")
    listing = f"ls -d {' '.join(NOT_IN_IT)} 2>/dev/null; true"
    if found := site.engine.run("run", "--rm", "--network", "none", site.image, "sh", "-c", listing).split():
        raise Failed(f"The image has {', '.join(found)}.")
    return f"runs as {USER}, with a health check; has no pip, no tests, nothing that only the build was given"
