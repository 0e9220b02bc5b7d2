"""The plan engine: requests in natural language become validated execution plans.

A request goes through ``api`` to ``lifecycle``, which asks ``reuse`` for a cached plan and has ``drafting`` make
one where there is none; ``planners`` draft, ``validation`` decides. Which room may import which is written in
``pyproject.toml`` and checked by import-linter.
"""
