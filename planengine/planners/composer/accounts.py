"""The words that a plan accounts for: by its services' names, descriptions, inputs and examples, as
:mod:`cache.examples.accounting` has it; by the values that it was given; and by the look-ups that it makes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cache.examples.accounting import Known, account, as_described
from cache.examples.wording import is_free_literal, is_slot, words_of_text
from cache.languages import WordList, list_for
from cache.templates.slots import units_in
from orra.base.strictjson import Json
from planengine.catalogue.field_names import words_of as words_of_name
from planengine.catalogue.specs import ServiceSpec
from planengine.planners.composer.parts import Part
from planengine.planners.producers import Candidate, folded
from planengine.planners.wiring.assembly import Assembly, Source

Words = Sequence[str]
# Whether a word means what a field's name means: "born" before a date of birth.
MeansField = Callable[[str, str], bool]

_SHORTEST_RUN, _SHORTEST_IN_ORDER = 2, 4
_SHORTEST_FORM, _LONGEST_ENDING = 4, 3
_TAKEN_UP = "{=}"
_compound = re.compile(r"([^\W\d_]+)[-‐‑][^\W\d_]+")


@dataclass(frozen=True)
class Account:
    """What of a plan may account for the words of one part. ``own``: the services asked for in it. ``params``: the
    request's."""

    assembly: Assembly
    own: tuple[Candidate, ...]
    lookups: tuple[Candidate, ...]
    params: Mapping[str, Json]
    entities: frozenset[str]

    @cached_property
    def known(self) -> Known:
        services = (*self.own, *self.lookups)
        return Known(
            examples=tuple(example.words for each in services for example in each.examples),
            described=frozenset().union(*map(self._described, services)),
        )

    def _described(self, service: Candidate) -> frozenset[str]:
        """The words of its name and description, of the names, descriptions and values of the inputs used, and of
        the names of what others give to these; of an input whose value is known, that value alone: where ``>`` is
        sent, ``<`` is not accounted for."""
        wired, values = self.assembly.inputs[service.spec.name], {**self.params, **self.assembly.constants}
        fixed = {
            name: values[each.field]
            for name, each in wired.items()
            if each.service is None and each.field in values
        }
        texts = (service.spec.description, *_of_inputs(service.spec, wired, fixed))
        described = as_described([word for text in texts for word in words_of_text(text)])
        return service.doing.union(described, folded(described))

    @cached_property
    def changing(self) -> frozenset[str]:
        """The words by which it is said that something is to be changed, and not what."""
        return frozenset().union(*(each.doing for each in self.own if not each.spec.read_only)) - self.entities

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The words of the values' texts, a space around each."""
        return tuple(f" {' '.join(folded(words_of_text(text)))} " for text in _texts(self.params.values()))

    @cached_property
    def units(self) -> frozenset[str]:
        """Those of the values, see :func:`cache.templates.slots.units_in`."""
        return frozenset(unit for text in _texts(self.params.values()) for unit in units_in(text))

    @cached_property
    def for_lookups(self) -> frozenset[str]:
        """The params that none but look-ups take."""
        taken: dict[bool, set[str]] = {True: set(), False: set()}
        for each in (*self.own, *self.lookups):
            sources = self.assembly.inputs[each.spec.name].values()
            taken[each.spec.read_only].update(source.field for source in sources if source.service is None)
        return frozenset(taken[True] - taken[False])


def unaccounted(part: Part, entry: Account, means_field: MeansField) -> tuple[str, ...]:
    """The words of a part that nothing of the plan accounts for; free literals as ``{#kind}``."""
    lists = list_for(part.words)
    words = _without_values(part, entry.texts)
    excused = frozenset(_before_values(words, entry, lists, means_field))
    found = account(words, entry.known)
    unknown = [
        word
        for word in found.unknown
        if word.casefold() not in excused and (word in found.turning or not _is_form(word, entry.known.described))
    ]
    units = _other_units(part.words, entry.units)
    return (*unknown, *units, *_compounds(part.text, entry), *_said_twice(part.words, entry.changing))


def says_what(part: Part, service: Candidate, but: frozenset[str]) -> bool:
    """Whether the part says something of what the service does, and not only what it is done to (``but``):
    "appointment A-5" asks for no cancellation. All of its name says so too."""
    telling, said = service.telling - but, folded(part.words)
    return any(_is_form(word, telling) for word in said) or set(words_of_name(service.spec.name)) <= set(said)


