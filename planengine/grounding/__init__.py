"""Groundings: the rules of a domain that plans are held to.

``specs`` says what a grounding is. Planners are shown what applies to a request, and drafting holds their plans to
it; this room knows neither.
"""
