"""Folders that only their owner can look into, and places for unix sockets."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from orra.embedded.processes import EmbeddedError

SOCKET_PATH_BYTES = 107 if os.uname().sysname == "Linux" else 103


def make_private(folder: Path) -> None:
    """Creates a folder that only its owner can look into. Raises :class:`EmbeddedError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"The data directory {folder} cannot be created ({error.strerror}). Choose another with ORRA_DATA_DIR."
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EmbeddedError(
            f"The data directory {folder} belongs to another user. Choose another with ORRA_DATA_DIR."
        )


def short_socket_dir(folder: Path, *, name: str, owner: int, group: int) -> Path:
    """Where a socket called ``name`` for ``folder`` can be: there, or in a private folder with a short name when
    the path is longer than the system allows, or has characters that connection strings give a meaning to."""
    if _fits(folder, name) and _takes_sockets(folder):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):
        short = parent / f"orra-{digest}"
        if not _fits(short, name):
            continue
        with suppress(FileExistsError):
            short.mkdir(mode=0o700)
            os.chown(short, owner, group)
        found = short.lstat()
        if found.st_uid == owner and found.st_mode == 0o40700:
            return short
        raise EmbeddedError(f"{short} is not a private folder of user {owner}. Remove it, or set TMPDIR.")
    raise EmbeddedError(f"No folder for the socket of {folder} has a short enough path. Set ORRA_DATA_DIR.")


def _fits(folder: Path, name: str) -> bool:
    longest = max(name, ".0000000000", key=len)  # the probe's name is no longer than that
    return len(os.fsencode(folder / longest)) <= SOCKET_PATH_BYTES and bool(re.fullmatch(r"[\w./-]+", str(folder)))


def _takes_sockets(folder: Path) -> bool:
    """Whether the file system knows sockets; some shared folders of virtual machines do not."""
    probe = folder / f".{os.getpid()}"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(probe))
    except OSError:
        return False
    probe.unlink()
    return True
