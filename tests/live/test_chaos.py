"""A short version of ``make chaos``, and whether what it checks with notices what is wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chaos import checks, faults
from chaos.load import Book, Client, ask
from chaos.rounds import play
from chaos.site import Site, running_site

pytestmark = pytest.mark.live

SEED = 7
INJECTED = ("worker_killed", "connections_ended", "logs_full")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory(prefix="orra-chaos-", ignore_cleanup_errors=True) as folder,
        running_site(Path(folder), seed=SEED, disk=False) as running,
    ):
        yield running


@pytest.mark.parametrize("name", INJECTED)
def test_every_accepted_request_ends_once_and_right(site: Site, name: str) -> None:
    [fault] = faults.chosen(name)

    played = play(site, fault, INJECTED.index(name), seed=SEED)

    found = played.found
    assert (found.broken, found.lost, found.wrong) == ([], 0, 0)
    assert found.ended == found.accepted > 0
    assert found.sources["exact"] > 0
    assert found.sources["model"] > 0
    assert None not in (played.hits_after, played.plans_after, played.ended_after)


def test_what_is_wrong_is_noticed(site: Site) -> None:
    site.book, site.round = Book(), "wrong"
    client = Client(site.stack.url, site.key, site.book)
    tokens = ["T-wrong1", "T-wrong2", "T-wrong3", "T-wrong4"]
    asked = [ask(client, "hit", f"Refund order {token}", token=token) for token in tokens]
    client.close()
    assert checks.check(site).holds
    swapped, changed, deleted, kept = (plan["id"] for plan in asked)

    with psycopg.connect(site.database) as connection:
        take_over = (
            "UPDATE planengine_plan SET plan = (SELECT plan FROM planengine_plan WHERE id = %s) WHERE id = %s"
        )
        connection.execute(take_over, [kept, swapped])
        connection.execute("UPDATE planengine_plan SET plan = '{\"tasks\": []}' WHERE id = %s", [changed])
        connection.execute("DELETE FROM planengine_plan WHERE id = %s", [deleted])
    found = checks.check(site)

    assert (found.accepted, found.ended, found.lost) == (4, 3, 1)
    assert any(text.startswith(f"{swapped} of T-wrong1 holds") for text in found.broken)
    assert any(text.startswith(f"{changed} is ready and not valid") for text in found.broken)
    assert sum(text.startswith("told otherwise than stored") for text in found.broken) == 2


def test_a_fault_that_is_not_known_is_told() -> None:
    with pytest.raises(ValueError, match="there is no fault 'meteor'; there are worker_killed"):
        faults.chosen("worker, meteor")
