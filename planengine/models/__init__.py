"""The rows of the plan engine, by what they are about; everybody imports them from here."""

from planengine.models.alerts import AlertNotice, AlertRule
from planengine.models.breakers import Breaker
from planengine.models.checks import HitCheck
from planengine.models.counters import DailyUsage, Figure, Tally, TallyMark
from planengine.models.flights import Flight, Follower
from planengine.models.floors import CalibratedFloor
from planengine.models.groundings import Grounding, UseCaseVector
from planengine.models.heartbeats import Heartbeat
from planengine.models.keys import KEY_PREFIX, ApiKey, KeyUse, Scope, find_caller, open_project
from planengine.models.labels import Label
from planengine.models.logins import LoginFailure
from planengine.models.plans import Attempt, Plan
from planengine.models.regression import RegressionResult, RegressionRun, SavedRequest
from planengine.models.services import Service, ServiceVersion
from planengine.models.tenants import Project
from planengine.models.trust import ModelTrust
from planengine.models.turns import Turn

__all__ = [
    "KEY_PREFIX",
    "AlertNotice",
    "AlertRule",
    "ApiKey",
    "Attempt",
    "Breaker",
    "CalibratedFloor",
    "DailyUsage",
    "Figure",
    "Flight",
    "Follower",
    "Grounding",
    "Heartbeat",
    "HitCheck",
    "KeyUse",
    "Label",
    "LoginFailure",
    "ModelTrust",
    "Plan",
    "Project",
    "RegressionResult",
    "RegressionRun",
    "SavedRequest",
    "Scope",
    "Service",
    "ServiceVersion",
    "Tally",
    "TallyMark",
    "Turn",
    "UseCaseVector",
    "find_caller",
    "open_project",
]
