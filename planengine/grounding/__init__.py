"""Groundings: the rules of a domain that plans are held to.

``specs`` says what a grounding is, ``reading`` makes one of what somebody wrote, ``registry`` keeps a project's.
``matching`` finds the use case that applies to a request, ``coverage`` the services that do what it names, and
``checks`` what a plan does not keep. Planners are shown what applies, and drafting holds their plans to it; this
room knows neither.
"""
