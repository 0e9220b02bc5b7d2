"""What today's services say of the plans that call them."""

from __future__ import annotations

from django.db.models import Q

from orra.base.strictjson import Json
from planengine.admin.parts.drawing import Drawing, Schemas, draw, schemas_of, services_in
from planengine.models import Project, Service


def draw_with_schemas(project: Project, plan: Json, *, contents: bool, name: str = "graph") -> Drawing:
    """The picture of a plan with what its services' schemas say today; one query."""
    return draw(plan, services=schemas_for(project, plan), contents=contents, name=name)


def schemas_for(project: Project, plan: Json) -> dict[str, Schemas]:
    """By what the plan calls them; a service's name wins over another's id."""
    called = services_in(plan)
    found = Service.objects.filter(Q(name__in=called) | Q(pk__in=called), project=project)
    facts = [
        (row, schemas_of(row.description, row.input_schema, row.output_schema))
        for row in found.only("name", "description", "input_schema", "output_schema")
    ]
    return {row.pk: known for row, known in facts} | {row.name: known for row, known in facts}
