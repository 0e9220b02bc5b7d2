"""What changes places between two texts: "from A to B", "A is better than B", "tell Ann about Bob"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from cache.language.effects import EFFECT_OF
from cache.language.forms import base_form
from cache.language.sides import SIDES
from cache.language.verbs import VERBS
from cache.readings import Reading
from cache.substance import CLAUSE_BORDERS, QUESTIONS, ROLE_WORDS, Item, Pairing
from cache.templates.tokens import MAX_NAME, name_words
from cache.words import QUESTION_VERBS

# Prepositions that tell roles apart, and those that do so beside none or any other.
TELLING_ROLES = frozenset({"to", "from", "about", "with", "by", "before", "after"})
OWNERS = frozenset({"their", "his", "her", "its"})
ONE_SIDED = frozenset({"from", "about", "by"})
# "Ann's letter" is the letter from Ann, or of Ann, and her song the one by Ann.
FROM_WHOM = ({"from", "of"}, {"from", "by"})


def swapped(asked: Sequence[Item], cached: Sequence[Item], pairing: Pairing) -> tuple[str, str] | None:
    """Two words that change places: one stands in the cached text in the role that the other has in the asked."""
    changed = [
        (asked[a], cached[c]) for a, c in _said_once(asked, cached, pairing) if asked[a].role != cached[c].role
    ]
    for at, (one, as_cached) in enumerate(changed):
        for other, other_cached in changed[at + 1 :]:
            if one.group and one.group == other.group and as_cached.group == other_cached.group:
                continue
            if one.role == other_cached.role or as_cached.role == other.role:
                return one.text, other.text
    return None


def _said_once(asked: Sequence[Item], cached: Sequence[Item], pairing: Pairing) -> list[tuple[int, int]]:
    often = {text for side in (asked, cached) for text, n in Counter(item.text for item in side).items() if n > 1}
    return [(a, c) for a, c in pairing.paired if asked[a].text not in often and cached[c].text not in often]


def moved_command(asked: Sequence[Item], cached: Sequence[Item], pairing: Pairing) -> tuple[str, str] | None:
    """A word that is the command of one text and not of the other, and one of which the reverse is true."""
    paired = [(asked[a], cached[c]) for a, c in pairing.paired]
    here = [one.text for one, other in paired if one.command and not other.command]
    there = [one.text for one, other in paired if other.command and not one.command]
    return (here[0], there[0]) if here and there else None


def swapped_slots(asked: Reading, cached: Reading, *, settled: bool = False) -> tuple[str, str] | None:
    """Two params of like names ("person1" and "person2") that change places: then the names do not say who is
    who. ``settled``: a plan's one service takes each by its name, so that only what names two sides of one thing
    ("from_city" and "to_city") can change places with it."""
    here, there = _slot_roles(asked), _slot_roles(cached)
    shared = [name for name in here if name in there]
    for at, one in enumerate(shared):
        for other in shared[at + 1 :]:
            if _head(one) != _head(other) or (settled and not _are_sides(one, other)):
                continue
            stay = here[one][1] == there[one][1] and here[other][1] == there[other][1]
            alike = here[one][1] == here[other][1]
            turned = (here[one][0] < here[other][0]) != (there[one][0] < there[other][0])
            if not stay or (alike and turned):
                return one, other
    return None


def _slot_roles(reading: Reading) -> dict[str, tuple[int, str]]:
    """By param: the position of its first slot and the preposition that it stands under."""
    roles: dict[str, tuple[int, str]] = {}
    under = ""
    for at, word in enumerate(reading.words):
        if word.slot is not None:
            if word.slot.kind == "param":
                roles.setdefault(word.text, (at, under))
        elif word.text in CLAUSE_BORDERS:
            under = ""
        elif word.text in ROLE_WORDS:
            under = ROLE_WORDS[word.text]
    return roles


def other_role(asked: Reading, cached: Reading) -> str | None:
    """A param that stands behind another preposition that tells who or what it is ("email from {person}", "email
    {person}")."""
    here, there = _behind(asked), _behind(cached)
    for name in here.keys() & there.keys():
        one, other = here[name], there[name]
        if (
            one != other
            and {one, other} not in FROM_WHOM
            and ({one, other} & ONE_SIDED or {one, other} <= TELLING_ROLES)
        ):
            return name
    return None


def same_slot_roles(asked: Reading, cached: Reading) -> bool:
    return _behind(asked) == _behind(cached)


def other_time(asked: Sequence[Item], cached: Sequence[Item], pairing: Pairing) -> tuple[str, str] | None:
    """A verb that tells of what was in one text and of what is in the other: "what happened", "what is
    happening"."""
    for a, c in pairing.paired:
        one, other = asked[a].text, cached[c].text
        if (one.endswith("ed"), other.endswith("ed")) in ((True, False), (False, True)) and (
            one.endswith("ing") or other.endswith("ing")
        ):
            return one, other
    return None


def turned_slots(asked: Reading, cached: Reading) -> tuple[str, str] | None:
    """Two params behind no preposition that change places: "play {song} {artist}"."""
    here, there = _behind(asked), _behind(cached)
    bare = [name for name, role in here.items() if not role and there.get(name) == ""]
    places = {name: at for at, name in enumerate(there)}
    return next(((one, other) for one, other in pairwise(bare) if places[other] < places[one]), None)


def _behind(reading: Reading) -> dict[str, str]:
    """By param: the preposition that it stands behind, with no other slot between, unless "and" joins them."""
    found: dict[str, str] = {}
    under, done = "", False
    for word in reading.words:
        if word.slot is not None:
            found.setdefault(word.text, "from" if word.owner else under)
            done = True
        elif word.text in ROLE_WORDS:
            under, done = ROLE_WORDS[word.text], False
        elif word.text not in ("and", "or", ","):
            under, done = ("" if done or word.text in CLAUSE_BORDERS else under), False
    return found


def other_subject(asked: Reading, cached: Reading) -> bool:
    """Whether one text asks what the speaker does and the other what a param does: "did I call {person}", "did
    {person} call me"."""
    subjects = {_subject(asked), _subject(cached)}
    return subjects == {"speaker", "param"} and {"me", "us"} & {*asked.plain, *cached.plain} != set()


def _subject(reading: Reading) -> str:
    for word, following in pairwise(reading.plain):
        if word in QUESTION_VERBS:
            return "speaker" if following in ("i", "we") else "param" if following == "" else "other"
    return "other"


def _head(name: str) -> str:
    """What a param is, without what tells it from its like: ``city`` of ``toCity`` and of ``city2``."""
    words = [word.rstrip("0123456789_") for word in re.findall(r"[A-Za-z][a-z0-9]*|[^\W_]+", name[:MAX_NAME])]
    return next((word.casefold() for word in reversed(words) if len(word) > 1), "")


def _are_sides(one: str, other: str) -> bool:
    """Whether nothing but numbers, letters and roles tells two params apart."""
    return not any(len(word) > 1 and word not in SIDES for word in name_words(one) ^ name_words(other))


def owned_otherwise(asked: Reading, cached: Reading) -> tuple[str, str] | None:
    """A thing that is the param's in one text and, by a pronoun, somebody's in the other: "the manager of {person}
    reviews", "{person} reviews their manager"."""
    here, there = ((_owned_by_params(side), _owned_by_pronouns(side)) for side in (asked, cached))
    for (owned, theirs), (other_owned, other_theirs) in ((here, there), (there, here)):
        for thing, owner in owned.items():
            if thing in other_theirs and not (thing in theirs and thing in other_owned):
                return thing, owner
    return None


def _owned_by_pronouns(reading: Reading) -> set[str]:
    return {following for word, following in pairwise(reading.plain) if word in OWNERS}


def _owned_by_params(reading: Reading) -> dict[str, str]:
    """By thing: the param that it is of."""
    found: dict[str, str] = {}
    plain = reading.plain
    for at, word in enumerate(reading.words):
        if word.slot is not None:
            before, behind = plain[max(0, at - 2) : at], plain[at + 1 : at + 2]
            for thing in before[:1] if before[1:] == ("of",) else behind if word.owner else ():
                found.setdefault(thing, word.text)
    return found


def out_of_order(asked: Sequence[Item], cached: Sequence[Item], pairing: Pairing) -> tuple[str, str] | None:
    """Words under no preposition, whose order tells who does what to whom. A part that moves as a whole ("On
    Monday send …") keeps its meaning."""
    free = [
        (a, c) for a, c in _said_once(asked, cached, pairing) if asked[a].role == cached[c].role == ("", False)
    ]
    # Where words are joined, one text's places may show what the other's do not.
    for one, other, paired in ((asked, cached, free), (cached, asked, sorted((c, a) for a, c in free))):
        ranks = _ranks(_places(one, other, paired))
        breaks = [at for at, (here, there) in enumerate(pairwise(ranks)) if there not in (here, here + 1)]
        if len(breaks) >= 2:
            return one[paired[breaks[0]][0]].text, one[paired[breaks[0] + 1][0]].text
    return None


def _places(asked: Sequence[Item], cached: Sequence[Item], paired: Sequence[tuple[int, int]]) -> list[int]:
    """Where each pair's word stands in the cached text. Those that "and" or "or" joins in both stand at one
    place."""
    first: dict[tuple[int, int], int] = {}
    places = []
    for a, c in paired:
        groups = (asked[a].group, cached[c].group)
        places.append(min(first.setdefault(groups, c), c) if all(groups) else c)
        if all(groups):
            first[groups] = places[-1]
    return [
        first.get((asked[a].group, cached[c].group), place) for (a, c), place in zip(paired, places, strict=True)
    ]


def moved_argument(asked: Sequence[Item], cached: Sequence[Item], pairing: Pairing) -> tuple[str, str] | None:
    """For texts that do nothing, where the order of verbs and adverbs is but wording: two other words under no
    preposition whose order is not the same, as of "Java beats Go"."""
    free = [
        (a, c)
        for a, c in _said_once(asked, cached, pairing)
        if asked[a].role == cached[c].role == ("", False)
        and not (_may_move(asked[a].text) or _may_move(cached[c].text))
    ]
    for one, other, paired in ((asked, cached, free), (cached, asked, sorted((c, a) for a, c in free))):
        for at, (here, there) in enumerate(pairwise(_places(one, other, paired))):
            if there < here:
                return one[paired[at][0]].text, one[paired[at + 1][0]].text
    return None


def _may_move(text: str) -> bool:
    return text.endswith("ly") or text in QUESTIONS or base_form(text, VERBS) is not None or text in EFFECT_OF


def _ranks(values: Sequence[int]) -> list[int]:
    rank = {value: at for at, value in enumerate(sorted(set(values)))}
    return [rank[value] for value in values]
