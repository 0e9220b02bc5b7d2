"""Saved requests, planned again against today's services and planner: what changed?

``expectations`` says how a plan differs from what is expected, ``saved`` keeps requests, ``runs`` plans them.
Called by the admin, a task and a command; calls :mod:`planengine.reuse` and :mod:`planengine.drafting`, and stores
no plan.
"""
