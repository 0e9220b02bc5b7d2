"""The operators' pages. They call the functions that the API calls, and show what is stored."""

from django.contrib import admin

from planengine.admin.checks import HitCheckAdmin
from planengine.admin.entries import ReplayableEntryAdmin
from planengine.admin.keys import ApiKeyAdmin
from planengine.admin.plans import AttemptAdmin, PlanAdmin
from planengine.admin.projects import ProjectAdmin
from planengine.admin.services import ServiceAdmin

__all__ = [
    "ApiKeyAdmin",
    "AttemptAdmin",
    "HitCheckAdmin",
    "PlanAdmin",
    "ProjectAdmin",
    "ReplayableEntryAdmin",
    "ServiceAdmin",
]

admin.site.site_header = "orra"
admin.site.site_title = "orra"
admin.site.index_title = "Plan engine"
admin.site.empty_value_display = "–"
