"""A file with the bindings of an import: what calls its services, and what the next import compares with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from orra_client.imports.services import Imported, ImportFailed, Json

FORMAT = 1
_KINDS = {"http": ("operation", "method", "path", "inputs", "output"), "mcp": ("tool", "output")}


@dataclass(frozen=True)
class Bindings:
    """``server``: where the services are, ``{"base_url"}``, or ``{"command"}`` or ``{"url"}`` of an MCP server.
    ``services``: a binding by service name."""

    server: Mapping[str, Json] = field(default_factory=dict)
    services: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return str(self.server.get("base_url", ""))

    @property
    def known_names(self) -> dict[str, str]:
        """The name of a service by its operation or tool."""
        return {str(each.get("operation") or each.get("tool")): name for name, each in self.services.items()}


def bindings_of(imported: Imported) -> Bindings:
    return Bindings(imported.reached_at, {each.name: each.binding for each in imported.services})


def dump(bindings: Bindings) -> str:
    """As JSON, by name, so that two versions of a file can be compared."""
    value = {
        "orra_bindings": FORMAT,
        "server": dict(bindings.server),
        "services": {name: bindings.services[name] for name in sorted(bindings.services)},
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def load(text: str) -> Bindings:
    """Raises :class:`ImportFailed` for what is no file of bindings."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ImportFailed("The file of bindings is no JSON.") from None
    if not isinstance(value, dict) or value.get("orra_bindings") != FORMAT:
        raise ImportFailed(f'The file is none of bindings: it must say "orra_bindings": {FORMAT}.')
    server, services = value.get("server", {}), value.get("services", {})
    if not isinstance(server, dict) or not isinstance(services, dict):
        raise ImportFailed('The "server" and "services" of a file of bindings must be objects.')
    for name, binding in services.items():
        kind = binding.get("kind") if isinstance(binding, dict) else None
        if kind not in _KINDS or any(member not in binding for member in _KINDS[kind]):
            raise ImportFailed(f"The file of bindings has no whole binding for {name[:80]!r}.")
    return Bindings(server, services)
