"""What ``make up`` starts and watches: Postgres, a Valkey server, the web processes, the worker and its schedule.

Called by ``manage.py``, by ``python -m orra.embedded.stack`` and by commands that need a place for data. Knows
neither Django nor the plan engine; calls :mod:`orra.base` at most.
"""
