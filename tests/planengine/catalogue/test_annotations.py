from __future__ import annotations

import pytest

from orra.base.strictjson import Json
from planengine.catalogue.annotations import HINTS, check_annotations
from planengine.catalogue.errors import AnnotationsInvalid
from tests.planengine.shop import TEXT, a_service


@pytest.mark.parametrize(
    ("annotations", "read_only", "destructive", "idempotent"),
    [
        ({}, False, True, False),
        ({"readOnlyHint": True}, True, False, True),
        ({"readOnlyHint": True, "destructiveHint": False}, True, False, True),
        ({"readOnlyHint": False}, False, True, False),
        ({"destructiveHint": False}, False, False, False),
        ({"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True}, False, True, True),
        ({"openWorldHint": False, "title": "Find"}, False, True, False),
    ],
)
def test_what_is_unknown_counts_as_the_worse_case(
    annotations: Json, read_only: bool, destructive: bool, idempotent: bool
) -> None:
    check_annotations(annotations)
    spec = a_service("find", {"id": TEXT}, {}, annotations=annotations)
    assert (spec.read_only, spec.destructive, spec.idempotent) == (read_only, destructive, idempotent)


@pytest.mark.parametrize(
    ("annotations", "path", "said"),
    [
        ([], "", "must be an object, not array"),
        ("readOnlyHint", "", "must be an object"),
        ({"readonlyHint": True}, "", "'readonlyHint' is unknown. Known are: readOnlyHint, destructiveHint,"),
        ({"\u202e{}" * 1000: True}, "", "is unknown"),
        ({"readOnlyHint": 1}, "/readOnlyHint", "true or false, not integer"),
        ({"readOnlyHint": "true"}, "/readOnlyHint", "true or false, not string"),
        ({"idempotentHint": None}, "/idempotentHint", "true or false, not null"),
        ({"title": True}, "/title", "must be text"),
        ({"title": "x" * 201}, "/title", "200 characters"),
        ({"readOnlyHint": True, "destructiveHint": True}, "", "leave out destructiveHint"),
    ],
)
def test_what_cannot_be_is_told(annotations: Json, path: str, said: str) -> None:
    with pytest.raises(AnnotationsInvalid, match=said) as caught:
        check_annotations(annotations)
    assert caught.value.path == path
    assert len(caught.value.message) < 300


def test_the_hints_are_those_of_mcp() -> None:
    assert list(HINTS) == ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]


def test_a_spec_s_annotations_are_its_own() -> None:
    given = {"readOnlyHint": True}
    spec = a_service("find", {"id": TEXT}, {}, annotations=given)
    given["readOnlyHint"] = False
    assert spec.read_only
    with pytest.raises(TypeError):
        spec.annotations["readOnlyHint"] = False  # type: ignore[index]


def test_a_digest_does_not_depend_on_them() -> None:
    plain = a_service("find", {"id": TEXT}, {})
    told = a_service("find", {"id": TEXT}, {}, annotations={"readOnlyHint": True}, examples=["Find {id}"])
    assert plain.digest == told.digest
