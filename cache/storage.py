"""What the cache stores, and why it lets an entry go: another takes its place, a hit was wrong, or somebody
evicts it."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Func, Q, QuerySet, TextField
from django.utils import timezone
from numpy.typing import NDArray

from cache.examples import observed
from cache.examples.nearest import nearest_examples
from cache.examples.votes import COUNTER
from cache.examples.wording import words_of
from cache.models import Entry, EntryUse, EntryVector
from cache.pins import NEVER
from cache.plans.filling import fingerprint
from cache.plans.provenance import check_with_sentinels, trace
from cache.plans.recipes import Recipe, RecipeInvalid, read_unsaid
from cache.plans.skeletons import Skeleton, skeleton_of
from cache.plans.unsaid import still_unsaid
from cache.requests import Request, fields_digest
from cache.templates.templates import Template
from orra.base.strictjson import Json, parse

log = structlog.get_logger(__name__)

TTL_JITTER = 0.1
MAX_REASON = 2_000  # characters
MAX_LOGGED = 20
# Of one template so many entries are looked at for one that contradicts.
MOST_OTHERS = 32
# Templates this near are told apart by less than a paraphrase is. On the assistant's requests six of eight wrong
# exact hits were of templates with such a neighbour, and so was one right hit in a thousand.
NEARLY_IDENTICAL = 0.93
NEAR = 8
# Whose plans vote for nothing until somebody confirms them (see Entry.planned_by): nothing learns from itself.
COMPOSER, EXAMPLE = "composer", "example"
SILENT = (COMPOSER, EXAMPLE)

# The entry that another of the same template and variant takes the place of. What it leaves is read as it is when
# the row goes, not as it was when the statement began. The last parameter is the other's skeleton.
REPLACED = """
    DELETE FROM cache_entry WHERE scope = %s AND template_key = %s AND identity = %s AND variant = %s
    RETURNING pinned, CASE WHEN skeleton = %s THEN confirmed_at END, recipe -> 'unsaid'
