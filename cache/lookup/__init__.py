"""Finding the plan that serves a request.

The exact template comes first. Else the nearest examples vote on what the request's plan is, and what they propose
is served when its risk is within the project's tolerance, every word is accounted for where that is asked
(:mod:`cache.examples.judgement`), its values can be replaced or its services wired anew, and the caller accepts
the result (which is where plans are validated against today's services).
"""

from __future__ import annotations

from cache.decisions import Candidate, Decision, Grounds, Refusal
from cache.lookup.finding import find, find_again, find_by_template, find_held
from cache.lookup.proposals import ABOUT_WORDING, OPEN
from cache.lookup.rows import MARK_OF_TEMPLATE, mark_of, serves_identical_only, values_of_template
from cache.lookup.serving import SECOND_BEST, fill, template_of

__all__ = [
    "ABOUT_WORDING",
    "Candidate",
    "Decision",
    "Grounds",
    "MARK_OF_TEMPLATE",
    "OPEN",
    "Refusal",
    "SECOND_BEST",
    "fill",
    "find",
    "find_again",
    "find_by_template",
    "find_held",
    "mark_of",
    "serves_identical_only",
    "template_of",
    "values_of_template",
]
