"""What is true of a catalogue whatever is asked of it: who takes what, and who gives what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile

from cache.examples.wording import words_of_text
from cache.languages import list_for
from planengine.catalogue.field_names import (
    Likeness,
    compare,
    is_identifier,
    is_state,
    key_of,
    stems_of,
    words_of,
)
from planengine.catalogue.shapes import conjuncts
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.planners.composer.parts import Part, part_of
from planengine.planners.relevance import describe

_KEPT_CATALOGUES = 32
_clause_end = re.compile(r"[.,;:()]")


def folded(words: Iterable[str]) -> tuple[str, ...]:
    """Words as they are compared: "Customer's" is "customer"."""
    return tuple(word.casefold().removesuffix("'s") for word in words)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A service as the composer sees it."""

    spec: ServiceSpec

    @cached_property
    def name_stems(self) -> frozenset[str]:
        return stems_of(self.spec.name)

    @cached_property
    def said(self) -> frozenset[str]:
        """The stems of its name and description: the context in which its fields are to be read."""
        return self.name_stems | stems_of(self.spec.description)

    @cached_property
    def doing(self) -> frozenset[str]:
        """The words of its name and description, casefolded."""
        return frozenset(folded((*words_of(self.spec.name), *words_of_text(self.spec.description))))

    @cached_property
    def telling(self) -> frozenset[str]:
        """The words that say what it does: of its name, of its examples and of its description, there but for what
        stands behind a word that turns it: "cancels an order that has not been shipped"."""
        lists = list_for(self.doing)
        clauses = (words_of_text(clause) for clause in _clause_end.split(self.spec.description))
        described = (takewhile(lambda word: word.casefold() not in lists.turning, words) for words in clauses)
        words = (word for said in (*described, *(each.words for each in self.examples)) for word in said)
        named = frozenset(words_of(self.spec.name)) - lists.neutral
        return named | frozenset(folded(words)) - lists.known

    @cached_property
    def examples(self) -> tuple[Part, ...]:
        return tuple(part_of(example.action, example.params) for example in self.spec.examples)

    @cached_property
    def required_keys(self) -> frozenset[str]:
        return frozenset(map(key_of, self.spec.required_inputs))

    @cached_property
    def input_keys(self) -> frozenset[str]:
        return frozenset(map(key_of, self.spec.input_fields))


@dataclass(frozen=True)
class Output:
    """A field that a service gives. ``likeness`` to the input it was found for; ``None``: of a similar name only,
    which is enough to be shown and not to be wired."""

    spec: ServiceSpec
    field: str
    likeness: Likeness | None

    @property
    def producer(self) -> str:
        return self.spec.name

    @property
    def unlikeness(self) -> int:
        return len(Likeness) if self.likeness is None else int(self.likeness)


class Producers:
    """Which service gives what, found by the words of its outputs' names."""

    def __init__(self, candidates: Collection[Candidate]) -> None:
        self._candidates = {each.spec.name: each for each in candidates}
        self._by_handle: dict[str, list[tuple[Candidate, str]]] = {}
        self._found: dict[tuple[str, str], tuple[Output, ...]] = {}
        self._lists: dict[str, tuple[str, str] | None] = {}
        for each in candidates:
            for name in each.spec.output_fields:
                # What a service needs in order to run cannot come from it: it only hands it back.
                if not is_state(name) and key_of(name) not in each.required_keys:
                    for handle in _handles(name):
                        self._by_handle.setdefault(handle, []).append((each, name))

    def of(self, consumer: str, name: str) -> tuple[Output, ...]:
        """For each other service the output that may best serve as this input, in the catalogue's order."""
        if (consumer, name) not in self._found:
            self._found[consumer, name] = tuple(self._find(self._candidates[consumer], name))
        return self._found[consumer, name]

    def list_of(self, name: str) -> tuple[str, str] | None:
        """A service and its output that is a list of what ``name`` means, or of objects that have it."""
        if name not in self._lists:
            self._lists[name] = next(
                (
                    (each.spec.name, output)
                    for each in self._candidates.values()
                    for output in each.spec.output_fields
                    if _is_list_of(name, each.spec, output)
                ),
                None,
            )
        return self._lists[name]

    def _find(self, consumer: Candidate, name: str) -> Iterator[Output]:
        wanted = consumer.spec.inputs.field(name)
        if wanted is None or is_state(name):
            return
        best: dict[str, Output] = {}
        for candidate, field in dict.fromkeys(
            found for handle in _handles(name) for found in self._by_handle.get(handle, ())
        ):
            spec = candidate.spec
            made = spec.outputs.field(field)
            if spec.name == consumer.spec.name or made is None or not wanted.takes(made):
                continue
            found = Output(spec, field, _likeness(candidate, field, consumer, name))
            if spec.name not in best or found.unlikeness < best[spec.name].unlikeness:
                best[spec.name] = found
        yield from best.values()


