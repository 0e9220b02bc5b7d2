"""Flights and their followers: which plans share one planner call, and which of them wait for it."""

from __future__ import annotations

from django.db import models

from orra.base import ids
from planengine.models.plans import Plan
from planengine.models.tenants import Project


class Flight(models.Model):
    """Plans that are made together: one leads, the others follow. See :mod:`planengine.lifecycle.singleflight`."""

    fingerprint = models.CharField(max_length=64, unique=True, help_text="What its requests have in common.")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    leader_id = models.CharField(max_length=ids.LENGTH, help_text="The Plan that is planned for all of them.")
    token = models.PositiveIntegerField(help_text="Fencing token: how often the flight has been taken up.")
    started_at = models.DateTimeField()
    lease_expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.leader_id} and its followers"


class Follower(models.Model):
    """A Plan that waits for a flight, or did so and could not be finished with it: then it names none."""

    plan = models.OneToOneField(Plan, models.CASCADE, primary_key=True, related_name="follower")
    flight = models.ForeignKey(Flight, models.SET_NULL, null=True, related_name="followers")
    identity = models.CharField(max_length=64, help_text="Equal for identical requests.")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.plan_id
