"""What ``orra up`` starts and watches: Postgres, a Valkey server, the web processes, the worker and its schedule.

Called by ``orra up``, by Django's commands and by others that need a place for data. Knows
neither Django nor the plan engine; calls :mod:`orra.base` at most.
"""