def _of_inputs(spec: ServiceSpec, inputs: Mapping[str, Source], fixed: Mapping[str, Json]) -> Iterator[str]:
    for name, source in inputs.items():
        yield " ".join(words_of_name(name))
        if source.service is not None:
            yield " ".join(words_of_name(source.field))
        field = spec.inputs.field(name)
        if field is not None:
            yield from _texts([field.schema.get("description") if isinstance(field.schema, Mapping) else None])
            held = frozenset(_texts([fixed.get(name)]))
            yield from (text for text in _texts(field.constants) if name not in fixed or text in held)


def _texts(values: Iterable[Json]) -> Iterator[str]:
    """The texts in values, however deep."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif isinstance(value, list | tuple):
            yield from _texts(value)


def _without_values(part: Part, values: Sequence[str]) -> Words:
    """The words with what a value says too as one place each, for that value takes it up: two words side by side
    or more, or all of the value. The "s" behind a value is no word either."""
    words, plain, found, at = part.words, folded(part.said), [], 0
    while at < len(words):
        length = max((_run(plain[at:], value) for value in values), default=0)
        if length < _SHORTEST_RUN and f" {plain[at]} " not in values:
            possessive = plain[at] == "s" and at > 0 and is_slot(words[at - 1])
            found.append(_TAKEN_UP if possessive else words[at])
            at += 1
        else:
            found.append(_TAKEN_UP)
            at += length
    return tuple(found)


def _run(words: Words, value: str) -> int:
    """How many of the first words a value says too: side by side, or so many in this order."""
    together = next((n for n in range(len(words)) if f" {' '.join(words[: n + 1])} " not in value), len(words))
    rest = iter(value.split())
    in_order = next((n for n, word in enumerate(words) if word not in rest), len(words))
    return max(together, in_order if in_order >= _SHORTEST_IN_ORDER else 0)


def _before_values(words: Words, entry: Account, lists: WordList, means_field: MeansField) -> Iterator[str]:
    """Words before a value, but for neutral ones between, that say what it is: "because of {reason}"; or, after
    what is to be done was said, which one a look-up is to find: "Book … into the earliest {department} slot"."""
    said, last = False, ""
    for word in words:
        if is_slot(word):
            field = word.strip("{}").partition(".")[0]
            sought = said and field in entry.for_lookups
            if last and not is_free_literal(word) and (sought or means_field(last, field)):
                yield last
            last = ""
        elif word.casefold() not in lists.neutral:
            last = "" if word.casefold() in lists.turning else word.casefold()
            said = said or last in entry.changing


def _is_form(word: str, known: Iterable[str]) -> bool:
    """Whether a known word begins with this one: "refund" of "refunds". Never the other way round: what is longer
    than what is known may be done already ("cancelled")."""
    (plain,) = folded([word])
    longest = len(plain) + _LONGEST_ENDING if len(plain) >= _SHORTEST_FORM else len(plain)
    return any(each.startswith(plain) and len(each) <= longest for each in known)


def _compounds(text: str, entry: Account) -> Iterator[str]:
    """Words with a hyphen whose beginning is not known: "un-cancel" is no "cancel"."""
    values = [text.casefold() for text in _texts(entry.params.values())]
    for match in _compound.finditer(text):
        first, whole = match[1].casefold(), match[0].casefold()
        if first not in entry.known.described | entry.known.words and not any(whole in value for value in values):
            yield match[0]


def _other_units(words: Words, units: frozenset[str]) -> Iterator[str]:
    """Units that the values have in another case: "5 Mb" is not "5 MB"."""
    others = frozenset(map(str.casefold, units))
    yield from (word for word in words if word.casefold() in others and word not in units and units_in(word))


def _said_twice(words: Words, doing: Iterable[str]) -> Iterator[str]:
    """What is to be done, said a second time: "cancel the cancellation"."""
    said = [word for word in folded(words) if not is_slot(word) and any(_alike(word, each) for each in doing)]
    yield from (word for at, word in enumerate(said) if any(_alike(word, earlier) for earlier in said[:at]))


def _alike(left: str, right: str) -> bool:
    """Whether two words begin alike, up to the last letter of the shorter."""
    length = max(_SHORTEST_FORM, min(len(left), len(right)) - 1)
    return min(len(left), len(right)) >= _SHORTEST_FORM and left[:length] == right[:length]
