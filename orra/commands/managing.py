"""Commands of Django's kind, by names of their own. Where nothing is configured they run on the
embedded services."""

from __future__ import annotations

from collections.abc import Sequence


def demo(argv: Sequence[str]) -> int:
    """Plan a small shop's requests, show where each plan came from, and stop."""
    return _run("demo", argv)


def migrate(argv: Sequence[str]) -> int:
    """Bring the database's tables to this release."""
    return _run("migrate", argv)


def check_models(argv: Sequence[str]) -> int:
    """Tell what works at the model's and the embeddings' endpoint."""
    return _run("check_models", argv)


def evaluate_cache(argv: Sequence[str]) -> int:
    """Measure hits and wrong hits of the cache on your own requests."""
    return _run("evaluate_cache", argv)


def evaluate_planner(argv: Sequence[str]) -> int:
    """Measure whether a model is good enough for your services."""
    return _run("evaluate_planner", argv)


def manage(argv: Sequence[str]) -> int:
    """Run any other command: `orra manage help` lists them."""
    from orra.manage import main

    return main(argv, called="orra manage")


def _run(name: str, argv: Sequence[str]) -> int:
    from orra.manage import run

    return run(name, argv, called=name.replace("_", "-"))
