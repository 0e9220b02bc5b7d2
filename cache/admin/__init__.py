"""The admin of cache entries, as far as the cache alone can tell. Whoever knows plans and services registers it,
with what it adds to the page."""

from cache.admin.entries import EntryAdmin

__all__ = ["EntryAdmin"]
