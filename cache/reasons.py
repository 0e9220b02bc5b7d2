"""Why the cache decides as it does, in words for programs that stay what they are, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Reason = Literal[
    "made_by_example",
    "model_check",
    "no_embedding",
    "not_grounded",
    "nothing_cached",
    "nothing_similar",
    "only_exact_templates",
    "refused",
    "same_flight",
    "same_meaning",
    "same_template",
]

Guard = Literal[
    "choices",
    "contested",
    "dependency",
    "entry_unreadable",
    "fields",
    "identical_request_only",
    "literal_differs",
    "literals",
    "literals_differ",
    "name_taken",
    "not_text",
    "param_missing",
    "param_unknown",
    "replan",
    "reported",
    "risk",
    "slots",
    "spelling_unknown",
    "text",
    "unsaid",
    "validation",
    "words",
]

# Why a request is served, or missed.
REASONS: Final[Mapping[str, str]] = {
    "made_by_example": "Votes of examples said which services; they were wired for this request's params.",
    "model_check": "Only wording was against the entry, and the model said that it means the same.",
    "no_embedding": "The embedding model was not to be had, so only templates could be compared.",
    "not_grounded": "The project demands a grounding, and none covers the request.",
    "nothing_cached": "There is no entry, example or refusal yet for these services and settings.",
    "nothing_similar": "The nearest example that votes is less similar than the similarity floor.",
    "only_exact_templates": "No entry has this template, and hits by meaning are closed.",
    "refused": "Something near was found, and not served: `guards` says why.",
    "same_flight": "Another request of this template was being planned, and its plan serves this one.",
    "same_meaning": "Votes of examples accepted the entry's plan for this wording.",
    "same_template": "An entry has this template.",
}

# Why an entry or an example is not served.
GUARDS: Final[Mapping[str, str]] = {
    "choices": "A param's value that may decide what is done is another.",
    "contested": "Nearly the same template led to something else, so examples vote.",
    "dependency": "A service that its plan uses has changed or is gone.",
    "entry_unreadable": "The stored entry cannot be read; it is in quarantine.",
    "fields": "The params have other names or types.",
    "identical_request_only": "A value of its plan could not be traced, so it serves only its own request.",
    "literal_differs": "A value in the text that no task takes is another.",
    "literals": "The values in the text differ in kind, or stand between other words.",
    "literals_differ": "The values in the text differ in kind from those that its plan takes.",
    "name_taken": "A constant of its plan has the name of a param.",
    "not_text": "Part of a text is no longer a text or a number.",
    "param_missing": "Its plan takes a param that the request lacks.",
    "param_unknown": "Its plan has no place for a param of the request.",
    "replan": "It is to be planned anew: a newer service seems to suit its request better.",
    "reported": "Its plan was found wrong for such a request.",
    "risk": "The predicted risk that another plan is wanted is above what the project allows.",
    "slots": "Values that were one are two here, or the other way round.",
    "spelling_unknown": "A value cannot be written as its plan writes it.",
    "text": "Its plan holds words of its action that the request does not have.",
    "unsaid": "A word of the request may mean a param whose value is another than the plan was made with.",
    "validation": "Filled with the request's values, its plan is not valid.",
    "words": "Nothing accounts for words of the request that the reason names.",
}
