"""The life of a Plan, from request to outcome, and what clients are told of it.

``plans`` is the only writer of a Plan's status; ``worker`` takes a plan up, ``singleflight`` sees that one call
plans for all who ask the same; ``events``, ``listening`` and ``waiting`` tell clients; ``retention`` forgets.
Called by views, tasks, admin and commands; calls everything that plans, validates or caches.
"""
