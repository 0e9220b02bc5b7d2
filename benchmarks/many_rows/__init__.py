"""Lookups, lists and cleaning up after a million rows."""
