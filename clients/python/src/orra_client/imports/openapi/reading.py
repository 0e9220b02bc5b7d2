"""A document's operations as services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urljoin

from orra_client.imports.documents import Document
from orra_client.imports.making import made
from orra_client.imports.names import Named, names_for
from orra_client.imports.openapi.hints import annotations_of
from orra_client.imports.openapi.inputs import inputs_of
from orra_client.imports.openapi.outputs import output_of
from orra_client.imports.schemas import Reader, Room
from orra_client.imports.services import Imported, ImportFailed, Json, Refusal, Refused, Service
from orra_client.imports.texts import joined, plain

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
CALLED = ("get", "head", "post", "put", "patch", "delete")
MOST_DESCRIPTION = 600
MOST_SUMMARY = 300


@dataclass(frozen=True)
class Choice:
    """Which operations are wanted: any of each kind that is given. ``paths`` and ``operations`` are patterns with
    ``*`` and ``?``; ``operations`` are compared with ids and with ``GET /path``. ``deprecated`` ones are left out
    unless wanted."""

    tags: Sequence[str] = ()
    paths: Sequence[str] = ()
    methods: Sequence[str] = ()
    operations: Sequence[str] = ()
    deprecated: bool = False

    def leaves_out(self, operation: _Operation) -> str | None:
        """Why an operation is left out, if it is."""
        if self.tags and not set(self.tags) & set(operation.tags):
            return "tag"
        if self.paths and not any(fnmatchcase(operation.path, pattern) for pattern in self.paths):
            return "path"
        if self.methods and operation.method not in {method.lower() for method in self.methods}:
            return "method"
        called = (operation.id or "", operation.origin)
        if self.operations and not any(
            fnmatchcase(name, pattern) for pattern in self.operations for name in called
        ):
            return "operation"
        return "deprecated" if operation.is_deprecated and not self.deprecated else None


@dataclass(frozen=True)
class _Operation:
    path: str
    method: str
    item: Mapping[str, Json]
    said: Mapping[str, Json]

    @property
    def origin(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def id(self) -> str | None:
        given = self.said.get("operationId")
        return given if isinstance(given, str) and given.strip() else None

    @property
    def tags(self) -> list[str]:
        tags = self.said.get("tags")
        return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []

    @property
    def is_deprecated(self) -> bool:
        return self.said.get("deprecated") is True

    @property
    def parameters(self) -> list[Json]:
        """The path's first, so that the operation's own win."""
        both = (self.item.get("parameters", []), self.said.get("parameters", []))
        if not all(isinstance(each, list) for each in both):
            raise Refused("malformed", "Its parameters are no list.")
        return [*both[0], *both[1]]


def read(
    root: Json,
    choice: Choice | None = None,
    *,
    prefix: str = "",
    known: Mapping[str, str] | None = None,
    rooms: tuple[Room, Room] | None = None,
    address: str = "",
) -> Imported:
    """The services of a document. ``known``: names by operation (``GET /path``) from an import before; ``rooms``:
    for inputs and outputs; ``address``: where the document came from, for servers given relative to it. Raises
    :class:`ImportFailed` for what is no OpenAPI 3 document."""
    choice, refusals = choice or Choice(), list[Refusal]()
    document = Document(root, is_3_0=_version(root).startswith("3.0"))
    operations = list(_operations(document, refusals))
    left_out: Counter[str] = Counter()
    wanted: list[_Operation] = []
    for operation in operations:
        reason = choice.leaves_out(operation)
        if reason:
            left_out[reason] += 1
        else:
            wanted.append(operation)
    # Names are of all operations: a filter changes none.
    named = [Named(each.origin, each.id, f"{each.method}{each.path}") for each in operations]
    names = names_for(named, prefix=prefix, known=known)
    reader, services = Reader(document), list[Service]()
    for operation in wanted:
        try:
            services.append(_service(document, reader, operation, names[operation.origin], rooms))
        except Refused as refused:
            refusals.append(Refusal(operation.origin, refused.code, refused.reason))
    return Imported(
        title=plain(_info(root).get("title"), 200),
        total=len(operations) + sum(1 for each in refusals if each.code == "path_reference"),
        services=services,
        refusals=refusals,
        left_out=left_out,
        names=frozenset(names.values()),
        reached_at={"base_url": base_url(root, address)},
    )


def _service(
    document: Document, reader: Reader, operation: _Operation, name: str, rooms: tuple[Room, Room] | None
) -> Service:
    if operation.method not in CALLED:
        raise Refused("method", f"It is called with {operation.method.upper()}: only {', '.join(CALLED)} are.")
    annotations = annotations_of(operation.method, dict(operation.said))
    inputs = inputs_of(document, reader, operation.parameters, operation.said.get("requestBody"))
    output = output_of(document, reader, operation.said.get("responses"), method=operation.method)
    binding: dict[str, Json] = {
        "kind": "http",
        "operation": operation.origin,
        "method": operation.method.upper(),
        "path": operation.path,
        "inputs": inputs.places,
        "output": output.binding,
    }
    if inputs.body is not None:
        binding["body"] = inputs.body
    return made(
        name=name,
        origin=operation.origin,
        description=_description(operation),
        inputs=(reader, inputs.schema),
        outputs=(reader, output.schema),
        annotations=annotations,
        binding=binding,
        notes=[*inputs.notes, *output.notes],
        is_certain=output.is_certain,
        rooms=rooms,
    )


def _description(operation: _Operation) -> str:
    summary = plain(operation.said.get("summary"), MOST_SUMMARY) or plain(
        operation.item.get("summary"), MOST_SUMMARY
    )
    told = plain(operation.said.get("description"), MOST_DESCRIPTION)
    return joined(summary, told, MOST_DESCRIPTION) or f"{operation.origin} {operation.id or ''}".strip()


def _operations(document: Document, refusals: list[Refusal]) -> Iterator[_Operation]:
    paths = document.root.get("paths", {})
    if not isinstance(paths, dict):
        raise ImportFailed('The "paths" of the document are no object.')
    for path, item in paths.items():
        if str(path).startswith("x-"):
            continue
        try:
            item = _whole(document, item)
        except Refused as refused:
            refusals.append(Refusal(f"* {path}", "path_reference", refused.reason))
            continue
        for method in METHODS:
            said = item.get(method)
            if said is None:
                continue
            try:
                said = document.follow(said)
                if not isinstance(said, dict):
                    raise Refused("path_reference", "It is no object.")
            except Refused as refused:
                refusals.append(Refusal(f"{method.upper()} {path}", "path_reference", refused.reason))
                continue
            yield _Operation(path, method, item, said)


def _whole(document: Document, item: Json) -> Mapping[str, Json]:
    """A path's operations with those that it refers to; its own win."""
    referred = document.follow(item)
    if not isinstance(referred, dict) or not isinstance(item, dict):
        raise Refused("malformed", "The path is no object.")
    return {**referred, **{key: value for key, value in item.items() if key != "$ref"}}


def _version(root: Json) -> str:
    if not isinstance(root, dict):
        raise ImportFailed("The document is no object: an OpenAPI document begins with its version and paths.")
    if "swagger" in root:
        raise ImportFailed(
            f"The document is Swagger {str(root['swagger'])[:10]}: OpenAPI 3.0 and 3.1 are read. Convert it "
            "first, for example with swagger2openapi or the Swagger editor."
        )
    version = root.get("openapi")
    if isinstance(version, int | float) and not isinstance(version, bool):
        version = str(version)  # YAML without quotes
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1", "3.2")):
        said = f"says {version[:20]!r}" if isinstance(version, str) else "does not say that it is one"
        raise ImportFailed(f'OpenAPI 3.0 and 3.1 are read; the document {said} under "openapi".')
    return version


def _info(root: Json) -> Mapping[str, Json]:
    info = root.get("info")
    return info if isinstance(info, dict) else {}


def base_url(root: Json, address: str = "") -> str:
    """The first server that the document names, its variables as they are by default."""
    servers = root.get("servers")
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = first.get("url", "")
    if not isinstance(url, str):
        return ""
    variables = first.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        if isinstance(variable, dict):
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return urljoin(address, url) if address else url
