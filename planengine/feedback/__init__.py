"""What is said about a draft that was rejected: to the planner that tries again, and to the developer at the end.

``corrections`` says what would be right, ``diagnosis`` which problems are told and how, ``root_causes`` why there
is no plan. Pure. Called by :mod:`planengine.drafting`; calls validation, the catalogue and the composer's wiring.
"""
