"""Cache entries: their pages, what operators do with one and with many, and the jobs that go through all of a
project. Calls :mod:`cache.care`, :mod:`planengine.reuse` and :mod:`planengine.lifecycle`."""

from planengine.admin.entries.jobs import CacheJobAdmin
from planengine.admin.entries.page import ReplayableEntryAdmin

__all__ = ["CacheJobAdmin", "ReplayableEntryAdmin"]
