"""The engine's clients: :class:`Orra`, and :class:`AsyncOrra` for coroutines. Both are made of the same calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from orra_client import methods
from orra_client.base import READ_SECONDS, USUAL_RETRIES, Base
from orra_client.calls import cache, catalogue, plans, projects
from orra_client.calls.call import Call, Flow, Listing, Pause
from orra_client.events import Listening
from orra_client.exchange import NoReply, Reply, Retries, exchange
from orra_client.methods import Described
from orra_client.results.plans import Event

T = TypeVar("T")


class Orra(Base):
    """The client for ordinary code. It may be shared by threads; close it, or use it in a ``with`` statement.
    ``transport`` takes the network's place in tests."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = READ_SECONDS,
        retries: Retries = USUAL_RETRIES,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, api_key, timeout=timeout, retries=retries)
        self._http = httpx2.Client(transport=transport)

    create_project = methods.call(projects.create_project)
    get_project = methods.call(projects.get_project)
    update_project = methods.call(projects.update_project)
    list_api_keys = methods.listing(projects.list_api_keys)
    create_api_key = methods.call(projects.create_api_key)
    rotate_api_key = methods.call(projects.rotate_api_key)
    revoke_api_key = methods.call(projects.revoke_api_key)
    get_usage = methods.call(projects.get_usage)

    list_services = methods.listing(catalogue.list_services)
    get_service = methods.call(catalogue.get_service)
    put_service = methods.call(catalogue.put_service)
    put_services = methods.call(catalogue.put_services)
    dry_run_service = methods.call(catalogue.dry_run_service)
    delete_service = methods.call(catalogue.delete_service)
    list_groundings = methods.listing(catalogue.list_groundings)
    get_grounding = methods.call(catalogue.get_grounding)
    put_grounding = methods.call(catalogue.put_grounding)
    delete_grounding = methods.call(catalogue.delete_grounding)
    list_grounding_versions = methods.listing(catalogue.list_grounding_versions)

    plan = methods.flow(plans.plan)
    wait_for_plan = methods.flow(plans.wait_for_plan)
    create_plan = methods.call(plans.create_plan)
    get_plan = methods.call(plans.get_plan)
    list_plans = methods.listing(plans.list_plans)
    report_plan = methods.call(plans.report_plan)

    list_cache_entries = methods.listing(cache.list_cache_entries)
    get_cache_entry = methods.call(cache.get_cache_entry)
    evict_cache_entry = methods.call(cache.evict_cache_entry)
    purge_cache_entries = methods.call(cache.purge_cache_entries)
    replay_cache_entry = methods.call(cache.replay_cache_entry)
    explain_cache = methods.call(cache.explain_cache)
    get_cache_stats = methods.call(cache.get_cache_stats)

    def listen_to_plan(self, plan_id: str, *, last_event_id: str = "") -> Iterator[Event]:
        """What happens to a plan, from the beginning or after an event, until it is finished. A connection that
        breaks is made again, and goes on where it was."""
        listening = Listening(plan_id, last_event_id, self.retries)
        while not listening.is_over:
            reply: Reply | NoReply | None = None
            try:
                with self._http.stream(**self.arguments_of(listening.call())) as response:
                    if response.status_code == 200:
                        for heard in httpx2.EventSource(response):
                            if event := listening.hear(heard):
                                yield event
                    else:
                        response.read()
                        reply = _reply_of(response)
            except httpx2.TransportError as error:
                reply = self.without_reply(error)
            if not listening.is_over:
                time.sleep(listening.pause(reply))

    def do(self, described: Described[T]) -> T:
        """Performs a call, or several."""
        result: T = _drive(_flow_of(described), self._perform)
        return result

    def each(self, listing: Listing[T]) -> Iterator[T]:
        """The rows of a list; its pages are fetched as they are needed."""
        asking: Call[Any] | None = listing.first
        while asking is not None:
            page = self.do(asking)
            yield from page.results
            asking = listing.after(page)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _perform(self, step: Call[Any] | Pause) -> Any:
        return _drive(exchange(step, self.retries), self._send) if isinstance(step, Call) else self._send(step)

    def _send(self, step: Call[Any] | Pause) -> Reply | NoReply | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return _reply_of(self._http.request(**self.arguments_of(step)))
        except httpx2.TransportError as error:
            return self.without_reply(error)


