"""A model's server, asked over HTTP: one call in, one answer or one typed error out.

``client`` asks again and otherwise where that can help; ``exchange`` is one request over ``transport``.
``endpoint`` is where a server is and ``bodies`` what is sent to it; what servers want said differently is in
``dialects``, ``families`` and ``structured_output``, what they answer in ``completions`` and ``streams``, what
they refuse in ``refusals`` and ``errors``. Knows no database, no settings, and nothing of plans or planners.
Called by planners, by the embeddings' endpoint and by checks of endpoints.
"""
