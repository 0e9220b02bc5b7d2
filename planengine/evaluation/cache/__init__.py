"""How good the cache is on a team's own requests: what ``manage.py evaluate_cache`` runs.

``rows`` are read, a ``bench`` is an empty project to ``replay`` them in, ``judging`` tells whether a served plan
is the right one, ``baselines`` and ``vcache`` are what to compare with. Called by commands and benchmarks.
"""
