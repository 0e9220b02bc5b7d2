"""Models that plan well but for one kind of mistake, behind a real HTTP server.

A weak model knows the right plan of each request that it is set up with, and spoils it in places of its kind.
Asked again it sees what any model sees: its last draft and what was wrong with it, as the prompt has them. Where
the text names the place and the right thing for it, it follows the text (:data:`HEEDS` of the time, and it may
pick a wrong one of several); where the text leaves it guessing, it makes the mistake again as often as at first.
Asked without feedback it simply draws anew. So what a model gains from feedback is what the feedback tells.

    with ScriptedServer(default=WeakModel("composites", plans, seed=1)) as server: ...
"""

from __future__ import annotations

import copy
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.scripted import Reply, Request, completion

MISTAKES = 0.8  # how often a first draft has any
PLACES = 0.5  # of the places that could be spoiled, beside the first
HEEDS = 0.9

Plan = dict[str, Any]
# (task id, input name), with "" for the service: what a plan says there.
Places = dict[tuple[str, str], Any]


@dataclass
class WeakModel:
    """Answers orra's prompts. ``plans``: the right plan by the request's action."""

    kind: str
    plans: Mapping[str, Plan]
    seed: int = 0
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        sections = request.sections
        with self._lock:
            self._asked[request.prompt] += 1
            again = self._asked[request.prompt]
        chance = random.Random(json.dumps([self.seed, self.kind, again, sections["request"], len(request.prompt)]))
        right = self.plans[sections["request"]]
        told = sections.get("what was wrong with it")
        if self.kind in _FORMS:
            return self._formed(right, told, chance)
        draft = KINDS[self.kind](copy.deepcopy(right), sections, chance) if chance.random() < MISTAKES else right
        if told is not None:
            draft = mended(sections["your last plan"], right, draft, _items(told), sections, chance)
        return completion(json.dumps(draft))

    def _formed(self, right: Plan, told: list[str] | None, chance: random.Random) -> Reply:
        """What such a model needs to hear is that it is to answer with one whole JSON object."""
        heard = told is not None and "one JSON object" in " ".join(told)
        spoilt = chance.random() < MISTAKES and not (heard and chance.random() < HEEDS)
        return _FORMS[self.kind](json.dumps(right)) if spoilt else completion(json.dumps(right))


# --- mistakes ----------------------------------------------------------------------------------------------------


def _wrong_names(plan: Plan, sections: Any, chance: random.Random) -> Plan:
    """Fields in another spelling: in task0, as inputs, in references to outputs."""

    def rename(name: str) -> str:
        head, *rest = name.split("_")
        return head + "".join(word.capitalize() for word in rest) if rest else f"the_{name}"

    def spoil(task: Plan, name: str) -> None:
        value = task["input"][name]
        if task["id"] != "task0" and not str(value).startswith("$task0.") and chance.random() < 0.5:
            producer, _, output = value.partition(".")
            task["input"][name] = f"{producer}.{rename(output)}"
        else:
            task["input"] = {rename(name) if each == name else each: v for each, v in task["input"].items()}

    return _spoilt(plan, spoil, chance)


def _composites(plan: Plan, sections: Any, chance: random.Random) -> Plan:
    """Two references, or words and a reference, in one input."""

    def spoil(task: Plan, name: str) -> None:
        others = [each for each in plan["tasks"][0]["input"] if f"$task0.{each}" != task["input"][name]]
        beside = f"$task0.{chance.choice(others)}" if others else "please"
        task["input"][name] = chance.choice(
            [f"{task['input'][name]} {beside}", f"{beside}: {task['input'][name]}"]
        )

    return _spoilt(plan, spoil, chance, task0=False)


def _invented_services(plan: Plan, sections: Any, chance: random.Random) -> Plan:
    """Services under names that would have been plausible too."""
    tasks = plan["tasks"][1:]
    for number, task in enumerate(chance.sample(tasks, len(tasks))):
        if number == 0 or chance.random() < PLACES:
            verb, _, rest = task["service"].partition("_")
            other = {"find": "get", "send": "dispatch", "create": "make", "search": "lookup", "get": "fetch"}
            task["service"] = f"{other.get(verb, 'do')}_{rest or verb}" + chance.choice(
                ["", "_info", "_by_id", "_now"]
            )
    return plan


def _missing_params(plan: Plan, sections: Any, chance: random.Random) -> Plan:
    """Inputs that are left out, or params that are not even in task0."""

    def spoil(task: Plan, name: str) -> None:
        task["input"].pop(name)
        if task["id"] == "task0":
            for other in plan["tasks"][1:]:
                other["input"] = {each: v for each, v in other["input"].items() if v != f"$task0.{name}"}

    return _spoilt(plan, spoil, chance)


def _swapped_types(plan: Plan, sections: Any, chance: random.Random) -> Plan:
    """Inputs that take what another type of thing gives."""
    services = {spec["name"]: spec for spec in sections["services"]}
    types = {f"$task0.{name}": _type(value) for name, value in sections["params"].items()}
    for task in plan["tasks"][1:]:
        types |= {
            f"${task['id']}.{name}": s.get("type") for name, s in services[task["service"]]["outputs"].items()
        }

    def spoil(task: Plan, name: str) -> None:
        wanted = services[task["service"]]["inputs"][name].get("type")
        unfit = [
            each
            for each, kind in types.items()
            if {kind, wanted} != {"integer", "number"}
            and kind != wanted
            and not each.startswith(f"${task['id']}.")
        ]
        if unfit:
            task["input"][name] = chance.choice(unfit)

    return _spoilt(plan, spoil, chance, task0=False)


