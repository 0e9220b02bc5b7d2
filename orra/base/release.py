"""Where this code is, whether it was installed, and which release it is."""

from __future__ import annotations

import os
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CODE_DIR = Path(__file__).resolve().parents[2]
IS_CHECKOUT = (CODE_DIR / "manage.py").is_file() and (CODE_DIR / "pyproject.toml").is_file()


def release() -> str:
    """The version that stands in ``pyproject.toml``."""
    if IS_CHECKOUT:
        return str(tomllib.loads((CODE_DIR / "pyproject.toml").read_text())["project"]["version"])
    try:
        return version("orra")
    except PackageNotFoundError:
        return "unknown"


def usual_data_dir() -> Path:
    """Where data are kept when nobody says where: beside a checkout, else with the user's other data. Raises
    RuntimeError for a user without a home."""
    if IS_CHECKOUT:
        return CODE_DIR / ".data"
    shared = os.environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if os.path.isabs(shared) else Path.home() / ".local" / "share") / "orra"


def command(name: str) -> str:
    """How a person calls a command of ``orra`` here: ``migrate`` is ``manage.py migrate`` in a checkout."""
    if not IS_CHECKOUT:
        return f"orra {name}"
    if name in {"up", "demo"}:
        return f"make {name}"
    return f"manage.py {name.removeprefix('manage ').replace('-', '_')}"
