"""The API for agents: the Model Context Protocol over streamable HTTP, at ``/mcp``.

Stateless: each POST holds one message, and its answer is JSON, or events while a plan is waited for. What tools do
is what the REST API does, by the same functions. ``messages`` is JSON-RPC, ``versions`` what revisions of the
protocol ask of a message, ``tools`` and ``resources`` what agents can do and read, ``methods`` what a message may
name, ``endpoint`` the view, ``waiting`` what :mod:`orra.asgi` does while a plan is made.
"""
