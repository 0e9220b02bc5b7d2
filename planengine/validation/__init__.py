"""Whether a draft plan may be used: the one authority over every plan, whoever drafted it.

Pure, and fast enough to be asked on every cache hit. ``rules.validate`` is the way in, and ``problems`` are what
it answers. Called by whoever drafts, stores or serves plans; calls :mod:`planengine.catalogue` and
:mod:`orra.base`.
"""
