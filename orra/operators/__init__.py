"""What the admin pages of every app share: lists that stay fast, pages that only show, and
strangers' text made harmless.

Called by ``cache.admin`` and ``planengine.admin``; calls :mod:`orra.base`.
"""
