"""Services, params and projects in files: JSON, and YAML where PyYAML is installed (the extra ``yaml``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from orra_client.cli.common import Misuse
from orra_client.reading import Json

YAML = (".yaml", ".yml")
ENDINGS = (".json", *YAML)
MAX_BYTES = 64 * 1024 * 1024
MOST_AT_ONCE, MOST_BYTES_AT_ONCE = 500, 3_500_000


def read_file(path: Path) -> Json:
    """What a file says. Raises :class:`~orra_client.cli.common.Misuse`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Misuse(f"{path} is larger than {MAX_BYTES // 2**20} MiB.")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise Misuse(f"{path} is not UTF-8 text.") from None
    try:
        return _read_yaml(text, path) if path.suffix.lower() in YAML else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{path} is malformed: {' '.join(str(error).split())}.") from None


def services_in(paths: Iterable[Path]) -> list[dict[str, Json]]:
    """The services that files, and the files in folders, say. A file holds one service, a list of them, or an
    object with such a list as ``services``; one service without a ``name`` has the file's. Raises
    :class:`~orra_client.cli.common.Misuse`, also when two have the same name."""
    found: dict[str, Path] = {}
    services: list[dict[str, Json]] = []
    for path in _files(paths):
        for service in _services_of(read_file(path), path):
            name = str(service.get("name"))
            if name in found:
                raise Misuse(f"{found[name]} and {path} both say what {name!r} is. Keep one of them.")
            found[name] = path
            services.append(service)
    return services


def in_batches(services: Sequence[Json]) -> Iterator[list[Json]]:
    """As many at once as the engine takes."""
    batch: list[Json] = []
    size = 0
    for service in services:
        bytes_more = len(json.dumps(service).encode())
        if batch and (len(batch) == MOST_AT_ONCE or size + bytes_more > MOST_BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(service)
        size += bytes_more
    if batch:
        yield batch


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS and each.is_file())
        if not inside:
            raise Misuse(f"There is no file that ends in {', '.join(ENDINGS)} in {path}.")
        yield from inside


def _services_of(said: Json, path: Path) -> list[dict[str, Json]]:
    if isinstance(said, dict) and "services" in said:
        said = said["services"]
    if isinstance(said, dict):
        return [{"name": path.stem, **said}]
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise Misuse(f"{path} holds no service: it must be an object, or a list of objects.")
    if nameless := [place for place, each in enumerate(said) if not isinstance(each.get("name"), str)]:
        raise Misuse(f"The service at place {nameless[0]} in {path} has no `name`.")
    return said


def _read_yaml(text: str, path: Path) -> Json:
    try:
        import yaml
    except ImportError:
        raise Misuse(f"{path} is YAML, which takes PyYAML: install 'orra-client[yaml]', or write JSON.") from None

    class Loader(yaml.SafeLoader):
        """Texts that look like dates stay texts."""

    Loader.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        said: Any = yaml.load(text, Loader)  # noqa: S506  # a safe one
        json.dumps(said, allow_nan=False)
    except yaml.YAMLError as error:
        raise ValueError(error) from None
    except TypeError as error:
        raise ValueError(f"it says what JSON cannot: {error}") from None
    return said
