"""How a request becomes a valid plan, whoever asks for it: draft, validate, say what was wrong, try again.

``generation`` is that loop, ``planner_choice`` and ``fallback`` say who drafts, ``breaker`` whether the first
planner is asked at all, ``attempts`` records the calls. Called by the worker and by evaluations; writes no Plan's
status.
"""
