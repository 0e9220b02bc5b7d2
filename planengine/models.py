"""The rows of the plan engine. Whoever writes a Plan's status is in :mod:`planengine.plans`, nobody else."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from orra import ids
from planengine.catalogue import ServiceSpec
from planengine.exceptions import BadRequest
from planengine.states import FINISHED, UNFINISHED, PlanSource, PlanStatus

KEY_PREFIX = "sk-orra-v1-"


class ProjectQuerySet(models.QuerySet["Project"]):
    # Every request begins with it, and the ORM would take three times as long.
    BY_KEY = """
        SELECT project.*, key.id AS key_id, key.revoked_at AS key_revoked_at
        FROM planengine_apikey AS key JOIN planengine_project AS project ON project.id = key.project_id
        WHERE key.digest = %s
    """

    def of_key(self, secret: str) -> Project | None:
        """The project whose API key this is, with ``key_id`` and ``key_revoked_at``."""
        return next(iter(self.raw(self.BY_KEY, [ApiKey.digest_of(secret)])), None)


class Project(models.Model):
    """A tenant. Nothing crosses projects."""

    # The caller of a request is a project; these tell with which key.
    is_authenticated = True
    key_id: str
    key_revoked_at: datetime | None

    class CataloguePolicy(models.TextChoices):
        DEPENDENCIES = "dependencies", "drop entries whose own services changed"
        STRICT = "strict", "drop every entry when any service changes"

    class ModelCheck(models.TextChoices):
        OFF = "off"
        ON = "on"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.project_id, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    catalogue_revision = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Rises with every change to the project's services."
    )
    cache_ttl_seconds = models.PositiveIntegerField(
        default=24 * 3600,
        validators=[MinValueValidator(1), MaxValueValidator(366 * 24 * 3600)],
        help_text="How long a new cache entry lives, in seconds.",
    )
    cache_max_entries = models.PositiveIntegerField(
        default=10_000,
        validators=[MaxValueValidator(1_000_000)],
        help_text="Entries kept at most; beyond it the ones unused for longest go first.",
    )
    similarity_threshold = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Lowest cosine similarity for a hit by meaning, 0 to 1. Empty: the embedding model's own floor, "
        "as measured or built in. "
        "1 leaves exact templates only.",
    )
    catalogue_policy = models.CharField(
        max_length=20, choices=CataloguePolicy.choices, default=CataloguePolicy.DEPENDENCIES
    )
    wrong_hit_tolerance = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of hits that may be observed wrong before hits by meaning are closed.",
    )

    recheck_share = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Share of hits that are planned again in the background and compared, 0 to 1.",
    )
    model_check = models.CharField(
        max_length=3,
        choices=ModelCheck.choices,
        default=ModelCheck.OFF,
        help_text="Whether a model is asked if a near entry means the same, where only wording is against it.",
    )
    tokens_per_day = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only "
        "the cache answers.",
    )
    repair = models.BooleanField(
        default=False,
        help_text="When all of a model's drafts were rejected, wire its choice of services anew, by names and "
        "types.",
    )
    event_contents = models.BooleanField(
        default=False,
        help_text="Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes "
        "and when it is finished. Its reasoning is kept with the attempt then.",
    )
    semantic_closed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since when hits by meaning are closed, because too many were found wrong.",
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def open(cls, **facts: object) -> tuple[Project, str]:
        """A new project and the secret of its first API key: both, or neither."""
        with transaction.atomic():
            project = cls.objects.create(**facts)
            _, secret = ApiKey.issue(project, name="first key")
        return project, secret


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> ApiKeyQuerySet:
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """A project's key. The secret is shown once, when the key is made; only its digest is stored. A plain SHA-256
    is enough because the secret is 256 random bits, not something a person chose."""

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.key_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=20, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @classmethod
    def issue(cls, project: Project, *, name: str = "") -> tuple[ApiKey, str]:
        """A new key and its secret, which is not to be had again."""
        secret = KEY_PREFIX + secrets.token_hex(32)
        key = cls.objects.create(
            project=project, name=name, prefix=secret[: len(KEY_PREFIX) + 6], digest=cls.digest_of(secret)
        )
        return key, secret

    def revoke(self) -> None:
        """Nobody gets in with it any more; it stays in the list. Raises :class:`BadRequest` for the last active
        key of its project, which would lock everybody out."""
        with transaction.atomic():
            # Two revocations at once would each see the other's key as the one that is left.
            Project.objects.select_for_update().get(pk=self.project_id)
            active = ApiKey.objects.active().filter(project=self.project_id)
            if not active.filter(pk=self.pk).exists():
                return
            if not active.exclude(pk=self.pk).exists():
                message = "This is the project's last active key. Make another one first."
                raise BadRequest(message, code="last_api_key", status=409)
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Service(models.Model):
    """Something that does one task, as its project registered it."""

    class Type(models.TextChoices):
        AGENT = "agent"
        SERVICE = "service"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.service_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="services")
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.SERVICE)
    description = models.TextField()
    input_schema = models.JSONField()
    output_schema = models.JSONField()
    revertible = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1, help_text="Rises whenever the service changes.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="service_name_in_project")]

    def __str__(self) -> str:
        return self.name

    def spec(self) -> ServiceSpec:
        return ServiceSpec(
            id=self.id,
            name=self.name,
            type=self.type,
            description=self.description,
            version=self.version,
            input_schema=self.input_schema,
            output_schema=self.output_schema,
            revertible=self.revertible,
        )


class PlanQuerySet(models.QuerySet["Plan"]):
    def finished(self) -> PlanQuerySet:
        return self.filter(status__in=FINISHED)

    def unfinished(self) -> PlanQuerySet:
        return self.filter(status__in=UNFINISHED)


class Plan(models.Model):
    """One request and its outcome."""

    class CacheMode(models.TextChoices):
        USE = "use", "use the cache"
        BYPASS = "bypass", "neither read nor write it"
        REFRESH = "refresh", "plan anew and store"
        ONLY = "only", "answer from the cache or not at all"

    id = models.CharField(primary_key=True, max_length=ids.LENGTH, default=ids.plan_id, editable=False)
    # plan_by_project serves for the foreign key too: an index less to write on every request.
    project = models.ForeignKey(Project, models.CASCADE, related_name="plans", db_index=False)
    status = models.CharField(max_length=20, choices=PlanStatus.choices, default=PlanStatus.PENDING)
    action = models.TextField()
    params = models.JSONField(default=list, help_text="A list of {field, value}, in the order they were sent.")
    cache_mode = models.CharField(max_length=10, choices=CacheMode.choices, default=CacheMode.USE)

    plan = models.JSONField(null=True, help_text="The validated execution plan.")
    source = models.CharField(max_length=10, choices=PlanSource.choices, null=True)
    repaired = models.BooleanField(default=False, help_text="The model chose the services, the engine wired them.")
    cache = models.JSONField(default=dict, help_text="How the cache decided, and why.")
    cache_entry_id = models.CharField(max_length=ids.LENGTH, null=True, help_text="The entry that served it.")
    # The same as columns, to be counted.
    decision = models.CharField(max_length=10, blank=True, help_text="exact, semantic, miss, or the cache mode.")
    decision_reason = models.CharField(max_length=40, blank=True)
    guard = models.CharField(
        max_length=40,
        blank=True,
        help_text="What refused the best candidate, which similarity alone would have served.",
    )
    tokens_saved = models.PositiveIntegerField(
        null=True, help_text="What planning the entry had cost. Empty when nothing was saved, or nobody knows."
    )
    cost_saved = models.DecimalField(
        max_digits=20,
        decimal_places=10,
        null=True,
        help_text="The same in money, by the prices of when the entry was planned.",
    )
    grounding = models.JSONField(null=True)
    error = models.JSONField(null=True)
    prompt_tokens = models.PositiveIntegerField(null=True, help_text="Empty when the server did not say.")
    completion_tokens = models.PositiveIntegerField(null=True)
    timings_ms = models.JSONField(default=dict)

    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    lease_token = models.PositiveIntegerField(
        default=0, help_text="Fencing token: how often a worker has taken this plan up."
    )
    lease_expires_at = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")

    idempotency_key = models.CharField(max_length=255, null=True)
    request_digest = models.CharField(max_length=64, null=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="plan_by_project"),
            models.Index(fields=["-created_at", "-id"], name="plan_by_time"),
            models.Index(fields=["created_at"], name="plan_unfinished", condition=Q(status__in=UNFINISHED)),
            # Grows at one end only, which makes it cheap to write.
            models.Index(fields=["finished_at"], name="plan_by_end", condition=Q(finished_at__isnull=False)),
            models.Index(
                fields=["cache_entry_id"], name="plan_by_entry", condition=Q(cache_entry_id__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "idempotency_key"],
                name="plan_idempotency_key",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                name="plan_finished_when_finished",
                condition=Q(status__in=FINISHED, finished_at__isnull=False)
                | Q(status__in=UNFINISHED, finished_at__isnull=True),
            ),
            models.CheckConstraint(
                name="plan_present_when_ready",
                condition=Q(status=PlanStatus.READY, plan__isnull=False)
                | (~Q(status=PlanStatus.READY) & Q(plan__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def params_by_field(self) -> dict[str, object]:
        return {param["field"]: param["value"] for param in self.params}


class Attempt(models.Model):
    """One planner call made for a Plan. It is there from the call's beginning: a call whose worker was lost is one
    that never ends."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField(help_text="1 is the first.")
    planner = models.CharField(max_length=200)
    model = models.CharField(max_length=200, blank=True, help_text="The model's name as the server gave it.")
    prompt = models.TextField(blank=True)
    answer = models.TextField(
        blank=True,
        help_text="The planner's raw answer. Where events tell contents, the latest of it until it is finished.",
    )
    reasoning = models.TextField(
        blank=True, help_text="What the model thought, alike. Kept where events tell contents."
    )
    problems = models.JSONField(default=list)
    warnings = models.JSONField(default=list, help_text="What an operator should see to, good plan or not.")
    error_code = models.CharField(max_length=100, blank=True)
    services_shown = models.PositiveIntegerField(
        null=True, help_text="How many services the prompt held. Empty for a planner that sees them all."
    )
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(
        max_digits=20,
        decimal_places=10,
        null=True,
        help_text="By LLM_PRICES. Empty when price or tokens are unknown.",
    )
    reasoning_chars = models.PositiveIntegerField(default=0, help_text="Of a stream, when last noted.")
    answer_chars = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, help_text="Empty until the call has ended.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["plan", "number", "id"]
        indexes = [models.Index(fields=["created_at"], name="attempt_by_time")]

    def __str__(self) -> str:
        return f"{self.plan_id} #{self.number}"


