"""Where the demo says that `make up` will be."""

import pytest

from orra.demo.engine import Engine


@pytest.mark.parametrize(("port", "later"), [("", 8005), ("0", 8005), (" 8123 ", 8123), (None, 8005)])
def test_a_stack_started_for_the_demo_is_to_be_had_again_where_make_up_listens(
    monkeypatch: pytest.MonkeyPatch, port: str | None, later: int
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    if port is not None:
        monkeypatch.setenv("PORT", port)

    assert Engine("http://127.0.0.1:40453", started_here=True).later_url == f"http://127.0.0.1:{later}"
    assert Engine("http://127.0.0.1:40453", started_here=False).later_url == "http://127.0.0.1:40453"
