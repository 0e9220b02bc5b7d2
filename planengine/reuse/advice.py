"""What to do about a miss, in plain words: how the next such request becomes a hit.

Read from a decision as a Plan stores it, so that a client, an operator and a log of last week are told alike.
Stored rows are not trusted: what is not of a decision's shape is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orra.base.strictjson import Json
from orra.base.text import shorten

MAX_WORDS = 10
MAX_SHOWN = 200

PLAN_ELSEWHERE = "configure a model that plans such requests, or send them with `cache`: `bypass`"

# By what refused the proposal, where nothing is to be told of the request itself.
BY_REFUSAL: Mapping[str, str] = {
    "reported": "The plan was reported as wrong for such a request. If it is right after all, report it as "
    "`right_plan`; else say in the action what is wanted instead.",
    "contested": "A nearly identical request led to another plan. More examples in the words of each decide: "
    "report plans that are right as `right_plan`.",
    "fields": "The examples have other params. The next plan that is made for these params serves them.",
    "replan": "Nothing: the next plan for such a request takes the entry's place.",
    "dependency": "Nothing: a service has changed, and the next plan for such a request takes the entry's place.",
    "validation": "The plan does not take these values as they are: its reason says which, and what they must be.",
}
BY_REASON: Mapping[str, str] = {
    "nothing_cached": "Nothing is known yet. What is planned now serves the next such request; examples given "
    "with the services help from the beginning.",
    "nothing_similar": "No example is near enough. Give the service that is meant examples in these words; what a "
    "model plans now is an example for the next such request.",
    "not_grounded": "The project plans only what a grounding covers. Add a wording for it to the use case that is "
    "meant, or a use case.",
    "no_embedding": "No embedding was to be had: the log and `manage.py check_models` tell what is wrong with "
    "its endpoint.",
    "only_exact_templates": "Hits by meaning are off for this project: by its `similarity_threshold` of 1, or "
    "because too many were found wrong, until an operator reopens them.",
}


def advise(decision: Json) -> list[str]:
    """Sentences about a stored decision; none for a hit, nor where nothing is known to help."""
    facts = _facts(decision)
    if facts.get("decision") != "miss":
        return []
    votes, refused_by = _facts(facts.get("votes")), _refused_by(facts)
    if refused_by == "words":
        return list(_about_words(votes))
    if refused_by == "risk":
        return list(_about_risk(votes))
    found = BY_REFUSAL.get(refused_by) if refused_by else BY_REASON.get(_text(facts.get("reason")))
    return [found] if found else []


def risk_in_words(votes: Json) -> str:
    """How risky the proposal is and how much is tolerated; empty where it is not known."""
    facts = _facts(votes)
    risk, most = _number(facts.get("risk")), _number(facts.get("most_risk"))
    if risk is None or most is None:
        return ""
    return f"{_percent(risk)} that another plan is wanted; {_percent(most)} is tolerated"


def _about_words(votes: Mapping[str, Json]) -> Iterator[str]:
    """Terms are as :attr:`cache.examples.accounting.Account.told` has them."""
    otherwise = _example_or_planner(_services(votes))
    if nearer := _what_is_nearer(votes):
        yield nearer
        otherwise = f"{PLAN_ELSEWHERE}."
    terms = [shorten(_text(term), MAX_SHOWN) for term in _list(votes.get("not_accounted_for"))[:MAX_WORDS]]
    values = [term for term in terms if term.startswith("'{#")]
    words = [term for term in terms if term.startswith("'") and term not in values]
    missing = [term.removeprefix("no ") for term in terms if term.startswith("no '")]
    if words:
        yield f"{_are(words)} not accounted for: {otherwise}"
    if values:
        yield (f"{_are(values)} of the text and in no param: send what it holds as a param, or {PLAN_ELSEWHERE}.")
    if missing:
        yield f"Every example says {', '.join(missing)}, and the request does not: {otherwise}"
    if "the order of the words" in terms:
        yield f"The request says the words of its nearest example in another order: {otherwise}"


def _what_is_nearer(votes: Mapping[str, Json]) -> str:
    """A nearer example may have no vote, because its plan needs params that the request does not have."""
    rival, margin = _facts(votes.get("rival")), _number(votes.get("margin"))
    named = _services(rival)
    if not named or margin is None or margin >= 0:
        return ""
    nearer = shorten(_text(rival.get("template")), MAX_SHOWN)
    return f'Nearer is "{nearer}", which led to {named}: if that is wanted, say it so and send its params.'


def _example_or_planner(services: str) -> str:
    """An example that is given with a service leads to a plan of that service alone."""
    if " and " in services:
        return f"{PLAN_ELSEWHERE}; a plan of {services} that is right can then be reported as `right_plan`."
    return f"add an example to {services or 'a service'} that says it so, or {PLAN_ELSEWHERE}."


def _are(terms: list[str]) -> str:
    return f"{', '.join(terms)} {'is' if len(terms) == 1 else 'are'}"


def _about_risk(votes: Mapping[str, Json]) -> Iterator[str]:
    if told := risk_in_words(votes):
        yield f"The predicted risk is too high: {told}."
    rival = _facts(votes.get("rival"))
    if template := _text(rival.get("template")):
        led_to = _services(rival) or "a refusal"
        near = _number(rival.get("similarity"))
        alike = "" if near is None else f" ({near:.2f} alike)"
        yield f'What speaks against it is "{shorten(template, MAX_SHOWN)}"{alike}, which led to {led_to}.'
    others = [_text(name) for name in _list(votes.get("other_services"))[:MAX_WORDS]]
    if named := ", ".join(shorten(name, MAX_SHOWN) for name in others if name):
        yield f"No example has led to {named}, which could take these params too: give examples to them."
    if services := _services(votes):
        add = "" if " and " in services else "add an example in these words, or "
        yield (
            f"If {services} is what such requests want, {add}report such a plan as `right_plan`. "
            "The project's `wrong_hit_tolerance` says how much risk is taken."
        )


def _refused_by(facts: Mapping[str, Json]) -> str:
    """What kept the votes' proposal from being served, or else the best candidate."""
    found = [_text(_facts(guard).get("guard")) for guard in _list(facts.get("guards"))]
    wording = [guard for guard in found if guard in ("words", "risk", "reported")]
    return next(iter(wording or found), "")


def _services(facts: Mapping[str, Json]) -> str:
    names = dict.fromkeys(_text(name) for name in _list(facts.get("services")))
    return " and ".join(shorten(name, MAX_SHOWN) for name in names if name)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or not share else f"{share:.2%}"


def _facts(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
