"""What a request or a service *does*, as far as its words tell: the guard between "cancel" and "create".

Embeddings put opposites side by side, so that "cancel the order" is nearly "create an order". What changes the
world must therefore be asked for by a word of its own kind.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile, takewhile

from planengine.planners.composer.naming import stem, stems_of, words_of
from planengine.planners.vocabulary import (
    AFTER_NOUNS,
    AFTER_PARTICLES,
    ASPECTS,
    AUXILIARIES,
    CHANGES,
    CREATED,
    DETERMINERS,
    EXACT,
    HARMLESS,
    LIGHT,
    LITTLE_WORDS,
    MODALS,
    NOMINAL_CHANGES,
    NOUNS,
    NOUNS_TOO,
    OBJECTS,
    PARTICLES,
    PHRASES,
    PREAMBLE,
    QUESTIONS,
)


def _kinds_by_stem() -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for kind, words in CHANGES.items():
        for word in words.split():
            found[stem(word)].add(kind)
    return {word: frozenset(kinds) for word, kinds in found.items()}


_groups = _kinds_by_stem()
_harmless_stems = frozenset(map(stem, HARMLESS))
_light_stems = frozenset(map(stem, LIGHT))
_noun_stems = frozenset(map(stem, NOUNS_TOO | NOUNS))
_base_forms = HARMLESS.union(*(words.split() for words in CHANGES.values()))
_tokens = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_email = re.compile(r"\be-?mail", re.IGNORECASE)


@dataclass(frozen=True)
class Act:
    """``changes``: the kinds of change; ``harmless``: may also be reading or computing; ``verb``: the stem of a
    verb that is none of the known ones; ``guessed``: harmless because nothing says otherwise. Nothing of it:
    unknown."""

    changes: frozenset[str] = frozenset()
    harmless: bool = False
    verb: str = ""
    guessed: bool = False

    @property
    def known(self) -> bool:
        return self.harmless or bool(self.changes)

    @property
    def only_changes(self) -> bool:
        return bool(self.changes) and not self.harmless

    def suits(self, other: Act) -> bool:
        """Whether one may stand for the other; what is unknown may be anything."""
        if not (self.known and other.known):
            return True
        return bool(self.changes & other.changes) or (self.harmless and other.harmless)


READING = Act(harmless=True)


def act_of_request(text: str) -> Act:
    """What the imperative or the question ``text`` (politeness already cut off) asks for."""
    words = _joined_phrase(_lowered(text))
    if not words:
        return Act()
    head, rest = words[0], words[1:]
    if head in QUESTIONS:
        return READING
    if head == "get" and rest[:1] and rest[0] in {"me", "us"}:
        return Act(harmless=True, guessed=True)
    if head in {"get", "have"} and (had_done := _had_done(rest)).changes:
        return had_done
    if head == "give" and rest and rest[0] not in {"me", "us"}:
        return Act(_groups[stem("give")] | _acts_in(rest).changes)
    if head in DETERMINERS and rest and rest[0] in NOMINAL_CHANGES and not ASPECTS & set(rest[1:2]):
        return _acts_in(rest[:1])
    if head in {"tell", "give", "send", "show", "bring", "let"} and rest[:1] and rest[0] in {"me", "us"}:
        return READING
    if (head == "let" and "know" in rest[:4]) or (
        head == "tell" and rest and rest[0] not in QUESTIONS | {"whether"}
    ):
        return Act(_groups[stem("notify")])
    if stem(head) in _noun_stems and rest and rest[0] in ASPECTS:
        return READING
    if head in NOUNS and MODALS & set(takewhile(lambda word: word != "that", rest)):
        return _acts_in(rest)
    act = act_of_word(head)
    if stem(head) in _light_stems:
        objects = _acts_in(rest[:4])
        return Act(objects.changes) if objects.changes else act
    if act.known:
        return _creating(act, rest[:4])
    if rest and rest[0] in OBJECTS and head.isalpha():
        return Act(verb=stem(head))
    return Act(_acts_in([word for word in rest if word not in NOUNS]).changes, harmless=True, guessed=True)


def _lowered(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _tokens.findall(_email.sub("email", text))]


def _had_done(rest: list[str]) -> Act:
    """ "… the order cancelled", "… her onboarded": what is to be done to a thing is told at the end."""
    told = len(rest) in range(2, 6) and rest[-1].endswith("ed") and not AUXILIARIES & set(rest)
    return _acts_in(rest[-1:]) if told else Act()


def _creating(act: Act, objects: list[str]) -> Act:
    """To create a reminder is to remind."""
    if "create" not in act.changes:
        return act
    return Act(act.changes | _acts_in([word for word in objects if word in CREATED]).changes, act.harmless)


def _looks_like_verb(head: str, following: str, *, before: Collection[str] = DETERMINERS) -> bool:
    """ "… and bake a cake": what stands before an article and is no little word of its own is a verb."""
    inflected = head.endswith(("s", "ing", "ed", "ly"))
    return head.isalpha() and len(head) > 2 and not inflected and head not in LITTLE_WORDS and following in before


def _joined_phrase(words: list[str]) -> list[str]:
    """Phrases as the one verb that they mean; of "money back", which stands at the end, wherever it is."""
    for place in range(len(words) - 1):
        if words[place : place + 2] == ["money", "back"]:
            words = [*words[:place], "refund", *words[place + 2 :]]
            break
    phrase = PHRASES.get(" ".join(words[:2]))
    if phrase:
        return [phrase, *words[2:]]
    for place in range(2, len(words)):
        apart = PHRASES.get(f"{words[0]} {words[place]}") if words[place] in PARTICLES else None
        if apart and (words[place] in {"off", "away"} or AFTER_PARTICLES.issuperset(words[place + 1 : place + 2])):
            return [apart, *words[1:place], *words[place + 1 :]]
    return words


def _name_words(name: str) -> tuple[str, ...]:
    """The words of a service's name, those of its last part first ("lights.turn_off"), phrases as one verb."""
    parts = [_joined_phrase(list(words_of(part))) for part in name.split(".")]
    return tuple(word for part in reversed(parts) for word in part)


