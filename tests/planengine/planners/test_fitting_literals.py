from __future__ import annotations

import pytest

from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.planners.wiring.literals import fitting_literals
from tests.planengine.shop import a_service


@pytest.mark.parametrize(
    ("action", "takes", "values"),
    [
        ("Refund 12,50 EUR of it", {"type": "number"}, [12.5]),
        ("Refund 5k EUR of it", {"type": "number"}, [5000]),
        ("Refund 1.234 of it", {"type": "number"}, []),
        ("Refund 1 500 EUR of it", {"type": "number"}, []),
        ("Refund 0.1234567890123456789 of it", {"type": "number"}, []),
        ("Come on May 6, 2031", {"type": "string"}, ["May 6, 2031"]),
    ],
)
def test_only_what_is_clear_is_offered(action: str, takes: Json, values: list[Json]) -> None:
    field = a_service("take", {"a": takes}, {}).inputs.field("a")
    assert field is not None
    assert [found.value for found in fitting_literals(make_template(action, {}), field)] == values
