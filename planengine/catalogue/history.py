"""What a service said, each time that it changed: bounded per service, written by
:mod:`planengine.catalogue.registry` in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from planengine.models import Service, ServiceVersion

KEPT = 50  # of a service, the newest


def begin(service: Service, members: Collection[str]) -> None:
    """Notes what a service says that has no history yet, before it changes: it was registered before there was
    any."""
    if not ServiceVersion.objects.filter(service=service).exists():
        _note(service, members, changed=[]).save()
        ServiceVersion.objects.filter(service=service).update(created_at=service.updated_at)


def begin_all(services: Iterable[Service], members: Collection[str]) -> None:
    """Notes what services say that are new."""
    ServiceVersion.objects.bulk_create(_note(service, members, changed=[]) for service in services)


def note(service: Service, members: Collection[str], *, changed: Collection[str]) -> None:
    """Notes what the service says now, and forgets what is too long ago."""
    _note(service, members, changed=changed).save()
    oldest = ServiceVersion.objects.filter(service=service).values_list("pk", flat=True)[KEPT : KEPT + 1]
    for pk in oldest:
        ServiceVersion.objects.filter(service=service, pk__lte=pk).delete()


def _note(service: Service, members: Collection[str], *, changed: Collection[str]) -> ServiceVersion:
    facts = {member: getattr(service, member) for member in members}
    in_order = [member for member in members if member in changed]
    return ServiceVersion(service=service, version=service.version, facts=facts, changed=in_order)
