"""Celery's beat as ``make up`` runs it: ``python -m orra.beat FILE``, which remembers what was due when."""

from __future__ import annotations

import logging
import sys

from orra.celery import app


def main() -> None:
    app.Beat(schedule=sys.argv[1], loglevel=logging.WARNING, quiet=True).run()


if __name__ == "__main__":
    main()
