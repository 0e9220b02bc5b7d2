"""What registering or removing a service would change, before anything is: the dry run of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cache.storage import Held
from orra.base.strictjson import Json, digest
from planengine.catalogue.registry import FACTS, MEMBERS, complete, differing, holding
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
            "evicts": {
                "entries": self.evicts.entries,
                "pinned": self.evicts.pinned,
                "voting": self.evicts.voting,
            },
        }


def prospect_of(project: Project, name: str, facts: Mapping[str, Json]) -> Prospect:
    """What :func:`planengine.catalogue.registry.register` would do with the same arguments."""
    given = complete(facts)
    service = Service.objects.filter(project=project, name=name).first()
    changed = set(MEMBERS) if service is None else differing(service, given)
    rises = not changed.isdisjoint(FACTS)
    version = None if service is None else service.version
    return Prospect(
        before=None if service is None else _facts_of(service),
        after=given,
        changed=tuple(member for member in MEMBERS if member in changed),
        version=version,
        next_version=(version or 0) + rises,
        evicts=holding(project, None if service is None else name) if rises else Held(),
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
        evicts=holding(service.project, service.name),
        state=_state(service.project, service),
        given="",
    )


def _facts_of(service: Service) -> dict[str, Json]:
    return {member: getattr(service, member) for member in MEMBERS}


def _state(project: Project, service: Service | None) -> str:
    """A digest of what would be changed."""
    known = None if service is None else [service.pk, service.version, service.updated_at.isoformat()]
    return digest([project.pk, project.catalogue_policy, known])