class HitCheck(models.Model):
    """Whether a hit was right: a Plan from the cache, planned again or reported by its client."""

    class Origin(models.TextChoices):
        SAMPLE = "sample", "planned again"
        REPORT = "report", "reported by the client"

    class Verdict(models.TextChoices):
        RIGHT = "right"
        WRONG = "wrong"
        UNDECIDED = "undecided"

    project = models.ForeignKey(Project, models.CASCADE, related_name="hit_checks", db_index=False)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="checks", db_index=False)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    settled = models.BooleanField(default=False, help_text="Hits by meaning were reopened since: counts no more.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["plan", "origin"], name="check_per_plan")]
        indexes = [models.Index(fields=["project", "settled", "origin", "verdict"], name="check_by_project")]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.verdict}"


class Flight(models.Model):
    """Plans that are made together: one leads, the others follow. See :mod:`planengine.flights`."""

    fingerprint = models.CharField(max_length=64, unique=True, help_text="What its requests have in common.")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    leader_id = models.CharField(max_length=ids.LENGTH, help_text="The Plan that is planned for all of them.")
    token = models.PositiveIntegerField(help_text="Fencing token: how often the flight has been taken up.")
    started_at = models.DateTimeField()
    lease_expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.leader_id} and its followers"


class Follower(models.Model):
    """A Plan that waits for a flight, or did so and could not be finished with it: then it names none."""

    plan = models.OneToOneField(Plan, models.CASCADE, primary_key=True, related_name="follower")
    flight = models.ForeignKey(Flight, models.SET_NULL, null=True, related_name="followers")
    identity = models.CharField(max_length=64, help_text="Equal for identical requests.")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.plan_id


