"""A project's services: registering and removing them, and the catalogue that plans are made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F

from cache import storage
from cache.storage import Held
from orra.base.remembering import Remembered
from orra.base.strictjson import Json, same
from planengine.catalogue import history
from planengine.catalogue.examples import check_examples, read_example
from planengine.catalogue.schemas import compile_input_schema
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.models import Project, Service

log = structlog.get_logger(__name__)

FACTS = ("type", "description", "input_schema", "output_schema", "revertible")  # a change is another version
HINTS: Mapping[str, Callable[[], Json]] = {
    "annotations": dict,
    "examples": list,
    "capabilities": list,
}  # each with what it is if not given
MEMBERS = (*FACTS, *HINTS)
REMEMBERED_CATALOGUES = 256
NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
NAME = re.compile(NAME_PATTERN.replace("$", r"\Z"))  # in Python, $ would let a line end pass
NAME_RULE = "A service's name is 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit."
MAX_DESCRIPTION_CHARACTERS = 4000


@dataclass(frozen=True)
class Registered:
    """``changed``: whether anything did, a hint or a fact. ``evicted``: the cached plans that went."""

    service: Service
    created: bool
    changed: bool
    evicted: Held = Held()


def register(project: Project, name: str, facts: Mapping[str, Json]) -> Registered:
    """Upsert by name. ``facts`` has the members of :data:`FACTS` and perhaps of :data:`HINTS`, already checked.

    Any change raises the project's catalogue revision, so that every process reads the catalogue anew. The version
    rises, and cached plans are forgotten, only when a fact changed: no plan is right or wrong by a hint.
    """
    given = complete(facts)
    evicted = Held()
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        service = Service.objects.filter(project=project, name=name).first()
        created = service is None
        if service is None:
            service, changed = Service(project=project, name=name), set(MEMBERS)
        else:
            changed = differing(service, given)
        if not changed:
            return Registered(service, created=False, changed=False)
        if not created:
            history.begin(service, MEMBERS)
        for member in changed:
            setattr(service, member, given[member])
        if not created and not changed.isdisjoint(FACTS):
            service.version += 1
        service.save()
        history.note(service, MEMBERS, changed=() if created else changed)
        _raise_revision(project)
        if not changed.isdisjoint(FACTS):
            evicted = _forget_plans(project, None if created else name)
    log.info("service registered", project=project.pk, service=service.id, version=service.version)
    return Registered(service, created=created, changed=True, evicted=evicted)


def complete(facts: Mapping[str, Json]) -> dict[str, Json]:
    """With the hints that were left out as what they are if not given."""
    return {member: facts[member] for member in FACTS} | {
        member: facts.get(member, empty()) for member, empty in HINTS.items()
    }


def differing(service: Service, given: Mapping[str, Json]) -> set[str]:
    """The members that would change."""
    return {member for member in MEMBERS if not same(getattr(service, member), given[member])}


def remove(service: Service) -> Held:
    """Its history goes with it. What went from the cache."""
    with transaction.atomic():
        # As in register, the project first: two that lock in different orders would wait for each other.
        Project.objects.select_for_update(no_key=True).get(pk=service.project_id)
        service_id = service.id
        service.delete()
        _raise_revision(service.project)
        evicted = _forget_plans(service.project, service.name)
    log.info("service removed", project=service.project_id, service=service_id)
    return evicted


def add_example(service: Service, example: Json) -> bool:
    """Gives the service one more example; ``False`` when it has that one. Raises
    :class:`planengine.catalogue.errors.ExamplesInvalid`."""
    inputs = compile_input_schema(service.input_schema)
    read_example(example, inputs)
    with _examples_of(service) as examples:
        if any(same(each, example) for each in examples):
            return False
        check_examples([*examples, example], inputs)
        examples.append(example)
    return True


def remove_example(service: Service, example: Json) -> bool:
    """Takes the example away; ``False`` when the service has none like it."""
    with _examples_of(service) as examples:
        place = next((place for place, each in enumerate(examples) if same(each, example)), None)
        if place is None:
            return False
        del examples[place]
    return True


@contextmanager
def _examples_of(service: Service) -> Iterator[list[Json]]:
    """The service's examples of now, registered as they are after the block; nobody changes it meanwhile."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=service.project_id)
        service.refresh_from_db()
        examples = list(service.examples)
        yield examples
        facts = {member: getattr(service, member) for member in MEMBERS}
        register(service.project, service.name, {**facts, "examples": examples})


def catalogue_of(project: Project) -> Catalogue:
    """The project's services as of its ``catalogue_revision``, remembered per process: a hit costs no query."""
    return _catalogues.get_or_make(
        (project.pk, project.catalogue_revision),
        lambda: Catalogue(_spec_of(service) for service in Service.objects.filter(project=project)),
    )


def _spec_of(service: Service) -> ServiceSpec:
    return ServiceSpec(
        id=service.id,
        name=service.name,
        type=service.type,
        description=service.description,
        version=service.version,
        input_schema=service.input_schema,
        output_schema=service.output_schema,
        revertible=service.revertible,
        annotations=service.annotations,
        given_examples=tuple(service.examples),
        capabilities=tuple(service.capabilities),
    )


_catalogues: Remembered[tuple[str, int], Catalogue] = Remembered(REMEMBERED_CATALOGUES)


def holding(project: Project, changed: str | None) -> Held:
    """The cached plans that a change of facts makes worthless; ``changed`` is the service, unless it is new."""
    if project.catalogue_policy == Project.CataloguePolicy.STRICT:
        return storage.held(project.pk)
    return Held() if changed is None else storage.held(project.pk, using=changed)


def _forget_plans(project: Project, changed: str | None) -> Held:
    """Evicts what :func:`holding` tells. Entries are also checked when they are read: one that is being stored at
    this moment is not served either."""
    evicted = holding(project, changed)
    if project.catalogue_policy == Project.CataloguePolicy.STRICT:
        storage.forget_project(project.pk)
    elif changed is not None:
        storage.forget_using(project.pk, changed)
    return evicted


def _raise_revision(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(catalogue_revision=F("catalogue_revision") + 1)
    project.refresh_from_db(fields=["catalogue_revision"])
