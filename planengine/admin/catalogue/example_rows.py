"""The examples of a project, or of one of its services, as they are listed: what developers gave, and what
requests left. The latter are read newest first, page by page, and no page looks at more than a bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from cache.models import Entry
from cache.templates.templates import TemplateInvalid, make_template
from orra.base.strictjson import Json, canonical, digest
from planengine.catalogue.errors import ExamplesInvalid
from planengine.catalogue.examples import read_example
from planengine.catalogue.schemas import compile_input_schema
from planengine.models import Project, Service

PAGE = 50
LOOKED_THROUGH = 10_000  # entries, for one page
MOST_SERVICES = 200  # whose given examples one page shows

KINDS = {
    "": "all",
    "voting": "plans that vote",
    "silent": "plans that do not vote",
    "refusal": "refusals",
    "counter": "counter-examples",
}


@dataclass(frozen=True)
class Given:
    """An example of a service's developer. ``digest`` names it."""

    service: Service
    template: str
    digest: str
    fault: str = ""


@dataclass(frozen=True)
class Learned:
    entry: Entry
    kind: str
    votes: bool

    @property
    def may_be_confirmed(self) -> bool:
        entry = self.entry
        return entry.kind == Entry.Kind.PLAN and not self.votes and entry.reusable and not entry.quarantined_at

    @property
    def may_be_wrong(self) -> bool:
        return self.entry.kind == Entry.Kind.PLAN and not self.entry.quarantined_at


@dataclass(frozen=True)
class LearnedPage:
    """``older``: where to go on, empty at the end."""

    rows: list[Learned]
    older: str


def given_by(services: QuerySet[Service]) -> Iterator[Given]:
    """Of at most :data:`MOST_SERVICES` services that have any."""
    for service in services.exclude(examples=[])[:MOST_SERVICES]:
        for example in service.examples:
            yield _given(service, example)


def learned(project: Project, *, service: str = "", kind: str = "", before: str = "") -> LearnedPage:
    """``before`` is where the page before ended. Raises ``ValueError`` where it is none."""
    entries = Entry.objects.filter(project=project).order_by("-created_at", "-id")
    if before:
        at, entry_id = _place(before)
        entries = entries.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=entry_id), created_at__lte=at)
    last = None
    if service or kind:  # what is looked for may be rare
        last = entries.values_list("created_at", "pk")[LOOKED_THROUGH - 1 : LOOKED_THROUGH].first()
        entries = entries.filter(_of_kind(kind), **({"services__has_key": service} if service else {}))
        if last is not None:
            entries = entries.filter(
                Q(created_at__gt=last[0]) | Q(created_at=last[0], pk__gte=last[1]), created_at__gte=last[0]
            )
    rows = list(
        entries.select_related("vector").defer(
            "params", "plan", "recipe", "scope_facts", "words", "cost", "vector__embedding"
        )[: PAGE + 1]
    )
    if len(rows) > PAGE:
        last = (rows[PAGE - 1].created_at, rows[PAGE - 1].pk)
    older = _written(*last) if last is not None else ""
    return LearnedPage([_learned(entry) for entry in rows[:PAGE]], older)


def _of_kind(kind: str) -> Q:
    match kind:
        case "voting":
            return Q(kind=Entry.Kind.PLAN, vector__isnull=False)
        case "silent":
            return Q(kind=Entry.Kind.PLAN, vector__isnull=True)
        case "refusal" | "counter":
            return Q(kind=kind)
    return Q()


def _learned(entry: Entry) -> Learned:
    return Learned(entry, _kind(entry), hasattr(entry, "vector"))


def _kind(entry: Entry) -> str:
    match entry.kind:
        case Entry.Kind.REFUSAL:
            return "refusal"
        case Entry.Kind.COUNTER:
            return "counter-example"
    return "in quarantine" if entry.quarantined_at else "learned"


def _given(service: Service, example: Json) -> Given:
    named = digest(example)
    try:
        read = read_example(example, compile_input_schema(service.input_schema))
        return Given(service, make_template(read.action, read.params).text, named)
    except (ExamplesInvalid, TemplateInvalid) as error:
        return Given(service, canonical(example), named, fault=str(error))


def _written(at: datetime, entry_id: str) -> str:
    return f"{at.isoformat()}~{entry_id}"


def _place(before: str) -> tuple[datetime, str]:
    at, _, entry_id = before.partition("~")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or "\x00" in entry_id:
        raise ValueError(before)
    return moment, entry_id
