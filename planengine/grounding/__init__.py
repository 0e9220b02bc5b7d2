"""Groundings: the rules of a domain that plans are held to.

``specs`` says what a grounding is, ``reading`` makes one of what somebody wrote, ``registry`` keeps a project's.
Planners are shown what applies to a request, and drafting holds their plans to it; this room knows neither.
"""