"""


@dataclass(frozen=True)
class Source:
    """Where a plan comes from: its ``services`` by name with their versions, ``dependencies`` as their digest,
    ``planned_by`` (see :class:`cache.models.Entry`) and the ``cost`` of planning it."""

    planned_by: str
    services: Mapping[str, int] = field(default_factory=dict)
    dependencies: str = ""
    cost: Mapping[str, Json] = field(default_factory=dict)


def store(
    request: Request,
    plan: Json,
    *,
    vector: NDArray[np.float32] | None,
    ttl_seconds: int,
    source: Source,
) -> Entry | None:
    """Makes a validated plan reusable; an entry of the same template and variant gives way to it and leaves it its
    pin, and where the plan is the same its vote and its confirmation. Without a ``vector`` it serves its exact
    template and votes for nothing. ``None`` when another process stored one at the same moment, or the project is
    gone."""
    entry = _entry(request, Entry.Kind.PLAN, source, ttl_seconds)
    entry.plan = plan
    _read_plan(entry, request)
    if vector is None and entry.reusable:
        vector = _vote_of_replaced(entry)
    return _insert(entry, vector if entry.reusable else None)


def store_made(request: Request, plan: Json, *, ttl_seconds: int, source: Source) -> Entry | None:
    """Keeps a plan that was made by example for its exact template, unless there is an entry of that already: what
    was made from votes contradicts nothing."""
    same = Entry.objects.filter(scope=request.scope.digest, template_key=request.template.key)
    if same.exclude(kind=Entry.Kind.REFUSAL).exists() or is_counter(request, plan):
        return None
    return store(request, plan, vector=None, ttl_seconds=ttl_seconds, source=source)


def _vote_of_replaced(entry: Entry) -> NDArray[np.float32] | None:
    """The vector of the entry whose place this one takes, if it holds the same plan."""
    replaced = EntryVector.objects.filter(
        entry__scope=entry.scope,
        entry__template_key=entry.template_key,
        entry__identity=entry.identity,
        entry__variant=entry.variant,
        entry__skeleton=entry.skeleton,
    ).first()
    return None if replaced is None else np.asarray(replaced.embedding, dtype=np.float32)


def keep_refusal(
    request: Request, *, vector: NDArray[np.float32] | None, ttl_seconds: int, source: Source
) -> Entry | None:
    """Keeps as an example that no plan could be made of such a request: it votes against plans, and serves
    nobody. The one that is kept already, while half of its time is left, so that who asks again and again changes
    nothing. ``None`` without a vector, or where another was kept at the same moment."""
    if vector is None:
        return None
    half = timezone.now() + timedelta(seconds=ttl_seconds / 2)
    if (kept := _kept_refusal(request, source, until=half)) is not None:
        return kept
    entry = _entry(request, Entry.Kind.REFUSAL, source, ttl_seconds)
    entry.variant = Entry.Kind.REFUSAL
    return _insert(entry, vector)


def _kept_refusal(request: Request, source: Source, *, until: datetime) -> Entry | None:
    same = Entry.objects.usable().filter(scope=request.scope.digest, template_key=request.template.key)
    return same.filter(
        kind=Entry.Kind.REFUSAL,
        dependencies=source.dependencies,
        planned_by=source.planned_by,
        expires_at__gte=until,
        vector__isnull=False,
    ).first()


def keep_counter(
    request: Request, plan: Json, *, vector: NDArray[np.float32] | None, source: Source
) -> Entry | None:
    """Remembers that this plan is wrong for such a request: its skeleton is not served for the template again, and
    less readily for others that are near. It does not expire."""
    entry = _entry(request, Entry.Kind.COUNTER, source, 0)
    entry.plan = plan
    _read_plan(entry, request)
    entry.expires_at = NEVER
    return _insert(entry, vector)


def withdraw_counter(request: Request, plan: Json) -> int:
    """Forgets that this plan was wrong for such a request; how many memories of it there were."""
    digest = skeleton_for(request, plan).digest
    return _delete(_counters(request).filter(skeleton=digest))


def withdraw_refusals(request: Request) -> int:
    """Forgets that such a request was refused; how many refusals of it there were."""
    same = Entry.objects.filter(scope=request.scope.digest, template_key=request.template.key)
    return _delete(same.filter(kind=Entry.Kind.REFUSAL))


def is_counter(request: Request, plan: Json) -> bool:
    """Whether this plan was found wrong for the request's template."""
    wrong = set(_counters(request).values_list("skeleton", flat=True))
    return bool(wrong) and skeleton_for(request, plan).digest in wrong


def skeleton_for(request: Request, plan: Json) -> Skeleton:
    """The skeleton of a validated plan of the request."""
    return skeleton_of(plan, trace(plan, request.template, request.params), request.params)


def confirm(entry: Entry, vector: NDArray[np.float32]) -> bool:
    """An entry that voted for nothing votes from now on; whether it did not before."""
    if not entry.reusable:
        return False
    with transaction.atomic():
        _, created = EntryVector.objects.get_or_create(
            entry=entry,
            defaults={
                "scope": entry.scope,
                "expires_at": entry.expires_at,
                "fields": fields_digest(Template.from_json(entry.template)),
                "embedding": vector,
            },
        )
        if created:
            note_words(entry)
    return created


def note_confirmed(entries: QuerySet[Entry]) -> None:
    """Somebody says that the plans of these entries are right. Who is told so again changes nothing."""
    entries.filter(confirmed_at=None).update(confirmed_at=timezone.now())


def withdraw_confirmation(entries: QuerySet[Entry]) -> None:
    """Somebody says otherwise now."""
    entries.exclude(confirmed_at=None).update(confirmed_at=None)


def _counters(request: Request) -> QuerySet[Entry]:
    return Entry.objects.filter(
        project_id=request.scope.project_id, template_key=request.template.key, kind=Entry.Kind.COUNTER
    )


def read(entry: Entry, request: Request) -> None:
    """Sets on the entry, without saving it, all that is read from its ``request`` and its plan: what it is looked
    up by, compared by and filled by."""
    _read_request(entry, request)
    if entry.plan is not None:
        _read_plan(entry, request)


