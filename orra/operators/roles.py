"""The three roles of the admin, as groups that every migration brings up to date. Others may be made beside them.

A right that no role names is a superuser's alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission

VIEWER, OPERATOR, ADMINISTRATOR = ROLES = ("viewer", "operator", "administrator")

_OURS = ("planengine", "cache")
_ADMINISTRATORS_ALONE = (
    *("planengine.add_project", "planengine.delete_project"),
    *("planengine.delete_loginfailure", "planengine.add_loginfailure", "planengine.change_loginfailure"),
    *("planengine.add_apikey", "planengine.change_apikey", "planengine.delete_apikey"),
)


def grants(role: str, right: str) -> bool:
    """Whether ``role`` has ``right``, which is written as Django does: ``planengine.change_plan``.

    Viewers see everything of ours but what requests contain; operators see that too, and do everything but make
    and delete projects and give and revoke keys; administrators do those as well, and give people their roles.
    What a role is worth, superusers alone decide.
    """
    app, _, verb = right.partition(".")
    if app in _OURS:
        viewing = verb.startswith("view_") and right != "planengine.view_contents"
        return role == ADMINISTRATOR or viewing or (role == OPERATOR and right not in _ADMINISTRATORS_ALONE)
    if right == "admin.view_logentry":
        return True
    return role == ADMINISTRATOR and (right == "auth.view_group" or (app == "auth" and verb.endswith("_user")))


def synchronise(**kwargs: Any) -> None:
    """Makes the groups and gives them what the roles grant, no more and no less."""
    known = [(right.pk, f"{right.content_type.app_label}.{right.codename}") for right in _rights()]
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([key for key, right in known if grants(role, right)])


def _rights() -> Iterable[Permission]:
    return Permission.objects.select_related("content_type")
