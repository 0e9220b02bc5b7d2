"""Imported by the process that a stack's Python processes are forks of, after the app."""

from __future__ import annotations

from orra import warming

warming.load()
