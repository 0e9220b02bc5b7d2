"""The wordings of use cases as the cache compares examples: templates with slots where variables stand. Pure.

A request says a use case's wording when it says the same words around the same slots. Which other params it has,
and of which types, makes no difference: a pattern tells the params that stand in its text, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cache.examples.votes import Example
from cache.examples.wording import content, is_free_literal, is_slot, words_of, words_of_text
from cache.templates.templates import Template, make_template
from orra.base.strictjson import Json
from planengine.catalogue.field_names import words_of as words_of_name
from planengine.catalogue.sample_values import samples
from planengine.catalogue.takers import plain_names
from planengine.grounding.specs import Grounded, GroundingSpec
from planengine.grounding.use_cases import variables_of

USE_CASE = "use_case"

_variable = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, eq=False)
class Wording:
    """``place`` is of the use case in its grounding, ``number`` of the wording in the use case."""

    grounded: Grounded
    place: int
    number: int
    template: Template

    @property
    def at(self) -> tuple[int, int]:
        return self.place, self.number

    @cached_property
    def key(self) -> str:
        return wording_key(self.template)

    @cached_property
    def identity(self) -> str:
        """Of its use case: what examples vote for."""
        return f"{self.grounded.spec.label} {self.place}"

    @cached_property
    def variables(self) -> frozenset[str]:
        """The plain names of those of its use case."""
        return plain_names(variables_of(self.grounded.use_case.action))

    @cached_property
    def fields(self) -> str:
        return fields_in(self.template)

    @cached_property
    def words(self) -> tuple[str, ...]:
        return said_in(self.template)

    @cached_property
    def named(self) -> frozenset[str]:
        """The plain names of the variables that stand in it."""
        return named_in(self.template)

    @cached_property
    def folded(self) -> frozenset[str]:
        """Its words, casefolded, without slots."""
        return frozenset(map(str.casefold, content(self.words)))

    @cached_property
    def described(self) -> frozenset[str]:
        """The words by which its use case is described, casefolded."""
        use_case = self.grounded.use_case
        texts = (use_case.intent, *use_case.capabilities)
        said = (word.casefold() for text in texts for word in words_of_text(text))
        return frozenset(said).union(*(words_of_name(name) for name in variables_of(use_case.action)))

    def as_example(self, similarity: float) -> Example:
        """It leads to its use case, which stands where a plan's skeleton and services do."""
        return Example(
            kind=USE_CASE,
            skeleton=self.identity,
            services=(self.identity,),
            fields=self.fields,
            words=self.words,
            similarity=similarity,
            entry_id=f"{self.identity} {self.number}",
            template=self.template.text,
        )


def wordings_of(spec: GroundingSpec) -> Iterator[Wording]:
    """Those of all its use cases, in their order."""
    for place, use_case in enumerate(spec.use_cases):
        grounded = Grounded(spec, use_case)
        for number, pattern in enumerate((use_case.action, *use_case.also)):
            yield Wording(grounded, place, number, template_of(pattern, use_case.params))


def template_of(pattern: str, examples: Mapping[str, Json]) -> Template:
    """The template of requests in a pattern's words."""
    return make_template(*request_in(pattern, examples))


def request_in(pattern: str, examples: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """An action in a pattern's words, and its params: ``examples``' values, or made-up ones, for its variables."""
    values: dict[str, Json] = {}
    for name in variables_of(pattern):
        values[name] = _stand_in(examples.get(name), _variable.sub(" ", pattern), values.values())
    return _variable.sub(lambda found: str(values[found[1]]), pattern), values


def wording_key(template: Template) -> str:
    """Equal for the same words around the same slots, whatever params there are besides."""
    stored = template.to_json()
    assert isinstance(stored, dict)
    return Template.from_json(stored | {"fields": [], "choices": []}).key


def said_in(template: Template) -> tuple[str, ...]:
    """Its words and slots. A value is one whether or not a param holds it, for what a use case asks for holds for
    any; and where all is in capitals, these say nothing."""
    words = tuple("{" + word[2:] if is_free_literal(word) else word for word in words_of(template))
    shouted = not any(letter.islower() for word in content(words) for letter in word)
    return tuple(word if is_slot(word) else word.lower() for word in words) if shouted else words


def in_their_case(words: Sequence[str], examples: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The words, in the case in which examples have them where no example has them in their own."""
    written: dict[str, str] = {}
    known = set()
    for word in (word for example in examples for word in content(example)):
        written.setdefault(word.casefold(), word)
        known.add(word)
    return tuple(word if is_slot(word) or word in known else written.get(word.casefold(), word) for word in words)


def around_slots(words: Iterable[str]) -> tuple[str, ...]:
    """Equal for the same words in any case, around slots at the same places, whatever these are called."""
    return tuple("{}" if is_slot(word) else word.casefold() for word in words)


def named_in(template: Template) -> frozenset[str]:
    """The plain names of the params that stand in the text."""
    return plain_names(slot.name for slot in template.slots if slot.kind == "param")


def fields_in(template: Template) -> str:
    """The params that stand in the text, as votes compare fields."""
    return "|".join(sorted({slot.name for slot in template.slots if slot.kind == "param"}))


def _stand_in(example: Json, text: str, used: Collection[Json]) -> Json:
    """A value that stands in its own place only: the example where it does, or a word of no language."""
    taken = [text.casefold(), *(str(value).casefold() for value in used)]

    def is_free(value: Json) -> bool:
        folded = str(value).casefold()
        return not any(folded in other or other in folded for other in taken)

    can_stand = isinstance(example, str | int | float) and not isinstance(example, bool)
    if can_stand and any(map(str.isalnum, str(example))) and is_free(example):
        return example
    made = samples({"type": "string"}, {})
    return next(filter(is_free, made), made[0])