def _may_be_verb(word: str) -> bool:
    """In a name: "opened" and "opening" are what something is."""
    return word in _base_forms or not word.endswith(("ed", "ing"))


@lru_cache(maxsize=4096)
def act_of_service(name: str, description: str) -> Act:
    """What a service does: by a verb at either end of its name, else by the words its description begins with."""
    words = _name_words(name)
    described = _leading_act(_lowered(description.split(". ")[0]))
    ends = tuple(word for word in (*words[:1], *words[-1:]) if _may_be_verb(word))
    inner = tuple(word for word in words[1:-1] if word in _base_forms)
    if ends[-1:] and first_verb(description) == stem(ends[-1]) and described.known:
        return described
    for word in (*ends, *inner):
        act = act_of_word(word)
        if stem(word) in _light_stems:
            return _joined(described, _acts_in([other for other in words if other != word]))
        if act.known and stem(word) not in _noun_stems:
            act = _creating(act, list(words))
            return act if act.harmless and not act.changes else _joined(act, described)
    if words and act_of_word(words[0]) == READING and not described.harmless:
        return READING
    return described if described.known else next((act for act in map(act_of_word, ends) if act.known), Act())


def opens_sentence(words: list[str]) -> bool:
    """Whether a sentence that begins so is an imperative or a question: nouns count as verbs where verbs stand."""
    head = words[0].lower() if words else ""
    about = len(words) > 1 and words[1].lower() in ASPECTS
    named = head in NOUNS and bool(MODALS & {word.lower() for word in words})
    if head in AUXILIARIES or _looks_like_verb(head, words[1].lower() if len(words) > 1 else "", before=OBJECTS):
        return True
    return begins_request(words) or ((head in _base_forms or head in LIGHT) and not about and not named)


def begins_request(words: list[str]) -> bool:
    """Whether the words after "and" ask for something of their own, rather than going on with a list of things."""
    words = _joined_phrase(_lowered(" ".join(words)))
    if not words:
        return False
    head = words[0]
    following = words[1] if len(words) > 1 else ""
    if head in QUESTIONS - {"is", "are", "was"} or head == "let":
        return True
    if head not in _base_forms and head not in LIGHT:
        return _looks_like_verb(head, following)
    if head in NOUNS:
        return following in OBJECTS or following.isdigit()
    if stem(head) in _noun_stems:
        return bool(following) and following not in AFTER_NOUNS and following not in ASPECTS
    return True


def asks_a_question(text: str) -> bool:
    words = _tokens.findall(text)
    return bool(words) and words[0].lower().replace("’", "'") in QUESTIONS


def exact_verb(text: str) -> str:
    """The stem of the verb with which a request begins if nothing but its own word will do; else empty."""
    words = (word.lower() for word in _tokens.findall(text)[:4])
    return next((stem(word) for word in words if word in EXACT), "")


def stems_said(text: str) -> frozenset[str]:
    """The stems of a request's words, and of the verb that its first words or "money back" mean."""
    return stems_of(text) | frozenset(map(stem, _joined_phrase(_lowered(text))))


@lru_cache(maxsize=4096)
def first_verb(text: str) -> str:
    """The stem of the verb that a request or a description begins with; empty when it begins with none."""
    words = _joined_phrase(_lowered(text))
    return stem(words[0]) if words and act_of_word(words[0]).known else ""


def unknown_head(text: str) -> str:
    """The stem of a request's first word; empty when it is a verb that is known."""
    return next((stem(word) for word in _lowered(text)[:1] if not is_verb(word)), "")


def is_gerund(word: str) -> bool:
    word = word.lower()
    return word.endswith("ing") and act_of_word(word).known


def is_verb(word: str) -> bool:
    return act_of_word(word).known or stem(word) in _light_stems


def act_of_word(word: str) -> Act:
    return Act(_groups.get(stem(word), frozenset()), harmless=stem(word) in _harmless_stems)


def _acts_in(words: list[str]) -> Act:
    acts = [act_of_word(word) for word in words]
    return Act(frozenset().union(*(act.changes for act in acts)))


def _joined(act: Act, more: Act) -> Act:
    """A change that is told in two ways; what only reads adds nothing to it."""
    changes = more.changes if not more.harmless else frozenset()
    return Act(act.changes | changes, act.harmless and not changes)


def _leading_act(words: list[str]) -> Act:
    """The first verb of a description and the one joined to it: "Creates or updates …"."""
    if words[:1] and words[0].lower() in DETERMINERS | {"it", "allows", "lets", "enables", "helps", "used"}:
        words = list(dropwhile(lambda word: word.lower() in PREAMBLE, words))
    if not words:
        return Act()
    if words[0].lower() in {"tells", "reports", "gives", "shares"}:
        return READING
    if not _may_be_verb(words[0].lower()) and not DETERMINERS & set(words[1:2]):
        return Act()
    act = act_of_word(words[0])
    if stem(words[0]) in _light_stems:
        return Act(act.changes | _acts_in(words[1:6]).changes, act.harmless)
    for joint, word in zip(words[1:], words[2:], strict=False):
        if joint.lower() in {"and", "or"} and act.known and act_of_word(word).known:
            return Act(act.changes | act_of_word(word).changes, act.harmless or act_of_word(word).harmless)
    return act