def _read_request(entry: Entry, request: Request) -> None:
    entry.scope, entry.scope_facts = request.scope.digest, request.scope.facts
    entry.template_key, entry.template = request.template.key, request.template.to_json()
    entry.words = " ".join(words_of(request.template))


def _read_plan(entry: Entry, request: Request) -> None:
    """A plan that was found wrong is only compared, never filled."""
    recipe = trace(entry.plan, request.template, request.params)
    skeleton = skeleton_of(entry.plan, recipe, request.params)
    entry.skeleton, entry.skeleton_services = skeleton.digest, list(skeleton.services)
    if entry.kind == Entry.Kind.COUNTER:
        entry.variant = f"{Entry.Kind.COUNTER}:{skeleton.digest[:48]}"
        return
    if isinstance(entry.recipe, dict) and "unsaid" in entry.recipe:  # it is read anew
        recipe = _without_what_varies(recipe, entry.recipe["unsaid"])
    if not check_with_sentinels(entry.plan, recipe, request.template, request.params):
        recipe = recipe.exact_only()
    entry.identity = "" if recipe.reusable else request.identity
    entry.variant = recipe.variant if recipe.reusable else ""
    entry.recipe, entry.wirable = recipe.to_json(), skeleton.wirable


def _entry(request: Request, kind: str, source: Source, ttl_seconds: int) -> Entry:
    """A row of this kind, not yet stored."""
    entry = Entry(
        project_id=request.scope.project_id,
        kind=kind,
        action=request.action,
        params=[{"field": name, "value": value} for name, value in request.params.items()],
        recipe={},
        services=dict(source.services),
        dependencies=source.dependencies,
        planned_by=source.planned_by,
        cost=dict(source.cost),
        expires_at=timezone.now() + timedelta(seconds=ttl_seconds * random.uniform(1 - TTL_JITTER, 1)),
    )
    _read_request(entry, request)
    return entry


def _insert(entry: Entry, vector: NDArray[np.float32] | None) -> Entry | None:
    fields = fields_digest(Template.from_json(entry.template))
    try:
        with transaction.atomic():
            vector = _unless_contradicted(entry, vector)  # by what it would replace, too
            _replace(entry)
            _compare_with_near(entry, vector)
            entry.save(force_insert=True)
            EntryUse.objects.create(entry=entry)
            if vector is not None:
                EntryVector.objects.create(
                    entry=entry, scope=entry.scope, expires_at=entry.expires_at, fields=fields, embedding=vector
                )
                note_words(entry)
    except IntegrityError:
        return None
    log.info("cache entry stored", entry=entry.id, project=entry.project_id, kind=entry.kind)
    return entry


def note_words(entry: Entry) -> None:
    """Remembers the words of a plan that votes."""
    if entry.kind == Entry.Kind.PLAN:
        observed.note(entry.project_id, entry.scope, entry.words.split(), entry.skeleton)


