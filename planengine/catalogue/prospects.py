"""What registering or removing a service would change, before anything is: the dry run of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from cache.storage import Held
from orra.base.strictjson import Json, digest
from planengine.catalogue.registry import (
    FACTS,
    MEMBERS,
    complete,
    differing,
    holding,
    holding_each,
    known_services,
    locked,
    register_all,
)
from planengine.models import Project, Service


@dataclass(frozen=True)
class Prospect:
    """``before`` and ``after`` are all that the service says, ``None`` where there is none; ``changed`` the names
    of what differs. ``evicts``: the cached plans that would go. ``state`` and ``given`` are digests of what is
    there and of what was asked for."""

    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None
    changed: tuple[str, ...]
    version: int | None
    next_version: int | None
    evicts: Held
    state: str
    given: str

    @property
    def token(self) -> str:
        """Equal as long as the same would change from the same: what was looked at is what is confirmed. The cache
        may change meanwhile: it does so with every request."""
        return f"{self.state}.{self.given}"

    @property
    def changes_facts(self) -> bool:
        """Whether the version rises; hints alone change none, and no plan is right or wrong by them."""
        return not set(self.changed).isdisjoint(FACTS)

    def as_dict(self) -> dict[str, Json]:
        return {
            "changed": list(self.changed),
            "version": self.version,
            "next_version": self.next_version,
            "evicts": asdict(self.evicts),
        }


@dataclass(frozen=True)
class Prospects:
    """Of services by name, in the order given; ``evicts``: the cached plans that all changes together evict."""

    services: Mapping[str, Prospect]
    evicts: Held


def prospect_of(project: Project, name: str, facts: Mapping[str, Json]) -> Prospect:
    """What :func:`planengine.catalogue.registry.register` would do with the same arguments."""
    return prospects_of(project, {name: facts}).services[name]


def prospects_of(project: Project, services: Mapping[str, Mapping[str, Json]]) -> Prospects:
    """What :func:`planengine.catalogue.registry.register_all` would do with the same arguments."""
    known = known_services(project, services)
    told = {name: _prospect(project, known.get(name), complete(facts)) for name, facts in services.items()}
    rising = {name: name in known for name, prospect in told.items() if prospect.changes_facts}
    each = holding_each(project, rising)
    evicts = holding(project, [name for name, is_known in rising.items() if is_known]) if rising else Held()
    return Prospects(
        {name: replace(prospect, evicts=each.get(name, Held())) for name, prospect in told.items()}, evicts
    )


def register_as_foreseen(project: Project, services: Mapping[str, Mapping[str, Json]]) -> Prospects:
    """Registers services by name, all or none; what that did is what was foreseen at the same moment."""
    with locked(project):
        foreseen = prospects_of(project, services)
        register_all(project, services)
    return foreseen


def _prospect(project: Project, service: Service | None, given: Mapping[str, Json]) -> Prospect:
    """Without what it evicts."""
    changed = set(MEMBERS) if service is None else differing(service, given)
    version = None if service is None else service.version
    return Prospect(
        before=None if service is None else _facts_of(service),
        after=given,
        changed=tuple(member for member in MEMBERS if member in changed),
        version=version,
        next_version=(version or 0) + (not changed.isdisjoint(FACTS)),
        evicts=Held(),
        state=_state(project, service),
        given=digest(given),
    )


def removal_of(service: Service) -> Prospect:
    """What :func:`planengine.catalogue.registry.remove` would do."""
    return Prospect(
        before=_facts_of(service),
        after=None,
        changed=MEMBERS,
        version=service.version,
        next_version=None,
        evicts=holding(service.project, [service.name]),
        state=_state(service.project, service),
        given="",
    )


def _facts_of(service: Service) -> dict[str, Json]:
    return {member: getattr(service, member) for member in MEMBERS}


def _state(project: Project, service: Service | None) -> str:
    """A digest of what would be changed."""
    known = None if service is None else [service.pk, service.version, service.updated_at.isoformat()]
    return digest([project.pk, project.catalogue_policy, known])
