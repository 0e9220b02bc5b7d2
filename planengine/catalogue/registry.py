"""A project's services: registering and removing them, and the catalogue that plans are made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

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
    changed_facts: bool = False
    evicted: Held = Held()


def register(project: Project, name: str, facts: Mapping[str, Json]) -> Registered:
    """Upsert by name. ``facts`` has the members of :data:`FACTS` and perhaps of :data:`HINTS`, already checked.

    Any change raises the project's catalogue revision, so that every process reads the catalogue anew. The version
    rises, and cached plans are forgotten, only when a fact changed: no plan is right or wrong by a hint.
    """
    [registered], evicted = register_all(project, {name: facts})
    return replace(registered, evicted=evicted)


def register_all(project: Project, services: Mapping[str, Mapping[str, Json]]) -> tuple[list[Registered], Held]:
    """As :func:`register`, services by name: all or, should the database fail, none. What went from the cache."""
    with locked(project):
        known = known_services(project, services)
        registered = [
            _put(known.get(name) or Service(project=project, name=name), complete(facts))
            for name, facts in services.items()
        ]
        evicted = Held()
        if new := [each.service for each in registered if each.created]:
            Service.objects.bulk_create(new)
            history.begin_all(new, MEMBERS)
        if any(each.changed for each in registered):
            _raise_revision(project)
        if any(each.changed_facts for each in registered):
            evicted = _forget_plans(
                project, [each.service.name for each in registered if each.changed_facts and not each.created]
            )
    for each in registered:
        if each.changed:
            log.info(
                "service registered", project=project.pk, service=each.service.id, version=each.service.version
            )
    return registered, evicted


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """A transaction in which nobody else changes the project's services."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        yield


def known_services(project: Project, names: Iterable[str]) -> dict[str, Service]:
    """Those that there are, by name."""
    return {service.name: service for service in Service.objects.filter(project=project, name__in=list(names))}


def _put(service: Service, given: Mapping[str, Json]) -> Registered:
    """A new service is left to be stored with the others."""
    created = service._state.adding
    changed = set(MEMBERS) if created else differing(service, given)
    if not changed:
        return Registered(service, created=False, changed=False)
    changed_facts = not changed.isdisjoint(FACTS)
    if not created:
        history.begin(service, MEMBERS)
    for member in changed:
        setattr(service, member, given[member])
    if not created:
        service.version += changed_facts
        service.save()
        history.note(service, MEMBERS, changed=changed)
    return Registered(service, created=created, changed=True, changed_facts=changed_facts)


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
    with locked(service.project):  # the project first: two that lock in different orders would wait for each other
        service_id = service.id
        service.delete()
        _raise_revision(service.project)
        evicted = _forget_plans(service.project, [service.name])
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
    with locked(service.project):
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


def holding(project: Project, changed: Collection[str]) -> Held:
    """The cached plans that a change of facts makes worthless; ``changed`` are the services, but for new ones."""
    if project.catalogue_policy == Project.CataloguePolicy.STRICT:
        return storage.held(project.pk)
    return storage.held(project.pk, using=changed) if changed else Held()


def holding_each(project: Project, changed: Mapping[str, bool]) -> dict[str, Held]:
    """:func:`holding` of each service alone; ``changed`` says by name whether it is known already."""
    if project.catalogue_policy == Project.CataloguePolicy.STRICT:
        return dict.fromkeys(changed, storage.held(project.pk)) if changed else {}
    known = [name for name, is_known in changed.items() if is_known]
    return storage.held_by_service(project.pk, known) if known else {}


def _forget_plans(project: Project, changed: Collection[str]) -> Held:
    """Evicts what :func:`holding` tells. Entries are also checked when they are read: one that is being stored at
    this moment is not served either."""
    evicted = holding(project, changed)
    if project.catalogue_policy == Project.CataloguePolicy.STRICT:
        storage.forget_project(project.pk)
    elif changed:
        storage.forget_using(project.pk, *changed)
    return evicted


def _raise_revision(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(catalogue_revision=F("catalogue_revision") + 1)
    project.refresh_from_db(fields=["catalogue_revision"])
