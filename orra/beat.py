"""Celery's beat as ``orra up`` runs it: ``python -m orra.beat FILE``, which remembers what was due when."""

from __future__ import annotations

import logging
import sys

from orra.celery import app
from orra.embedded.defaults import chosen_data_dir
from orra.embedded.folders import make_private


def keep_time(schedule: str) -> None:
    """Until it is stopped. The file ``schedule`` remembers what was due when."""
    app.Beat(schedule=schedule, loglevel=logging.WARNING, quiet=True).run()


def usual_schedule() -> str:
    """In the data directory, which is made for it."""
    folder = chosen_data_dir() / "beat"
    make_private(folder)
    return str(folder / "schedule")


if __name__ == "__main__":
    keep_time(sys.argv[1])
