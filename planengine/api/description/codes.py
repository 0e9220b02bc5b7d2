"""The codes of problems: what each means, and which an operation may answer with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from orra.base.strictjson import Json


class Code(NamedTuple):
    """The HTTP status that a code comes with, and when it comes."""

    status: int
    when: str


OF_TEXT: Final = {
    "invalid_json": Code(400, "The body is not JSON in UTF-8."),
    "duplicate_key": Code(400, "A key appears twice in one object."),
    "invalid_text": Code(400, "A text holds NUL or half of a character."),
    "json_too_deep": Code(400, "The body is nested too deep."),
    "number_too_large": Code(400, "A number has too many digits."),
    "number_too_precise": Code(400, "A number cannot be kept exactly."),
    "body_not_an_object": Code(400, "The body is not a JSON object."),
    "unknown_member": Code(400, "A member is not known here; perhaps it is misspelt."),
    "body_too_large": Code(413, "The body is larger than is taken."),
    "unsupported_media_type": Code(415, "The body's Content-Type is not taken."),
    "unsupported_content_encoding": Code(415, "The body is compressed."),
    "body_too_slow": Code(408, "The body did not arrive in time."),
}
OF_MEMBERS: Final = {
    "invalid": Code(400, "A value cannot be read, or members are wrong in several ways: see `problems`."),
    "required": Code(400, "A member is missing."),
    "null": Code(400, "A member must not be null."),
    "blank": Code(400, "A text is empty."),
    "empty": Code(400, "A list is empty."),
    "not_a_list": Code(400, "A member is not a list."),
    "overflow": Code(400, "A number is beyond what is read."),
    "wrong_type": Code(400, "A member is of another JSON type."),
    "invalid_choice": Code(400, "A value is none of those that are possible."),
    "max_length": Code(400, "A text or list is too long."),
    "min_length": Code(400, "A text or list is too short."),
    "max_value": Code(400, "A number is too large."),
    "min_value": Code(400, "A number is too small."),
}
OF_REQUESTS: Final = {
    "action_missing": Code(400, "There is no `action`."),
    "action_not_text": Code(400, "The `action` is not text."),
    "action_empty": Code(400, "The `action` is empty."),
    "action_too_long": Code(413, "The `action` is too long: long values belong into `params`."),
    "params_wrong_type": Code(400, "The `params` are neither a list nor an object."),
    "param_malformed": Code(400, "A param is not an object of `field` and `value`."),
    "field_malformed": Code(400, "A param's name is empty, too long or has characters that nobody sees."),
    "duplicate_field": Code(400, "A field appears twice in `params`."),
    "too_many_params": Code(400, "There are too many `params`."),
    "params_too_large": Code(413, "The `params` are too large."),
}
OF_PLAN_REQUESTS: Final = {
    **OF_REQUESTS,
    "cache_mode_unknown": Code(400, "`cache` is none of the modes."),
    "wait_seconds_invalid": Code(400, "`wait_seconds` is no number in its range."),
}
OF_SERVICES: Final = {
    **OF_MEMBERS,
    "invalid_service_name": Code(400, "A service cannot have this name."),
    "invalid_schema": Code(400, "A schema is none, or more than is read of one."),
    "invalid_annotations": Code(400, "The annotations are not MCP's."),
    "invalid_examples": Code(400, "An example does not fit the service's inputs."),
    "invalid_capabilities": Code(400, "The capabilities are not a list of short texts."),
}
OF_NEW_KEYS: Final = {
    **OF_MEMBERS,
    "expires_in_the_past": Code(400, "A key cannot expire before now."),
}
OF_QUERIES: Final = {
    "unknown_parameter": Code(400, "A parameter of the query is not known here; perhaps it is misspelt."),
    "invalid_filter": Code(400, "A filter is given twice, or is not a value that it takes."),
    "invalid_text": OF_TEXT["invalid_text"],
}
OF_LISTS: Final = {
    **OF_QUERIES,
    "invalid_limit": Code(400, "`limit` is no number in its range."),
    "invalid_cursor": Code(400, "The `cursor` is none that a list gave out."),
}
WITH_A_KEY: Final = {
    "missing_api_key": Code(401, "There is no API key."),
    "invalid_api_key": Code(401, "The API key is not known."),
    "api_key_revoked": Code(401, "The API key was revoked."),
    "api_key_expired": Code(401, "The API key has expired."),
}
WITH_A_SCOPE: Final = {
    "insufficient_scope": Code(403, "The API key is not for this: the header names the scope that is missing."),
}
ALWAYS: Final = {
    "bad_request": Code(400, "The address or a header cannot be read."),
    "internal_error": Code(500, "The plan engine itself failed; its log has the details."),
    "database_unreachable": Code(503, "The database cannot be reached now."),
}
NOT_FOUND: Final = {
    "not_found": Code(404, "There is none, or it belongs to another project."),
    "no_such_path": Code(404, "There is no such path."),
}
OWN: Final[Mapping[str, Mapping[str, Code]]] = {
    "create_project": {
        **OF_MEMBERS,
        "operator_token_required": Code(401, "Making a project takes the operator's token here."),
    },
    "update_project": {
        **OF_MEMBERS,
        "no_check_model": Code(400, "The installation has no model for `model_check`."),
    },
    "create_api_key": OF_NEW_KEYS,
    "rotate_api_key": {
        **OF_NEW_KEYS,
        "api_key_not_active": Code(409, "The API key is revoked or has expired: make a new one."),
    },
    "revoke_api_key": {"last_api_key": Code(409, "It is the project's last active key.")},
    "put_service": OF_SERVICES,
    "dry_run_service": OF_SERVICES,
    "put_services": {
        **OF_SERVICES,
        "duplicate_service": Code(400, "Two services have the same name."),
        "services_refused": Code(
            400, "Some of the services are refused, so none is stored: `problems` tells which."
        ),
    },
    "put_grounding": {
        "invalid_grounding": Code(400, "The grounding is wrong: `problems` tells all that is."),
        "invalid_grounding_name": Code(400, "A grounding cannot have this name."),
        **OF_QUERIES,
        "invalid_yaml": Code(400, "The body is not YAML, or more of it than is read."),
        "too_many_groundings": Code(409, "The project has as many groundings as it may have."),
        "yaml_too_deep": Code(400, "The YAML is nested too deep."),
        "grounding_too_large": Code(413, "The grounding is too large."),
        "grounding_version_conflict": Code(409, "This version says something else already."),
    },
    "delete_grounding": OF_QUERIES,
    "create_plan": {
        **OF_PLAN_REQUESTS,
        "invalid_idempotency_key": Code(400, "The `Idempotency-Key` is empty, too long or not printable ASCII."),
        "idempotency_key_reused": Code(422, "The `Idempotency-Key` was used for another request."),
        "too_many_waiting": Code(429, "Too many of the project's plans are unfinished: see `Retry-After`."),
    },
    "explain_cache": OF_PLAN_REQUESTS,
    "replay_cache_entry": {
        **OF_REQUESTS,
        "no_plan_to_replay": Code(409, "The entry is a refusal or a plan that was found wrong."),
    },
    "listen_to_plan": {"invalid_last_event_id": Code(400, "`Last-Event-ID` is no event's id.")},
    "report_plan": {
        **OF_MEMBERS,
        "no_plan_to_report": Code(409, "The plan is not ready, so there is nothing to report."),
    },
    "purge_cache_entries": {"service_missing": Code(400, "The query does not say of which service.")},
}
# Of methods that there are not, and of `/mcp`, which no operation answers with.
ELSEWHERE: Final = {
    "origin_not_allowed": Code(403, "A page from there may not ask; the operator allows it."),
    "plan_id_missing": Code(400, "The tool takes a plan's id."),
    "method_not_allowed": Code(405, "The path does not take this method."),
}


def codes_of(operation: Mapping[str, Json]) -> dict[str, Code]:
    """What an operation may answer with, by its own description: whether it takes a key, a body, a name in its
    path, filters."""
    parameters = operation.get("parameters", [])
    in_query = {each["name"] for each in parameters if each["in"] == "query"}
    found = dict(ALWAYS)
    if any("apiKey" in each for each in operation.get("security", [])):
        found |= WITH_A_KEY
    if any(each.get("apiKey") for each in operation.get("security", [])):
        found |= WITH_A_SCOPE
    if any(each["in"] == "path" for each in parameters):
        found |= NOT_FOUND
    if in_query:
        found |= OF_LISTS if "cursor" in in_query else OF_QUERIES
    if "requestBody" in operation:
        found |= OF_TEXT
    return {**found, **OWN.get(operation["operationId"], {})}


def every_code() -> Iterator[tuple[str, Code]]:
    """Each once."""
    kinds = (
        ALWAYS,
        WITH_A_KEY,
        WITH_A_SCOPE,
        NOT_FOUND,
        OF_TEXT,
        OF_MEMBERS,
        OF_QUERIES,
        OF_LISTS,
        *OWN.values(),
        ELSEWHERE,
    )
    yield from {name: code for kind in kinds for name, code in kind.items()}.items()
