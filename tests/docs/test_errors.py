"""The page of errors has every code that stands in the source, and none that does not."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import get_args

from cache.reasons import GUARDS, REASONS, Guard, Reason
from planengine.api.description.codes import OF_MEMBERS, every_code
from planengine.api.description.plan_codes import OF_DECISIONS, OF_DRAFTS, OF_GROUNDINGS, OF_GUARDS, OF_PLANS
from planengine.grounding.checks import RULES
from tests.deploy.compositions import ROOT
from tests.docs.error_page import PAGE, page

# Codes of errors that never leave the engine, or are a command's.
INTERNAL = {"", "no_plan", "plan_too_large", "invalid_recipe", "invalid_template", "reembedding_busy", "locked"}
# Codes of what only the admin's pages refuse, which say why.
OF_THE_ADMIN = {
    "changed_since_the_run",
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
# The table of codes itself, and what names tensors where others name codes.
WITHOUT_CODES = {"planengine/api/description/codes.py", "planengine/embeddings/graph.py"}


def test_the_page_is_what_the_codes_say() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.docs.error_page`"


def test_every_code_of_the_source_is_told() -> None:
    found = codes_of_the_source()
    assert len(found) > 140
    assert found - told() - INTERNAL - OF_THE_ADMIN == set()


def test_no_code_is_told_that_the_source_does_not_have() -> None:
    written = {text for tree in trees() for text in _texts(ast.walk(tree))}
    assert told() - written - FRAMEWORK - {*RULES.values()} == set()


def test_every_word_of_the_cache_is_told() -> None:
    """The types hold what it says to these words."""
    assert {*get_args(Reason)} == {*REASONS}
    assert {*get_args(Guard)} == {*GUARDS}


def told() -> set[str]:
    return {*dict(every_code()), *OF_PLANS, *OF_DRAFTS, *OF_GROUNDINGS, *OF_DECISIONS, *OF_GUARDS}


def codes_of_the_source() -> set[str]:
    modules = [(tree, constants_of(tree)) for tree in trees()]
    found = {code for tree, constants in modules for node in ast.walk(tree) for code in _codes(node, constants)}
    return found | {*RULES.values()}


@cache
def trees() -> list[ast.Module]:
    files = [file for package in ("orra", "planengine", "cache") for file in (ROOT / package).rglob("*.py")]
    files = [file for file in files if file.relative_to(ROOT).as_posix() not in WITHOUT_CODES]
    return [ast.parse(file.read_text()) for file in files if "migrations" not in file.parts]


@cache
def places() -> Mapping[str, set[int]]:
    """Where functions and classes take a ``code``, by their names."""
    found = defaultdict(set)
    for node in (node for tree in trees() for node in ast.walk(tree)):
        if "code" in (names := _taken_by(node)):
            found[node.name].add(names.index("code"))  # type: ignore[attr-defined]
    return found


def _taken_by(node: ast.AST) -> list[str]:
    """What a function takes; what a class takes when one is made of it."""
    match node:
        case ast.FunctionDef() if node.name != "__init__":
            return [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
        case ast.ClassDef():
            made = (each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
            if (making := next(made, None)) is not None:
                return [each.arg for each in making.args.args[1:]]
            return [getattr(each.target, "id", "") for each in node.body if isinstance(each, ast.AnnAssign)]
    return []


def constants_of(tree: ast.Module) -> Mapping[str, ast.expr]:
    """A module's own constants, and those that it imports."""
    imports = [each for each in tree.body if isinstance(each, ast.ImportFrom)]
    imported = {each.name for line in imports for each in line.names}
    others = (each for other in trees() for each in _own_constants(other).items())
    return {**{name: value for name, value in others if name in imported}, **_own_constants(tree)}


@cache
def _own_constants(tree: ast.Module) -> Mapping[str, ast.expr]:
    lines = (line for line in tree.body if isinstance(line, ast.Assign))
    return dict(each for line in lines for target in line.targets for each in _assigned(target, line.value))


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for its_target, its_value in zip(target.elts, value.elts, strict=True):
            yield from _assigned(its_target, its_value)
    elif isinstance(target, ast.Name):
        yield target.id, value


def _codes(node: ast.AST, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    match node:
        case ast.Call():
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            given += [node.args[place] for place in places().get(name, ()) if place < len(node.args)]
            yield from _texts(constants.get(getattr(each, "id", ""), each) for each in given)
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
