"""Requests whose params have the same meaning under other names: ``orderId``, ``order_id`` and "order number".

A cached plan serves them when its fields pair off with theirs in one way only. It is then filled as though the
request had used the entry's names, and given back in the request's own.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence

from cache.plans.filling import CannotFill
from orra.base.strictjson import Json

Fields = Sequence[tuple[str, str]]


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CAMEL_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_MAX_NAME = 200
_SHORT_FOR = {
    short: word
    for word, shorts in {
        "number": "no nr num",
        "quantity": "qty",
        "customer": "cust",
        "reference": "ref",
        "identifier": "id",
        "temperature": "temp",
        "address": "addr",
        "telephone": "tel phone",
        "maximum": "max",
        "minimum": "min",
        "amount": "amt",
        "description": "desc",
        "department": "dept",
        "organization": "org organisation",
        "document": "doc",
        "account": "acct",
        "message": "msg",
        "category": "cat",
        "zip": "postcode postal",
        "destination": "dest",
        "source": "src",
    }.items()
    for short in shorts.split()
}
# What tells which one it is, whatever it is called.
_KEY_WORDS = frozenset({"identifier", "number", "reference", "code", "key"})
# Words in fields' names that tell one of several from the others, which are otherwise alike.
_SIDES = _set_of(
    "from to source src target dest destination origin start end begin departure arrival sender receiver "
    "recipient first second third one two other another old new current previous next last before after left "
    "right top bottom in out min max minimum maximum low high lower upper buyer seller debit credit home away "
    "parent child primary secondary base quote input output original final this that self birth return refund "
    "tax confirm confirmed pickup pick dropoff drop check checkin checkout delivery sale savings work "
    "business mobile emergency alternate alternative ip mac web postal blocked admin manager owner time "
    "expiry expiration cancellation deposit discount payment winner loser lender borrower billing shipping "
    "due actual expected estimated planned total net gross"
)


def pair_fields(asked: Fields, cached: Fields) -> dict[str, str] | None:
    """The asked field for each cached one (pairs of name and JSON type), or None when they do not all pair off, or
    could in two ways."""
    if len(asked) != len(cached):
        return None
    left_asked, left_cached = dict(asked), dict(cached)
    pairs: dict[str, str] = {}
    spellings: tuple[Callable[[str], str], ...] = (str, _joined, _spelt_out, plain_name)
    for spelling in spellings:
        if spelling is plain_name and not (_differ(asked, plain_name) and _differ(cached, plain_name)):
            return None
        here, there = _by_name(left_asked, spelling), _by_name(left_cached, spelling)
        for name in here.keys() & there.keys():
            if len(here[name]) != 1 or len(there[name]) != 1:
                return None
            pairs[there[name][0]] = here[name][0]
            if left_asked.pop(here[name][0]) != left_cached.pop(there[name][0]):
                return None
        if not left_asked:
            return pairs
    return pairs | rest if (rest := _pair_qualified(left_asked, left_cached)) else None


def _pair_qualified(asked: Mapping[str, str], cached: Mapping[str, str]) -> dict[str, str]:
    """Pairs names of which one says more of the same thing ("email" and "customer_email"), when each has one such
    partner and the types are equal; else nothing. Not when what it says tells one of several from another
    ("price" and "new_price")."""
    words = {name: plain_name(name).split() for name in (*asked, *cached)}
    partners = {
        name: [
            other
            for other in asked
            if _says_more(words[name], words[other]) or _says_more(words[other], words[name])
        ]
        for name in cached
    }
    pairs = {name: others[0] for name, others in partners.items() if len(others) == 1}
    whole = len(pairs) == len(cached) and len(set(pairs.values())) == len(asked)
    return pairs if whole and all(cached[name] == asked[other] for name, other in pairs.items()) else {}


def _says_more(more: Sequence[str], less: Sequence[str]) -> bool:
    """Whether ``more`` ends as ``less`` and what stands before tells no sides apart."""
    return len(less) < len(more) and more[len(more) - len(less) :] == less and _SIDES.isdisjoint(more)


def rename_params(params: Mapping[str, Json], pairs: Mapping[str, str]) -> dict[str, Json]:
    """The params under the entry's names, in its order."""
    return {cached: params[asked] for cached, asked in pairs.items()}


def rename_plan(plan: Json, pairs: Mapping[str, str]) -> Json:
    """The filled plan in the request's names: task0's fields, and the references to them. Raises
    :class:`~cache.plans.filling.CannotFill` when a name is taken."""
    renamed = copy.deepcopy(plan)
    references = {f"$task0.{cached}": f"$task0.{asked}" for cached, asked in pairs.items()}
    for task in renamed["tasks"]:
        if task.get("id") == "task0":
            names = [pairs.get(field, field) for field in task["input"]]
            if len(set(names)) != len(names):
                raise CannotFill("name_taken", "A constant of the cached plan has the name of a param.")
            task["input"] = dict(zip(names, task["input"].values(), strict=True))
        else:
            task["input"] = {
                field: references.get(value, value) if isinstance(value, str) else value
                for field, value in task["input"].items()
            }
    return renamed


def _by_name(fields: Mapping[str, str], spelling: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field in fields:
        if name := spelling(field):
            found.setdefault(name, []).append(field)
    return found


def _differ(fields: Fields, spelling: Callable[[str], str]) -> bool:
    names = [spelling(field) for field, _ in fields]
    return len(set(names)) == len(names)


def _words(field: str) -> list[str]:
    return _WORD.findall(_CAMEL_BORDER.sub(" ", field[:_MAX_NAME]).casefold())


def _joined(field: str) -> str:
    return "".join(_words(field))


def _spelt_out(field: str) -> str:
    return " ".join(_SHORT_FOR.get(word, word) for word in _words(field))


def plain_name(field: str) -> str:
    """A field's name without what says that it is a key: ``order`` of ``orderId`` and of ``order number``."""
    words = _spelt_out(field).split()
    if words[-2:] == ["email", "address"] or words[-2:] == ["mail", "address"]:
        words.pop()
    if len(words) > 1 and words[-1] in _KEY_WORDS:
        words.pop()
    return " ".join(words)
