"""The operators' pages. They call the functions that the API calls, and show what is stored."""

from planengine.admin.entries import CacheJobAdmin, ReplayableEntryAdmin
from planengine.admin.flights import FlightAdmin, FollowerAdmin
from planengine.admin.groundings import GroundingAdmin
from planengine.admin.keys import ApiKeyAdmin
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
from planengine.admin.services import ServiceAdmin

__all__ = [
    "ApiKeyAdmin",
    "AttemptAdmin",
    "BreakerAdmin",
    "CacheJobAdmin",
    "CalibratedFloorAdmin",
    "DailyUsageAdmin",
    "FlightAdmin",
    "FollowerAdmin",
    "GroundingAdmin",
    "HitCheckAdmin",
    "LabelAdmin",
    "PlanAdmin",
    "ProjectAdmin",
    "ReembeddingAdmin",
    "ReplayableEntryAdmin",
    "ServiceAdmin",
    "TallyAdmin",
    "TallyMarkAdmin",
    "ModelTrustAdmin",
    "VerdictAdmin",
]