class CalibratedFloor(models.Model):
    """The similarity floor that was measured for an embedding model. See :mod:`planengine.calibration`."""

    embedding_model = models.TextField(primary_key=True, help_text="The embedder's name, as in the cache's scope.")
    floor = models.FloatField(
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Lowest cosine similarity for a hit by meaning, where a project sets none of its own.",
    )
    tolerance = models.FloatField(help_text="The share of wrong hits that it was measured to stay within.")
    measured_on = models.TextField(help_text="The file that it was measured on.")
    measured = models.JSONField(help_text="What was seen at this floor.")
    measured_at = models.DateTimeField()

    class Meta:
        ordering = ["embedding_model"]
        constraints = [
            models.CheckConstraint(name="floor_is_a_similarity", condition=Q(floor__gte=0, floor__lte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.embedding_model}: {self.floor}"


class Tally(models.Model):
    """What the cache did for a project in an hour: how many finished plans of a decision, reason and guard. It
    outlives the plans. See :mod:`planengine.tallies`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="tallies", db_index=False)
    hour = models.DateTimeField()
    decision = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    guard = models.CharField(max_length=40)
    requests = models.PositiveBigIntegerField()
    tokens_saved = models.PositiveBigIntegerField()
    cost_saved = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, help_text="Empty when no plan's is known."
    )

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "hour", "decision", "reason", "guard"], name="tally_per_hour_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.hour:%Y-%m-%d %H}h: {self.requests} × {self.decision}"


class TallyMark(models.Model):
    """One row: plans that finished before this moment are in the tallies, and no others."""

    counted_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.counted_until.isoformat()


class DailyUsage(models.Model):
    """What a project's model calls used in a day (UTC): the counter that its budget is held against, and where its
    totals come from. See :mod:`planengine.budgets`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="usage", db_index=False)
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0, help_text="Model calls that ended.")
    unknown_calls = models.PositiveIntegerField(default=0, help_text="Of these, those whose tokens nobody told.")
    unpriced_calls = models.PositiveIntegerField(default=0, help_text="Of these, those whose cost is not known.")
    prompt_tokens = models.PositiveBigIntegerField(default=0, help_text="As the model's server counted them.")
    completion_tokens = models.PositiveBigIntegerField(default=0)
    estimated_tokens = models.PositiveBigIntegerField(default=0, help_text="Of calls whose tokens are not known.")
    reserved_tokens = models.PositiveBigIntegerField(default=0, help_text="For calls that have not ended.")
    cost = models.DecimalField(max_digits=20, decimal_places=10, default=0, help_text="Of the calls with a price.")
    model_checks = models.PositiveIntegerField(default=0, help_text="Of the calls, questions of the model check.")
    model_check_tokens = models.PositiveBigIntegerField(default=0, help_text="Of these, estimated ones included.")
    model_check_cost = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, blank=True, help_text="Empty when no price of one is known."
    )

    class Meta:
        ordering = ["-day"]
        verbose_name_plural = "daily usage"
        constraints = [models.UniqueConstraint(fields=["project", "day"], name="usage_per_day")]

    def __str__(self) -> str:
        return f"{self.project_id} on {self.day}"


class Breaker(models.Model):
    """Whether a model's endpoint is asked at all. See :mod:`planengine.breaker`."""

    endpoint = models.CharField(
        primary_key=True, max_length=64, help_text="The model, and a digest of its address."
    )
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    retry_at = models.DateTimeField(null=True, help_text="Until then it is left alone. Empty: it is asked.")

    def __str__(self) -> str:
        return self.endpoint
