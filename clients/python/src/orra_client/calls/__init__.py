"""Each call of the API, described once: pure functions that say what is sent and how the answer is read.

:class:`~orra_client.client.Orra` and :class:`~orra_client.client.AsyncOrra` are made of them; both are named by
the operations of the engine's OpenAPI document.
"""

from orra_client.calls.call import Call, Flow, Listing, Pause

__all__ = ["Call", "Flow", "Listing", "Pause"]
