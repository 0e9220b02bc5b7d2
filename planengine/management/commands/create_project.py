"""Makes a project and prints its first API key."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planengine.models import open_project


class Command(BaseCommand):
    help = "Make a project. Prints its id and its first API key, which is not to be had again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="1 to 100 characters")
        parser.add_argument("--json", action="store_true", help="print {id, name, api_key}")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 1 <= len(name) <= 100:
            raise CommandError("The name must have 1 to 100 characters.")
        project, secret = open_project(name=name)
        if options["json"]:
            self.stdout.write(json.dumps({"id": project.pk, "name": project.name, "api_key": secret}))
        else:
            self.stdout.write(f"Project {project.name} ({project.pk})\nAPI key {secret}")
