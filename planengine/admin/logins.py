"""Logging in to the admin: five tries in a quarter of an hour for a name from an address."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

from orra.operators.pages import FoundOutAdmin, badge, where
from planengine.models import LoginFailure
from planengine.models.logins import LOCKED

log = structlog.get_logger(__name__)


class ThrottledLogin(AdminAuthenticationForm):
    def clean(self) -> dict[str, Any]:
        name, address = str(self.cleaned_data.get("username") or ""), where(self.request) if self.request else ""
        if not (name and self.cleaned_data.get("password")):
            return super().clean()
        if not LoginFailure.objects.count_try(name, address):
            log.warning("login locked", address=address)
            minutes = int(LOCKED.total_seconds() // 60)
            raise ValidationError(
                f"Too many logins for this name failed from your address. Try again in {minutes} minutes, or have "
                "an administrator unlock it.",
                code="locked",
            )
        try:
            cleaned = super().clean()
        except ValidationError:
            log.warning("login failed", address=address)
            raise
        LoginFailure.objects.forget(name, address)
        return cleaned


@admin.register(LoginFailure)
class LoginFailureAdmin(FoundOutAdmin):
    list_display = ("whom", "address", "failures", "state", "last_at")
    list_filter = ("last_at",)
    search_fields = ("name", "address")
    search_help_text = "Part of a name or an address."
    fields = ("name", "address", "failures", "state", "last_at")
    readonly_fields = ("state",)
    delete_label = "Unlock the selected"

    @admin.display(description="name", ordering="name")
    def whom(self, failure: LoginFailure) -> str:
        return failure.name or "nobody is called so"

    @admin.display(description="state")
    def state(self, failure: LoginFailure) -> SafeString:
        return badge("bad", "locked") if failure.is_locked else badge("good", "may try")


admin.site.login_form = ThrottledLogin
