"""Plans kept to be served again: templates of requests, entries, and finding the one that serves a request.

``lookup.find`` is the way in and ``storage`` keeps entries. Knows nothing of planners, services or REST: whoever
asks says by a ``Policy`` what may be served. Called by the plan engine; calls :mod:`orra.base` and, for its admin,
:mod:`orra.operators`.
"""
