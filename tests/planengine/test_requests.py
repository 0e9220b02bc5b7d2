from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import canonical
from planengine.exceptions import BadRequest
from planengine.requests import CACHE_MODES, PlanRequest, params_as_list, parse_params, parse_plan_request
from tests.orra.base.test_strictjson import values

anything = values | st.floats() | st.text()
fields = st.text(st.characters(categories=("L", "N", "Pc", "Pd")), min_size=1, max_size=20)


@given(anything)
def test_anything_is_a_request_or_a_bad_request(body: object) -> None:
    try:
        request = parse_plan_request(body)
    except BadRequest as error:
        assert error.code and error.message and 400 <= error.status < 500
    else:
        assert request.action and request.cache in CACHE_MODES


@given(
    st.fixed_dictionaries(
        {"action": st.just("x")}, optional={"params": anything, "cache": anything, "wait_seconds": anything}
    )
)
def test_any_params_are_taken_or_told(body: object) -> None:
    try:
        parse_plan_request(body)
    except BadRequest as error:
        assert error.pointer


@given(st.dictionaries(fields, values, max_size=5))
def test_a_list_and_an_object_say_the_same(params: dict[str, object]) -> None:
    as_object = parse_params(params)
    as_list = parse_params(params_as_list(params))

    assert canonical(as_object) == canonical(as_list) == canonical(params)
    assert list(as_object) == list(as_list) == list(params)


def test_requests_that_ask_for_the_same_have_one_digest() -> None:
    request = PlanRequest("Do it", {"a": 1, "b": 2})

    assert request.digest == PlanRequest("Do it", {"a": 1.0, "b": 2}, wait_seconds=5).digest
    assert request.digest != PlanRequest("Do it", {"a": 1, "b": 3}).digest
    assert request.digest != PlanRequest("Do it", {"a": 1, "b": 2}, cache="refresh").digest
    assert request.digest != PlanRequest("Do it now", {"a": 1, "b": 2}).digest
