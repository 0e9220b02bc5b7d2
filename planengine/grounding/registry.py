"""A project's groundings: applying and removing them, and those that hold. Nobody else writes their rows."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F

from orra.base.remembering import Remembered
from orra.base.text import quote_all
from planengine.exceptions import BadRequest, GroundingInvalid
from planengine.grounding.contents import differences, restore
from planengine.grounding.specs import GroundingSpec
from planengine.models import Grounding, Project

log = structlog.get_logger(__name__)

MAX_GROUNDINGS = 500
REMEMBERED_PROJECTS = 256
_MOST_DIFFERENCES = 20


@dataclass(frozen=True)
class Applied:
    """``created``: whether this version is new; ``changed``: whether anything is."""

    grounding: Grounding
    created: bool
    changed: bool


@dataclass(frozen=True)
class Kept:
    """A grounding, and the id of its row: empty where it was not applied."""

    id: str
    spec: GroundingSpec


def apply(project: Project, spec: GroundingSpec) -> Applied:
    """Makes ``spec`` the version of its name that holds: a new version, or one that was applied before and says
    the same. The versions before it are kept. Raises :class:`BadRequest` with 409 if that version says something
    else, or the project has too many groundings."""
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        of_name = Grounding.objects.filter(project=project, name=spec.name)
        row = kept_version(project, spec)
        if row is not None and row.current:
            return Applied(row, created=False, changed=False)
        if row is None and not of_name.exists():
            _check_room(locked)
        of_name.filter(current=True).update(current=False)
        created = row is None
        if row is None:
            row = Grounding(project=project, name=spec.name, version=spec.version, digest=spec.digest)
            row.domain, row.mode, row.content = spec.domain, spec.mode.value, spec.content
        row.current = True
        row.save()
        _raise_revision(project)
    log.info("grounding applied", project=project.pk, grounding=row.id, name=row.name, version=row.version)
    return Applied(row, created=created, changed=True)


def kept_version(project: Project, spec: GroundingSpec) -> Grounding | None:
    """The row of this version, if it was applied before. Raises :class:`BadRequest` with 409 if that says
    something else."""
    row = Grounding.objects.filter(project=project, name=spec.name, version=spec.version).first()
    if row is not None and row.digest != spec.digest:
        raise _conflict(row, spec)
    return row


def remove(project: Project, name: str) -> bool:
    """Deletes every version of that name; whether there was one."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        found, _ = Grounding.objects.filter(project=project, name=name).delete()
        if not found:
            return False
        _raise_revision(project)
    log.info("grounding removed", project=project.pk, name=name)
    return True


def groundings_of(project: Project) -> tuple[Kept, ...]:
    """Those that hold, by name, as of the project's ``groundings_revision``: remembered per process, and without a
    query for a project that never had one."""
    if not project.groundings_revision:
        return ()
    return _remembered.get_or_make((project.pk, project.groundings_revision), lambda: _that_hold(project))


def _that_hold(project: Project) -> tuple[Kept, ...]:
    rows = Grounding.objects.filter(project=project, current=True).order_by("name")
    return tuple(Kept(row.id, spec_of(row)) for row in rows)


def spec_of(row: Grounding) -> GroundingSpec:
    return restore(row.name, row.version, row.content)


_remembered: Remembered[tuple[str, int], tuple[Kept, ...]] = Remembered(REMEMBERED_PROJECTS)


def _check_room(project: Project) -> None:
    if Grounding.objects.filter(project=project, current=True).count() >= MAX_GROUNDINGS:
        raise BadRequest(
            f"The project has {MAX_GROUNDINGS} groundings, which is the most. Remove one, or put more use cases "
            "into those that are there.",
            code="too_many_groundings",
            status=409,
        )


def _conflict(row: Grounding, spec: GroundingSpec) -> GroundingInvalid:
    places = list(differences(row.content, spec.content))
    message = "It differs from what this version says already."
    return GroundingInvalid(
        f"Version {spec.version} of {spec.name} says something else already. What differs: "
        f"{quote_all(places, _MOST_DIFFERENCES)}.",
        code="grounding_version_conflict",
        status=409,
        problems=tuple(
            {"field": place, "code": "grounding_version_conflict", "message": message}
            for place in places[:_MOST_DIFFERENCES]
        ),
        how_to_fix=(
            f"Give it another `version` than {spec.version}: what was applied as a version does not change.",
            f"Or see what is kept: GET /v1/groundings/{spec.name}?version={spec.version}.",
        ),
    )


def _raise_revision(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(groundings_revision=F("groundings_revision") + 1)
    project.refresh_from_db(fields=["groundings_revision"])
