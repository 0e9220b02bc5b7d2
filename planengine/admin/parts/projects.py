"""A project as a form's field: its id, typed or looked up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import ForeignKeyRawIdWidget

from planengine.models import Project, Service


class ProjectField(forms.CharField):
    """Clean, it is the project. Its widget is :func:`project_widget`, which a form sets: it takes the site."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=100, **more)

    def clean(self, value: Any) -> Project:
        found = Project.objects.filter(pk=super().clean(value)).first()
        if found is None:
            raise forms.ValidationError("There is no project with this id.")
        return found


class _ProjectWidget(ForeignKeyRawIdWidget):
    """Shows whatever was typed: of what cannot be an id, no name is looked up."""

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        return ("", "") if "\x00" in str(value) else super().label_and_url_for_value(value)


def project_widget(site: AdminSite) -> ForeignKeyRawIdWidget:
    return _ProjectWidget(Service._meta.get_field("project").remote_field, site)
