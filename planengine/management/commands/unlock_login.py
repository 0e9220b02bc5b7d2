"""Lets somebody log in to the admin again after too many failures."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planengine.models import LoginFailure


class Command(BaseCommand):
    help = "Let an operator log in to the admin again, from every address. The lock ends by itself in 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        addresses = LoginFailure.objects.unlock(options["username"])
        if not addresses:
            raise CommandError(f"No login of {options['username']!r} has failed lately.")
        self.stdout.write(f"{options['username']} may log in again ({addresses} addresses).")
