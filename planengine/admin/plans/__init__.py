"""The pages of plans: the list with its filters, a plan with its graph, timeline and attempts, two plans beside
each other, and what would come of a request that is not sent."""

from planengine.admin.plans.attempts import AttemptAdmin
from planengine.admin.plans.pages import PlanAdmin

__all__ = ["AttemptAdmin", "PlanAdmin"]
