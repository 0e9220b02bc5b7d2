"""A cached plan as a recipe: where each of its values came from, and how it is filled with another request's.

Pure. Called when an entry is stored (provenance, sentinels), found (filling, renaming) and shown (description);
calls :mod:`cache.templates`.
"""
