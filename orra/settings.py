"""Every setting comes from the environment; a bad value stops the start with one clear line.

``orra up`` and Django's commands fill in the embedded defaults (:mod:`orra.embedded.defaults`) before this is
read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import structlog
from csp.constants import NONE, SELF

from orra.base import brokers
from orra.base.environment import readers
from orra.base.environment.readers import (
    choice,
    database,
    decimal,
    flag,
    http_url,
    model_at,
    number,
    stop,
    text,
)
from orra.embedded.defaults import chosen_data_dir

PACKAGE_DIR = Path(__file__).resolve().parent

# The openai client reads these by itself and would send them to whatever endpoint is configured here.
for name in [name for name in os.environ if name.startswith("OPENAI_")]:
    del os.environ[name]

readers.take_secret_files()

# --- where things are

DATA_DIR = chosen_data_dir()
DATABASES = {"default": database("DATABASE_URL")}
# Where lists are read, unless it is further behind than so many seconds.
if text("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = database("DATABASE_REPLICA_URL", readers.UNTIL_GONE_SOON)
    DATABASE_ROUTERS = ["orra.base.database.replica.Router"]
REPLICA_LAG_SECONDS = number("DATABASE_REPLICA_LAG_SECONDS", 5, least=2, most=3600)
BROKER_URL = readers.broker_url("BROKER_URL")

# Before anything imports prometheus_client, which reads it once.
METRICS_DIR = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(DATA_DIR / "metrics")))
readers.writable_folder(
    "ORRA_DATA_DIR" if METRICS_DIR.parent == DATA_DIR else "PROMETHEUS_MULTIPROC_DIR", METRICS_DIR
)

SECRET_KEY = readers.secret_key("SECRET_KEY")
OPERATOR_TOKEN = text("ORRA_OPERATOR_TOKEN")
OPEN_REGISTRATION = flag("ORRA_OPEN_REGISTRATION", default=False)

# --- models

LLM_MODEL, LLM_API_BASE_URL, LLM_API_KEY = model_at("LLM")
# What is not set is left to the model's server.
LLM_TEMPERATURE = decimal("LLM_TEMPERATURE", least=0, most=2)
LLM_TOP_P = decimal("LLM_TOP_P", least=0, most=1)
LLM_TOP_K = number("LLM_TOP_K", 0, least=1, most=1000) or None
LLM_MAKERS_SAMPLING = choice("LLM_MAKERS_SAMPLING", "auto", "always", "never")
LLM_RESPONSE_FORMAT = choice("LLM_RESPONSE_FORMAT", "auto", "json_schema", "json_object", "none")
LLM_STREAM = flag("LLM_STREAM", default=True)
LLM_PLANNING = choice("LLM_PLANNING", "auto", "select", "full")
LLM_TRUST = choice("LLM_TRUST", "probe", "trusted", "strict")
# Who plans while the model's server is down: another model, or the composer.
LLM_FALLBACK_MODEL, LLM_FALLBACK_API_BASE_URL, LLM_FALLBACK_API_KEY = model_at(
    "LLM_FALLBACK", in_process="composer"
)
FALLBACK_IS_COMPOSER = LLM_FALLBACK_MODEL == "composer"
if LLM_FALLBACK_MODEL and not LLM_MODEL:
    stop("LLM_FALLBACK_MODEL", "has nothing to stand in for: set LLM_MODEL too.")
if LLM_MODEL and (LLM_FALLBACK_MODEL, LLM_FALLBACK_API_BASE_URL) == (LLM_MODEL, LLM_API_BASE_URL):
    stop("LLM_FALLBACK_MODEL", "is the same model at the same address as LLM_MODEL.")
# After so many failures in a row the first model is left alone for so long, and then tried with one plan.
LLM_BREAKER_FAILURES = number("LLM_BREAKER_FAILURES", 3, least=1, most=1000)
LLM_BREAKER_SECONDS = number("LLM_BREAKER_SECONDS", 30, least=1, most=86_400)
LLM_PRICES = readers.prices("LLM_PRICES")
# What the model takes in at once, prompt and answer together: decides how many services it is shown.
LLM_CONTEXT_TOKENS = number("LLM_CONTEXT_TOKENS", 32_768, least=2_048, most=10_000_000)
# Enough to think and to write a plan; without a limit a model that runs on has the whole of a plan's time. 0: none
LLM_MAX_OUTPUT_TOKENS = (
    number("LLM_MAX_OUTPUT_TOKENS", min(8_192, LLM_CONTEXT_TOKENS // 2), least=0, most=1_000_000) or None
)
EMBEDDINGS_MODEL, EMBEDDINGS_API_BASE_URL, EMBEDDINGS_API_KEY = model_at("EMBEDDINGS")
# A cheaper model that projects may have asked whether two requests mean the same.
CHECK_MODEL, CHECK_API_BASE_URL, CHECK_API_KEY = model_at("CHECK")
CHECK_DEADLINE_SECONDS = number("CHECK_DEADLINE_SECONDS", 10, least=1, most=60)

PLANNING_ATTEMPTS = number("PLANNING_ATTEMPTS", 3, least=1, most=10)
COMPOSE_REJECTED = flag("PLANNING_COMPOSE_REJECTED", default=True)
PLANNING_DEADLINE_SECONDS = number("PLANNING_DEADLINE_SECONDS", 120, least=1, most=3600)
# How many unfinished plans a project may have.
PLANNING_WAITING = number("PLANNING_WAITING", 1000, least=1, most=1_000_000)
# How many plans of one template may be made at once when one cannot serve the others.
PLANNING_LANES = number("PLANNING_LANES", 4, least=1, most=256)

# --- what is kept for how long, and the cache at scale

# Days; 0 keeps for ever.
PLAN_RETENTION_DAYS = number("PLAN_RETENTION_DAYS", 90, least=0, most=36_500)
ATTEMPT_RETENTION_DAYS = number("ATTEMPT_RETENTION_DAYS", 30, least=0, most=36_500)
# From how many vectors on a scope gets an index by meaning; 0 for never.
VECTOR_INDEX_FROM = number("VECTOR_INDEX_FROM", 20_000, least=0, most=1_000_000_000)

# --- alerts

# Who is told when a project's threshold is crossed. The operator's: no tenant chooses addresses.
ALERT_WEBHOOK_URL = http_url("ALERT_WEBHOOK_URL")

# --- what is told

# Statements that take so long are logged with their plans; 0 for none.
SLOW_STATEMENT_MS = number("SLOW_STATEMENT_MS", 500, least=0, most=3_600_000)

# --- the web server

WEB_THREADS = number("WEB_THREADS", 8, least=1, most=256)

# Where a worker or a beat answers /livez, /readyz and /metrics; 0 for nowhere.
HEALTH_HOST = text("ORRA_HOST", "127.0.0.1") or "127.0.0.1"
HEALTH_PORT = number("ORRA_HEALTH_PORT", 0, least=0, most=65_535)

# --- limits on what a request may carry

MAX_BODY_BYTES = 512 * 1024
MAX_CATALOGUE_BYTES = 4 * 1024 * 1024  # of many services at once

# --- Django

DEBUG = False
ALLOWED_HOSTS = readers.host_names("ALLOWED_HOSTS", always=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = readers.origins("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "orra.urls"
WSGI_APPLICATION = "orra.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "orra.operators.formats"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "planengine.api.problems.csrf_failed"
# The admin's pages show what strangers wrote: nothing in them runs or is asked for but files of this host. The
# API's own pages (/docs) come with a script in them and show nothing that anybody wrote.
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/v1/", "/docs", "/metrics", "/livez", "/readyz"],
    "DIRECTIVES": {
        "default-src": [NONE],
        **{f"{kind}-src": [SELF] for kind in ("script", "style", "font", "connect")},
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
# A day's work; who is away longer logs in again.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
HTTPS_ONLY = flag("ORRA_HTTPS_ONLY", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
# Told with answers over https only: whether it was, the web server takes from a proxy that it trusts.
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS_ONLY else 0
APPEND_SLASH = True

INSTALLED_APPS = [
    "orra.operators.site.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "orra",
    "planengine",
    "cache",
]

MIDDLEWARE = [
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["planengine.api.reading.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["planengine.api.reading.scopes.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["planengine.api.reading.parsers.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "planengine.api.reading.negotiation.AnyAccept",
    "DEFAULT_SCHEMA_CLASS": "planengine.api.description.schema.Schema",
    "DEFAULT_METADATA_CLASS": "planengine.api.reading.metadata.Metadata",
    "DEFAULT_PAGINATION_CLASS": "planengine.api.reading.pagination.Pages",
    "EXCEPTION_HANDLER": "planengine.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "ALLOWED_VERSIONS": ["1"],  # else the description takes whatever a query says for its version
}

SPECTACULAR_SETTINGS = {
    "TITLE": "orra, the plan engine",
    "VERSION": "1",
    "DESCRIPTION": "Requests in natural language become validated execution plans, cached by meaning.",
    "OAS_VERSION": "3.1.1",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "operatorToken": {
                "type": "http",
                "scheme": "bearer",
                "description": "What `ORRA_OPERATOR_TOKEN` says.",
            }
        }
    },
    "SERVERS": [{"url": "/", "description": "The installation that this description comes from."}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/v1",  # what comes after it is what operations are grouped by
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "CacheDecisionKind": "planengine.api.serializers.plans.DECISIONS",
        "CacheMode": "planengine.requests.CACHE_MODES",
        "CataloguePolicy": "planengine.models.Project.CataloguePolicy",
        "EntryKind": "cache.models.Entry.Kind",
        "EvidenceBy": "planengine.api.serializers.plans.EVIDENCE",
        "GroundingMode": "planengine.models.Grounding.Mode",
        "ModelCheckSetting": "planengine.models.Project.ModelCheck",
        "PlanSource": "planengine.models.states.PlanSource",
        "PlanStatus": "planengine.models.states.PlanStatus",
        "SimilarityFloorOrigin": "planengine.api.serializers.cache_stats.FLOORS_FROM",
        "ServiceChange": "planengine.api.serializers.services.OUTCOMES",
        "ServiceType": "planengine.models.Service.Type",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "planengine.api.description.hooks.refuse_unknown_members",
        "planengine.api.description.hooks.describe_problems",
        "planengine.api.description.hooks.describe_codes",
        "planengine.api.description.hooks.plain_enums",
    ],
}

# --- Celery (read by orra.celery with the prefix CELERY_)

CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_BROKER_CONNECTION_TIMEOUT = brokers.ANSWER_SECONDS
CELERY_BROKER_HEARTBEAT = 2 * brokers.UNHEARD_SECONDS  # RabbitMQ's: one is sent every half of it
CELERY_BROKER_USE_SSL = brokers.tls(BROKER_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = brokers.transport_options(
    BROKER_URL, longest_task=2 * PLANNING_DEADLINE_SECONDS + 300
)
# Nobody speaks with workers but through their queue; a mailbox by name is refused to the second host's worker.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

# --- logs: one JSON line per event, on standard error

LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    stop("LOG_LEVEL", "must be DEBUG, INFO, WARNING or ERROR.")

log_steps: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *log_steps,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": log_steps,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "uvicorn.error": {"level": "ERROR"},  # its warnings are about what strangers send
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        # A line for every tick that is sent, taken and done says nothing.
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}

readers.refuse_misspelt()
