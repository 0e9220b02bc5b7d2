"""What a client may ask for, checked for size, type and depth. Pure; the views and the admin both use it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from orra.base.strictjson import InvalidJson, Json, canonical, check, digest
from planengine.exceptions import BadRequest

MAX_ACTION_CHARACTERS = 8_000
MAX_PARAMS = 100
MAX_PARAMS_CHARACTERS = 200_000
MAX_FIELD_CHARACTERS = 200
MAX_WAIT_SECONDS = 60
MAX_IDEMPOTENCY_KEY_CHARACTERS = 255
CACHE_MODES = ("use", "bypass", "refresh", "only")
KNOWN_MEMBERS = ("action", "params", "cache", "wait_seconds")


@dataclass(frozen=True)
class PlanRequest:
    """``params`` keeps the order of the request; ``wait_seconds`` is how long the client waits for the outcome."""

    action: str
    params: Mapping[str, Json]
    cache: str = "use"
    wait_seconds: float = 0.0

    @property
    def digest(self) -> str:
        """Equal for requests that ask for the same: an ``Idempotency-Key`` belongs to one of these."""
        return digest([self.action, params_as_list(self.params), self.cache])


def parse_plan_request(body: Json) -> PlanRequest:
    """Raises :class:`BadRequest` with a code, a pointer to the fault and what to do."""
    if not isinstance(body, dict):
        raise BadRequest("Send a JSON object with an `action`.", code="body_not_an_object")
    for member in body:
        if member not in KNOWN_MEMBERS:
            known = ", ".join(KNOWN_MEMBERS)
            raise BadRequest(
                f"Unknown member {member[:80]!r}. Known are: {known}.",
                code="unknown_member",
                pointer=f"/{member[:80]}",
            )
    return PlanRequest(
        action=parse_action(body.get("action")),
        params=parse_params(body.get("params")),
        cache=_parse_cache_mode(body.get("cache", "use")),
        wait_seconds=_parse_wait(body.get("wait_seconds", 0)),
    )


def parse_action(action: Json) -> str:
    if action is None:
        raise BadRequest(
            "`action` is missing: say in words what is to be done.", code="action_missing", pointer="/action"
        )
    if not isinstance(action, str):
        raise BadRequest("`action` must be text.", code="action_not_text", pointer="/action")
    if not action.strip():
        raise BadRequest(
            "`action` is empty: say in words what is to be done.", code="action_empty", pointer="/action"
        )
    if len(action) > MAX_ACTION_CHARACTERS:
        raise BadRequest(
            f"`action` has {len(action):,} characters, {MAX_ACTION_CHARACTERS:,} is the most. "
            "Put long values into `params`.",
            code="action_too_long",
            status=413,
            pointer="/action",
        )
    _check_storable(action, "/action")
    return action


def parse_params(params: Json) -> dict[str, Json]:
    """``params`` as a list of ``{field, value}`` or as an object, to values by field."""
    if params is None:
        return {}
    if isinstance(params, dict):
        pairs = list(params.items())
    elif isinstance(params, list):
        pairs = [_parse_param(param, index) for index, param in enumerate(params)]
    else:
        raise BadRequest(
            "`params` must be a list of {field, value} or an object.", code="params_wrong_type", pointer="/params"
        )
    if len(pairs) > MAX_PARAMS:
        raise BadRequest(
            f"`params` has {len(pairs)} members, {MAX_PARAMS} is the most.",
            code="too_many_params",
            pointer="/params",
        )
    result: dict[str, Json] = {}
    for index, (name, value) in enumerate(pairs):
        if name in result:
            raise BadRequest(
                f"The field {name!r} appears twice in `params`.",
                code="duplicate_field",
                pointer=f"/params/{index}/field",
            )
        _check_field(name, index)
        result[name] = value
    _check_storable(result, "/params")
    if len(canonical(result)) > MAX_PARAMS_CHARACTERS:
        raise BadRequest(
            f"`params` is larger than {MAX_PARAMS_CHARACTERS:,} characters of JSON. Send a reference instead.",
            code="params_too_large",
            status=413,
            pointer="/params",
        )
    return result


def params_as_list(params: Mapping[str, Json]) -> list[Json]:
    """The form in which params are stored and shown."""
    return [{"field": name, "value": value} for name, value in params.items()]


def parse_idempotency_key(raw: str | None) -> str | None:
    """The key of the ``Idempotency-Key`` header, or ``None`` without one. Quotes around it are not part of it."""
    if raw is None:
        return None
    key = raw.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > MAX_IDEMPOTENCY_KEY_CHARACTERS or not all(" " <= letter <= "~" for letter in key):
        raise BadRequest(
            f"`Idempotency-Key` must be 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} printable ASCII characters.",
            code="invalid_idempotency_key",
        )
    return key


def _parse_param(param: Json, index: int) -> tuple[str, Json]:
    pointer = f"/params/{index}"
    if not isinstance(param, dict) or set(param) != {"field", "value"}:
        raise BadRequest(
            f"Param {index} must be an object with exactly `field` and `value`.",
            code="param_malformed",
            pointer=pointer,
        )
    if not isinstance(param["field"], str):
        raise BadRequest(f"The `field` of param {index} must be text.", code="param_malformed", pointer=pointer)
    return param["field"], param["value"]


def _check_field(name: str, index: int) -> None:
    clean = name.strip() == name and name and not any(unicodedata.category(letter) == "Cc" for letter in name)
    if not clean or len(name) > MAX_FIELD_CHARACTERS:
        raise BadRequest(
            f"The field of param {index} must be 1 to {MAX_FIELD_CHARACTERS} characters, no control characters "
            "and no spaces around it.",
            code="field_malformed",
            pointer=f"/params/{index}",
        )


def _parse_cache_mode(mode: Json) -> str:
    if not isinstance(mode, str) or mode not in CACHE_MODES:
        raise BadRequest(
            f"`cache` must be one of {', '.join(CACHE_MODES)}.", code="cache_mode_unknown", pointer="/cache"
        )
    return mode


def _parse_wait(seconds: Json) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise BadRequest(
            f"`wait_seconds` must be a number from 0 to {MAX_WAIT_SECONDS}.",
            code="wait_seconds_invalid",
            pointer="/wait_seconds",
        )
    return float(seconds)


def _check_storable(value: Json, pointer: str) -> None:
    try:
        check(value)
    except InvalidJson as error:
        raise BadRequest(str(error), code=error.code, pointer=pointer) from None
