"""Django's commands, on the embedded services when nothing else is configured: ``python -m orra.manage``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from orra.base import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()


def main(argv: Sequence[str] | None = None, *, called: str = "manage.py") -> int:
    """Runs ``argv``, a command's name and its arguments, with the embedded defaults filled in. ``called`` is how
    whoever called it did, for its help. Returns the exit code."""
    told = list(sys.argv[1:] if argv is None else argv)
    only_tells = told[:1] in ([], ["help"], ["version"], ["--version"]) or _asks_for_help(told)
    prepare(only_tells=only_tells)
    with interrupts.held_back():
        import django
        from django.core.management import execute_from_command_line

        django.setup()
    return _in_a_line([] if only_tells else told[:1], lambda: execute_from_command_line([called, *told]))


def run(name: str, argv: Sequence[str], *, called: str) -> int:
    """One command, ``name``, by the name that it is ``called`` with. Returns the exit code."""
    only_tells = _asks_for_help(argv)
    prepare(only_tells=only_tells)
    with interrupts.held_back():
        import django
        from django.core.management import get_commands, load_command_class

        django.setup()
        command = load_command_class(get_commands()[name], name)
    return _in_a_line([] if only_tells else [name], lambda: command.run_from_argv(["orra", called, *argv]))


def prepare(*, only_tells: bool = False) -> None:
    """Has what nobody configured run until this process ends, however it is asked to. Starts and makes nothing for
    who ``only_tells`` what there is."""
    with interrupts.held_back():
        from orra.embedded.defaults import ensure_environment

    interrupts.heed()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")
    ensure_environment(starts=not only_tells)


def _asks_for_help(argv: Sequence[str]) -> bool:
    return not {"-h", "--help"}.isdisjoint(argv)


def _in_a_line(command: list[str], run: Callable[[], None]) -> int:
    """What a configured database lacks ends the program with one line."""
    from django.db import DatabaseError

    from orra.embedded.defaults import filled_variables

    if command == ["migrate"] and "DATABASE_URL" not in filled_variables():
        from orra.starting import check

        check(broker=False, makes_tables=True)
    try:
        run()
    except DatabaseError as error:
        from orra.starting.database import in_a_line

        if (line := in_a_line(error)) is None:
            raise
        sys.exit(f"orra cannot go on: DATABASE_URL {line}")
    return 0


if __name__ == "__main__":
    sys.exit(interrupts.in_order(main))
