"""A running stack as an MCP server, spoken with by the official SDK's client, in both manners of the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx2 import AsyncClient
from mcp import MCPError
from mcp.client import Client as Agent
from mcp.client.streamable_http import streamable_http_client

from tests.live.client import Client, until
from tests.live.conftest import Shop

pytestmark = pytest.mark.live

MODES = ("legacy", "auto")
REFUND = {"action": "Refund order ORD-17", "params": {"order_id": "ORD-17"}}


@asynccontextmanager
async def speaking(client: Client, *, mode: Any = "auto", key: str | None = None) -> AsyncIterator[Agent]:
    headers = {"Authorization": f"Bearer {client.key if key is None else key}"}
    async with AsyncClient(headers=headers, timeout=120) as http:
        transport = streamable_http_client(f"{client.url}/mcp", http_client=http)
        async with Agent(transport, mode=mode, cache=None) as agent:
            yield agent


def with_agent(client: Client, said: Callable[[Agent], Awaitable[Any]], **how: Any) -> Any:
    async def speak() -> Any:
        async with speaking(client, **how) as agent:
            return await said(agent)

    try:
        return asyncio.run(speak())
    except BaseExceptionGroup as error:  # the client's tasks each wrap what went wrong
        raise _innermost(error) from None


def _innermost(error: BaseException) -> BaseException:
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_plans_reads_explains_and_reports(shop: Shop, mode: str) -> None:
    async def said(agent: Agent) -> None:
        tools = {tool.name: tool for tool in (await agent.list_tools()).tools}
        assert set(tools) == {"plan", "get_plan", "explain", "report_wrong_plan"}
        assert tools["explain"].annotations is not None and tools["explain"].annotations.read_only_hint

        made = await agent.call_tool("plan", REFUND)
        plan: Any = made.structured_content
        assert not made.is_error and plan["status"] == "ready"
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": "ORD-17"}
        again: Any = (await agent.call_tool("plan", REFUND)).structured_content
        assert again["source"] == "exact"
        explained: Any = (await agent.call_tool("explain", REFUND)).structured_content
        assert explained["decision"] == "exact"

        [template] = (await agent.list_resource_templates()).resource_templates
        assert template.uri_template == "orra://plans/{plan_id}"
        listed = [each.name for each in (await agent.list_resources()).resources]
        assert listed == [again["id"], plan["id"]]
        [content] = (await agent.read_resource(f"orra://plans/{plan['id']}")).contents
        assert json.loads(getattr(content, "text", ""))["attempts"][0]["planner"]

        await agent.call_tool("report_wrong_plan", {"plan_id": plan["id"], "note": "not this one"})
        explained = (await agent.call_tool("explain", REFUND)).structured_content
        assert explained["decision"] == "miss"

    with_agent(shop.client, said, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_errors_say_what_to_do(shop: Shop, mode: str) -> None:
    plan = shop.client.ask(REFUND["action"], order_id="ORD-17")[1]  # type: ignore[arg-type]
    stranger = shop.another_project({})

    async def said(agent: Agent) -> None:
        for tool, arguments, told in (
            ("plan", {"action": " "}, "`action` is empty"),
            ("plan", {"action": "Refund", "cache": "only"}, "Send the request with `cache`: `use`"),
            ("get_plan", {"plan_id": plan["id"]}, "belongs to another project"),
        ):
            answer = await agent.call_tool(tool, arguments)
            assert answer.is_error and told in getattr(answer.content[0], "text", "")
        for ask in (
            agent.call_tool("paint", {}),
            agent.read_resource(f"orra://plans/{plan['id']}"),
            agent.list_resources(cursor="nonsense"),
        ):
            with pytest.raises(MCPError):
                await ask
        assert (await agent.list_resources()).resources != []

    with_agent(stranger, said, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_key_is_refused(shop: Shop, mode: str) -> None:
    with pytest.raises(MCPError, match="This API key is not known"):
        with_agent(shop.client, lambda agent: agent.list_tools(), mode=mode, key="sk-orra-v1-wrong")


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_plan_tells_its_progress(shop: Shop, mode: str) -> None:
    shop.model.may_answer.clear()
    told: list[str] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")
        if "attempt started" in told[-1]:
            shop.model.may_answer.set()

    answer = with_agent(
        shop.client,
        lambda agent: agent.call_tool("plan", {**REFUND, "wait_seconds": 60}, progress_callback=heard),
        mode=mode,
    )

    assert answer.structured_content["status"] == "ready"
    assert told[0] == "queued" and told[1].startswith("cache: miss")


@pytest.mark.parametrize("heard", [True, False])
def test_a_plan_that_takes_too_long_is_asked_for_again(shop: Shop, heard: bool) -> None:
    shop.model.may_answer.clear()

    async def ignored(progress: float, total: float | None, message: str | None) -> None:
        pass

    async def said(agent: Agent) -> Any:
        asked = {**REFUND, "wait_seconds": 0.2}
        late: Any = await agent.call_tool("plan", asked, progress_callback=ignored if heard else None)
        assert late.structured_content["status"] in ("pending", "planning") and not late.is_error
        shop.model.may_answer.set()
        plan_id = late.structured_content["id"]
        await asyncio.to_thread(
            until, lambda: shop.client.request("GET", f"/v1/plans/{plan_id}")[1]["status"] == "ready"
        )
        return (await agent.call_tool("get_plan", {"plan_id": plan_id})).structured_content

    assert with_agent(shop.client, said)["status"] == "ready"


def test_agents_that_wait_hold_no_thread(shop: Shop) -> None:
    """More than a process has threads for, and another is answered at once."""
    shop.model.may_answer.clear()

    async def said(agent: Agent) -> Any:
        asked = [
            agent.call_tool("plan", {"action": f"Refund the order {number}", "wait_seconds": 60})
            for number in range(40)
        ]
        waiting = asyncio.gather(*asked)
        while len((await agent.list_resources()).resources) < len(asked):
            await asyncio.sleep(0)
        assert not waiting.done()
        shop.model.may_answer.set()
        return await waiting

    outcomes = with_agent(shop.client, said)

    assert len({answer.structured_content["id"] for answer in outcomes}) == 40
