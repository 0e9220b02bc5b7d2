"""The operators' pages. They call the functions that the API calls, and show what is stored."""

from orra.operators.audit import AuditAdmin, PeopleAdmin, RolesAdmin
from planengine.admin.dashboard.alerts import AlertRuleAdmin
from planengine.admin.dashboard.heartbeats import HeartbeatAdmin
from planengine.admin.dashboard.page import dashboard
from planengine.admin.entries import CacheJobAdmin, ReplayableEntryAdmin
from planengine.admin.flights import FlightAdmin, FollowerAdmin
from planengine.admin.groundings import GroundingAdmin
from planengine.admin.keys import ApiKeyAdmin
from planengine.admin.logins import LoginFailureAdmin
from planengine.admin.measured.breakers import BreakerAdmin
from planengine.admin.measured.checks import HitCheckAdmin
from planengine.admin.measured.figures import DailyUsageAdmin, TallyAdmin, TallyMarkAdmin
from planengine.admin.measured.floors import CalibratedFloorAdmin
from planengine.admin.measured.labels import LabelAdmin
from planengine.admin.measured.reembedding import ReembeddingAdmin
from planengine.admin.measured.trust import ModelTrustAdmin
from planengine.admin.measured.verdicts import VerdictAdmin
from planengine.admin.plans import AttemptAdmin, PlanAdmin
from planengine.admin.projects import ProjectAdmin
from planengine.admin.regression.runs import RegressionRunAdmin
from planengine.admin.regression.saved import SavedRequestAdmin
from planengine.admin.services import ServiceAdmin

__all__ = [
    "AlertRuleAdmin",
    "ApiKeyAdmin",
    "AttemptAdmin",
    "AuditAdmin",
    "BreakerAdmin",
    "CacheJobAdmin",
    "CalibratedFloorAdmin",
    "DailyUsageAdmin",
    "FlightAdmin",
    "FollowerAdmin",
    "GroundingAdmin",
    "HeartbeatAdmin",
    "HitCheckAdmin",
    "LabelAdmin",
    "LoginFailureAdmin",
    "PeopleAdmin",
    "PlanAdmin",
    "ProjectAdmin",
    "ReembeddingAdmin",
    "RegressionRunAdmin",
    "ReplayableEntryAdmin",
    "RolesAdmin",
    "SavedRequestAdmin",
    "ServiceAdmin",
    "TallyAdmin",
    "TallyMarkAdmin",
    "ModelTrustAdmin",
    "VerdictAdmin",
    "dashboard",
]