def _is_list_of(name: str, spec: ServiceSpec, output: str) -> bool:
    made = spec.outputs.field(output)
    if made is None or "array" not in made.types:
        return False
    items = (part["items"] for part in conjuncts(made.schema, made.root) if "items" in part)
    members = (
        member for each in items for part in conjuncts(each, made.root) for member in part.get("properties", ())
    )
    plural = stems_of(output) == stems_of(name) or key_of(output).removesuffix("s") == key_of(name)
    return plural or key_of(name) in map(key_of, members)


def _likeness(candidate: Candidate, field: str, consumer: Candidate, name: str) -> Likeness | None:
    found = compare(field, name, given_context=candidate.name_stems, wanted_context=consumer.said)
    if found is Likeness.IDENTIFIER and not (is_identifier(field) and is_identifier(name)):
        return None
    return found


def _handles(name: str) -> tuple[str, ...]:
    """What two names have in common when one may mean the other: their spelling, or their last word, or what
    stands before an ``id``."""
    words = words_of(name)
    before_id = (" ".join(words[:-1]), words[-2]) if len(words) > 1 and is_identifier(name) else ()
    return tuple(dict.fromkeys(h for h in (key_of(name), *words[-1:], " ".join(words), *before_id) if h != "id"))


@dataclass(frozen=True, eq=False)
class Facts:
    """What is true of a catalogue whatever is asked of it. Keys are names in any spelling. ``telling``: the
    stems of each service's name that no other service's name has."""

    candidates: Mapping[str, Candidate]
    described: tuple[str, ...]
    telling: Mapping[str, frozenset[str]]
    takers: Mapping[str, Sequence[ServiceSpec]]
    producers: Producers

    @cached_property
    def told(self) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
        """What is said of each service, its description and its examples; and which of the texts are whose."""
        texts: list[str] = []
        owners: list[tuple[int, ...]] = []
        for described, candidate in zip(self.described, self.candidates.values(), strict=True):
            of_one = [described, *(example.named for example in candidate.examples)]
            owners.append(tuple(range(len(texts), len(texts) + len(of_one))))
            texts += of_one
        return tuple(texts), tuple(owners)

    @cached_property
    def entities(self) -> frozenset[str]:
        """What things are done to, by the words of the inputs that identify it."""
        names = (
            name for each in self.candidates.values() for name in each.spec.input_fields if is_identifier(name)
        )
        return frozenset(word for name in names for word in words_of(name))

    @cached_property
    def shared(self) -> frozenset[str]:
        """The words that most of several services say: they tell none from the others."""
        counts = Counter(word for each in self.candidates.values() for word in each.doing)
        return frozenset(word for word, count in counts.items() if count > max(1, len(self.candidates) / 2))

    @property
    def services(self) -> list[ServiceSpec]:
        return [each.spec for each in self.candidates.values()]


@lru_cache(maxsize=_KEPT_CATALOGUES)
def facts_of(catalogue: Catalogue) -> Facts:
    candidates = {spec.name: Candidate(spec) for spec in catalogue}
    takers: dict[str, list[ServiceSpec]] = {}
    for each in candidates.values():
        for key in sorted(each.input_keys):
            takers.setdefault(key, []).append(each.spec)
    counts = Counter(stem for each in candidates.values() for stem in each.name_stems)
    telling = {
        name: frozenset(stem for stem in each.name_stems if counts[stem] == 1) for name, each in candidates.items()
    }
    return Facts(candidates, tuple(map(describe, catalogue)), telling, takers, Producers(candidates.values()))
