"""What the words of a request and those of a service have in common, and what they say against each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from orra.base.strictjson import Json
from planengine.catalogue.specs import ServiceSpec
from planengine.planners.clauses import Request
from planengine.planners.composer.bench import Candidate
from planengine.planners.composer.naming import is_identifier, stem, stems_of, words_of
from planengine.planners.relevance import content_stems
from planengine.planners.verbs import first_verb, is_verb, unknown_head
from planengine.planners.vocabulary import DESTRUCTIVE

_ANSWERS = {
    question: stems_of(words)
    for question, words in {
        "when": "date time day year schedule",
        "where": "location place address position",
        "who": "person name author owner",
        "how many": "count number population quantity",
        "how much": "price cost amount total",
        "how long": "duration length time",
        "how far": "distance",
        "how old": "age",
    }.items()
}
_question_word = re.compile(rf"\s*({'|'.join(_ANSWERS)})\b", re.IGNORECASE)
_list_of_things = re.compile(r",|&|\b(?:and|plus|as well as)\b", re.IGNORECASE)


def shared_parts(services: Iterable[ServiceSpec]) -> frozenset[str]:
    """The stems of what several names have before their last dot ("cluster.list_pods", "cluster.get_quota"): it
    tells where a service belongs, not what it does."""
    parts = Counter(spec.name.rpartition(".")[0] for spec in services)
    return stems_of(" ".join(part for part, count in parts.items() if count > 1))


def pieces_of(text: str) -> list[str]:
    return _list_of_things.split(text)


def listed_stems(text: str, values: Iterable[Json]) -> frozenset[str]:
    """The stems of the words next to the joints of a list; words of the params' values name no services."""
    for value in sorted(texts_in(values), key=len, reverse=True):
        text = text.replace(value, " ")
    pieces = pieces_of(text)
    if len(pieces) < 2:
        return frozenset()
    near = [word for piece in pieces[1:] for word in piece.split()[:4]]
    near += [word for piece in pieces[:-1] for word in piece.split()[-3:]]
    return content_stems(" ".join(near))


def texts_in(values: Iterable[Json]) -> Iterator[str]:
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, str) and value.strip():
            yield value
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            stack.extend(value.values())


def alike(left: str, right: str) -> bool:
    """One word, or two of one family ("standardize", "standardization"; "own", "owner")."""
    return (
        left == right
        or f"{left}er" == right
        or left == f"{right}er"
        or (min(len(left), len(right)) >= 6 and (left.startswith(right) or right.startswith(left)))
    )


def objects_of(candidate: Candidate) -> frozenset[str]:
    """What the name is about: its words without the verb at one end."""
    words = words_of(candidate.spec.name)
    verb = next((word for word in (*words[:1], *words[-1:], *words[1:-1]) if is_verb(word)), None)
    return frozenset(stem(word) for word in words if word != verb and len(word) > 1)


def fields_said(candidate: Candidate) -> frozenset[str]:
    return stems_of(" ".join([*candidate.spec.input_fields, *candidate.spec.output_fields]))


def told_by(candidate: Candidate) -> frozenset[str]:
    """The stems of its fields; a ``customer_id`` in the output tells nothing about the customer yet."""
    outputs = (name for name in candidate.spec.output_fields if not is_identifier(name))
    return stems_of(" ".join([*candidate.spec.input_fields, *outputs]))


def suits(request: Request, candidate: Candidate) -> bool:
    """Whether the service does the kind of thing that is asked for. A verb that is not known must be its own
    word."""
    if request.act.verb:
        return any(alike(request.act.verb, word) for word in candidate.said)
    verb = first_verb(request.text)
    if request.act.changes & DESTRUCTIVE and not candidate.act.known:
        return verb in candidate.said
    if request.act.guessed and unknown_head(request.text) in candidate.ends:
        return True
    return candidate.act.suits(request.act) or bool(verb and verb == first_verb(candidate.spec.description))


def tells_what_is_asked(request: Request, candidate: Candidate) -> bool:
    """Whether a service that changes nothing tells what the question asks for by its first word: a date for
    "when"."""
    asked = _question_word.match(request.text)
    return bool(asked and candidate.act.harmless and candidate.name_stems & _ANSWERS[asked[1].casefold()])


def undoes(candidate: Candidate, verb: str) -> bool:
    """Whether one is the other's opposite by its first letters: to mute and to unmute."""
    return bool(verb) and any(
        word == prefix + verb or verb == prefix + word for word in candidate.said for prefix in ("un", "de", "dis")
    )


def unsure(request: Request, candidate: Candidate) -> bool:
    """Whether the request begins with a word that may be a verb and is none of the service's, or one side changes
    the world and the other does not say so."""
    head = unknown_head(request.text) if request.act.guessed else ""
    if head and not any(alike(head, word) for word in candidate.said):
        return True
    if candidate.act.only_changes:
        return not request.act.changes
    return request.act.only_changes and not candidate.act.known
