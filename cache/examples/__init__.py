"""Entries as examples of what a plan serves: the nearest in meaning, and what was said about pairs of them.

Called by :mod:`cache.lookup` and, for verdicts, by the plan engine; calls :mod:`cache.models` and below.
"""
