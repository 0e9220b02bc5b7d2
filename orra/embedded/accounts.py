"""Who the embedded Postgres runs as.

It refuses to run as root. So root starts it as the owner of its data (an ordinary user's, or ``nobody`` for a new
one), who needs to be able to pass through the folders above the data and the programs.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orra.embedded.processes import EmbeddedError


@dataclass(frozen=True)
class Account:
    """The system user that the server runs as, when that is not the current one."""

    uid: int
    gid: int

    def as_arguments(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(data: Path, *, programs: Sequence[Path]) -> Account:
    """Whoever owns ``data``, which only root may choose; the folders ``programs`` can then be used by him. Raises
    :class:`EmbeddedError`."""
    user = os.geteuid()
    owner = data.stat() if data.exists() else None
    if user != 0:
        if owner and owner.st_uid != user:
            raise EmbeddedError(
                f"{data} belongs to user {owner.st_uid}. Run as that user, or choose another ORRA_DATA_DIR."
            )
        return Account(user, os.getegid())
    if owner and owner.st_uid != 0:
        account = Account(owner.st_uid, owner.st_gid)
    else:
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_uid, nobody.pw_gid)
    for path in (data, *programs):
        _let_pass(path, account)
    for folder in programs:
        _let_read(folder)
    return account


def _let_pass(path: Path, account: Account) -> None:
    """Lets everyone pass through (not list) the folders above ``path``, where that is not so yet."""
    for parent in path.parents:
        found = parent.stat()
        if not found.st_mode & 0o001 and found.st_uid != account.uid:
            parent.chmod(found.st_mode & 0o7777 | 0o001)


def _let_read(folder: Path) -> None:
    """Opens installed files that a strict umask closed."""
    if not folder.exists() or folder.stat().st_mode & 0o005 == 0o005:
        return
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode & 0o7777
        path.chmod(mode | (0o005 if mode & 0o100 else 0o004))