def _cycles(plan: Plan, sections: Any, chance: random.Random) -> Plan:
    """Tasks that wait for one that waits for them, or for themselves."""
    by_id = {task["id"]: task for task in plan["tasks"]}
    links = [
        (task, by_id[producer])
        for task in plan["tasks"][1:]
        for value in task["input"].values()
        if (producer := str(value)[1:].partition(".")[0]) != "task0"
    ] or [(task, task) for task in plan["tasks"][1:]]
    outputs = {spec["name"]: list(spec["outputs"]) for spec in sections["services"]}
    for number, (consumer, producer) in enumerate(chance.sample(links, len(links))):
        if number == 0 or chance.random() < PLACES:
            name = chance.choice(list(producer["input"]))
            producer["input"][name] = f"${consumer['id']}.{chance.choice(outputs[consumer['service']])}"
    return plan


Spoil = Callable[[Plan, Any, random.Random], Plan]
KINDS: Mapping[str, Spoil] = {
    "wrong names": _wrong_names,
    "composites": _composites,
    "invented services": _invented_services,
    "missing params": _missing_params,
    "swapped types": _swapped_types,
    "cycles": _cycles,
}
_FORMS: Mapping[str, Callable[[str], Reply]] = {
    "prose around JSON": lambda plan: completion(
        f"Sure! Here is the plan {{as asked}}:\n\n{plan}\n\nAnything else?"
    ),
    "prose instead of JSON": lambda plan: completion("First call the one service, then the other, I would say."),
    "truncated JSON": lambda plan: completion(plan[: len(plan) * 2 // 3]),
}
ALL_KINDS = (*KINDS, *_FORMS)


def _spoilt(plan: Plan, spoil: Callable[[Plan, str], None], chance: random.Random, *, task0: bool = True) -> Plan:
    """With one place spoiled for sure, and each other one of up to three by chance."""
    places = [(task, name) for task in plan["tasks"] for name in task["input"] if task0 or task["id"] != "task0"]
    for number, (task, name) in enumerate(chance.sample(places, min(3, len(places)))):
        if (number == 0 or chance.random() < PLACES) and name in task["input"]:
            spoil(task, name)
    return plan


def _type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


# --- reading what was wrong --------------------------------------------------------------------------------------


def mended(last: Any, right: Plan, anew: Plan, items: list[str], sections: Any, chance: random.Random) -> Plan:
    """The last draft with what the text told put right, and what else is wrong with it as drawn anew. A text that
    tells nothing of use leaves it all to be drawn anew."""
    if not isinstance(last, dict):
        return anew
    was, ought, guess = _places(last), _places(right), _places(anew)
    wrong = [place for place in {**ought, **was} if was.get(place) != ought.get(place)]
    told = {place: list(_told(place, was.get(place), ought.get(place), items, sections)) for place in wrong}
    if not any(told.values()):
        return anew
    result: Places = dict(was)
    for place, choices in told.items():
        if choices and chance.random() < HEEDS:
            result[place] = choices[0] if chance.random() < HEEDS else chance.choice(choices)
        else:
            result[place] = guess.get(place)
    return _plan({place: value for place, value in result.items() if value is not None})


def _told(place: tuple[str, str], wrong: Any, ought: Any, items: list[str], sections: Any) -> Iterator[Any]:
    """What the text says may stand at a place, in its order, if it speaks of the place; ``None`` is nothing."""
    task, name = place
    for item in items:
        if not re.search(rf"\b{task}\b", item, re.IGNORECASE) or (name and not _says(item, name)):
            continue
        if ought is None:
            yield None
        elif name == "":
            yield from _named(item, [spec["name"] for spec in sections["services"]], but=wrong)
        elif task == "task0":
            yield ought  # the value stands in the prompt, under the name that the text has told
        else:
            # What the text calls right comes after what it calls wrong.
            _, _, after = item.rpartition("Right: ")
            own = [
                part for part in re.split(r"(?=In 'task)", after) if _says(part, name) or "In 'task" not in part
            ]
            yield from (each for each in re.findall(r"\$task\d+\.\w+", " ".join(own)) if each != wrong)


def _named(item: str, names: list[str], *, but: Any) -> list[str]:
    found = [(item.index(f"'{name}'"), name) for name in names if f"'{name}'" in item and name != but]
    return [name for _, name in sorted(found)]


def _says(text: str, name: str) -> bool:
    return re.search(rf"['\"]{re.escape(name)}['\"]", text) is not None


def _items(lines: list[str]) -> list[str]:
    """The problems of the text, one after the other: a line that is indented belongs to the one before it."""
    items: list[str] = []
    for line in lines:
        if line.startswith("   ") and items:
            items[-1] += " " + line.strip()
        else:
            items.append(line)
    return items


def _places(plan: Any) -> Places:
    found: Places = {}
    for task in plan.get("tasks", []):
        if task["id"] != "task0":
            found[task["id"], ""] = task.get("service")
        found |= {(task["id"], name): value for name, value in task.get("input", {}).items()}
    return found


def _plan(places: Places) -> Plan:
    tasks: dict[str, Plan] = {"task0": {"id": "task0", "input": {}}}
    for (task, name), value in places.items():
        made = tasks.setdefault(task, {"id": task, "input": {}})
        if name:
            made["input"][name] = value
        else:
            made["service"] = value
    return {"tasks": list(tasks.values()), "parallel_groups": []}
