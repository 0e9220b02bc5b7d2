"""Runs that bring cached plans to another embedding model: one at a time for each."""

from __future__ import annotations

from django.contrib import admin

from cache.models import Reembedding
from orra.operators.pages import ReadOnlyAdmin


@admin.register(Reembedding)
class ReembeddingAdmin(ReadOnlyAdmin):
    list_display = ("embedding_model", "lease_expires_at", "token")
    list_filter = ("lease_expires_at",)
    search_fields = ("embedding_model",)
    search_help_text = "Part of a model's name."
