"""The page of errors has every code that stands in the source, and none that does not."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache

from planengine.api.codes import OF_MEMBERS, every_code
from planengine.api.plan_codes import OF_DRAFTS, OF_PLANS
from tests.deploy.compositions import ROOT
from tests.docs.error_page import PAGE, page

# Codes of errors that never leave the engine, or are a command's.
INTERNAL = {"", "no_plan", "plan_too_large", "invalid_recipe", "invalid_template", "reembedding_busy", "locked"}
# Codes of what only the admin's pages refuse, which say why.
OF_THE_ADMIN = {
    "changed_since_the_run",
    "embedding_unavailable",
    "name_taken",
    "not_an_example",
    "nothing_saved",
    "nothing_to_expect",
    "run_unfinished",
    "saved_request_gone",
    "too_many_saved_requests",
    "votes_already",
}
# Codes of the web framework's own, by its names for them.
FRAMEWORK = {
    *OF_MEMBERS,
    "method_not_allowed",
    "unsupported_media_type",
    "not_found",
    "parse_error",
    "permission_denied",
    "throttled",
}
FIRST_ARGUMENT = {"Problem", "Failure", "InvalidJson"}


def test_the_page_is_what_the_codes_say() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.docs.error_page`"


def test_every_code_of_the_source_is_told() -> None:
    told = dict(every_code()).keys() | OF_PLANS.keys() | OF_DRAFTS.keys()
    found = codes_of_the_source()
    assert len(found) > 80
    assert found - told - INTERNAL - OF_THE_ADMIN == set()


def test_no_code_is_told_that_the_source_does_not_have() -> None:
    written = {text for tree in trees() for text in _texts(ast.walk(tree))}
    told = dict(every_code()).keys() | OF_PLANS.keys() | OF_DRAFTS.keys()
    assert told - written - FRAMEWORK == set()


def codes_of_the_source() -> set[str]:
    return {code for tree in trees() for node in ast.walk(tree) for code in _codes(node)}


@cache
def trees() -> list[ast.Module]:
    files = [file for package in ("orra", "planengine", "cache") for file in (ROOT / package).rglob("*.py")]
    files = [file for file in files if file != ROOT / "planengine/api/codes.py"]
    return [ast.parse(file.read_text()) for file in files if "migrations" not in file.parts]


def _codes(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call():
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            given += node.args[:1] if name in FIRST_ARGUMENT else node.args[1:2] if name == "problem" else []
            yield from _texts(given)
        case ast.FunctionDef():
            named = [*zip(node.args.args[::-1], node.args.defaults[::-1], strict=False)]
            own = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from _texts([default for name, default in [*named, *own] if name.arg == "code"])
        case ast.ClassDef():
            lines = [line for line in node.body if isinstance(line, ast.Assign)]
            yield from _texts([line.value for line in lines if getattr(line.targets[0], "id", "") == "code"])


def _texts(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
