"""The document tells what these tests show."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.model_servers.cases import PLAYED, TITLES
from tests.model_servers.table import current, render


def test_the_document_has_every_case_at_every_server_where_it_is_played() -> None:
    for module in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.model_servers.{module.stem}")
    assert all(PLAYED[number] for number in TITLES)
    played = {(number, name): True for number, names in PLAYED.items() for name in names}
    assert current() == render(played), "write it anew: python -m tests.model_servers.table"
