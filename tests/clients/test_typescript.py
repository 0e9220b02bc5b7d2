"""The TypeScript client: its own tests, its types, its package, and the package at work beside a real stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from orra.embedded.runs import StartedStack, running_stack
from tests.clients.npm import HERE, NoNode, node, npm
from tests.live.conftest import OWN, new_data_dir

SHIPPED = {"LICENSE", "README.md", "package.json", "examples/shop.mjs"}


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    try:
        npm("--version")
    except NoNode as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that ``npm pack`` makes."""
    folder = tmp_path_factory.mktemp("package")
    packed = npm("pack", "--silent", "--pack-destination", str(folder))
    assert packed.returncode == 0, packed.stdout
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of somebody who has installed the package."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package.json").write_text('{"private": true}')
    installed = npm("install", "--offline", "--silent", str(package), folder=folder)
    assert installed.returncode == 0, installed.stdout
    return folder


@pytest.fixture(scope="module")
def stack() -> Iterator[StartedStack]:
    few = {"WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "2"}
    with new_data_dir() as folder, running_stack(folder, {**OWN, **few}) as stack:
        yield stack


def test_its_own_tests_pass() -> None:
    tested = npm("test", "--silent")

    assert tested.returncode == 0, tested.stdout
    assert re.search(r"^. pass [1-9]\d\d", tested.stdout, re.MULTILINE), tested.stdout


def test_its_types_are_those_of_the_description(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    description = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    document.write_bytes(OpenApiJsonRenderer().render(description))

    checked = npm("run", "--silent", "check-types", OPENAPI=str(document))

    assert checked.returncode == 0, checked.stdout


def test_it_ships_what_runs_and_no_more(project: Path) -> None:
    shipped = project / "node_modules" / "orra-client"
    files = {str(path.relative_to(shipped)) for path in shipped.rglob("*") if path.is_file()}

    assert files >= SHIPPED | {"dist/index.js", "dist/index.d.ts", "dist/run/run.js"}
    assert all(name in SHIPPED or re.fullmatch(r"dist/(run/)?\w+(\.d\.ts|\.js)", name) for name in files)
    assert not any("node:" in path.read_text() for path in shipped.glob("dist/**/*.js")), (
        "browsers have no such modules"
    )
    assert (shipped / "LICENSE").read_text() == (HERE.parent.parent / "LICENSE").read_text()
    assert [path.name for path in (project / "node_modules").iterdir() if not path.name.startswith(".")] == [
        "orra-client"
    ]


def test_its_lock_names_no_index_and_pins_everything() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: facts for name, facts in lock["packages"].items() if name}

    assert packages
    assert all("integrity" in facts and "resolved" not in facts for facts in packages.values())


@pytest.mark.live
def test_the_first_lines_of_its_readme_work(stack: StartedStack, project: Path) -> None:
    [lines] = re.findall(r"```js\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
    (project / "first.mjs").write_text(lines)

    said = node("first.mjs", folder=project, ORRA_URL=stack.url, ORRA_API_KEY="")

    assert len(lines.splitlines()) <= 10
    assert (said.returncode, said.stdout) == (0, "{ greeting: 'Hello, Ada!' }\n")


@pytest.mark.live
def test_its_shop_carries_out_what_was_planned(stack: StartedStack, project: Path) -> None:
    shop = "node_modules/orra-client/examples/shop.mjs"

    rehearsed = node(shop, "--dry-run", folder=project, ORRA_URL=stack.url, ORRA_API_KEY="")
    carried_out = node(shop, folder=project, ORRA_URL=stack.url, ORRA_API_KEY="")

    assert rehearsed.returncode == 0, rehearsed.stdout
    assert "would_run" in rehearsed.stdout and "In the outbox: []" in rehearsed.stdout
    assert carried_out.returncode == 0, carried_out.stdout
    first, second = carried_out.stdout.split("Refund order ORD-1042 and tell the customer: ready ")[1:]
    assert '{"refund_id":"REF-1","refunded_amount":25.5}' in first and "All is done." in first
    assert "PAY-88120 was refunded before." in second and "Not all is done." in second
    assert '"email":"ana@shop.test","message":"The money is on its way"' in second


@pytest.mark.live
def test_it_hears_of_a_real_plan_and_of_real_problems(stack: StartedStack, project: Path) -> None:
    (project / "hear.mjs").write_text(
        """
        import { NotFound, Orra } from "orra-client";
        const orra = new Orra();
        const { id } = await orra.createPlan("Paint the moon");
        for await (const event of orra.listenToPlan(id)) console.log(event.name);
        for await (const plan of orra.listPlans({}, { pageSize: 1 })) if (plan.id === id) console.log("listed");
        const error = await orra.getPlan("o_none").catch((thrown) => thrown);
        console.log(error instanceof NotFound, error.code, JSON.stringify(error).includes("sk-orra"));
        console.log((await orra.explainCache("Paint the moon")).decision, (await orra.getUsage()).calls);
        """
    )

    said = node("hear.mjs", folder=project, ORRA_URL=stack.url, ORRA_API_KEY=stack.api_key)

    assert said.returncode == 0, said.stdout
    told = said.stdout.splitlines()
    assert told[0] == "queued" and "not_actionable" in told
    assert told[-3:] == ["listed", "true not_found false", "miss 0"]
