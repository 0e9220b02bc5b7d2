#!/usr/bin/env python3
"""Django's commands, on the embedded services when nothing else is configured."""

import os
import sys

from django.core.management import execute_from_command_line

from orra.embedded.defaults import ensure_environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")
    ensure_environment()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
