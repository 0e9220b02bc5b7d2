"""A grounding as somebody wrote it, in JSON or YAML, read and checked."""

from __future__ import annotations

import re

from orra.base import strictjson, strictyaml
from orra.base.strictjson import InvalidJson, Json
from planengine.exceptions import BadRequest
from planengine.grounding.constraints import read_constraints
from planengine.grounding.contradictions import contradictions
from planengine.grounding.faults import Faults
from planengine.grounding.specs import GroundingSpec, Mode
from planengine.grounding.use_cases import read_use_cases

MAX_BYTES = 256 * 1024
MAX_DEPTH = strictyaml.MAX_DEPTH
MAX_DOMAIN_CHARACTERS = 200
NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
NAME = re.compile(NAME_PATTERN.replace("$", r"\Z"))  # in Python, $ would let a line end pass
NAME_RULE = "A grounding's name is 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit."
VERSION_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$"
VERSION = re.compile(VERSION_PATTERN.replace("$", r"\Z"))
MEMBERS = ("name", "domain", "version", "mode", "use_cases", "constraints")

_OTHER_SPELLING = "useCases"


def parse_document(body: bytes, *, yaml: bool) -> Json:
    """The JSON value that a document writes. Raises :class:`BadRequest`: 413 if it is too large."""
    if len(body) > MAX_BYTES:
        raise BadRequest(
            f"The grounding is larger than {MAX_BYTES // 1024} KiB. Split it by domain: each has its own name.",
            code="grounding_too_large",
            status=413,
        )
    try:
        if yaml:
            return strictyaml.parse(body, max_depth=MAX_DEPTH)
        return strictjson.parse(body, max_depth=MAX_DEPTH)
    except InvalidJson as error:
        raise BadRequest(str(error), code=error.code) from None


def parse_either(text: str) -> Json:
    """The JSON value that a text writes in JSON or YAML, whichever it is. Raises :class:`BadRequest`."""
    body = text.encode("utf-8", "surrogatepass")
    if not text.lstrip().startswith("{"):
        return parse_document(body, yaml=True)
    try:
        return parse_document(body, yaml=False)
    except BadRequest as error:
        try:
            return parse_document(body, yaml=True)
        except BadRequest:
            raise error from None


def read_grounding(name: str, given: Json) -> GroundingSpec:
    """The grounding of that name that ``given`` says. Raises :class:`BadRequest`, as
    :class:`~planengine.exceptions.GroundingInvalid` with everything that is wrong."""
    if not NAME.match(name):
        raise BadRequest(NAME_RULE, code="invalid_grounding_name")
    if not isinstance(given, dict):
        raise BadRequest(
            "Send an object with `domain`, `version` and `use_cases`, as JSON or YAML.", code="body_not_an_object"
        )
    faults = Faults()
    faults.members("", given, (*MEMBERS, _OTHER_SPELLING))
    if "use_cases" in given and _OTHER_SPELLING in given:
        faults.add(_OTHER_SPELLING, "duplicate", "It is `use_cases` in another spelling: give one of them.")
    if given.get("name", name) != name:
        faults.add("name", "other_name", f"It is not {name!r}, the name that the grounding is applied to.")
    use_cases = given.get("use_cases", given.get(_OTHER_SPELLING))
    constraints, rules = read_constraints(given.get("constraints"), faults)
    spec = GroundingSpec(
        name=name,
        domain=_domain(given, faults),
        version=_version(given, faults),
        mode=_mode(given, faults),
        use_cases=read_use_cases(use_cases, faults),
        constraints=constraints,
        rules=rules,
    )
    if use_cases is None or use_cases == []:
        faults.add(
            "use_cases",
            "missing",
            "There is no use case: none of the constraints would hold for anything.",
            'Give at least one: {"action": "Refund order {order_id}", "capabilities": ["refund an order"]}.',
        )
    if not faults:
        for place, message in contradictions(spec.use_cases, spec.rules):
            faults.add(
                place, "contradiction", message, "Change the use case or the rule: no plan can keep to both."
            )
    faults.raise_any()
    return spec


def _domain(given: dict[str, Json], faults: Faults) -> str:
    if "domain" not in given:
        faults.add(
            "domain", "missing", "It is missing.", 'Say what the grounding is about: "domain": "returns desk".'
        )
        return ""
    return faults.name("domain", given["domain"], MAX_DOMAIN_CHARACTERS)


def _version(given: dict[str, Json], faults: Faults) -> str:
    if "version" not in given:
        faults.add("version", "missing", "It is missing.", 'Give the grounding a version: "version": "1.0".')
        return ""
    before = len(faults)
    version = faults.name("version", given["version"])
    if len(faults) == before and not VERSION.match(version):
        faults.add(
            "version",
            "invalid_version",
            "It must be 1 to 64 letters, digits, `_`, `.`, `+` and `-`, the first a letter or digit.",
        )
    return version


def _mode(given: dict[str, Json], faults: Faults) -> Mode:
    mode = given.get("mode", Mode.ADVISORY.value)
    if mode in list(Mode):
        return Mode(mode)
    faults.add("mode", "invalid_choice", f"It must be one of {', '.join(Mode)}.")
    return Mode.ADVISORY
