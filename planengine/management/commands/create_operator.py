"""Makes somebody who may use the admin, or gives them a new password."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orra.operators.roles import ROLES

SUPERUSER = "superuser"


class Command(BaseCommand):
    help = (
        "Make an operator for the admin, or give an existing one a new password and role. The password is taken "
        "from ORRA_OPERATOR_PASSWORD, or made and printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", default="operator")
        parser.add_argument(
            "--role",
            choices=(*ROLES, SUPERUSER),
            default=SUPERUSER,
            help="What they may do; by default everything.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given = os.environ.get("ORRA_OPERATOR_PASSWORD", "")
        password = given or secrets.token_urlsafe(15)
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        operator, created = get_user_model().objects.get_or_create(username=options["username"])
        role = options["role"]
        operator.is_staff, operator.is_superuser = True, role == SUPERUSER
        operator.set_password(password)
        operator.save()
        operator.groups.set(Group.objects.filter(name=role))
        self.stdout.write(f"Operator {operator.get_username()} {'made' if created else 'has a new password'}.")
        if not given:
            self.stdout.write(f"Password {password}")