class AsyncOrra(Base):
    """The client for coroutines: every method of :class:`Orra`, to be awaited or gone through with ``async for``.
    Close it with ``aclose``, or use it in an ``async with`` statement."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = READ_SECONDS,
        retries: Retries = USUAL_RETRIES,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, api_key, timeout=timeout, retries=retries)
        self._http = httpx2.AsyncClient(transport=transport)

    create_project = methods.async_call(projects.create_project)
    get_project = methods.async_call(projects.get_project)
    update_project = methods.async_call(projects.update_project)
    list_api_keys = methods.async_listing(projects.list_api_keys)
    create_api_key = methods.async_call(projects.create_api_key)
    rotate_api_key = methods.async_call(projects.rotate_api_key)
    revoke_api_key = methods.async_call(projects.revoke_api_key)
    get_usage = methods.async_call(projects.get_usage)

    list_services = methods.async_listing(catalogue.list_services)
    get_service = methods.async_call(catalogue.get_service)
    put_service = methods.async_call(catalogue.put_service)
    put_services = methods.async_call(catalogue.put_services)
    dry_run_service = methods.async_call(catalogue.dry_run_service)
    delete_service = methods.async_call(catalogue.delete_service)
    list_groundings = methods.async_listing(catalogue.list_groundings)
    get_grounding = methods.async_call(catalogue.get_grounding)
    put_grounding = methods.async_call(catalogue.put_grounding)
    delete_grounding = methods.async_call(catalogue.delete_grounding)
    list_grounding_versions = methods.async_listing(catalogue.list_grounding_versions)

    plan = methods.async_flow(plans.plan)
    wait_for_plan = methods.async_flow(plans.wait_for_plan)
    create_plan = methods.async_call(plans.create_plan)
    get_plan = methods.async_call(plans.get_plan)
    list_plans = methods.async_listing(plans.list_plans)
    report_plan = methods.async_call(plans.report_plan)

    list_cache_entries = methods.async_listing(cache.list_cache_entries)
    get_cache_entry = methods.async_call(cache.get_cache_entry)
    evict_cache_entry = methods.async_call(cache.evict_cache_entry)
    purge_cache_entries = methods.async_call(cache.purge_cache_entries)
    replay_cache_entry = methods.async_call(cache.replay_cache_entry)
    explain_cache = methods.async_call(cache.explain_cache)
    get_cache_stats = methods.async_call(cache.get_cache_stats)

    async def listen_to_plan(self, plan_id: str, *, last_event_id: str = "") -> AsyncIterator[Event]:
        """As :meth:`Orra.listen_to_plan`."""
        listening = Listening(plan_id, last_event_id, self.retries)
        while not listening.is_over:
            reply: Reply | NoReply | None = None
            try:
                async with self._http.stream(**self.arguments_of(listening.call())) as response:
                    if response.status_code == 200:
                        async for heard in httpx2.EventSource(response):
                            if event := listening.hear(heard):
                                yield event
                    else:
                        await response.aread()
                        reply = _reply_of(response)
            except httpx2.TransportError as error:
                reply = self.without_reply(error)
            if not listening.is_over:
                await asyncio.sleep(listening.pause(reply))

    async def do(self, described: Described[T]) -> T:
        """Performs a call, or several."""
        result: T = await _drive_async(_flow_of(described), self._perform)
        return result

    async def each(self, listing: Listing[T]) -> AsyncIterator[T]:
        """The rows of a list; its pages are fetched as they are needed."""
        asking: Call[Any] | None = listing.first
        while asking is not None:
            page = await self.do(asking)
            for row in page.results:
                yield row
            asking = listing.after(page)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _perform(self, step: Call[Any] | Pause) -> Any:
        if isinstance(step, Call):
            return await _drive_async(exchange(step, self.retries), self._send)
        return await self._send(step)

    async def _send(self, step: Call[Any] | Pause) -> Reply | NoReply | None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return _reply_of(await self._http.request(**self.arguments_of(step)))
        except httpx2.TransportError as error:
            return self.without_reply(error)


def _flow_of(described: Described[T]) -> Flow[T]:
    return _one(described) if isinstance(described, Call) else described


def _one(call: Call[T]) -> Flow[T]:
    result: T = yield call
    return result


def _drive(steps: Generator[Any, Any, Any], perform: Callable[[Any], Any]) -> Any:
    """Performs each step and sends back what came of it; what the steps return."""
    answer = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = perform(step)


async def _drive_async(steps: Generator[Any, Any, Any], perform: Callable[[Any], Awaitable[Any]]) -> Any:
    answer = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = await perform(step)


def _reply_of(response: httpx2.Response) -> Reply:
    return Reply(response.status_code, response.content, response.headers)
