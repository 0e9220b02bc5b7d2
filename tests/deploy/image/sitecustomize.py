"""Makes a plain Python process see what it would see in the image: only the packages that are installed there, and
a file system of which nothing but ``IMAGE_WRITABLE`` can be written. It sees what Python opens, not what libraries
in C do; what it refuses is noted in the file ``refused`` of that folder."""

import importlib.abc
import os
import sys
from collections.abc import Sequence
from types import ModuleType

WRITABLE = os.path.realpath(os.environ["IMAGE_WRITABLE"])
MISSING = frozenset(os.environ["IMAGE_MISSING"].split(","))
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NOTED = os.open(os.path.join(WRITABLE, "refused"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
ARGUMENTS = {"os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2}


class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & WRITES:
            refuse_outside(event, path)
    elif event in ARGUMENTS:
        for path in arguments[: ARGUMENTS[event]]:
            refuse_outside(event, path)


def refuse_outside(event: str, path: object) -> None:
    if not isinstance(path, str | bytes):  # a file that is open already
        return
    real = os.path.realpath(os.fsdecode(path))
    if real != WRITABLE and not real.startswith((WRITABLE + "/", "/dev/")):
        os.write(NOTED, f"{event} {real}\n".encode())
        raise OSError(30, "Read-only file system", real)


sys.meta_path.insert(0, Missing())
sys.addaudithook(watch)
