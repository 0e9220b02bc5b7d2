"""Services out of what people have: OpenAPI documents and the tools of MCP servers.

``openapi`` and ``mcp`` make :class:`~orra_client.imports.services.Imported` out of a document or a list of tools,
with a refusal for everything that cannot be a service; ``differences`` compares it with what a project has;
``bindings`` say how each service is called, and call it; ``command`` is ``orra services import``. Only
``command``, ``applying``, ``documents.fetching``, ``mcp.list_tools`` and the handlers of ``bindings`` do anything
but compute.
"""