def compare_with_others(entry: Entry, vector: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    """Sets on the entry, without saving it, what others of its scope make of it, and on them what it makes of
    them. The vector that it may vote with."""
    vector = _unless_contradicted(entry, vector)
    _compare_with_near(entry, vector)
    return vector


def _unless_contradicted(entry: Entry, vector: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    if entry.kind == Entry.Kind.PLAN and _contradicts(entry):
        entry.identity, entry.variant = _identity(entry), ""
        return None
    return vector


def _compare_with_near(entry: Entry, vector: NDArray[np.float32] | None) -> None:
    if vector is not None and entry.kind != Entry.Kind.COUNTER:
        entry.contested = _contest(entry, vector)


def _contest(entry: Entry, vector: NDArray[np.float32]) -> bool:
    """Whether a nearly identical template led to something else. Then it is no more certain itself."""
    near = nearest_examples(entry.scope, vector, limit=NEAR)
    others = [
        each.entry_id
        for each in near
        if each.similarity >= NEARLY_IDENTICAL and each.kind != COUNTER and each.skeleton != entry.skeleton
    ]
    Entry.objects.filter(pk__in=others, kind=Entry.Kind.PLAN, contested=False).update(contested=True)
    return bool(others)


def _contradicts(entry: Entry) -> bool:
    """Whether another request of the template led to another skeleton: then values decide something that no slot
    knows, and what it led to serves the identical request only. That of the other is changed so, too. One that was
    found wrong for the template says nothing."""
    wrong = Entry.objects.filter(
        project_id=entry.project_id, template_key=entry.template_key, kind=Entry.Kind.COUNTER
    )
    others = (
        Entry.objects.usable()
        .plans()
        .filter(scope=entry.scope, template_key=entry.template_key, replan_reason="", dependencies__gt="")
        .exclude(planned_by=EXAMPLE, vector=None)
        .exclude(skeleton__in=wrong.values("skeleton"))
    )
    different = [
        other
        for other in others.exclude(skeleton__in=["", entry.skeleton])[:MOST_OTHERS]
        if _identity(other) != _identity(entry)
    ]
    for other in different:
        if other.reusable:
            stop_voting(other)
            Entry.objects.filter(pk=other.pk).update(identity=_identity(other), variant="")
    return bool(different)


def _identity(entry: Entry) -> str:
    """The digest of the request that the entry was made for."""
    return fingerprint(entry.action, {each["field"]: each["value"] for each in entry.params})


def _replace(entry: Entry) -> None:
    """Deletes the entry whose place this one takes, and sets on this one what it leaves."""
    place = [entry.scope, entry.template_key, entry.identity, entry.variant]
    with connection.cursor() as cursor:
        cursor.execute(REPLACED, [*place, entry.skeleton])
        pinned, entry.confirmed_at, unsaid = cursor.fetchone() or (False, None, None)
    if unsaid is not None:
        recipe = _without_what_varies(Recipe.from_json(entry.recipe), parse(unsaid))
        entry.recipe = recipe.to_json()
    if pinned:
        entry.pinned, entry.expires_at = True, NEVER


def _without_what_varies(recipe: Recipe, before: Json) -> Recipe:
    """The recipe without the values that its action does not say and that were others ``before``, in another
    entry's recipe. One that cannot be read tells nothing."""
    try:
        return replace(recipe, unsaid=still_unsaid(recipe.unsaid, read_unsaid(before)))
    except RecipeInvalid:
        return recipe


def quarantine(entry_id: str, reason: str) -> None:
    """The entry serves nobody any more, but stays to be looked at until it expires."""
    quarantine_all([entry_id], reason)


def quarantine_all(entry_ids: Collection[str], reason: str) -> list[str]:
    """The same of many; the ids of those that were not in quarantine before."""

    def forget(entries: Iterable[Entry]) -> None:
        for (scope, skeleton), words in words_by_skeleton(entries).items():
            observed.forget(scope, words, skeleton)

    with transaction.atomic():
        return put_into_quarantine(entry_ids, reason, forget=forget)


def put_into_quarantine(
    entry_ids: Collection[str] | QuerySet[Entry, str], reason: str, *, forget: Callable[[Iterable[Entry]], None]
) -> list[str]:
    """As :func:`quarantine_all`, in the caller's transaction; ``forget`` is told of the plans that voted."""
    found = Entry.objects.filter(pk__in=entry_ids, quarantined_at=None).order_by("pk")
    entries = list(found.only("kind", "scope", "skeleton", "words").select_for_update())
    changed = [entry.pk for entry in entries]
    Entry.objects.filter(pk__in=changed).update(
        quarantined_at=timezone.now(), quarantine_reason=reason[:MAX_REASON]
    )
    forget(take_vectors(entries))
    if changed:
        log.warning("cache entries quarantined", entries=changed[:MAX_LOGGED], times=len(changed))
    return changed


def take_vectors(entries: Sequence[Entry]) -> list[Entry]:
    """Takes their vectors from entries; those plans that had one. The words that only they had are still known."""
    voting = set(EntryVector.objects.filter(pk__in=[entry.pk for entry in entries]).values_list("pk", flat=True))
    EntryVector.objects.filter(pk__in=voting).delete()
    return [entry for entry in entries if entry.pk in voting and entry.kind == Entry.Kind.PLAN]


def words_by_skeleton(entries: Iterable[Entry]) -> dict[tuple[str, str], set[str]]:
    """The words of entries by the scope and the skeleton that they are known of."""
    words: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        words.setdefault((entry.scope, entry.skeleton), set()).update(entry.words.split())
    return words


def stop_voting(entry: Entry) -> None:
    """It is no example any more, and accounts for no word, until it is confirmed."""
    for (scope, skeleton), words in words_by_skeleton(take_vectors([entry])).items():
        observed.forget(scope, words, skeleton)


def release(entry_id: str, reason: str, *, vector: NDArray[np.float32] | None) -> bool:
    """Takes the entry out of the quarantine that this ``reason`` brought it into; whether it was there. With its
    ``vector`` it votes again, as :func:`confirm` has it."""
    quarantined = Entry.objects.filter(pk=entry_id, quarantine_reason=reason).exclude(quarantined_at=None)
    with transaction.atomic():
        if not quarantined.update(quarantined_at=None, quarantine_reason=""):
            return False
        if vector is not None:
            confirm(Entry.objects.get(pk=entry_id), vector)
    log.info("cache entry released", entry=entry_id)
    return True


def forget(project_id: str, entry_ids: Sequence[str]) -> int:
    """Evicts these entries of a project; how many there were."""
    return _evict(Entry.objects.filter(project_id=project_id, pk__in=entry_ids))


@dataclass(frozen=True)
class Held:
    """So many entries, of which so many are pinned, and so many vote as examples."""

    entries: int = 0
    pinned: int = 0
    voting: int = 0


COUNTS = {"entries": Count("pk"), "pinned": Count("pk", filter=Q(pinned=True)), "voting": Count("vector")}


class _Keys(Func):
    function = "jsonb_object_keys"
    set_returning = True


def held(project_id: str, *, using: Collection[str] | None = None) -> Held:
    """What :func:`forget_project` would evict, or, of the entries ``using`` services, :func:`forget_using`."""
    entries = _not_counters(project_id)
    if using is not None:
        entries = entries.filter(services__has_any_keys=list(using))
    return Held(**entries.order_by().aggregate(**COUNTS))


def held_by_service(project_id: str, services: Collection[str]) -> dict[str, Held]:
    """:func:`held` of each of the services that an entry uses."""
    entries = _not_counters(project_id).filter(services__has_any_keys=list(services)).order_by()
    named = entries.annotate(service=_Keys("services", output_field=TextField()))
    counted = named.values("service").annotate(**COUNTS).values_list("service", *COUNTS)
    return {service: Held(*counts) for service, *counts in counted}


def forget_using(project_id: str, *services: str) -> int:
    """Evicts every entry of a project that uses one of the services; how many there were."""
    return _evict(_not_counters(project_id).filter(services__has_any_keys=list(services)))


def forget_project(project_id: str) -> int:
    """Evicts every entry of a project; how many there were. What was found wrong is remembered."""
    observed.forget_project(project_id)
    return _delete(_not_counters(project_id))


def _not_counters(project_id: str) -> QuerySet[Entry]:
    return Entry.objects.filter(project_id=project_id).exclude(kind=Entry.Kind.COUNTER)


def _evict(entries: QuerySet[Entry]) -> int:
    """Deletes them, and forgets the words that only they had."""
    with transaction.atomic():
        plans = entries.filter(kind=Entry.Kind.PLAN).only("scope", "skeleton", "words")
        words = words_by_skeleton(plans)
        evicted = _delete(entries)
        for (scope, skeleton), only in words.items():
            observed.forget(scope, only, skeleton)
    return evicted


def _delete(entries: QuerySet[Entry]) -> int:
    _, by_model = entries.delete()
    return by_model.get("cache.Entry", 0)
