"""The measured floors of embedding models. Deleting one returns the model to the floor it comes with."""

from __future__ import annotations

from django.contrib import admin

from orra.operators.pages import FoundOutAdmin
from planengine.models import CalibratedFloor


@admin.register(CalibratedFloor)
class CalibratedFloorAdmin(FoundOutAdmin):
    list_display = ("embedding_model", "floor", "tolerance", "measured_on", "measured_at")
    list_filter = ("measured_at",)
    search_fields = ("embedding_model", "measured_on")
    search_help_text = "Part of a model's name, or of the file it was measured on."
