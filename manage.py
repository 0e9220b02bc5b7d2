#!/usr/bin/env python3
"""Django's commands, on the embedded services when nothing else is configured."""

from orra.base import interrupts

interrupts.end_at_once()

import sys  # noqa: E402

from orra.manage import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(interrupts.in_order(main))
